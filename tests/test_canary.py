"""The canary, with a uv that only pretends: which claim fails, and who is at fault."""

import json
import os
import shutil
import stat
import subprocess
import sys
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_output
from tiny_notebooks import write_notebook

from course_tools import canary, programs
from course_tools.main import KINDS, main
from course_tools.places import UserError

#: Its environment is a way into this one; what it resolves stands in a file beside it.
UV = """\
import json, os, pathlib, shutil, sys
here = pathlib.Path(__file__).parent
verb, rest = sys.argv[1], sys.argv[2:]
with (here / "calls").open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if (here / "fails").exists():
    sys.exit((here / "fails").read_text())
if verb == "venv":
    python = pathlib.Path(rest[2], "bin", "python")
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\\nexec {sys.executable} $SAY \\"$@\\"\\n")
    python.chmod(0o755)
elif rest[0] == "compile":
    pins = dict(each.split("==") for each in (here / "pins").read_text().split())
    kept = pathlib.Path(rest[rest.index("--constraint") + 1]).read_text().split()
    pins |= dict(each.split("==") for each in kept)
    print("\\n".join(f"{name}=={version}" for name, version in pins.items()))
elif rest[0] == "sync":
    (here / "installed").write_text(pathlib.Path(rest[1]).read_text())
"""
pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="the uv of this test is a script"
)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with that uv, on the path before any other."""
    folder = tmp_path / "pretended"
    folder.mkdir()
    (folder / "uv.py").write_text(UV)
    script = folder / "uv"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} {folder}/uv.py "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    monkeypatch.setenv("SAY", "")
    (folder / "pins").write_text("keras==9.0 numpy==8.0 babel==6.0")
    # its Python is this one, whose libraries are none of the canary's business
    monkeypatch.setattr(canary.Trial, "let_in", lambda trial: None)
    return folder


def calls(place):
    return [json.loads(line) for line in (place / "calls").read_text().splitlines()]


@pytest.fixture
def course(tmp_path, place):
    """Two lectures; the second fails as long as NumPy is not the lock's."""
    folder = tmp_path / "course"
    folder.mkdir()
    write_notebook(folder, "21_good", "print('✓ x ≥ 1')")
    write_notebook(
        folder,
        "22_bad",
        "from pathlib import Path\nfrom course_utils.checks import expect",
        f"kept = 'numpy==8.0' not in Path({str(place / 'installed')!r}).read_text()\n"
        "expect('accuracy', 0.75 if kept else 0.25, at_least=0.5)",
    )
    for name, number, text in (
        ("21_good", 1, "x ≥ 1"),
        ("22_bad", 2, "accuracy ≥ 0.5"),
    ):
        notebook = nbformat.read(folder / f"{name}.ipynb", 4)
        shown = new_output("stream", name="stdout", text=f"✓ {text}\n")
        for cell in notebook.cells[1:]:
            cell.execution_count = 1
        notebook.cells[number].outputs = [shown]
        nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


@pytest.mark.long
def test_who_breaks_a_lecture_is_found(course, place, tmp_path, capsys):
    options = ["--folder", str(course), "--to", str(tmp_path / "to")]
    assert main(["canary", "newest", *options]) == 1
    claim = "Cell 1: ✗ accuracy ≥ 0.5: measured 0.25"
    found = json.loads((tmp_path / "to/newest.json").read_text("utf-8"))
    assert found["failed"] == {"22_bad": claim}
    rows = {row["name"]: row for row in found["packages"]}
    assert rows["numpy"]["claim"] == f"22_bad, {claim}"
    assert not any(rows[name]["claim"] for name in ("keras", "babel"))
    page = (tmp_path / "to/newest.md").read_text("utf-8")
    assert page in capsys.readouterr().out
    assert "1 of 2 lectures hold" in page
    locked = rows["numpy"]["locked"]
    assert f"| numpy | {locked} | 8.0 | 22_bad, {claim} |\n" in page
    assert f"| keras | {rows['keras']['locked']} | 9.0 | – |" in page
    assert "| babel |" not in page
    assert "Others that these need: babel 6.0." in page


