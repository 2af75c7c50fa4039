"""The figures of the house style: rules that give a notebook a value, with a limit.

``not_yet.json`` lists what notebooks do not keep yet: notebook → rule → today's value.
It may only shrink, which ``tests/test_rules.py`` sees to:

    python tests/rules.py            print what is over its limit
    python tests/rules.py --update   strike out what is kept now, lower the rest
"""

import argparse
import ast
import functools
import json
import math
import re
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from notebook_files import CLOSING, NOTEBOOKS, ROOT, calls, load, name_of, tree

from course_tools.notebook import (
    COLAB,
    HIDDEN,
    code_cells,
    exercises,
    is_exercise,
    lecture_cells,
    printed,
    runs,
    sections,
    slide_type,
    source,
    tags,
)

NOT_YET = Path(__file__).with_name("not_yet.json")
#: Lectures whose deck asks for more than six sections.
MORE_SECTIONS = {"06": 8}
HAN = re.compile(r"[\u4e00-\u9fff]")
WORD = re.compile(r"[A-Za-z][A-Za-z'’-]+")


@dataclass(frozen=True)
class Rule:
    """What may be at most `limit`: a number, or the length of a list of culprits."""

    words: str
    limit: float
    value: Callable

    def measure(self, path):
        """The number, and the list of what is over (empty where there is none)."""
        found = self.value(path)
        return (len(found), found) if isinstance(found, list) else (found, [])


RULES = {}


def rule(name, words, limit=0):
    """Register a function of a notebook's path as a rule."""

    def register(function):
        RULES[name] = Rule(words, limit, functools.cache(function))
        return function

    return register


# --- size ----------------------------------------------------------------------------


@rule("cells", "cells", 90)
def cells(path):
    return len(load(path).cells)


@rule("lines", "lines of code that are not empty, but for the cell that installs", 450)
def lines(path):
    cells = [cell for cell in load(path).cells if COLAB not in tags(cell)]
    code = (source(cell) for cell in cells if cell.cell_type == "code")
    return sum(bool(line.strip()) for text in code for line in text.splitlines())


@rule("expects", "expect calls", 24)
def expects(path):
    return len(calls(lecture_cells(load(path)), "expect"))


@rule("slides", "slides", 30)
def slides(path):
    return sum(slide_type(c) in ("slide", "subslide") for c in load(path).cells)


@rule("sections", "sections beyond six (eight where the deck asks for it)")
def too_many_sections(path):
    return max(0, len(lecture_sections(path)) - MORE_SECTIONS.get(path.name[:2], 6))


@rule("long cells", "cells of more than 15 lines (25 for one class or function)")
def long_cells(path):
    return [name_cell(cell) for cell in taught(path) if not is_short(cell)]


@rule("code in a row", "code cells without a word between them", 4)
def code_in_a_row(path):
    kinds = "".join(
        "c" if runs(cell) else "m" for cell in load(path).cells if not is_exercise(cell)
    )
    return max(map(len, kinds.split("m")))


# --- figures -------------------------------------------------------------------------


@rule("first figure", "the cell that holds the first figure", 8)
def first_figure(path):
    return next(n for n, c in enumerate(load(path).cells, 1) if has_figure(c))


@rule("plotting in a cell", "cells with more than five visible lines of plotting")
def plotting_in_a_cell(path):
    return [name_cell(c) for c in visible(path) if len(plotting_lines(c)) > 5]


@rule("plotting", "visible plotting, of all lines of code", 0.15)
def plotting(path):
    drawn = sum(len(plotting_lines(cell)) for cell in visible(path))
    return round(drawn / lines(path), 3)


@rule("sliders", "no figure with a slider")
def sliders(path):
    return int(not calls(lecture_cells(load(path)), "explore"))


@rule("Chinese under figures", "figures without a Chinese sentence below them")
def figures_without_chinese(path):
    missing, waiting = [], []
    for cell in [c for cs in lecture_sections(path).values() for c in [*cs, None]]:
        if cell is not None and has_figure(cell):
            waiting.append(name_cell(cell))
        elif waiting and (cell is None or cell.cell_type == "markdown"):
            told = cell is not None and len(HAN.findall(source(cell))) >= 10
            heading = cell is not None and source(cell).startswith("#")
            if not told or heading or len(waiting) > 3:
                missing += waiting
            waiting = []
    return missing


# --- two languages -------------------------------------------------------------------


@rule("English per Chinese", "English words of prose for each Chinese character", 1.0)
def english_per_chinese(path):
    cells = [c for c in load(path).cells if c.cell_type == "markdown"]
    text = "\n".join(without_code(source(cell)) for cell in cells)
    return round(len(WORD.findall(text)) / max(1, len(HAN.findall(text))), 2)


