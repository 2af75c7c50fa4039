"""Change a notebook's taught code at random places, and see that its claims turn red.

    python tests/notebook_mutants.py 05            twenty changes, minutes
    python tests/notebook_mutants.py 05 --count 5 --seed 1

Each copy has one operator, comparison, function or constant changed in code that bears
on a claim: in cells without tags, outside the setup cell and those that call `expect`.
It is noticed if a cell fails, or prints something else than what is stored.
``harmless.json`` names changes that alter nothing the lecture says, with the reason. At
most one other may survive.
"""

import argparse
import ast
import builtins
import copy
import itertools
import json
import random
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from notebook_files import NOTEBOOKS, calls, claiming, load, name_of
from rules import plotting_lines

from course_tools.catalog import select
from course_tools.machine import fresh_clone
from course_tools.notebook import IGNORED, code_cells, printed, tags, write
from course_tools.run import execute

HARMLESS = Path(__file__).with_name("harmless.json")
TIMEOUT = 300  # seconds a cell may take; a change may make a loop endless

OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
COMPARISONS = {
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
PAIRS = (
    ("argmin", "argmax"),
    ("cos", "sin"),
    ("cumprod", "cumsum"),
    ("exp", "log"),
    ("max", "min"),
    ("maximum", "minimum"),
    ("mean", "sum"),
    ("ones", "zeros"),
    ("ones_like", "zeros_like"),
    ("reduce_mean", "reduce_sum"),
    ("relu", "tanh"),
    ("sigmoid", "tanh"),
    ("softmax", "log_softmax"),
    ("sqrt", "square"),
    ("std", "mean"),
    ("all", "any"),
)
FUNCTIONS = {b: a for a, b in PAIRS} | dict(PAIRS)
KINDS = ("operator", "comparison", "function", "constant")


@dataclass(frozen=True)
class Change:
    """One change: in which cell, which node of its tree, what kind, and in words."""

    cell: str
    node: int
    kind: str
    words: str

    def __str__(self):
        return self.words


def changes(notebook):
    """All changes that could be made to a notebook, in order."""
    return [
        Change(cell.id, number, kind, f"{line_of(node, cell)} | {words}")
        for cell in code_cells(notebook)
        if not tags(cell) and not calls([cell], "expect") and not seeds(cell)
        for number, node in taught_nodes(notebook, cell)
        for kind, words in [in_words(node)]
        if kind
    ]


def line_of(node, cell):
    """The line on which a node begins, not too long."""
    return cell.source.splitlines()[node.lineno - 1].strip()[:70]


def seeds(cell):
    return bool(calls([cell], "seed_everything"))


def taught_nodes(notebook, cell):
    """Number and node of what bears on a claim, of all nodes of the cell's tree."""
    program = [s for c in code_cells(notebook) for s in ast.parse(c.source).body]
    bearing = {ast.dump(statement) for statement in claiming(program)}
    tree = ast.parse(cell.source)
    kept = [statement for statement in tree.body if ast.dump(statement) in bearing]
    inside = {id(node) for statement in kept for node in ast.walk(statement)}
    drawn = plotting_lines(cell)
    return [
        (number, node)
        for number, node in enumerate(ast.walk(tree))
        if id(node) in inside and getattr(node, "lineno", 0) not in drawn
    ]


def in_words(node):
    """Kind of a change and what it makes of a node; (None, None) if none is known."""
    changed = copy.deepcopy(node)
    kind = alter(changed)
    words = f"{ast.unparse(node)} → {ast.unparse(changed)}"
    return (kind, " ".join(words.split())) if kind else (None, None)


def alter(node):
    """Change a node in place; the kind of the change, or None."""
    if is_of_text(node):
        return None
    if isinstance(node, (ast.BinOp, ast.BoolOp)) and type(node.op) in OPERATORS:
        node.op = OPERATORS[type(node.op)]()
        return "operator"
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        node.ops[0] = COMPARISONS[type(node.ops[0])]()
        return "comparison"
    if isinstance(node, ast.Call) and name_of(node.func) in FUNCTIONS:
        other = FUNCTIONS[name_of(node.func)]
        if isinstance(node.func, ast.Attribute):
            node.func.attr = other
            return "function"
        if other in dir(builtins):  # another name would not be defined
            node.func.id = other
            return "function"
    if isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
        node.value = other_constant(node.value)
        return "constant"
    return None


def is_of_text(node):
    """Whether an operator joins texts or paths: a change would be an error at once."""
    sides = (getattr(node, "left", None), getattr(node, "right", None))
    texts = [isinstance(getattr(side, "value", None), str) for side in sides]
    return any(texts) or any(isinstance(side, ast.JoinedStr) for side in sides)


def other_constant(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1 if abs(value) < 10 else 2 * value
    return 2 * value or 1.0


def drawn(found, count, seed):
    """So many of the changes, of each kind about as many as of any other."""
    rng = random.Random(seed)
    piles = [[change for change in found if change.kind == kind] for kind in KINDS]
    for pile in piles:
        rng.shuffle(pile)
    rounds = itertools.zip_longest(*piles)
    return [change for turn in rounds for change in turn if change][:count]


def changed_copy(notebook, change):
    """The notebook with one change made."""
    other = copy.deepcopy(notebook)
    (cell,) = (cell for cell in other.cells if cell.id == change.cell)
    tree = ast.parse(cell.source)
    alter(list(ast.walk(tree))[change.node])
    cell.source = ast.unparse(tree)
    return other


def verdict(outcome, stored):
    """What noticed the change, in a few words; "" if nothing did."""
    if outcome.failure:
        return str(outcome.failure)[:100]
    for cell, old in zip(outcome.notebook.cells, stored.cells, strict=True):
        compared = cell.cell_type == "code" and IGNORED not in tags(cell)
        if compared and printed(cell) != printed(old):
            return f"prints something else: {printed(cell)[:60]!r}"
    return ""


def run(path, count, seed):
    """Run the changed copies, print what became of each, return those that survived."""
    notebook = load(path)
    chosen = drawn(changes(notebook), count, seed)
    with tempfile.TemporaryDirectory() as folder:
        copies = [
            Path(folder, f"{n:02}_{path.stem[3:]}.ipynb")
            for n in range(len(chosen) + 1)
        ]
        write(notebook, copies[0])  # red means something only where green was possible
        for change, place in zip(chosen, copies[1:], strict=True):
            write(changed_copy(notebook, change), place)
        outcomes = execute(copies, timeout=TIMEOUT, environment=fresh_clone(folder))
    if why := verdict(outcomes[0], notebook):
        raise SystemExit(f"{path.name} is red without any change: {why}")
    reasons = harmless().get(path.stem, {})
    survived = []
    for change, outcome in zip(chosen, outcomes[1:], strict=True):
        noticed = verdict(outcome, notebook)
        known = reasons.get(str(change))
        told = "noticed" if noticed else "harmless" if known else "SURVIVED"
        print(f"{told:9} {change}  ({noticed or known or '?'})")
        survived += [change] if told == "SURVIVED" else []
    return survived


def harmless():
    """Notebook → name of a change → why it alters nothing that the lecture says."""
    return json.loads(HARMLESS.read_text("utf-8"))


def main(arguments=None):
    """Try the notebooks named; exit status 1 if two changes survive in one of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("numbers", nargs="+", metavar="NN", help="notebooks: 04 05")
    parser.add_argument("--count", type=int, default=20, help="how many (default 20)")
    parser.add_argument("--seed", type=int, default=0, help="other changes (default 0)")
    arguments = parser.parse_args(arguments)
    status = 0
    for path in select(NOTEBOOKS, arguments.numbers):
        survived = run(path, arguments.count, arguments.seed)
        print(f"{path.stem}: {len(survived)} of {arguments.count} changes survived")
        status |= len(survived) > 1
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