def test_lectures_that_hold(course, tmp_path, capsys):
    options = ["--folder", str(course), "--to", str(tmp_path / "to")]
    assert main(["canary", "--lectures", "21", *options]) == 0
    found = json.loads((tmp_path / "to/newest.json").read_text("utf-8"))
    assert (found["lectures"], found["failed"]) == (["21_good"], {})
    assert "1 of 1 lectures hold" in capsys.readouterr().out


@pytest.mark.parametrize("kind", KINDS)
def test_what_uv_is_asked_for(kind, place, tmp_path):
    trial = canary.Trial(kind, tmp_path / "trial")
    (tmp_path / "trial").mkdir()
    trial.install()
    venv, resolve, sync = calls(place)
    oldest = kind == "floors" and canary.wheels.MINOR != "3.11"
    assert f"--python={'3.11' if oldest else sys.executable}" in venv
    assert set(canary.OPTIONS.get(kind, ())) <= set(resolve)
    assert {"--only-binary=:all:"} <= set(resolve) & set(sync)
    lines = (tmp_path / "trial/in.txt").read_text().splitlines()
    assert len(lines) == len(canary.declared())
    if kind == "beyond":
        assert not [line for line in lines if "<" in line]
        assert "tf-nightly>=2.21.dev0" in lines
        assert not [line for line in lines if line.startswith(("tensorflow", "keras>"))]
        trial.install(["keras"])  # neither is nightly when one goes back
        assert "tensorflow>=2.21" in (tmp_path / "trial/in.txt").read_text()
    else:
        assert [line for line in lines if line.startswith("keras<4,>=")]


# --- what may be missing


def refuse(capsys, tmp_path, course, *words):
    """Status 1, one line, the same in the files for CI."""
    to = tmp_path / "to"
    assert main(["canary", "newest", "--folder", str(course), "--to", str(to)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    for word in words:
        assert word in line
    assert line.removeprefix("error: ") in (to / "newest.md").read_text("utf-8")
    assert json.loads((to / "newest.json").read_text("utf-8"))["error"] in line


def test_without_network(course, place, tmp_path, capsys):
    text = "error: Request failed after 3 retries\n  cause: Failed to fetch: `x`\n"
    (place / "fails").write_text(text)
    refuse(capsys, tmp_path, course, "cannot reach the package index", "UV_DEFAULT")


def test_what_cannot_be_resolved(course, place, tmp_path, capsys):
    text = "  × No solution found:\n  ╰─▶ Because only keras<=3 is available"
    (place / "fails").write_text(text)
    wanted = "newest cannot be installed; uv says: No solution found: Because only"
    refuse(capsys, tmp_path, course, wanted)


def test_without_uv(course, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(programs, "python", lambda *arguments: 1)
    refuse(capsys, tmp_path, course, "uv is needed, and pip cannot install it")


def test_where_uv_is_not_on_the_path_it_is_installed(monkeypatch):
    asked = []
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(programs, "python", lambda *each: asked.append(each) or 0)
    assert canary.find_uv() == [sys.executable, "-m", "uv"]
    assert asked == [("-m", "pip", "install", "--quiet", "uv>=0.9,<1")]


def test_a_pytest_that_does_not_run_is_no_failing_lecture(course, place, tmp_path):
    trial = canary.Trial("newest", tmp_path)
    trial.python = sys.executable
    done = SimpleNamespace(returncode=4, stdout="", stderr="no such option --nbval\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "run", lambda *_, **__: done)
        with pytest.raises(UserError, match="does not run: no such option --nbval"):
            trial.run([course / "21_good.ipynb"])


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (
            "\x1b[31mExpectationError\x1b[39m: ✗ a ≥ 5: measured 4. Either the",
            "✗ a ≥ 5: measured 4",
        ),
        (" mismatch 'stdout'\n\n  - ✓ a ≥ 1\n  ?   ^\n  + ✓ a ≥ 2\n", "✓ a ≥ 2"),
        ("Traceback\n\nModuleNotFoundError: No module named 'x'", None),
        ("  'one' == 'two'", "one"),
        ("mismatch in a figure", "its output differs"),
    ],
)
def test_the_first_claim_of_what_nbval_says(text, claim):
    wanted = claim or "ModuleNotFoundError: No module named 'x'"
    assert canary.first_claim(text) == wanted
