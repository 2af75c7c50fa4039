"""The exercises of a lecture, and a student's answers to them.

Of what was handed in only the cells for answers are taken, and put into the lecturer's
own notebook, of which just those statements run that an answer needs.
"""

import ast
import hashlib
import re
from dataclasses import dataclass

from course_tools import notebook
from course_tools.excerpt import needed

RESULT = "_result"  # bound after the answer to what the check is given
MAGIC = re.compile(r"^[%!?].*$|^.*\?$", flags=re.MULTILINE)


@dataclass(frozen=True)
class Task:
    """An exercise of the lecturer's notebook."""

    lecture: str  # "04"
    number: int
    title: str
    check: str  # name of the check: "check_gain"
    call: str  # the whole call: "check_gain(my_gain)"
    starter: str
    starter_id: str
    solution: str
    statements: tuple  # of the lecture, as syntax trees

    @property
    def answer(self):
        """What the check is given first, as an expression."""
        return ast.unparse(ast.parse(self.call, mode="eval").body.args[0])

    def program(self, source, *, judge):
        """The code that an answer needs, ending in the answer. SyntaxError if none."""
        own = ast.parse(MAGIC.sub("pass", source)).body
        call = ast.parse(self.call, mode="eval").body
        wanted = ast.Expr(ast.Tuple(call.args if judge else call.args[:1], ast.Load()))
        last = ast.parse(f"{RESULT} = {ast.unparse(wanted)}").body
        chosen = needed([*self.statements, *own, *last], {RESULT}, {})
        return ast.unparse(ast.Module(chosen[:-1], type_ignores=[]))


def tasks(path):
    """The exercises of a lecture's notebook, in order."""
    book = notebook.read(path)
    statements = tuple(notebook.statements(book))
    found = []
    for exercise in notebook.exercises(book):
        cells = exercise.cells
        call = ast.parse(notebook.source(cells[notebook.CHECK])).body[0].value
        solution = notebook.source(cells[notebook.SOLUTION])
        found.append(
            Task(
                path.stem[:2],
                exercise.number,
                exercise.title,
                call.func.id,
                ast.unparse(call),
                notebook.source(cells[notebook.STARTER]),
                cells[notebook.STARTER].id,
                solution,
                statements,
            )
        )
    return found


def answers(cells, chosen):
    """What a submission's cells answer to each task.

    Returns
    -------
    dict of int to str or None
        Number of the exercise to its code; None where there is no cell for it.
    """
    return {task.number: _answer(cells, task) for task in chosen}


def _answer(cells, task):
    """By the cell's id, which Colab keeps elsewhere, or else by the heading above."""
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    same = [cell for cell in code if task.starter_id in _ids(cell)]
    below = _below_heading(cells, task)
    found = same or [cell for cell in below if notebook.STARTER in notebook.tags(cell)]
    found = found or [cell for cell in below if not _is_check(cell)]
    changed = [c for c in found if notebook.source(c).strip() != task.starter.strip()]
    best = (changed or found)[:1]
    return notebook.source(best[0]).replace("\r\n", "\n") if best else None


def _ids(cell):
    return cell.get("id"), cell["metadata"].get("id")


def _below_heading(cells, task):
    """The code cells between an exercise's heading and the next heading."""
    found, inside = [], False
    for cell in cells:
        if cell["cell_type"] == "markdown" and notebook.source(cell).startswith("#"):
            inside = notebook.source(cell).startswith(f"### Exercise {task.number} ·")
        elif inside and cell["cell_type"] == "code":
            found.append(cell)
    return found


def _is_check(cell):
    return re.match(r"\s*check_\w+\(", notebook.source(cell)) is not None


def belongs(cells, chosen):
    """How many of a lecture's exercises a notebook has."""
    ids = {one for cell in cells for one in _ids(cell)}
    text = "\n".join(map(notebook.source, cells))
    return sum(
        task.starter_id in ids
        or f"### Exercise {task.number} · {task.title}" in text
        or f"{task.check}(" in text
        for task in chosen
    )


def untouched(source, task):
    """Whether an answer says the same as the starter, comments and layout apart."""
    return shape(source) == shape(task.starter)


def shape(source):
    """A hash of what code does: names of its own, comments and docstrings left out.

    Two answers of one shape are the same answer; "" for what is no Python.
    """
    try:
        tree = ast.parse(MAGIC.sub("pass", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    calls = ast.Expr  # prints and the like do not count
    body = [part for part in tree.body if not isinstance(part, calls)]
    own = {}
    for node in ast.walk(ast.Module(body, type_ignores=[])):
        if isinstance(node, ast.arg):
            node.arg = own.setdefault(node.arg, f"a{len(own)}")
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.setdefault(node.id, f"a{len(own)}")
    for node in ast.walk(ast.Module(body, type_ignores=[])):
        if isinstance(node, ast.Name):
            node.id = own.get(node.id, node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            node.body = _without_docstring(node.body)
    dumped = "\n".join(map(ast.dump, body))
    return hashlib.sha256(dumped.encode()).hexdigest()


def _without_docstring(body):
    first = body[0] if body else None
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if is_text and isinstance(first.value.value, str) else body
