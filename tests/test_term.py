"""A term's logistics: copies without solutions, a lecture anew, questions and cards."""

import json
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from course_tools import lectures, notebook
from course_tools.main import main
from course_tools.places import NOTEBOOKS, ROOT
from course_tools.term import copies, export
from course_utils import __version__


def solutions():
    """A line of code from each solution, as no other cell has it."""
    for path in notebook.find(NOTEBOOKS):
        cells = notebook.peek(path)["cells"]
        taken = {line for c in cells for line in lines(c) if not is_solution(c)}
        for cell in filter(is_solution, cells):
            yield from (line for line in lines(cell) if line not in taken)


def is_solution(cell):
    return notebook.SOLUTION in notebook.tags(cell)


def lines(cell):
    found = (line.strip() for line in notebook.source(cell).splitlines())
    return [line for line in found if len(line) > 25]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copy") / "students"
    assert main(["copy", "--to", str(folder)]) == 0
    return folder


def test_a_copy_holds_no_solution(copy):
    wanted = list(solutions())
    assert len(wanted) > 50
    for path in copy.rglob("*.ipynb"):
        text = path.read_text("utf-8")
        assert notebook.SOLUTION not in text, path
        cells = [line for cell in json.loads(text)["cells"] for line in lines(cell)]
        assert not set(wanted) & set(cells), path


def test_a_copy_runs_by_itself(copy):
    here = "import course_utils, course_tools.main; print(course_utils.__file__)"
    said = subprocess.run(
        [sys.executable, "-c", here],
        cwd=copy,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert str(copy) in said
    names = {path.name for path in copy.glob("notebooks/*.ipynb")}
    assert names == {path.name for path in notebook.find(NOTEBOOKS)}
    for name in ("pyproject.toml", "requirements.lock", "binder/postBuild", "LICENSE"):
        assert (copy / name).read_bytes() == (ROOT / name).read_bytes()
    assert not (copy / "tests").exists()
    assert "exercises" in {path.name for path in (copy / "course_utils").iterdir()}


def test_a_copy_replaces_the_course_and_nothing_else(copy, tmp_path, capsys):
    folder = tmp_path / "students"
    shutil.copytree(copy, folder)
    (folder / "notes.txt").write_text("mine")
    (folder / ".git").mkdir()
    (folder / "course_utils" / "gone.py").touch()
    assert main(["copy", "--to", str(folder)]) == 1
    assert "is not empty: nothing was written" in capsys.readouterr().err
    assert (folder / "course_utils" / "gone.py").exists()
    assert main(["copy", "--to", str(folder), "--force"]) == 0
    assert not (folder / "course_utils" / "gone.py").exists()
    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / ".git").is_dir()
    assert not [path for path in folder.iterdir() if path.name.startswith(".course")]
    assert main(["copy", "--to", str(ROOT / "build")]) == 1


def test_a_zip_is_the_same_each_time(copy, tmp_path):
    assert main(["copy", "--to", str(tmp_path), "--zip"]) == 0
    path = tmp_path / f"course-{__version__}.zip"
    first = path.read_bytes()
    assert main(["copy", "--to", str(tmp_path), "--zip"]) == 0
    assert path.read_bytes() == first
    with zipfile.ZipFile(path) as archive:
        held = {entry.filename for entry in archive.infolist()}
        runs = archive.getinfo("binder/postBuild").external_attr >> 16
    files = (path for path in copy.rglob("*") if path.is_file())
    ours = {p.relative_to(copy).as_posix() for p in files if p.suffix != ".pyc"}
    assert held == ours
    assert runs & 0o111


# --- a lecture anew ------------------------------------------------------------------


@pytest.fixture
def elsewhere(copy, tmp_path, monkeypatch):
    """A student's copy, from which the commands now work."""
    folder = tmp_path / "mine"
    shutil.copytree(copy, folder)
    monkeypatch.setattr(copies, "ROOT", folder)
    monkeypatch.setattr(copies, "NOTEBOOKS", folder / "notebooks")
    monkeypatch.setattr(copies, "ORIGINALS", folder / "originals")
    return folder / "notebooks"


def test_a_lecture_anew_keeps_what_was_edited(elsewhere, capsys):
    path = elsewhere / "04_optimizers.ipynb"
    handed_out = path.read_bytes()
    for edited in (b"my work", b"more work"):
        path.write_bytes(edited)
        assert main(["fresh", "4"]) == 0
        assert path.read_bytes() == handed_out
    kept = sorted(elsewhere.glob("my_04_optimizers_*.ipynb"))
    assert [one.read_bytes() for one in kept] == [b"my work", b"more work"]
    assert path in notebook.find(elsewhere)
    assert not set(kept) & set(notebook.find(elsewhere))
    path.unlink()
    assert main(["fresh", "04"]) == 0
    assert path.read_bytes() == handed_out
    assert len(list(elsewhere.glob("my_*"))) == 2
    capsys.readouterr()
    assert main(["fresh", "99"]) == 1
    assert "there are: 01, 02" in capsys.readouterr().err


def test_a_clone_gives_what_was_committed(elsewhere, capsys):
    shutil.rmtree(copies.ORIGINALS)
    assert main(["fresh", "04"]) == 1
    assert "neither a copy for students nor a clone" in capsys.readouterr().err
    git = ["git", "-C", str(copies.ROOT), "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "notebooks"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    path = elsewhere / "04_optimizers.ipynb"
    handed_out = path.read_bytes()
    path.write_bytes(b"my work")
    assert main(["fresh", "04"]) == 0
    assert path.read_bytes() == handed_out


# --- questions and cards -------------------------------------------------------------


def read_gift(text):
    """Questions as (name, text, [(is right, answer, feedback)])."""
    plain = r"(?:[^~=#{}:\\]|\\.)"
    question = re.compile(
        rf"::({plain}+)::\[html\]({plain}+) \{{\n(.+?)\n\}}\n", re.DOTALL
    )
    answer = re.compile(rf"([=~])({plain}+?)(?:#({plain}*))?$", re.MULTILINE)
    found = []
    for match in question.finditer(text):
        rows = answer.findall(match[3])
        assert len(rows) == match[3].count("\n") + 1
        found.append((match[1], match[2], [(s == "=", a, f) for s, a, f in rows]))
    return found


def test_questions_are_those_of_the_lectures(tmp_path):
    path = tmp_path / "q.gift"
    assert main(["quiz", "04", "23", "--to", str(path)]) == 0
    text = path.read_text("utf-8")
    found = read_gift(text)
    assert len(found) == text.count("::[html]") >= 10
    for name, asked, answers in found:
        assert [right for right, *_ in answers].count(True) == 1, name
        assert len({answer for _, answer, _ in answers}) == len(answers) >= 2, name
        assert re.search("[\u4e00-\u9fff]", asked), name
        assert "$" not in asked
    by_name = {name: answers for name, _, answers in found}
    gain = by_name["04 exercise 1"]
    assert gain[0][0]
    assert all(feedback for right, _, feedback in gain if not right)


def test_every_lecture_has_questions():
    for path in notebook.find(NOTEBOOKS):
        assert export.questions_of(path), path


def test_the_glossary_is_a_stack_of_cards(tmp_path):
    path = tmp_path / "cards.txt"
    assert main(["cards", "--to", str(path)]) == 0
    head, rows = [], []
    for line in path.read_text("utf-8").splitlines():
        (head if line.startswith("#") else rows).append(line.split("\t"))
    assert head[0] == ["#separator:tab"]
    assert {len(row) for row in rows} == {3}
    assert len(rows) == len(lectures.terms(lectures.read()))
