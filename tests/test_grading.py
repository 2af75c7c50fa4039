"""Grading a class: each layout, each damage and each trick has its row."""

import csv
import io
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from handed_in import (
    GAINS,
    HOSTILE,
    LECTURE,
    OPTIMIZERS,
    PAIRS,
    PATH,
    answered,
    as_colab,
    as_old_program,
    book,
    data,
)

from course_tools import notebook
from course_tools.grading import page, submissions, values
from course_tools.grading.answers import answers, shape, tasks, untouched
from course_tools.grading.sandbox import Sandbox
from course_tools.grading.verdicts import Row, grade
from course_tools.main import main
from course_tools.places import NOTEBOOKS, ROOT, UserError

TASKS = tasks(PATH)


# --- values --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 2.5, "文", (1, 2.0), [[1], "a"], np.arange(6).reshape(2, 3), ()],
)
def test_values_travel_as_they_are(value):
    back = values.decode(values.encode(value))
    assert type(back) is type(value)
    np.testing.assert_equal(back, value)


def test_of_other_objects_only_the_looks_travel():
    class Hidden(str):
        def __eq__(self, other):
            return True

        __hash__ = str.__hash__

        def __str__(self):
            return "right"

    assert type(values.decode(values.encode(Hidden("wrong")))) is str
    assert values.decode(values.encode(Hidden("wrong"))) == "wrong"
    assert repr(values.decode(values.encode({1: 2}))) == "{1: 2}"
    error = values.decode(values.encode(KeyError("x")))
    assert (type(error).__name__, isinstance(error, Exception)) == ("KeyError", True)
    assert np.isnan(values.decode(values.encode(float("nan"))))
    deep = []
    deep.append(deep)
    assert "looks" in repr(values.encode(deep))


@pytest.mark.parametrize(
    "coded",
    [
        {},
        3,
        {"array": "gASVBAAAAAAAAABLAS4="},  # a pickle
        {"array": "x"},
        {"plain": {"a": 1}},
        {"error": ["A"]},
        {"list": 3},
        {"other": 1},
    ],
)
def test_what_encode_did_not_write_is_refused(coded):
    with pytest.raises(ValueError, match="no value"):
        values.decode(coded)


# --- what was handed in --------------------------------------------------------------


def names(place):
    return {
        student: [file.path for file in files]
        for student, files in submissions.students(place).items()
    }


def put(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"{}")


def test_folders_files_and_moodle_name_the_student(tmp_path):
    put(
        tmp_path,
        "Ann Lee/04_optimizers.ipynb",
        "Ann Lee/.ipynb_checkpoints/04_optimizers-checkpoint.ipynb",
        "Ann Lee/notes.txt",
        "王芳_204_assignsubmission_file_/deep/04 (1).ipynb",
        "Bo_77_assignsubmission_file_04_optimizers.ipynb",
        "cy_04_optimizers.ipynb",
        "04_optimizers_dan.ipynb",
        "eve.ipynb",
        "__MACOSX/x.ipynb",
    )
    (tmp_path / "Fay").mkdir()
    assert names(tmp_path) == {
        "Ann Lee": ["Ann Lee/04_optimizers.ipynb"],
        "Bo_77": ["Bo_77_assignsubmission_file_04_optimizers.ipynb"],
        "Fay": [],
        "cy": ["cy_04_optimizers.ipynb"],
        "dan": ["04_optimizers_dan.ipynb"],
        "eve": ["eve.ipynb"],
        "王芳_204": ["王芳_204_assignsubmission_file_/deep/04 (1).ipynb"],
    }


