"""A new lecture begins as one that runs, keeps the conventions and has no name yet."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from mutants import damaged_copy

#: What its author still owes: evidence, and two exercises more.
OWED = "not exercises and not evidence and not stated and not seconds and not bounds"


@pytest.fixture(scope="module")
def clone():
    with damaged_copy() as copy:
        yield copy


def course(clone, *arguments):
    """Run a command in a copy of the project."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=clone,
        env=os.environ | {"PYTHONPATH": str(clone)},
        capture_output=True,
        text=True,
    )


def test_a_new_lecture_is_stored_and_keeps_the_conventions(clone):
    done = course(clone, "course_tools", "new", "99", "error_of_means")
    assert done.returncode == 0, done.stderr
    assert "notebooks/99_error_of_means.ipynb" in done.stdout
    done = course(clone, "course_tools", "store", "99")
    assert done.returncode == 0, done.stdout
    done = course(clone, "course_tools", "map")
    assert done.returncode == 0, done.stderr
    tests = ("test_conventions", "test_rules", "test_lecture_map", "test_glossary")
    files = [f"tests/{name}.py" for name in tests]
    files += ["tests/exercises/test_tables.py"]
    done = course(clone, "pytest", "-q", "-n0", "--nb", "99", "-k", OWED, *files)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("number", "name", "told"),
    [
        ("04", "optimizers_again", "lecture 04 has notebooks/04_optimizers.ipynb"),
        ("123", "too_long", "a number of two digits"),
        ("98", "No-Name", "a name of small letters"),
    ],
)
def test_what_is_no_new_lecture_is_refused(clone, number, name, told):
    before = sorted(clone.rglob("*"))
    done = course(clone, "course_tools", "new", number, name)
    assert done.returncode == 1
    assert told in done.stderr
    assert sorted(path for path in clone.rglob("*") if path in before) == before
    assert not list(clone.glob(f"notebooks/{number}_{name}.ipynb"))


def test_nothing_is_left_of_the_template_s_number(clone):
    course(clone, "course_tools", "new", "97", "other")
    text = (clone / "notebooks/97_other.ipynb").read_text("utf-8")
    cells = json.loads(text)["cells"]
    assert not [c for c in cells if "NN" in "".join(c["source"])]
    assert cells[0]["source"][0].startswith("# 97 · ")
    runs = [c["execution_count"] for c in cells if c["cell_type"] == "code"]
    assert runs == list(range(1, len(runs) + 1))  # stored as run from top to bottom
    for path in clone.glob("**/*97*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
