"""From any Python to a ready environment, or to one line that says what is missing."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
import zipfile
from importlib import metadata
from itertools import pairwise
from pathlib import Path

import pytest

from course_tools import bootstrap, main, places, programs, setup, setup_errors

ROOT = Path(__file__).resolve().parents[1]
BASE = getattr(sys, "_base_executable", sys.executable)
MINOR = "{}.{}".format(*sys.version_info)


def old_pythons():
    """Commands that may start a Python that is too old or too new, without trying."""
    names = ["2.7", "3.6", "3.8", "3.9", "3.10", "3.14", "3.15"]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [shutil.which(f"python{name}") for name in names]
    found += [str(p) for name in names for p in pyenv.glob(f"{name}.*/bin/python")]
    return [path for path in found if path and "shims" not in path]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """A folder with a wheel of the setuptools that is installed here: no network."""
    folder = tmp_path_factory.mktemp("wheels")
    setuptools = metadata.distribution("setuptools")
    name = f"setuptools-{setuptools.version}-py3-none-any.whl"
    with zipfile.ZipFile(folder / name, "w") as wheel:
        for file in setuptools.files:
            path = Path(file.locate())
            if path.suffix != ".pyc" and path.is_file() and ".." not in file.parts:
                wheel.write(path, file.as_posix())
    return folder


#: What runs before anything is installed.
COPIED = [
    "__init__",
    "arguments",
    "bootstrap",
    "classroom",
    "main",
    "places",
    "setup",
    "setup_errors",
    "terminal",
]


def make_clone(root):
    """A small clone whose lock holds nothing but setuptools."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for name in project["tool"]["setuptools"]["packages"]:
        folder = root / name.replace(".", "/")
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
    shutil.copy(ROOT / "course_utils" / "__init__.py", root / "course_utils")
    package = root / "course_tools"
    for name in COPIED:
        shutil.copy(ROOT / "course_tools" / f"{name}.py", package)
    (package / "__main__.py").write_text(
        "import json, sys\nprint(json.dumps([sys.executable, __file__, *sys.argv[1:]]))"
    )
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, root)
    (root / "README.md").write_text("A course.", "utf-8")
    version = metadata.version("setuptools")
    (root / "requirements.lock").write_text(f"setuptools=={version}\n", "utf-8")
    return root


@pytest.fixture
def clone(tmp_path):
    return make_clone(tmp_path / "my course [2024]")