def archive(*entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in entries:
            zipped.writestr(name, content)
    return file.getvalue()


def test_archives_are_read_and_never_unpacked(tmp_path):
    inner = archive(
        ("../../04.ipynb", b"inner"), ("deep.zip", archive(("x.ipynb", b"")))
    )
    bomb = archive(("04.ipynb", bytes(submissions.LARGEST + 1)))
    place = tmp_path / "all.zip"
    place.write_bytes(
        archive(
            ("Ann_1_assignsubmission_file_/work.zip", inner),
            ("../../../etc/04.ipynb", b"outside"),
            ("Bob_2_assignsubmission_file_/bomb.zip", bomb),
            ("Cy_3_assignsubmission_file_/bad.zip", b"PK\x03\x04 no zip"),
        )
    )
    found = submissions.students(place)
    assert [found["Ann_1"][0].read()] == [b"inner"]
    for student, said in (("Bob_2", "larger than"), ("Cy_3", "no zip can be read")):
        with pytest.raises(submissions.Unreadable, match=said):
            found[student][0].read()
    with pytest.raises(submissions.Unreadable, match="within a zip"):
        found["Ann_1"][1].read()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["all.zip"]
    with pytest.raises(UserError, match="no such folder"):
        submissions.students(tmp_path / "absent")


def test_links_are_not_followed_and_names_do_not_deceive(tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(b"solutions")
    place = tmp_path / "place"
    put(place, "\u202egnp.ann/04.ipynb", "Bo/04.ipynb")
    (place / "Bo" / "04.ipynb").unlink()
    (place / "Bo" / "04.ipynb").symlink_to(secret)
    (place / "Cy").symlink_to(tmp_path)
    found = submissions.students(place)
    assert set(found) == {"�gnp.ann", "Bo", "Cy"}
    for student in ("Bo", "Cy"):
        with pytest.raises(submissions.Unreadable, match="a link"):
            found[student][0].read()


def test_a_name_that_is_no_utf_8_gets_its_row(tmp_path):
    folder = os.fsencode(tmp_path) + b"/\xcd\xf5\xb7\xbc"
    try:
        os.mkdir(folder)
    except OSError:
        pytest.skip("this drive takes UTF-8 names only")
    Path(os.fsdecode(folder), "04.ipynb").write_bytes(b"{}")
    assert [*submissions.students(tmp_path)] == ["????"]


# --- answers -------------------------------------------------------------------------


def test_answers_are_found_however_the_notebook_was_saved():
    content = answered("return 1, 2", OPTIMIZERS, PAIRS["right"])
    wanted = ["def my_gain(beta):\n    return 1, 2", OPTIMIZERS, PAIRS["right"]]
    for saved in (content, as_colab(content), as_old_program(content)):
        found = answers(saved["cells"], TASKS)
        assert [found[task.number].strip() for task in TASKS] == wanted


def test_a_cell_that_is_gone_is_no_answer():
    content = as_old_program(book())
    content["cells"] = [
        c for c in content["cells"] if "my_gain(beta)" not in c["source"]
    ]
    assert answers(content["cells"], TASKS)[1] is None


def test_equal_answers_have_one_shape():
    mine = 'def my_gain(beta):\n    """Mine."""\n    x = beta + 1\n    return x  # ok\n'
    yours = "def my_gain(b):\n    y = b + 1\n    return y\nprint(my_gain(1))"
    assert shape(mine) == shape(yours) != shape(mine.replace("1", "2"))
    assert shape("return (") == ""
    assert untouched(TASKS[0].starter + "\n# a comment", TASKS[0])


def test_an_answer_takes_along_what_it_needs_and_no_training():
    program = TASKS[0].program("%time\ndef my_gain(b):\n    return one\none = 1\n",
                               judge=False)  # fmt: skip
    assert program == "def my_gain(b):\n    return one\none = 1"
    assert "keras" in TASKS[1].program(OPTIMIZERS, judge=True)
    for task in TASKS:
        assert "fit(" not in task.program(task.solution, judge=True)


# --- the table, the page -------------------------------------------------------------


def test_no_cell_is_a_formula_and_no_name_is_code(tmp_path):
    bad = '=HYPERLINK("http://x")', "<script>alert(1)</script>", "../../up", "a\r\n=b"
    row = Row("04", 1, "check_gain", "not yet", "mistake 1", "=1+1 <b>", "错")
    page.write({submissions.shown(name): [row] for name in bad}, TASKS, tmp_path)
    text = (tmp_path / "grades.csv").read_text("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len(rows) == 1 + len(bad)
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell
        assert "\n" not in cell
    pages = [*tmp_path.rglob("*.html")]
    assert len(pages) == 1 + len(bad)
    assert {path.parent for path in pages} == {tmp_path, tmp_path / "feedback"}
    assert not any("<script>" in path.read_text("utf-8") for path in pages)
    assert not any("<b>" in path.read_text("utf-8") for path in pages)


def test_the_page_counts_mistakes(tmp_path):
    def row(verdict, hint="", code=""):
        return Row(
            "04", 1, "check_gain", verdict, hint, f"about {hint}", "错", shape=code
        )

    found = {
        "ann": [row("passed")],
        "bo": [row("not yet", "mistake 2", "x")],
        "cy": [row("not yet", "mistake 2", "x")],
        "di": [row("not yet", "otherwise", "y")],
        "ed": [row("untouched")],
    }
    first, second, _ = page.summary(found, TASKS)["exercises"]
    assert (first["passed"], first["tried"], first["students"]) == (1, 4, 5)
    assert first["hints"][0] == (("about mistake 2", "错"), 2)
    assert first["alike"] == [["bo", "cy"]]
    assert [count for *_, count in first["others"]] == [1]
    assert (second["passed"], second["students"]) == (0, 0)


# --- in the sandbox ------------------------------------------------------------------


def no_sandbox():
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed"
    try:
        with Sandbox():
            return ""
    except UserError as error:
        return str(error)


NO_SANDBOX = no_sandbox()
needs_sandbox = pytest.mark.skipif(bool(NO_SANDBOX), reason=NO_SANDBOX)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as one:
        yield one


def first(sandbox, answer):
    """The row of exercise 1, beside a right answer to exercise 3."""
    cells = answered(answer, None, PAIRS["right"])["cells"]
    gain, port, ravine = grade(TASKS, answers(cells, TASKS), sandbox, seconds=5)
    assert (port.verdict, ravine.verdict) == ("untouched", "passed")
    assert (gain.judged, ravine.judged) == ("compared", "self-reported")
    return gain


@needs_sandbox
@pytest.mark.parametrize("name", GAINS)
def test_usual_answers_get_their_verdicts(sandbox, name):
    answer, verdict, hint = GAINS[name]
    row = first(sandbox, answer)
    assert (row.verdict, row.hint) == (verdict, hint), row
    assert row.en
    assert row.as_solution == (name == "right")


@pytest.fixture(scope="module")
def course():
    """The course as it was before hostile answers ran, and as it is after."""

    def state():
        paths = [*(ROOT / "course_utils").rglob("*.py"), PATH]
        return {path: path.read_bytes() for path in paths}

    before = state()
    yield
    assert state() == before


@needs_sandbox
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_answers_get_a_row_and_change_nothing(sandbox, course, name):
    answer, verdict, hint = HOSTILE[name]
    row = first(sandbox, answer)
    assert (row.verdict, row.hint) == (verdict, hint), row


HERD = """\
import os, time
    for _ in range(8):
        if not os.fork():
            much = bytearray(10**8)
            time.sleep(60)
    time.sleep(60)"""


@needs_sandbox
def test_memory_of_many_processes_counts_together(sandbox, monkeypatch):
    """Each stays below its own limit."""
    monkeypatch.setattr("course_tools.grading.sandbox.MEMORY", 5 * 10**8)
    cells = answered(HERD)["cells"]
    gain, *_ = grade(TASKS, answers(cells, TASKS), sandbox, seconds=30)
    assert gain.verdict == "memory"


@needs_sandbox
def test_a_class_is_graded_and_graded_on(tmp_path, capsys):
    place, to = tmp_path / "in", tmp_path / "out"
    hand_in = {
        "ann/04_optimizers.ipynb": data(answered(GAINS["right"][0], OPTIMIZERS)),
        "bo/04.ipynb": data(as_colab(answered(GAINS["same"][0], None, PAIRS["slow"]))),
        "cy/04.ipynb": data(answered(GAINS["same"][0])),
        "di/04.ipynb": b"{",
        "ed/readme.txt": b"sorry",
    }
    for path, content in hand_in.items():
        (place / path).parent.mkdir(parents=True)
        (place / path).write_bytes(content)
    words = ["grade", str(place), "--lectures", LECTURE, "--to", str(to)]
    assert main([*words, "--shard", "1/2"]) == 0
    assert main([*words, "--shard", "2/2"]) == 0
    capsys.readouterr()
    assert main(["grade", "--merge", "--lectures", LECTURE, "--to", str(to)]) == 0
    rows = csv.DictReader((to / "grades.csv").open(encoding="utf-8-sig"))
    found = {(row["student"], row["exercise"]): row["verdict"] for row in rows}
    assert [found["ann", str(k)] for k in (1, 2, 3)] == [
        "passed",
        "passed",
        "untouched",
    ]
    assert [found["bo", str(k)] for k in (1, 2, 3)] == [
        "not yet",
        "untouched",
        "not yet",
    ]
    assert {found["di", "1"], found["ed", "1"]} == {"unreadable", "no notebook"}
    text = (to / "index.html").read_text("utf-8")
    assert "bo, cy" in text

    # a line that was cut off is graded again, what is there already is not
    verdicts = to / "verdicts-1-of-2.jsonl"
    verdicts.write_bytes(verdicts.read_bytes()[:-20])
    capsys.readouterr()
    assert main([*words, "--shard", "1/2"]) == 0
    said = capsys.readouterr().out
    assert said.count("graded before") == 2
    again = csv.DictReader((to / "grades.csv").open(encoding="utf-8-sig"))
    assert {(r["student"], r["exercise"]): r["verdict"] for r in again} == found


def test_without_bubblewrap_it_refuses(tmp_path, monkeypatch, capsys):
    put(tmp_path, "ann/04.ipynb")
    monkeypatch.setenv("PATH", str(tmp_path))
    words = ["grade", str(tmp_path), "--lectures", "04", "--to", str(tmp_path / "to")]
    assert main(words) == 1
    assert "bubblewrap is missing" in capsys.readouterr().err


def test_unsafe_grades_without_bubblewrap(tmp_path):
    with Sandbox(unsafe=True) as sandbox:
        assert first(sandbox, GAINS["right"][0]).verdict == "passed"
        assert first(sandbox, HOSTILE["loop"][0]).verdict == "time"


@pytest.mark.long
@needs_sandbox
@pytest.mark.parametrize("path", notebook.find(NOTEBOOKS), ids=lambda path: path.stem)
def test_each_lectures_own_solutions_pass(sandbox, path):
    """What answers need of a lecture is found, and runs within the limits."""
    own = tasks(path)
    found = {task.number: f"{task.starter}\n{task.solution}" for task in own}
    rows = grade(own, found, sandbox, seconds=120)
    assert {row.verdict for row in rows} == {"passed"}, rows