@rule("exercises in Chinese", "exercises whose statement is not in Chinese too")
def exercises_without_chinese(path):
    found = exercises(load(path))
    return [
        f"Exercise {one.number}"
        for one in found
        if len(HAN.findall(one.statement)) < 20 or not HAN.search(one.title)
    ]


@rule("guesses", "sections without a question before the figure (先猜一猜)")
def sections_without_guess(path):
    found = lecture_sections(path)
    return [
        h
        for h, cells in found.items()
        if not any("先猜一猜" in source(c) for c in cells)
    ]


@rule("guesses as data", "guesses whose options and answer are not in the metadata")
def guesses_without_data(path):
    cells = [c for c in load(path).cells if "先猜一猜" in source(c)]
    return [name_cell(c) for c in cells if not is_guess(c.metadata.get("guess"))]


def is_guess(guess):
    """Whether it is {"options": [[en, zh], …], "answer": index of one of them}."""
    try:
        pairs = [(en, zh) for en, zh in guess["options"]]
        return len(pairs) >= 2 and 0 <= guess["answer"] < len(pairs)
    except (TypeError, KeyError, ValueError):
        return False


# --- claims --------------------------------------------------------------------------


@rule("✓ on slides", "sections that show no ✓ on a slide")
def sections_without_check(path):
    def shows(cell):
        return slide_type(cell) not in ("skip", "notes") and "✓ " in printed(cell)

    found = lecture_sections(path)
    return [
        h
        for h, cells in found.items()
        if not any(c for c in cells if runs(c) and shows(c))
    ]


@rule("expects folded", "cells with expect whose code is not folded")
def unfolded_expects(path):
    return [
        name_cell(cell)
        for cell in lecture_cells(load(path))
        if calls([cell], "expect")
        and not (HIDDEN in tags(cell) and cell.metadata.get("jupyter"))
    ]


@rule("code on slides", "slides' cells with more than twelve lines of code")
def long_code_on_slides(path):
    shown = [c for c in visible(path) if slide_type(c) not in ("skip", "notes")]
    return [name_cell(c) for c in shown if len(code_lines(c)) > 12]


@rule("literal baselines", 'typed baselines other than ("chance", p)')
def literal_baselines(path):
    given = [
        (call, keyword.value)
        for call in calls(lecture_cells(load(path)), "expect")
        for keyword in call.keywords
        if keyword.arg == "baseline"
    ]
    return [ast.unparse(call.args[0]) for call, pair in given if is_typed(pair)]


def is_typed(baseline):
    if not isinstance(baseline, ast.Tuple) or len(baseline.elts) != 2:
        return False
    name, value = baseline.elts
    numbers = all(
        isinstance(
            part, (ast.Constant, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop)
        )
        for part in ast.walk(value)
    )
    return numbers and getattr(name, "value", "") != "chance"


@rule("bounds", "claims whose bound is near the worst run, or far from it")
def badly_placed_bounds(path):
    return [c["line"] for c in evidence(path)["claims"] if not is_well_placed(c)]


def is_well_placed(claim):
    """One whole spread beyond the worst run, and nearer to it than to the rival's best.

    Where nothing varies and where no rival is measured, there is nothing to compare.
    """
    slack = claim["slack"]
    if slack[0] is None or max(slack) == min(slack):
        return True
    if min(slack) < max(slack) - min(slack):
        return False
    if not claim["baseline"] or claim["baseline"]["slack"][0] is None:
        return True
    return min(slack) <= -max(claim["baseline"]["slack"]) or nearer_as_ratio(claim)


def nearer_as_ratio(claim):
    """Whether the worst run is nearer to the bound than the rival, as ratios."""
    sign = {"at_least": 1, "at_most": -1}.get(claim["bound"])
    if sign is None:
        return False
    runs = zip(claim["slack"], claim["measured"], strict=True)
    rivals = claim["baseline"]
    best = zip(rivals["slack"], rivals["measured"], strict=True)
    (slack, worst), (_, rival) = min(runs), max(best)
    bound = worst - sign * slack
    ratios = (bound, worst, rival)
    return min(ratios) > 0 and abs(math.log(worst / bound)) <= abs(
        math.log(rival / bound)
    )


# --- time ----------------------------------------------------------------------------


@rule("stated time", "factor between the stated time and the evidence's median", 1.3)
def stated_time(path):
    text = "\n".join(source(cell) for cell in load(path).cells[:2])
    stated = re.search(r"\*\*Time\*\*:? about (\d+) s on two CPU cores", text)
    if not stated:
        return float("inf")
    measured, said = statistics.median(evidence(path)["seconds"]), int(stated[1])
    # to the second below, where a second is a large part
    return round(max((said - 1) / measured, measured / (said + 1)), 2)


