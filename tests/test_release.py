"""Copies for students: without solutions, and still running to their exercises."""

import ast
import os
import re
import shutil
import stat

import nbformat
import pytest
from notebook_files import NOTEBOOKS, ROOT

from course_tools import release as releasing
from course_tools.main import main
from course_tools.notebook import KERNEL, code_cells, exercises, read, tags
from course_tools.notebook import printed as stdout
from course_tools.run import execute

LIGHT = ROOT / "notebooks/12_inception_v3_structure.ipynb"
PROMISE = re.compile(
    r"folded|\bsolutions?\b.*\bbelow|答案.*折叠|折叠.*答案|解答.*折叠", re.IGNORECASE
)


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """Every notebook, released for students."""
    folder = tmp_path_factory.mktemp("class")
    assert main(["release", "--to", str(folder)]) == 0
    return folder


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def pair(path, copies):
    """A notebook and its copy for students."""
    return read(path), read(copies / path.name)


def test_every_notebook_is_there_and_nothing_else(copies):
    assert {path.name for path in copies.iterdir()} == {p.name for p in NOTEBOOKS}


def test_copies_are_valid_and_written_as_jupyter_does(path, copies):
    text = (copies / path.name).read_text("utf-8")
    nbformat.validate(nbformat.reads(text, as_version=4))
    assert text == nbformat.writes(nbformat.reads(text, as_version=4)) + "\n"


def test_solutions_go_and_everything_else_stays(pair):
    notebook, copy = pair
    others = [c for c in notebook.cells if "exercise-solution" not in tags(c)]
    assert [cell.id for cell in copy.cells] == [cell.id for cell in others]
    assert len(others) <= len(notebook.cells) - 3
    for mine, theirs in zip(others, copy.cells, strict=True):
        assert mine.cell_type == theirs.cell_type
        assert mine.metadata.slideshow == theirs.metadata.slideshow
        assert tags(mine) == tags(theirs)
        assert mine.source == theirs.source
    kinds = [tag for cell in copy.cells for tag in tags(cell) if "exercise-" in tag]
    assert kinds == ["exercise-starter", "exercise-check"] * (len(kinds) // 2)


def test_no_trace_of_a_run_is_left(pair):
    _, copy = pair
    for cell in copy.cells:
        assert set(cell.metadata) <= set(releasing.KEPT)
        assert "attachments" not in cell
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
    assert set(copy.metadata) == {"kernelspec", "language_info"}


def test_nothing_of_a_solution_is_left_anywhere_in_the_file(path, pair, copies):
    """Neither the cell nor what it printed; checks say other things to a starter."""
    text = (copies / path.name).read_text("utf-8")
    assert "exercise-solution" not in text
    for cell in code_cells(pair[0]):
        if "exercise-solution" in tags(cell):
            assert cell.source not in text
            assert f'"{cell.id}"' not in text
            for line in stdout(cell).splitlines():
                assert line not in text


def names(cell, kind):
    """Names that a cell reads (ast.Load), or gives a value (ast.Store)."""
    nodes = list(ast.walk(ast.parse(cell.source)))
    found = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, kind)}
    if kind is ast.Store:
        made = (ast.FunctionDef, ast.ClassDef)
        found |= {node.name for node in nodes if isinstance(node, made)}
    return found


def test_what_stays_needs_nothing_that_went(pair):
    given, gone = set(), set()
    for cell in code_cells(pair[0]):
        if "exercise-solution" in tags(cell):
            gone |= names(cell, ast.Store) - given
        else:
            given |= names(cell, ast.Store)
            assert not names(cell, ast.Load) & (gone - given), cell.source


def test_no_solution_is_promised(pair):
    for cell in pair[1].cells:
        if cell.cell_type == "markdown":
            assert not PROMISE.search(cell.source), cell.source


def test_words_about_solutions_are_no_exercise_of_their_own(pair):
    """They carry the solutions' tag; a starter, a check and a solution are code."""
    for exercise in exercises(pair[0]):
        assert {cell.cell_type for cell in exercise.cells.values()} == {"code"}
        assert len(exercise.cells) == 3
    for exercise in exercises(pair[1]):
        assert set(exercise.cells) == {"exercise-starter", "exercise-check"}


