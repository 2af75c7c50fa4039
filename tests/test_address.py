"""One address of the course, and what follows from it: Colab and Binder."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from clone import git
from notebook_files import NOTEBOOKS, ROOT
from packaging.requirements import Requirement

from course_tools import bootstrap, colab
from course_tools.notebook import COLAB, read, tags

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ADDRESS = PYPROJECT["project"]["urls"]["Repository"]
#: Owner and name.
REPOSITORY = ADDRESS.removeprefix("https://github.com/")
READMES = ("README.md", "README.zh-CN.md")
#: What `make new` begins with.
TEMPLATE = ROOT / "course_tools/template/notebook.ipynb"


@pytest.mark.parametrize("path", [*NOTEBOOKS, TEMPLATE], ids=lambda path: path.stem)
def test_the_cell_for_colab_stands_right_before_the_setup_cell(path):
    cells = read(path).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    guard, setup = code[:2]
    assert cells.index(setup) == cells.index(guard) + 1
    assert "seed_everything(" in setup.source
    assert [cell for cell in cells if COLAB in tags(cell)] == [guard]
    assert guard.source == colab.cell()
    assert tags(guard) == {COLAB}
    assert guard.metadata.slideshow.slide_type == "skip"
    assert guard.outputs == []


def test_the_cell_for_colab_is_short():
    lines = [line for line in colab.cell().splitlines() if line]
    assert len(lines) <= 8
    assert max(map(len, lines)) <= 88
    assert [line for line in lines if line.startswith("#")] == lines[:1]


def test_where_the_course_is_installed_that_cell_does_nothing(capfd):
    """Neither the shell nor pip is asked."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.system = shell.run_line_magic = None
    outcome = shell.run_cell(colab.cell())
    outcome.raise_error()
    assert capfd.readouterr() == ("", "")