@rule("seconds", "seconds, by the evidence's median, beyond 45 (20 without TensorFlow)")
def seconds(path):
    code = "\n".join(source(cell) for cell in code_cells(load(path)))
    limit = 45 if re.search(r"^(import|from) (tensorflow|keras)\b", code, re.M) else 20
    return max(0, round(statistics.median(evidence(path)["seconds"]) - limit))


# --- exercises -----------------------------------------------------------------------


@rule("predictions", "no exercise that asks to predict, then run")
def no_prediction(path):
    return int(not any("预测" in one.statement for one in exercises(load(path))))


# --- what the rules ask of cells -----------------------------------------------------


def lecture_sections(path):
    """Heading → cells, without the closing sections."""
    found = sections(load(path)).items()
    return {h: cells for h, cells in found if not h.startswith(CLOSING)}


def taught(path):
    """The lecture's cells without the setup cell, which is an import list."""
    cells = lecture_cells(load(path))
    return [cell for cell in cells if not calls([cell], "seed_everything")]


def visible(path):
    return [cell for cell in taught(path) if HIDDEN not in tags(cell)]


def name_cell(cell):
    """A cell by its first line."""
    return source(cell).strip().partition("\n")[0][:70]


def code_lines(cell):
    found = (line.strip() for line in source(cell).splitlines())
    return [line for line in found if line and not line.startswith("#")]


def is_short(cell):
    count, body = len(code_lines(cell)), tree(source(cell)).body
    whole = len(body) == 1 and isinstance(body[0], (ast.FunctionDef, ast.ClassDef))
    return count <= (25 if whole else 15)


def has_figure(cell):
    outputs = cell.get("outputs", ())
    return any("image/png" in output.get("data", {}) for output in outputs)


DRAWS = re.compile(r"(plt|fig|figure|axe?s?\d?|axis|panels?)$")
SHOWS = re.compile(
    r"show|explore|label_line|image_grid|decision_regions|(plot|draw)_\w+"
)


def plotting_lines(cell):
    """Numbers of the lines of simple statements that draw; not of texts such as alt."""
    found, texts = set(), set()
    for node in ast.walk(tree(source(cell))):
        if isinstance(node, ast.Constant) and node.end_lineno > node.lineno:
            texts.update(range(node.lineno, node.end_lineno + 1))
        if isinstance(node, (ast.Expr, ast.Assign, ast.Return)):
            names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            called = {
                name_of(n.func) or "" for n in ast.walk(node) if isinstance(n, ast.Call)
            }
            if any(map(DRAWS.match, names)) or any(map(SHOWS.fullmatch, called)):
                found.update(range(node.lineno, node.end_lineno + 1))
    return found - texts


def without_code(text):
    """Prose without fenced code, formulas, inline code and the targets of links."""
    text = re.sub(r"```.*?```|\$\$.*?\$\$", " ", text, flags=re.DOTALL)
    return re.sub(r"`[^`\n]*`|\$[^$\n]*\$|\]\([^)\s]*\)|<[^>\n]*>", " ", text)


@functools.cache
def evidence(path):
    return json.loads((ROOT / f"tests/evidence/{path.stem}.json").read_text("utf-8"))


# --- the list of what is not kept yet ------------------------------------------------


def listed():
    """Notebook → rule → value, of what is not kept yet; empty once all is."""
    return json.loads(NOT_YET.read_text("utf-8")) if NOT_YET.exists() else {}


def over():
    """Notebook → rule → today's value, of all that is over its limit."""
    found = {}
    for path in NOTEBOOKS:
        values = {name: one.measure(path)[0] for name, one in RULES.items()}
        wrong = {name: v for name, v in values.items() if v > RULES[name].limit}
        if wrong:
            found[path.stem] = wrong
    return found


def main():
    """Print what is over; with ``--update``, let the list shrink to it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    today, before = over(), listed()
    for stem, values in today.items():
        for name, value in values.items():
            print(f"{stem}: {RULES[name].words}: {value} (at most {RULES[name].limit})")
    if arguments.update:
        kept = {
            stem: {
                n: min(v, today[stem][n]) for n, v in values.items() if n in today[stem]
            }
            for stem, values in before.items()
            if stem in today
        }
        text = json.dumps(
            {k: v for k, v in kept.items() if v}, indent=1, ensure_ascii=False
        )
        NOT_YET.write_text(text + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
