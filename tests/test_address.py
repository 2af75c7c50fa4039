"""One address of the course, and everything that follows from it: Colab and Binder."""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from notebook_files import NOTEBOOKS, ROOT
from packaging.requirements import Requirement

from course_tools import address, bootstrap, colab
from course_tools.main import main
from course_tools.notebook import read, tags

ADDRESS = address.current(ROOT)
OTHER = "https://github.com/some-school/deep-learning"


def test_every_file_says_the_same_address():
    """If this fails: python -m course_tools address, with the address to be said."""
    assert list(address.changes(ROOT, ADDRESS)) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_guard_stands_right_before_the_setup_cell(path):
    cells = read(path).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    guard, setup = code[:2]
    assert cells.index(setup) == cells.index(guard) + 1
    assert "seed_everything(" in setup.source
    assert [cell for cell in cells if address.GUARD_TAG in tags(cell)] == [guard]
    assert guard.source == address.guard(ADDRESS)
    assert tags(guard) == {address.GUARD_TAG}
    assert guard.metadata.slideshow.slide_type == "skip"
    assert guard.outputs == []


def test_the_guard_is_short():
    lines = [line for line in address.guard(ADDRESS).splitlines() if line]
    assert len(lines) <= 6
    assert max(map(len, lines)) <= 88
    assert [line for line in lines if line.startswith("#")] == lines[:1]


def test_where_the_course_is_installed_the_guard_does_nothing(capfd):
    """Neither the shell nor pip is asked."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.system = shell.run_line_magic = None
    outcome = shell.run_cell(address.guard(ADDRESS))
    outcome.raise_error()
    assert capfd.readouterr() == ("", "")


def test_the_guard_installs_from_the_clone_it_makes():
    source = address.guard(OTHER)
    clone = re.search(r"!git clone .*? (https\S+) (\w+)$", source, re.MULTILINE)
    assert clone[1] == OTHER
    script = re.search(r"%run (\S+)$", source, re.MULTILINE)[1]
    folder, _, file = script.partition("/")
    assert folder == clone[2]
    assert (ROOT / file).samefile(colab.__file__)


# --- the command


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A copy of the files that say the address."""
    for name in ("pyproject.toml", *address.READMES):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "notebooks").mkdir()
    for path in NOTEBOOKS[:2]:
        shutil.copy(path, tmp_path / "notebooks")
    monkeypatch.setattr("course_tools.main.ROOT", tmp_path)
    return tmp_path


def test_one_command_changes_every_file(clone, capsys):
    assert main(["address", f"{OTHER}.git/"]) == 0
    assert f"5 files changed; all say {OTHER}" in capsys.readouterr().out
    repository = ADDRESS.removeprefix("https://github.com/")
    for path in (*clone.glob("*.*"), *clone.glob("notebooks/*")):
        text = path.read_text("utf-8")
        assert repository not in text, path
        assert OTHER.removeprefix("https://github.com/") in text, path
    assert main(["address"]) == 0
    assert capsys.readouterr().out == f"{OTHER}\n"
    assert main(["address", OTHER]) == 0
    assert "0 files changed" in capsys.readouterr().out


def test_outputs_and_all_other_cells_stay(clone):
    before = read(NOTEBOOKS[0])
    assert main(["address", OTHER]) == 0
    after = read(clone / "notebooks" / NOTEBOOKS[0].name)
    for old, new in zip(before.cells, after.cells, strict=True):
        if address.GUARD_TAG not in tags(old):
            assert old == new
        else:
            assert old.execution_count == new.execution_count


def test_a_notebook_without_the_guard_gets_one(clone):
    path = clone / "notebooks" / NOTEBOOKS[0].name
    notebook = address.json.loads(path.read_text("utf-8"))
    cells = notebook["cells"]
    notebook["cells"] = [cell for cell in cells if cell["id"] != address.GUARD_TAG]
    path.write_text(address.json.dumps(notebook), "utf-8")
    assert address.write(clone, ADDRESS) == [path]
    wanted, got = read(NOTEBOOKS[0]), read(path)
    assert [c.source for c in got.cells] == [c.source for c in wanted.cells]
    assert [c.id for c in got.cells] == [c.id for c in wanted.cells]


