"""A lecture's hyper-parameters are those that its committed procedure chose."""

import ast
import json

import pytest
from choose import procedure_of, result_of
from notebook_files import NOTEBOOKS, load, source_hash

from course_tools.notebook import statements

CHOSEN = [path for path in NOTEBOOKS if procedure_of(path).is_file()]


@pytest.fixture(params=CHOSEN, ids=lambda path: path.stem)
def path(request):
    return request.param


def constants(path):
    """Name → value of what a notebook assigns as a literal."""
    found = {}
    for node in statements(load(path)):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return found


def test_the_notebook_uses_what_was_chosen(path):
    result = json.loads(result_of(path).read_text("utf-8"))
    again = f"the procedure changed since: make choose NB={path.name[:2]}"
    assert result["procedure"] == source_hash(procedure_of(path)), again
    assert result["constants"]
    used = json.loads(json.dumps(constants(path)))
    for name, value in result["constants"].items():
        assert used.get(name) == value, f"{path.name} says {name} = {used.get(name)!r}"


def test_every_procedure_belongs_to_a_notebook():
    files = set(procedure_of(NOTEBOOKS[0]).parent.glob("lecture_*.py"))
    assert files == set(map(procedure_of, CHOSEN))
