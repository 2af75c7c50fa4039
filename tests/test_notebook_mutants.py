"""The random mutants: what may be changed, how, and what counts as noticed."""

import ast

import nbformat
import notebook_mutants as mutants
import pytest
from nbformat import v4
from notebook_files import NOTEBOOKS, load

CODE = """def half(x):
    return x / 2


y = half(max(3, 4))"""


def notebook(*cells):
    cells = [v4.new_code_cell("seed = seed_everything(1)"), *cells]
    return v4.new_notebook(cells=cells)


def all_words(*cells):
    return [str(change) for change in mutants.changes(notebook(*cells))]


def test_operators_functions_and_constants_are_changed():
    assert sorted(all_words(v4.new_code_cell(CODE))) == [
        "return x / 2 | 2 → 3",
        "return x / 2 | x / 2 → x * 2",
        "y = half(max(3, 4)) | 3 → 4",
        "y = half(max(3, 4)) | 4 → 5",
        "y = half(max(3, 4)) | max(3, 4) → min(3, 4)",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [("a < b", "a >= b"), ("a and b", "a or b"), ("np.mean(a)", "np.sum(a)")],
)
def test_a_change_is_made_in_place(before, after):
    node = ast.parse(before).body[0].value
    assert mutants.alter(node)
    assert ast.unparse(node) == after


@pytest.mark.parametrize(
    "cell",
    [
        v4.new_code_cell("expect('a', 1 + 1, equal_to=2)"),
        v4.new_code_cell("a = 1 + 1", metadata={"tags": ["exercise-starter"]}),
        v4.new_code_cell("a = 1 + 1", metadata={"tags": ["hide-input"]}),
        v4.new_code_cell("ax.plot(2 * x)"),
        v4.new_code_cell("def draw():\n    return 1 + 1\n\n\nshow(draw())"),
        v4.new_code_cell("import keras"),
        v4.new_code_cell("name = 'a' + 'b'"),
    ],
)
def test_what_no_claim_rests_on_is_left_alone(cell):
    assert all_words(cell) == []


def test_the_copy_differs_in_one_place():
    before = notebook(v4.new_code_cell(CODE))
    for change in mutants.changes(before):
        after = mutants.changed_copy(before, change)
        assert ast.dump(ast.parse(after.cells[1].source)) != ast.dump(ast.parse(CODE))
        assert before.cells[1].source == CODE


def test_each_kind_gets_its_share():
    found = mutants.changes(load(NOTEBOOKS[0]))
    chosen = mutants.drawn(found, 20, seed=0)
    assert chosen == mutants.drawn(found, 20, seed=0)
    assert chosen != mutants.drawn(found, 20, seed=1)
    assert len(set(chosen)) == 20
    assert {change.kind for change in chosen} == set(mutants.KINDS)


@pytest.mark.parametrize(
    ("code", "noticed"),
    [("y = 2 + 1", ""), ("y = 2 - 1", "prints something else"), ("y = 1 / 0", "Zero")],
)
def test_what_is_noticed(tmp_path, code, noticed):
    show = v4.new_code_cell("print(y)", outputs=[v4.new_output("stream", text="3\n")])
    stored = v4.new_notebook(cells=[v4.new_code_cell("y = 1 + 2"), show])
    changed = v4.new_notebook(cells=[v4.new_code_cell(code), show])
    path = tmp_path / "01_changed.ipynb"
    nbformat.write(changed, path)
    [outcome] = mutants.execute([path])
    found = mutants.verdict(outcome, stored)
    assert noticed in found
    assert bool(found) == bool(noticed)


def test_reasons_are_for_changes_that_can_be_made():
    for stem, reasons in mutants.harmless().items():
        (path,) = (path for path in NOTEBOOKS if path.stem == stem)
        possible = {str(change) for change in mutants.changes(load(path))}
        assert set(reasons) <= possible
        assert all(reasons.values())