@pytest.mark.parametrize(
    "wrong",
    [
        "deep-learning",
        "git@github.com:some/school.git",
        "http://github.com/some/school",
        "https://gitlab.com/some/school",
        "https://github.com/some",
        "https://github.com/some/school/tree/main",
        'https://github.com/some/school" rm',
        "",
    ],
)
def test_what_binder_and_colab_cannot_open_is_refused(wrong, clone, capsys):
    before = {path: path.read_bytes() for path in clone.glob("*.*")}
    assert main(["address", wrong]) == 1
    complaint = capsys.readouterr().err
    assert "https://github.com/OWNER/REPOSITORY" in complaint
    assert complaint.count("\n") == 1
    assert {path: path.read_bytes() for path in clone.glob("*.*")} == before


@pytest.mark.parametrize("name", address.READMES)
def test_the_readmes_open_each_lecture(name):
    text = (ROOT / name).read_text("utf-8")
    for path in NOTEBOOKS:
        row = next(r for r in text.splitlines() if f"](notebooks/{path.name})" in r)
        binder, lab = re.findall(r"\]\((https://[^)]+)\)", row)
        assert urlsplit(binder).netloc == "mybinder.org"
        assert unquote(binder).endswith(f"/HEAD?urlpath=lab/tree/notebooks/{path.name}")
        assert urlsplit(lab).netloc == "colab.research.google.com"
        assert lab.endswith(f"/blob/{address.BRANCH}/notebooks/{path.name}")


# --- what runs on Colab


def test_colab_gets_what_lectures_import_and_keeps_its_own():
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    needed = {Requirement(text).name for text in colab.libraries(pyproject)}
    declared = {
        Requirement(text).name
        for text in tomllib.loads(pyproject)["project"]["dependencies"]
    }
    assert needed == declared - colab.HOSTS_OWN
    assert declared > colab.HOSTS_OWN
    assert {"tensorflow", "keras", "numpy", "matplotlib", "pooch"} <= needed


def test_a_host_without_widgets_gets_them(monkeypatch):
    monkeypatch.setattr(colab, "find_spec", lambda name: None)
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    needed = {Requirement(text).name for text in colab.libraries(pyproject)}
    assert "ipywidgets" in needed


def test_another_python_is_told_on_colab():
    text = 'requires-python = ">=3.99,<4"\n[project]\ndependencies = []\n'
    with pytest.raises(SystemExit, match=r"needs Python >=3.99,<4; this kernel has 3"):
        colab.libraries(text)


