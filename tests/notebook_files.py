"""Reading the notebooks as data: what the convention and evidence tests share."""

import ast
import hashlib
import re
from pathlib import Path

import nbformat

from course_tools.address import GUARD_TAG

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

EXERCISE_TAGS = ("exercise-starter", "exercise-check", "exercise-solution")


def read(path):
    """The notebook as nbformat's version 4 structure."""
    return nbformat.read(path, as_version=4)


def tags(cell):
    return cell.metadata.get("tags", [])


def code_cells(notebook):
    """The code cells that hold code; not the one that installs the course on Colab.

    That one is the same in all notebooks; test_address.py compares it with its text.
    """
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code"
        and cell.source.strip()
        and GUARD_TAG not in tags(cell)
    ]


def markdown(notebook):
    """All prose as one text."""
    return "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")


def headings(notebook, level=2):
    """The texts of the headings of one level, in order."""
    pattern = rf"^{'#' * level} (.+)$"
    return re.findall(pattern, markdown(notebook), flags=re.MULTILINE)


def sections(notebook):
    """Second-level heading → the cells below it, up to the next such heading."""
    found, current = {}, []
    for cell in notebook.cells:
        match = re.match(r"## (.+)", cell.source) if cell.cell_type == "markdown" else 0
        if match:
            current = found.setdefault(match.group(1).strip(), [])
        current.append(cell)
    return found


def anchor(heading):
    """The fragment by which Jupyter links to a heading."""
    return heading.strip().replace(" ", "-")


def calls(cells, function):
    """Every call of a function by this name in the cells, as syntax trees."""
    trees = [ast.parse(cell.source) for cell in cells if cell.cell_type == "code"]
    return [
        node
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and name_of(node.func) == function
    ]


def name_of(function):
    """`f` for both f(…) and module.f(…)."""
    return getattr(function, "attr", getattr(function, "id", None))


def stdout(cell):
    """What the cell is stored to have printed."""
    return "".join(
        out.text
        for out in cell.outputs
        if out.output_type == "stream" and out.name == "stdout"
    )


def claims(notebook):
    """The ✓ lines that `expect` printed, in order; exercises print others."""
    return [
        line
        for cell in code_cells(notebook)
        if not set(tags(cell)) & set(EXERCISE_TAGS)
        for line in stdout(cell).splitlines()
        if line.startswith("✓ ")
    ]


def code_hash(notebook):
    """SHA-256 of the code that makes claims, deaf to layout and comments."""
    trees = [
        repr(_shape(ast.parse(cell.source)))
        for cell in code_cells(notebook)
        if not set(tags(cell)) & set(EXERCISE_TAGS)
    ]
    return hashlib.sha256("\n".join(trees).encode()).hexdigest()


def _shape(node):
    """The syntax tree as nested lists; `ast.dump` differs from Python to Python.

    New Pythons add fields, which old code leaves empty: empty fields are left out.
    """
    if isinstance(node, list):
        return [_shape(item) for item in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = [(k, v) for k, v in ast.iter_fields(node) if v is not None and v != []]
    return [type(node).__name__, *((k, _shape(v)) for k, v in fields)]