def test_in_a_wrong_kernel_that_cell_installs_nothing(capfd):
    """Only Colab has an environment of which nobody has set up another."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.system = shell.run_line_magic = None
    outcome = shell.run_cell(colab.cell().replace("course_utils", "course_missing"))
    with pytest.raises(AssertionError, match=r"choose that of \.venv"):
        outcome.raise_error()
    assert "choose that of .venv" in capfd.readouterr().out


def test_that_cell_installs_from_the_clone_it_makes():
    clone = re.search(r"!git clone .*? (https\S+) (\w+)$", colab.cell(), re.MULTILINE)
    assert clone[1] == ADDRESS
    script = re.search(r"%run (\S+)$", colab.cell(), re.MULTILINE)[1]
    folder, _, file = script.partition("/")
    assert folder == clone[2]
    assert (ROOT / file).samefile(colab.__file__)


# --- setting the address


def tracked(root):
    """The files that `git grep` searches, as paths below `root`."""
    listed = git("ls-files", "-z", root=root).split("\0")
    return [name for name in listed if name and (root / name).is_file()]


def test_the_address_stands_only_where_the_line_reaches():
    """Whole wherever its owner is named: in no link in other letters, in no part."""
    owner = REPOSITORY.partition("/")[0].encode()
    found = {}
    for name in tracked(ROOT):
        content = (ROOT / name).read_bytes()
        if content.count(owner):
            assert content.count(owner) == content.count(REPOSITORY.encode()), name
            assert " " not in name  # xargs would cut it
            assert b"\0" not in content, name  # git grep -I leaves binary files out
            found[name] = content.count(owner)
    notebooks = {f"notebooks/{path.name}": 1 for path in NOTEBOOKS}
    readmes = dict.fromkeys(READMES, 4)
    others = dict.fromkeys(("pyproject.toml", "CITATION.cff"), 1)
    others["course_tools/template/notebook.ipynb"] = 1
    assert found == notebooks | readmes | others


@pytest.mark.skipif(shutil.which("perl") is None, reason="no perl")
@pytest.mark.parametrize("name", READMES)
def test_the_line_in_the_readme_sets_the_address_everywhere(name, tmp_path):
    text = (ROOT / name).read_text("utf-8")
    line = re.search(r"^git grep .*$", text, re.MULTILINE)[0]
    for copied in tracked(ROOT):
        if REPOSITORY.encode() in (ROOT / copied).read_bytes():
            (tmp_path / copied).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / copied, tmp_path / copied)
    other = "some-school/deep_learning.2"
    for command in (
        "git init -q",
        "git add -A",
        line.replace("OWNER/REPOSITORY", other),
    ):
        subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True)
    for copied in tracked(tmp_path):
        before, after = (folder / copied for folder in (ROOT, tmp_path))
        changed = before.read_bytes().replace(REPOSITORY.encode(), other.encode())
        assert after.read_bytes() == changed
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text("utf-8"))
    address = f"https://github.com/{other}"
    assert project["project"]["urls"]["Repository"] == address
    cells = read(tmp_path / "notebooks" / NOTEBOOKS[0].name).cells
    (guard,) = (cell for cell in cells if COLAB in tags(cell))
    assert guard.source == colab.CELL.format(address=address).rstrip("\n")


@pytest.mark.parametrize("name", READMES)
def test_the_readme_tells_where_binder_and_colab_open_a_notebook(name):
    text = (ROOT / name).read_text("utf-8")
    file = f"notebooks/{NOTEBOOKS[3].name}"
    hosts = ("https://mybinder.org", "https://colab")
    assert [line for line in text.splitlines() if line.startswith(hosts)] == [
        f"https://mybinder.org/v2/gh/{REPOSITORY}/HEAD?urlpath=lab/tree/{file}",
        f"https://colab.research.google.com/github/{REPOSITORY}/blob/main/{file}",
    ]
    assert not re.search(rf"\]\([^)]*{re.escape(REPOSITORY)}", text)  # no link


# --- what runs on Colab

#: What Colab shows notebooks with, and cannot do without in these versions.
COLABS_OWN = {"ipython": "7.34.0", "ipywidgets": "7.7.1"}


def test_colabs_own_libraries_are_not_replaced():
    needed = map(Requirement, PYPROJECT["project"]["dependencies"])
    bounds = {need.name: need.specifier for need in needed}
    for name, version in COLABS_OWN.items():
        assert bounds[name].contains(version)
    assert not {"ipykernel", "jupyter", "jupyter-client", "notebook"} & set(bounds)


def test_sliders_are_shown_by_colabs_widgets_too(monkeypatch):
    """Version 7 has no `_repr_mimebundle_`."""
    import ipywidgets
    from matplotlib import pyplot as plt

    from course_utils import plotting

    shown = []
    monkeypatch.delattr(ipywidgets.Widget, "_repr_mimebundle_")
    monkeypatch.setattr(plotting, "display", lambda data, **_: shown.append(data))
    plotting.explore(
        lambda power: plt.figure(figsize=(1, 1)), alt="A", power=(1, 3, 1, 2)
    )
    assert shown[0]["application/vnd.jupyter.widget-view+json"]["model_id"]


@pytest.fixture
def installed(monkeypatch):
    """What `colab.main` lets pip install, without installing anything."""
    calls = []

    def run(command, **_):
        calls.append(command)
        if "--constraint" in command:
            file = Path(command[command.index("--constraint") + 1])
            calls.append(file.read_text("utf-8").splitlines())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return calls


def test_colab_installs_the_clone_and_what_it_declares(installed, capsys):
    colab.main()
    command, pins = installed
    assert command[:5] == [sys.executable, "-m", "pip", "install", "--quiet"]
    assert command[-2:] == ["--editable", str(ROOT)]
    assert {"keras", "tensorflow", "numpy"} <= {pin.partition("==")[0] for pin in pins}
    assert sys.path[0] == str(ROOT)
    assert "a few minutes" in capsys.readouterr().out


def test_colab_gets_the_locks_versions_of_what_is_not_its_own(monkeypatch):
    own = {
        "google-colab": ["requests==2.32.4", "pandas==2.2.2", "ipython==7.34.0"],
        "ipython": ["traitlets>=4.2", 'sphinx; extra == "doc"', "prompt_toolkit"],
        "prompt-toolkit": ["wcwidth"],
        "pandas": ["numpy>=1.23"],  # of which only the kernel's needs count
    }

    def requires(name):
        if name not in own:
            raise colab.importlib.metadata.PackageNotFoundError
        return own[name]

    monkeypatch.setattr(colab.importlib.metadata, "requires", requires)
    kept = colab.hosts_own()
    assert kept == {
        *("requests", "pandas", "ipython", "traitlets", "prompt-toolkit", "wcwidth"),
        *("ipykernel", "ipywidgets"),
    }
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    pins = colab.locked(kept).splitlines()
    names = {Requirement(pin).name for pin in pins}
    assert {"numpy", "tensorflow", "sphinx"} <= names
    assert not names & kept
    assert len(pins) == len(re.findall("^[^ ]+==", lock, re.MULTILINE)) - 7
    assert not [pin for pin in pins if "--hash" in pin]


def test_where_the_lock_cannot_be_had_colab_installs_by_bounds(monkeypatch, capsys):
    calls = []

    def run(command, **_):
        calls.append(command)
        return subprocess.CompletedProcess(command, "--constraint" in command, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(sys, "path", list(sys.path))
    colab.main()
    assert ["--constraint" in command for command in calls] == [True, False]
    assert "With the exact versions" in capsys.readouterr().out


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
        colab.main()
    assert "ERROR: no network" in capsys.readouterr().out


def test_nothing_of_this_needs_a_library():
    """It runs on Colab before anything is there."""
    code = (
        "import sys; import course_tools.colab\n"
        "own = {'course_tools', '__main__'} | set(sys.stdlib_module_names)\n"
        "print({m.partition('.')[0] for m in sys.modules} - own)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == "set()\n", done.stderr


# --- Binder, and whatever else builds an image with repo2docker


def binder(name):
    return (ROOT / "binder" / name).read_text("utf-8")


def test_binder_installs_the_lock():
    lines = binder("requirements.txt").splitlines()
    said = [line for line in lines if line and not line.startswith("#")]
    assert said[:2] == ["--only-binary :all:", "-r ../requirements.lock"]
    for package, digest in zip(said[2::2], said[3::2], strict=True):
        assert re.fullmatch(r"[\w-]+==[\w.]+ \\", package)
        assert re.fullmatch(r" +--hash=sha256:[0-9a-f]{64}", digest)
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
    for text in PYPROJECT["build-system"]["requires"]:
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
    listed = git("ls-files", "--stage", "binder")
    modes = {Path(line.split("\t")[1]).name: line[:6] for line in listed.splitlines()}
    assert {modes.get(name, "100755") for name in ("postBuild", "start")} == {"100755"}