@pytest.fixture
def installed(monkeypatch):
    """What `colab.main` lets pip install, without installing anything."""
    calls = []
    monkeypatch.setattr(colab, "pip", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(sys, "path", list(sys.path))
    return calls


def test_colab_installs_libraries_then_the_clone(installed, capsys):
    colab.main()
    libraries, course = installed
    assert any(text.startswith("tensorflow") for text in libraries)
    assert course == ("--no-deps", "--editable", str(ROOT))
    assert sys.path[0] == str(ROOT)
    assert "a few minutes" in capsys.readouterr().out


def test_a_kernel_that_holds_older_versions_must_be_restarted(installed, monkeypatch):
    before, after = {"numpy": "2.0.2", "pip": "25"}, {"numpy": "2.4.6", "pip": "25"}
    monkeypatch.setattr(colab, "loaded", lambda names=None: after if names else before)
    with pytest.raises(SystemExit, match=r"older versions \(numpy\): restart it"):
        colab.main()
    assert sys.path[0] != str(ROOT)  # so that the notebook does not go on


def test_versions_are_those_of_what_was_imported():
    versions = colab.loaded()
    assert versions["pytest"] == pytest.__version__
    assert colab.loaded(["pytest"]) == {"pytest": pytest.__version__}


def test_what_pip_complains_of_is_shown(monkeypatch, capsys):
    def fail(command, **_):
        return subprocess.CompletedProcess(command, 1, "", "ERROR: no network")

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(SystemExit, match="pip says why, above"):
        colab.pip("anything")
    assert "ERROR: no network" in capsys.readouterr().out


# --- Binder, and whatever else builds an image with repo2docker


def binder(name):
    return (ROOT / "binder" / name).read_text("utf-8")


def test_binder_installs_the_lock():
    lines = binder("requirements.txt").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == [
        "--only-binary :all:",
        "-r ../requirements.lock",
    ]
    assert (ROOT / "binder/../requirements.lock").is_file()


def test_binders_python_is_one_of_the_courses():
    version = re.fullmatch(r"python-(\d+)\.(\d+)\n", binder("runtime.txt"))
    assert tuple(map(int, version.groups())) in bootstrap.SUPPORTED


def test_binder_installs_the_package_with_what_the_lock_has():
    """Without build isolation: setuptools is in the lock, with its hash."""
    (command,) = (c for c in commands("postBuild") if "pip" in c)
    assert command[:4] == ["python", "-m", "pip", "install"]
    assert {"--no-deps", "--no-build-isolation", "--editable", "."} <= set(command)
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for text in pyproject["build-system"]["requires"]:
        need = Requirement(text)
        version = re.search(rf"^{need.name}==(\S+)", lock, re.MULTILINE)[1]
        assert need.specifier.contains(version)


def commands(name):
    lines = binder(name).splitlines()
    return [shlex.split(line) for line in lines if line and not line.startswith("#")]


def test_binder_reads_no_other_file_of_these():
    """repo2docker would take another one of them instead of requirements.txt."""
    names = {path.name for path in (ROOT / "binder").iterdir()}
    assert names == {"requirements.txt", "runtime.txt", "postBuild", "start"}
    assert not (ROOT / ".binder").exists()


@pytest.mark.skipif(os.name == "nt", reason="the scripts are for Linux")
@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_binders_scripts_can_be_run(name):
    assert binder(name).startswith("#!/usr/bin/env bash\n")
    assert os.access(ROOT / "binder" / name, os.X_OK)
    subprocess.run(["bash", "-n", ROOT / "binder" / name], check=True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.skipif(os.name == "nt", reason="the scripts are for Linux")
@pytest.mark.parametrize(("given", "wanted"), [(None, "1"), ("0", "0"), ("", "")])
def test_a_seat_is_offline_unless_told_otherwise(given, wanted):
    environment = {k: v for k, v in os.environ.items() if k != "COURSE_OFFLINE"}
    if given is not None:
        environment["COURSE_OFFLINE"] = given
    code = "import os, sys; print(repr(os.environ['COURSE_OFFLINE']), sys.argv[1:])"
    done = subprocess.run(
        [ROOT / "binder/start", sys.executable, "-c", code, "two words"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"{wanted!r} ['two words']\n"


def test_the_scripts_stay_executable_in_a_clone():
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("an exported copy, without git")
    listed = subprocess.run(
        ["git", "ls-files", "--stage", "binder"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout
    modes = {Path(line.split("\t")[1]).name: line[:6] for line in listed.splitlines()}
    assert {modes.get(name, "100755") for name in ("postBuild", "start")} == {"100755"}


def test_nothing_of_this_needs_a_library():
    """The command works in a fresh clone, and on Colab before anything is there."""
    assert importlib.util.find_spec("course_tools.address")
    code = (
        "import sys; import course_tools.address, course_tools.colab\n"
        "own = {'course_utils', 'course_tools', '__main__'}\n"
        "known = sys.stdlib_module_names | own\n"
        "print({m.partition('.')[0] for m in sys.modules} - known)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == "set()\n", done.stderr
