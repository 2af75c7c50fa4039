"""What convention and evidence tests ask of notebooks beyond what the course does."""

import ast
import functools
import hashlib

from course_tools import places
from course_tools.notebook import find, read, source, statements

ROOT = places.ROOT
NOTEBOOKS = find(places.NOTEBOOKS)
CLOSING = ("On the slides", "Exercises", "Summary")

#: Read and parsed once for all tests; nobody may change what these return.
load = functools.cache(read)
tree = functools.cache(ast.parse)


def calls(cells, function):
    """Every call of a function by this name in the cells, as syntax trees."""
    code = [source(cell) for cell in cells if cell.cell_type == "code"]
    return [
        node
        for text in code
        for node in ast.walk(tree(text))
        if isinstance(node, ast.Call) and name_of(node.func) == function
    ]


def name_of(function):
    """`f` for both f(…) and module.f(…)."""
    return getattr(function, "attr", getattr(function, "id", None))


def code_hash(notebook):
    """SHA-256 of the code that makes claims, deaf to layout, comments and drawing."""
    trees = [repr(_shape(statement)) for statement in claiming(statements(notebook))]
    return hashlib.sha256("\n".join(trees).encode()).hexdigest()


def source_hash(path):
    """SHA-256 of a Python file, deaf to layout and comments."""
    shape = repr(_shape(ast.parse(path.read_text("utf-8"))))
    return hashlib.sha256(shape.encode()).hexdigest()


def claiming(program):
    """The statements that may bear on a claim.

    Left out are imports, calls that show a figure, and functions that nothing else
    uses.
    """
    kept = [node for node in program if not _shows(node) and not _imports(node)]
    functions = {n.name: n for n in kept if isinstance(n, ast.FunctionDef)}
    used, new = set(), [n for n in kept if not isinstance(n, ast.FunctionDef)]
    while new:
        names = {
            n.id for node in new for n in ast.walk(node) if isinstance(n, ast.Name)
        }
        found = names & set(functions) - used
        used, new = used | found, [functions[name] for name in found]
    return [n for n in kept if n not in functions.values() or n.name in used]


def _shows(node):
    call = getattr(node, "value", None)
    shows = isinstance(call, ast.Call) and name_of(call.func) in ("show", "explore")
    return isinstance(node, ast.Expr) and shows


def _imports(node):
    return isinstance(node, (ast.Import, ast.ImportFrom))


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