def settings(wheels, **more):
    """Environment variables with which pip finds those wheels, and nothing else."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    return kept | offline | {"PIP_CONFIG_FILE": os.devnull} | more


def start(root, *arguments, python=BASE, **options):
    return subprocess.Popen(
        [python, "-m", "course_tools.bootstrap", *arguments],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        **options,
    )


def call(root, *arguments, **options):
    """Exit status, standard output and standard error of a command."""
    process = start(root, *arguments, **options)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def assert_one_line(error, *words):
    """The error is one line for people, which has these words in it."""
    assert re.fullmatch(r"course: [^\n]+\n", error), error
    assert "Traceback" not in error
    for word in words:
        assert word in error


# --- Python itself


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 10, 13), (3, 14, 0)])
def test_wrong_python_is_told_what_to_type(version, monkeypatch):
    monkeypatch.setattr(bootstrap, "find_python", lambda: ["python3.12"])
    monkeypatch.setattr(bootstrap, "ON_WINDOWS", False)
    line = bootstrap.wrong_python(version, ["run", "04"])
    shown = ".".join(map(str, version))
    assert f"this is {shown} ({sys.executable})" in line
    assert line.endswith("Try: make run NB=04 PYTHON=python3.12")
    assert "\n" not in line


def test_wrong_python_where_no_other_is_installed(monkeypatch):
    monkeypatch.setattr(bootstrap, "candidates", lambda: [["no-such-python"]])
    monkeypatch.setattr(bootstrap, "ON_WINDOWS", False)
    line = bootstrap.wrong_python((3, 9, 1), ["test"])
    assert line.endswith("Install Python 3.12, then: make test PYTHON=python3.12")
    monkeypatch.setattr(bootstrap, "ON_WINDOWS", True)
    line = bootstrap.wrong_python((3, 9, 1), [])
    assert line.endswith("then: py -3.12 -m course_tools.bootstrap run")


@pytest.mark.skipif(os.name == "nt", reason="the shims are shell scripts")
def test_a_python_that_does_not_run_is_not_proposed(tmp_path, monkeypatch):
    broken, good = tmp_path / "a", tmp_path / "b"
    for folder, script in ((broken, "exit 127"), (good, f'exec "{BASE}" "$@"')):
        folder.mkdir()
        shim = folder / f"python{MINOR}"
        shim.write_text(f"#!/bin/sh\n{script}\n")
        shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(good))
    assert bootstrap.find_python() == [f"python{MINOR}"]
    monkeypatch.setenv("PATH", str(broken))
    assert bootstrap.find_python() is None


def test_bootstrap_uses_no_syntax_newer_than_python_2():
    """What the grammar of today can tell; installed old Pythons test it for real."""
    for name in ("bootstrap.py", "__init__.py"):
        text = (ROOT / "course_tools" / name).read_bytes()
        text.decode("ascii")  # Python 2 stops at anything else
        for node in ast.walk(ast.parse(text)):
            assert not isinstance(
                node,
                ast.JoinedStr
                | ast.NamedExpr
                | ast.AnnAssign
                | ast.AsyncFunctionDef
                | ast.Nonlocal
                | ast.YieldFrom
                | ast.MatMult,
            ), ast.dump(node)
            if isinstance(node, ast.arguments):
                assert node.kwonlyargs + node.posonlyargs == []
            if isinstance(node, ast.arg):
                assert node.annotation is None
            if isinstance(node, ast.Raise):
                assert node.cause is None
            if isinstance(node, ast.List | ast.Tuple | ast.Dict):
                assert not any(
                    isinstance(c, ast.Starred) for c in ast.iter_child_nodes(node)
                )


@pytest.mark.parametrize("python", old_pythons() or [None])
def test_old_pythons_really_answer_in_one_line(python, clone):
    if python is None:
        pytest.skip("no Python is installed here that is too old or too new")
    status, out, error = call(clone, "run", python=python)
    assert (status, out) == (2, "")
    assert_one_line(error, "needs Python 3.11, 3.12 or 3.13", "this is ", python)


# --- the environment


@pytest.fixture(scope="module")
def made(tmp_path_factory, wheels):
    """A clone whose environment two commands were to make at the same time."""
    root = make_clone(tmp_path_factory.mktemp("made") / "my course [2024]")
    both = [start(root, "doctor", env=settings(wheels)) for _ in range(2)]
    answers = [process.communicate(timeout=120) for process in both]
    for process, (_, error) in zip(both, answers, strict=True):
        assert process.returncode == 0, error
    return root, answers


@pytest.mark.long
def test_one_of_two_set_ups_waits_for_the_other(made):
    root, answers = made
    errors = sorted(error for _, error in answers)
    assert errors[0].count("making .venv") == 1
    assert ".venv is ready" in errors[0]
    assert errors[1] == "course: waiting for another set-up in this folder to finish\n"
    stamp = setup.read_stamp(root / ".venv")
    assert stamp == setup.wanted_stamp(root)


@pytest.mark.long
def test_a_ready_environment_runs_at_once_without_network(made):
    root, _ = made
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    status, out, error = call(root, "run", "04", env=settings("/no/such/folder"))
    assert (status, error) == (0, "")
    executable, package, *arguments = json.loads(out)
    assert Path(executable).parent.parent == root / ".venv"
    assert Path(package).parent == root / "course_tools"
    assert arguments == ["run", "04"]
    after = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    assert {path for path in after if "__pycache__" not in str(path)} <= set(before)
    assert after[root / setup_errors.LOG] == before[root / setup_errors.LOG]


@pytest.mark.long
def test_a_python_that_is_too_old_uses_the_environment_there_is(made, monkeypatch):
    root, _ = made
    assert bootstrap.made_before(str(root)) == str(setup.python_in(root / ".venv"))
    assert bootstrap.made_before(str(root / "course_tools")) is None
    monkeypatch.setattr(bootstrap, "SUPPORTED", ())
    assert bootstrap.made_before(str(root)) is None
    for python in old_pythons()[:1]:
        status, out, error = call(root, "doctor", python=python, env=settings(""))
        assert (status, error) == (0, "")
        assert json.loads(out)[0] == str(setup.python_in(root / ".venv"))


@pytest.mark.long
def test_a_changed_pyproject_installs_only_the_package_anew(made, wheels):
    root, _ = made
    project = root / "pyproject.toml"
    text = project.read_text("utf-8")
    project.write_text(text.replace('name = "course-utils"', 'name = "course-more"'))
    marker = root / ".venv" / "untouched"
    marker.touch()
    status, _, error = call(root, "doctor", env=settings(wheels))
    assert (status, error) == (0, "")
    assert marker.exists()
    assert setup.read_stamp(root / ".venv") == setup.wanted_stamp(root)
    assert list((root / ".venv").rglob("course_more-*.dist-info"))


@pytest.mark.long
def test_an_update_that_fails_leaves_the_old_environment(made, wheels):
    root, _ = made
    lock, marker = root / "requirements.lock", root / ".venv" / "kept"
    marker.touch()
    before, stamp = lock.read_text(), setup.read_stamp(root / ".venv")
    lock.write_text(before + "colorama==0.4.6\n")
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1"}
    unreachable = settings(wheels, **nowhere)
    del unreachable["PIP_NO_INDEX"]
    status, out, error = call(root, "doctor", env=unreachable)
    assert (status, out) == (2, "")
    making, problem = error.splitlines(keepends=True)
    assert making.startswith("course: making .venv with Python")
    assert_one_line(problem, "index cannot be reached", "(details: build/setup.log)")
    assert "127.0.0.1" in (root / "build" / "setup.log").read_text("utf-8")
    assert setup.read_stamp(root / ".venv") == stamp
    lock.write_text(before)
    status, _, error = call(root, "doctor", env=unreachable)
    assert (status, error) == (0, "")
    assert marker.exists()
    assert not (root / ".venv-old").exists()


@pytest.mark.long
def test_an_interrupted_set_up_is_done_again(clone, wheels):
    process = start(clone, "doctor", env=settings(wheels))
    stamp = clone / ".venv" / places.STAMP
    deadline = time.monotonic() + 60
    while not setup.read_stamp(clone / ".venv"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()  # nothing can be tidied up now
    process.communicate()
    assert setup.read_stamp(clone / ".venv").keys() == {"python"}
    status, out, error = call(clone, "doctor", env=settings(wheels))
    assert status == 0, error
    assert Path(json.loads(out)[0]).is_relative_to(clone / ".venv")
    assert json.loads(stamp.read_text()) == setup.wanted_stamp(clone)


@pytest.mark.parametrize("change", ["python", "root", "lock", "project"])
def test_the_stamp_notices_every_change(change, clone, monkeypatch):
    wanted = setup.wanted_stamp(clone)
    folder = clone / ".venv"
    python = setup.python_in(folder)
    python.parent.mkdir(parents=True)
    python.touch()
    setup.write_stamp(folder, wanted)
    assert setup.is_ready(folder, setup.wanted_stamp(clone))
    if change == "python":
        monkeypatch.setattr(setup.platform, "python_version", lambda: "3.12.99")
    elif change == "root":  # an environment holds absolute paths: it cannot be moved
        clone = clone.rename(clone.with_name("moved"))
        folder = clone / ".venv"
    else:
        name = {"lock": "requirements.lock", "project": "pyproject.toml"}[change]
        (clone / name).write_text("# changed\n")
    wanted = setup.wanted_stamp(clone)
    assert not setup.is_ready(folder, wanted)
    assert setup.is_ready(folder, wanted, but=change)


def test_an_environment_without_its_python_is_not_ready(clone):
    folder = clone / ".venv"
    folder.mkdir()
    setup.write_stamp(folder, setup.wanted_stamp(clone))
    assert not setup.is_ready(folder, setup.wanted_stamp(clone))


def test_each_python_has_its_own_environment(tmp_path):
    plain, own = tmp_path / ".venv", tmp_path / f".venv-{MINOR}"
    assert setup.choose_folder(tmp_path) == plain
    plain.mkdir()
    assert setup.choose_folder(tmp_path) == plain
    setup.write_stamp(plain, {"python": "3.1.4"})
    assert setup.choose_folder(tmp_path) == own
    setup.write_stamp(plain, {"python": f"{MINOR}.99"})
    assert setup.choose_folder(tmp_path) == plain
    (plain / places.STAMP).unlink()
    (plain / "pyvenv.cfg").touch()  # somebody else's: left alone
    assert setup.choose_folder(tmp_path) == own
    own.mkdir()
    (own / places.STAMP).write_text("not JSON")
    with pytest.raises(places.UserError, match="move one away"):
        setup.choose_folder(tmp_path)


def test_clean_removes_what_the_commands_made_and_nothing_else(clone):
    for name in (".venv", ".venv-3.12", ".venv-mine", "build", "notebooks"):
        (clone / name).mkdir()
        (clone / name / "file").touch()
    for name in (".venv", ".venv-3.12"):
        setup.write_stamp(clone / name, {"python": "3.12.1"})
    assert setup.clean(None, clone) == 0
    left = {path.name for path in clone.iterdir() if path.is_dir()}
    assert left == {".venv-mine", "notebooks", "course_tools", "course_utils"}


def test_an_environment_does_not_remove_itself(clone, monkeypatch):
    (clone / ".venv").mkdir()
    setup.write_stamp(clone / ".venv", {"python": "3.12.1"})
    monkeypatch.setattr(sys, "prefix", str(clone / ".venv"))
    with pytest.raises(places.UserError, match="make clean"):
        setup.clean(None, clone)
    assert (clone / ".venv").exists()


def test_the_targets_of_the_makefile_are_the_commands():
    text = (ROOT / "Makefile").read_text("utf-8").replace("\\\n", "")
    targets = re.search(r"^COMMANDS = (.+)$", text, flags=re.MULTILINE)[1].split()
    assert targets == ["help", *(row.name for row in main.COMMANDS)]
    assert re.search(
        r"^\$\(COMMANDS\): ; @.*bootstrap \$@ \$\(NB\)", text, re.MULTILINE
    )


@pytest.fixture
def started(monkeypatch):
    """With what `programs` starts Python, without starting it."""
    calls = []
    monkeypatch.setattr(
        programs, "python", lambda *arguments, **_: calls.append(arguments)
    )
    return calls


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("test", "-m pytest"),
        ("test -k data", "-m pytest -k data"),
        ("test NB=04", "-m pytest --nb 04"),
        ("test 21 22 -n 0", "-m pytest --nb 21,22 -n 0"),
        ("test-long 21", "-m pytest -m long --nb 21"),
        ("lint", "-m ruff check"),
        ("evidence 04 --seeds 3", "tests/record_evidence.py 04 --seeds 3"),
        ("mutants --fast", "tests/mutants.py --fast"),
        ("bench vision", "benchmarks/run.py vision"),
        ("bench-quick vision", "benchmarks/run.py --quick vision"),
    ],
)
def test_programs_get_what_is_passed_on(line, wanted, started):
    main.main(line.split())
    assert started[0] == tuple(wanted.split())
    assert started[0][0] == "-m" or (ROOT / started[0][0]).is_file()


def test_the_lock_holds_every_group_but_that_for_building(started):
    main.main(["lock", "--upgrade"])
    install, resolve = started
    assert [argument for argument in install if argument.startswith("uv")]
    groups = {extra for name, extra in pairwise(resolve) if name == "--extra"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert groups == set(project["optional-dependencies"]) - {"build"}
    assert resolve[-1] == "--upgrade"


def test_a_failing_step_ends_the_command(monkeypatch):
    calls = []
    monkeypatch.setattr(programs, "python", lambda *a: calls.append(a) or 3)
    assert main.main(["lint"]) == 3
    assert len(calls) == 1


# --- what may be missing


def refuse(capsys, root, *words):
    """The command ends with status 2 and one line, and leaves no environment behind."""
    assert setup.main(["run"], root) == 2
    assert_one_line(capsys.readouterr().err, *words)
    assert not list(root.glob(".venv*"))


def test_no_disk_space(clone, monkeypatch, capsys):
    usage = shutil.disk_usage(clone)._replace(free=1_500_000_000)
    monkeypatch.setattr(setup_errors.shutil, "disk_usage", lambda path: usage)
    refuse(capsys, clone, "needs 4 GB of disk space", "1.5 GB are free", str(clone))


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_python_without_venv(module, clone, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, module, None)
    refuse(capsys, clone, f"no module {module}", f"apt install python{MINOR}-venv")


@pytest.mark.parametrize(
    ("system", "machine", "words"),
    [
        ("Darwin", "x86_64", "Intel"),
        ("Windows", "ARM64", "64-bit Windows on an Intel or AMD"),
        ("Windows", "x86", "64-bit Windows on an Intel or AMD"),
    ],
)
def test_a_machine_without_tensorflow(
    system, machine, words, clone, monkeypatch, capsys
):
    monkeypatch.setattr(setup_errors.platform, "system", lambda: system)
    monkeypatch.setattr(setup_errors.platform, "machine", lambda: machine)
    refuse(capsys, clone, "TensorFlow 2.21", words)


def test_a_linux_or_python_without_tensorflow(clone, monkeypatch, capsys):
    monkeypatch.setattr(setup_errors.platform, "system", lambda: "Linux")
    monkeypatch.setattr(setup_errors.platform, "machine", lambda: "x86_64")
    with monkeypatch.context() as patch:
        patch.setattr(setup_errors.platform, "libc_ver", lambda: ("", ""))
        refuse(capsys, clone, "glibc")
    monkeypatch.setattr(setup_errors.platform, "libc_ver", lambda: ("glibc", "2.36"))
    with monkeypatch.context() as patch:
        patch.setattr(setup_errors.platform, "python_implementation", lambda: "PyPy")
        refuse(capsys, clone, "usual build of Python")
    monkeypatch.setattr(setup_errors.sysconfig, "get_config_var", lambda name: 1)
    refuse(capsys, clone, "free-threaded")


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_a_folder_that_cannot_be_written(clone):
    command = [BASE, "-m", "course_tools.bootstrap", "run"]
    if os.geteuid() == 0:  # permissions do not stop root, a read-only mount does
        mount = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0"'
        command = ["unshare", "-m", "sh", "-c", f'{mount} && "$@"', clone, *command]
        if subprocess.run([*command[:6], "true"], capture_output=True).returncode:
            pytest.skip("root may not mount anything here")
    for path in [clone, *clone.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        done = subprocess.run(command, cwd=clone, capture_output=True, text=True)
    finally:
        for path in [clone, *clone.rglob("*")]:
            path.chmod(0o755)
    assert (done.returncode, done.stdout) == (2, "")
    assert_one_line(done.stderr, "cannot write in", str(clone), "folder of your own")


#: What programs really print, shortened, and words of the line that stands for it.
OUTPUTS = [
    (
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left "
        "on device",
        "disk is full",
    ),
    (
        "WARNING: Retrying (Retry(total=4, connect=None, read=None, redirect=None, "
        "status=None)) after connection broken by 'NewConnectionError(...): [Errno -3] "
        "Temporary failure in name resolution')': /simple/absl-py/\n"
        "ERROR: No matching distribution found for absl-py==2.5.1",
        "cannot be reached",
    ),
    (
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If "
        "you have updated the package versions, please update the hashes.",
        "not the one in requirements.lock",
    ),
    (
        "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] "
        "certificate verify failed: self-signed certificate')) - skipping",
        "certificate is not trusted",
    ),
    (
        "ERROR: Could not install packages due to an OSError: [Errno 2] No such file\n"
        "HINT: This error might have occurred since this system does not have Windows "
        "Long Path support enabled.",
        "short path",
    ),
    (
        "ERROR: Could not install packages due to an OSError: [WinError 5] Access is "
        "denied: 'C:\\course\\.venv\\Lib\\site-packages\\numpy'",
        "cannot write in",
    ),
    ("[Errno 30] Read-only file system: '/mnt/course/.venv'", "cannot write in"),
    (
        "The virtual environment was not created successfully because ensurepip is not "
        "available.",
        "python3-venv",
    ),
    (
        "Looking up\nERROR: No matching distribution found for tensorflow==2.21.0",
        "the set-up failed: No matching distribution found for tensorflow==2.21.0",
    ),
    ("", "the set-up failed"),
]


@pytest.mark.parametrize(("output", "words"), OUTPUTS)
def test_reasons(output, words):
    line = setup_errors.explain(output, Path("/course"))
    assert words in line
    assert "\n" not in line
    assert "{" not in line


def test_what_needs_no_environment_makes_none(clone):
    """Help, and a command line that is wrong, whatever the command."""
    for arguments in ((), ("help",), ("run", "--help")):
        status, out, error = call(clone, *arguments)
        assert (status, error) == (0, "")
        assert "-m course_tools.bootstrap run" in out
    for arguments in (("run", "--bogus"), ("fly",)):
        status, out, error = call(clone, *arguments)
        assert (status, out) == (2, "")
        assert arguments[-1] in error
    assert not (clone / ".venv").exists()


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (":env:.index-url='https://a/target=x'\nglobal.timeout='60'", None),
        (":env:.target='/x'", ":env:.target='/x': take it away (unset PIP_TARGET)"),
        ("a='1'\nglobal.no-binary=':all:'", "global.no-binary=':all:'"),
    ],
)
def test_settings_of_pip_that_install_elsewhere(shown, words):
    if words is None:
        setup_errors.check_pip(shown)
        return
    with pytest.raises(places.UserError) as stop:
        setup_errors.check_pip(shown)
    assert words in str(stop.value)


@pytest.mark.long
def test_such_a_setting_stops_the_set_up_in_one_line(clone, wheels, tmp_path):
    elsewhere = settings(wheels, PIP_TARGET=str(tmp_path / "elsewhere"))
    status, out, error = call(clone, "doctor", env=elsewhere)
    assert (status, out) == (2, "")
    assert_one_line(error.splitlines(keepends=True)[-1], "unset PIP_TARGET")
    assert not (tmp_path / "elsewhere").exists()