def test_a_copy_runs_and_its_checks_answer_with_hints(tmp_path):
    assert main(["release", LIGHT.name[:2], "--to", str(tmp_path / "class")]) == 0
    (outcome,) = execute([tmp_path / "class" / LIGHT.name])
    assert outcome.failure is None
    answers = [
        "".join(output.get("text", "") for output in cell.outputs)
        for cell in outcome.notebook.cells
        if "exercise-check" in tags(cell)
    ]
    assert len(answers) >= 3
    for answer in answers:
        assert answer.startswith("Not yet: ")
        assert len(answer.splitlines()) <= 2  # English, and Chinese from a table


def test_the_lecturers_copy_keeps_solutions_and_outputs(tmp_path, capsys):
    folder = tmp_path / "mine"
    assert main(["release", "1", "--to", str(folder), "--with-solutions"]) == 0
    notebook, copy = read(NOTEBOOKS[0]), read(folder / NOTEBOOKS[0].name)
    assert len(copy.cells) == len(notebook.cells)
    for mine, theirs in zip(notebook.cells, copy.cells, strict=True):
        assert mine.get("outputs") == theirs.get("outputs")
        assert mine.metadata == theirs.metadata
        assert mine.source == theirs.source
    assert "1 notebook with solutions in " in capsys.readouterr().out


# --- what may stand in the way


@pytest.fixture
def source(tmp_path):
    """A folder with two small notebooks that link to each other; the copies' source."""
    folder = tmp_path / "course"
    folder.mkdir()
    for number, other in (("01", "02"), ("02", "01")):
        cells = [
            nbformat.v4.new_markdown_cell(f"# T\n\nSee [{other}]({other}_x.ipynb)"),
            nbformat.v4.new_code_cell(
                "a = 1", metadata={"tags": ["exercise-solution"]}
            ),
        ]
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python"}
        nbformat.write(notebook, folder / f"{number}_x.ipynb")
    return folder


def release(source, folder, *arguments):
    return main(
        ["release", *arguments, "--folder", str(source), "--to", str(folder)],
    )


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_work_is_never_overwritten(source, tmp_path, capsys):
    folder = tmp_path / "class"
    assert release(source, folder, "2") == 0
    mine = folder / "02_x.ipynb"
    mine.write_text(mine.read_text("utf-8").replace("# T", "# Mine"), "utf-8")
    before = contents(folder)
    assert release(source, folder) == 1
    complaint = capsys.readouterr().err
    assert "already 02_x.ipynb, perhaps with somebody's work" in complaint
    assert complaint.count("\n") == 1
    assert contents(folder) == before  # 01 was not written either
    assert release(source, folder, "--force") == 0
    assert set(contents(folder)) == {"01_x.ipynb", "02_x.ipynb"}
    assert b"Mine" not in mine.read_bytes()


def test_an_untouched_copy_is_no_work(source, tmp_path):
    """Lectures are released week by week."""
    folder = tmp_path / "class"
    assert release(source, folder, "1") == 0
    assert release(source, folder) == 0
    assert release(source, folder, "1") == 0


def test_what_is_linked_and_not_there_is_named_once(source, tmp_path, capsys):
    (source / "README.md").write_text("the map", "utf-8")
    folder = tmp_path / "class"
    assert release(source, folder, "1") == 0
    told = capsys.readouterr().out
    assert told.endswith("\nthey link to what is not in that folder: 02_x.ipynb\n")
    assert release(source, folder) == 0
    assert "not in that folder" not in capsys.readouterr().out
    for path in folder.iterdir():
        original = read(source / path.name)
        assert read(path).cells[0].source == original.cells[0].source


PROSE = [
    "the density is $E[X](t)$, and $f[1](2)$",
    "`layers[0](x)` calls it:\n\n```python\ny = layers[0](x)\n```",
    "The solution is folded below · 参考答案是折叠的",
    "see [03](03_none.ipynb#A-·-B)",
]


@pytest.mark.parametrize("prose", PROSE)
@pytest.mark.parametrize("more", [[], ["--with-solutions"]])
def test_no_sentence_is_changed(prose, more, source, tmp_path):
    book = read(source / "01_x.ipynb")
    book.cells.append(nbformat.v4.new_markdown_cell(prose))
    nbformat.write(book, source / "01_x.ipynb")
    assert release(source, tmp_path / "class", "1", *more) == 0
    assert read(tmp_path / "class/01_x.ipynb").cells[-1].source == prose


@pytest.mark.parametrize("mine", [None, {"name": "tf-gpu", "display_name": "Li's"}])
@pytest.mark.parametrize("more", [[], ["--with-solutions"]])
def test_copies_start_the_courses_kernel(mine, more, source, tmp_path):
    """Whatever kernel the lecturer used, or none."""
    book = read(source / "01_x.ipynb")
    book.metadata = {"kernelspec": mine} if mine else {}
    nbformat.write(book, source / "01_x.ipynb")
    assert release(source, tmp_path / "class", "1", *more) == 0
    copy = read(tmp_path / "class/01_x.ipynb")
    assert copy.metadata == {"kernelspec": KERNEL, "language_info": {"name": "python"}}


def test_a_number_that_two_notebooks_have_is_refused(source, tmp_path, capsys):
    shutil.copy(source / "01_x.ipynb", source / "01_x-Copy1.ipynb")
    assert release(source, tmp_path / "class", "1") == 1
    told = capsys.readouterr().err
    assert "01_x-Copy1.ipynb" in told
    assert "01_x.ipynb" in told
    assert told.count("\n") == 1
    assert not (tmp_path / "class").exists()
    assert release(source, tmp_path / "class", "01_x") == 0
    assert [path.name for path in (tmp_path / "class").iterdir()] == ["01_x.ipynb"]


@pytest.mark.parametrize("content", ["", "no JSON", "[]", '{"cells": 3}'])
def test_any_other_file_counts_as_work(content, source, tmp_path):
    (tmp_path / "01_x.ipynb").write_text(content)
    assert release(source, tmp_path, "1") == 1
    assert (tmp_path / "01_x.ipynb").read_text() == content


def test_other_files_stay(source, tmp_path):
    (tmp_path / "notes.md").write_text("mine")
    assert release(source, tmp_path) == 0
    assert (tmp_path / "notes.md").read_text() == "mine"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("inside", ["", "class", "../course/deep/er"])
def test_the_courses_own_folder_is_refused(inside, source, capsys):
    before = contents(source)
    assert release(source, source / inside) == 1
    assert "name a folder outside of it" in capsys.readouterr().err
    assert contents(source) == before


def test_a_file_is_no_folder(source, tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    assert release(source, tmp_path / "file") == 1
    assert "is a file: name a folder" in capsys.readouterr().err
    assert release(source, tmp_path / "file" / "in") == 1
    assert "cannot write in " in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "x"


def test_a_folder_that_cannot_be_written(source, tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert release(source, tmp_path / "new" / "class") == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith("error: cannot write in ")
    assert complaint.endswith(": No space left on device\n")
    assert not (tmp_path / "new").exists()


def test_an_unknown_notebook_is_named(source, tmp_path, capsys):
    assert release(source, tmp_path / "class", "1", "9") == 1
    assert "there is no notebook '9'; there are: 01_x, 02_x" in capsys.readouterr().err
    assert not (tmp_path / "class").exists()


def test_a_target_is_asked_for(capsys):
    with pytest.raises(SystemExit):
        main(["release", "1"])
    assert "required: --to" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_everybody_may_read_the_copies(source, tmp_path):
    assert release(source, tmp_path / "class", "1") == 0
    umask = os.umask(0)
    os.umask(umask)
    for path in (tmp_path / "class", tmp_path / "class/01_x.ipynb"):
        wanted = (0o777 if path.is_dir() else 0o666) & ~umask
        assert stat.S_IMODE(path.stat().st_mode) == wanted


@pytest.mark.parametrize(
    ("content", "more"),
    [
        ("", []),
        ("{", ["--with-solutions"]),
        ("[]", []),
        ("{}", ["--with-solutions"]),
        ('{"cells": [3]}', ["--with-solutions"]),
    ],
)
def test_a_damaged_notebook_is_one_clear_line(content, more, source, tmp_path, capsys):
    damaged = source / "02_x.ipynb"
    damaged.write_text(content, "utf-8")
    assert release(source, tmp_path / "class", *more) == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith(f"error: {damaged}: no notebook can be read from it: ")
    assert complaint.count("\n") == 1
    assert not (tmp_path / "class").exists()


@pytest.mark.parametrize("more", [[], ["--force"]])
def test_a_folder_with_a_copys_name_is_told_before_anything_is_written(
    more, source, tmp_path, capsys
):
    (tmp_path / "class/02_x.ipynb").mkdir(parents=True)
    (tmp_path / "class/01_x.ipynb").write_text("mine", "utf-8")
    assert release(source, tmp_path / "class", *more) == 1
    assert "there are folders called 02_x.ipynb" in capsys.readouterr().err
    assert (tmp_path / "class/01_x.ipynb").read_text("utf-8") == "mine"
