"""Each finding of the doctor, brought about by the defect that it is meant for."""

import importlib.metadata
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course_tools import doctor, places
from course_tools.main import main
from course_utils import __version__, data

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def clone(tmp_path):
    """What the doctor reads of a clone, to be damaged."""
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "notebooks").mkdir()
    return tmp_path


def change(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def only(check, root, mark):
    """Text and fix of the check's only finding, which has this mark."""
    ((found, text, fix),) = doctor.attempt(check, root)
    assert found == mark, text
    assert bool(fix) == (mark != "✓")
    return text, fix


# --- the report


def report(capsys, *checks):
    status = doctor.command(checks=checks)
    return status, capsys.readouterr().out


def test_class_can_start_when_nothing_must_be_mended(capsys):
    status, out = report(
        capsys,
        lambda root: [("✓", "one is well", "")],
        lambda root: [("!", "two is odd", "look at it")],
    )
    assert status == 0
    assert out == f"course {__version__}\n" + (
        "✓ one is well\n! two is odd\n    fix: look at it\n\nReady: class can start.\n"
    )


def test_one_problem_keeps_class_from_starting(capsys):
    status, out = report(
        capsys,
        lambda root: [("✗", "one is broken", "mend it")],
        lambda root: [("✓", "two is well", "")],
    )
    assert status == 1
    assert out.startswith(
        f"course {__version__}\n✗ one is broken\n    fix: mend it\n✓ two is well\n"
    )
    assert out.endswith("Not ready: 1 to mend, marked ✗ above.\n")


def test_a_check_that_fails_is_a_finding_and_no_traceback(capsys):
    def check_moon(root):
        yield "✓", "the sun is well", ""
        raise RuntimeError("no\nmoon")

    status, out = report(capsys, check_moon)
    assert status == 1
    assert out.startswith(
        f"course {__version__}\n✓ the sun is well\n✗ moon could not be checked: Runtime"
    )
    assert "RuntimeError: no moon\n    fix: " in out


def test_terminals_without_unicode(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", newline="\n")
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(doctor, "CHECKS", [lambda root: [("✗", "数据", "x")]])
    assert main(["doctor"]) == 1
    stream.flush()
    shown = stream.buffer.getvalue().decode("cp1252")
    assert shown.startswith(f"course {__version__}\nFAILED ??\n    fix: x\n")


# --- Python and its libraries


def test_versions_within_their_bounds():
    (mark, text, _), *_ = doctor.check_libraries(ROOT)
    assert mark == "✓"
    assert text.startswith(f"Python {platform.python_version()} and ")
    assert sys.prefix in text


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('">=3.11,<3.14"', '">=3.8,<3.10"', "python {python}: needed is <3.10,>=3.8"),
        ('"keras>=3.15,<4"', '"keras>=99"', "keras {keras}: needed is >=99"),
        ('"keras>=3.15,<4"', '"keras<2"', "keras {keras}: needed is <2"),
        ('"keras>=3.15,<4"', '"absent>=1"', "absent is missing: needed is >=1"),
    ],
)
def test_a_version_out_of_its_bounds(old, new, text, clone):
    change(clone / "pyproject.toml", old, new)
    (mark, found, fix), *_ = doctor.check_libraries(clone)
    keras, python = importlib.metadata.version("keras"), platform.python_version()
    assert (mark, found) == ("✗", text.format(keras=keras, python=python))
    assert fix == doctor.reinstall()


def test_the_tools_libraries_are_checked_too(clone):
    project = '[project]\nrequires-python = ">=3.11"\ndependencies = []\n'
    extra = '[project.optional-dependencies]\ntools = ["absent>=1"]\n'
    (clone / "pyproject.toml").write_text(project + extra)
    (_, found, _), *_ = doctor.check_libraries(clone)
    assert found == "absent is missing: needed is >=1"


def test_other_versions_than_the_locked_ones_are_worth_knowing(clone):
    version = importlib.metadata.version("pytest")
    lock = clone / "requirements.lock"
    lock.write_text(f"pytest=={version} \\\n    --hash=sha256:00\n")
    assert [mark for mark, _, _ in doctor.check_libraries(clone)] == ["✓"]
    lock.write_text(
        "pytest==1.0 \\\n    --hash=sha256:00\n"
        "numpy==0.1 ; sys_platform == 'amiga'\nnot-installed==1.0\n"
    )
    _, (mark, text, _) = doctor.check_libraries(clone)
    assert mark == "!"
    assert text.endswith(f"tested with: pytest {version} (==1.0)")


def test_the_fix_fits_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr(places, "ON_WINDOWS", False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert doctor.reinstall().startswith("make doctor makes an environment")
    (tmp_path / doctor.STAMP).touch()
    assert doctor.reinstall() == "make clean, then make doctor"
    monkeypatch.setattr(places, "ON_WINDOWS", True)
    py = "py -{}.{}".format(*sys.version_info)
    assert f"{py} -m course_tools.bootstrap clean, then" in doctor.reinstall()


def test_libraries_that_come_from_elsewhere_are_named(tmp_path, monkeypatch):
    """What is in the environment is not at fault, so making it anew would not help."""
    other, harmless = tmp_path / "other", tmp_path / "harmless"
    (other / "numpy").mkdir(parents=True)
    (other / "numpy/__init__.py").touch()
    harmless.mkdir()
    (harmless / "mine.py").touch()
    monkeypatch.setattr(doctor, "ON_WINDOWS", False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (harmless, ROOT, ""))))
    assert "PYTHONPATH" not in doctor.reinstall()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (harmless, other))))
    assert doctor.reinstall().startswith(f"unset PYTHONPATH, which names {other}; if")


# --- data, files, settings


def test_data_files():
    assert "data files" in only(doctor.check_data, ROOT, "✓")[0]


@pytest.mark.parametrize("damage", ["missing", "altered", "no manifest"])
def test_damaged_data(damage, tmp_path, monkeypatch):
    shutil.copytree(ROOT / "data", tmp_path / "data")
    monkeypatch.setattr(data, "DATA", tmp_path / "data")
    digits, manifest = tmp_path / "data/digits.npz", tmp_path / "data/MANIFEST.json"
    if damage == "missing":
        digits.unlink()
    elif damage == "altered":
        digits.write_bytes(digits.read_bytes()[:-1] + b"?")
    else:
        manifest.write_text("{}")
    text, fix = only(doctor.check_data, ROOT, "✗")
    name = "MANIFEST.json" if damage == "no manifest" else "digits.npz"
    assert name in text
    assert f"git checkout -- data/{name}" in fix
    assert "Fix:" not in text


@pytest.fixture
def plain_settings(tmp_path, monkeypatch):
    for name in doctor.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))


@pytest.mark.usefixtures("plain_settings")
@pytest.mark.parametrize("name", ["random.py", "keras.py", "course_utils"])
def test_a_file_that_hides_a_library(name, clone):
    (clone / "notebooks" / "mine.py").touch()
    (clone / "notebooks" / "statistics.txt").touch()
    (clone / "notebooks" / "json").mkdir()  # no package
    assert not doctor.attempt(doctor.check_settings, clone)
    path = clone / "notebooks" / name
    if path.suffix:
        path.touch()
    else:
        path.mkdir()
        (path / "__init__.py").touch()
    text, fix = only(doctor.check_settings, clone, "✗")
    assert text.startswith(f"notebooks/{name} hides the library {path.stem}")
    assert fix == f"rename notebooks/{name}"


@pytest.mark.usefixtures("plain_settings")
@pytest.mark.parametrize(
    ("name", "harmless", "harmful"),
    [
        ("KERAS_BACKEND", "tensorflow", "torch"),
        ("KERAS_MAX_EPOCHS", "", "1"),
        ("MPLBACKEND", "Agg", "TkAgg"),
        ("TF_USE_LEGACY_KERAS", "0", "1"),
        ("COURSE_SEED_OFFSET", "0", "100"),
        ("COURSE_EXPECT", "", "record"),
    ],
)
def test_environment_variables(name, harmless, harmful, clone, monkeypatch):
    monkeypatch.setenv(name, harmless)
    assert not doctor.attempt(doctor.check_settings, clone)
    monkeypatch.setenv(name, harmful)
    text, fix = only(doctor.check_settings, clone, "✗")
    assert name in text
    assert repr(harmful) in text
    assert fix == doctor.unset(name)


def test_a_variable_is_unset_differently_in_each_shell(monkeypatch):
    monkeypatch.setattr(doctor, "ON_WINDOWS", False)
    assert doctor.unset("A") == "unset A"
    monkeypatch.setattr(doctor, "ON_WINDOWS", True)
    assert doctor.unset("A") == "in PowerShell: Remove-Item Env:A; in cmd: set A="


@pytest.mark.usefixtures("plain_settings")
def test_settings_of_keras(tmp_path, clone):
    path = tmp_path / "keras.json"
    path.write_text('{"backend": "tensorflow", "epsilon": 1e-07}')
    assert not doctor.attempt(doctor.check_settings, clone)
    path.write_text('{"image_data_format": "channels_first", "floatx": "float32"}')
    expected = (
        f"{path} sets image_data_format to 'channels_first'",
        "set it to 'channels_last'",
    )
    assert only(doctor.check_settings, clone, "✗") == expected


# --- the machine


class Memory:
    available = 8e9


@pytest.mark.parametrize(("free", "mark"), [(0.9e9, "✗"), (2.5e9, "!"), (8e9, "✓")])
def test_memory(free, mark, monkeypatch):
    import psutil

    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    monkeypatch.setattr(doctor, "LIMIT", Path("not there"))
    monkeypatch.setattr(Memory, "available", free)
    text, _ = only(doctor.check_memory, ROOT, mark)
    assert text.startswith(f"{free / 1e9:.1f} GB of memory free")


@pytest.mark.parametrize(("limit", "mark"), [("1000000000\n", "✗"), ("max\n", "✓")])
def test_memory_of_a_container(limit, mark, monkeypatch, tmp_path):
    import psutil

    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    monkeypatch.setattr(doctor, "LIMIT", tmp_path / "memory.max")
    (tmp_path / "memory.max").write_text(limit)
    only(doctor.check_memory, ROOT, mark)


@pytest.mark.parametrize(("free", "mark"), [(0.1e9, "✗"), (5e9, "✓")])
def test_disk(free, mark, clone, monkeypatch):
    usage = shutil.disk_usage(ROOT)._replace(free=free)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage)
    assert f"{free / 1e9:.1f} GB of disk" in only(doctor.check_disk, clone, mark)[0]


def test_what_cannot_be_written_is_told(clone, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    (tmp_path / "home").write_text("a file where a folder should be")
    (clone / "build").write_text("another")
    _, (one, text, fix), (two, home, mend) = doctor.check_disk(clone)
    assert one == two == "✗"
    assert text.startswith(f"cannot write in {clone / 'build'}: ")
    assert fix == "copy the course to a folder of your own"
    assert home.startswith(f"cannot write in {tmp_path / 'home'}: ")
    assert mend == "set HOME to a folder of your own"


# --- what runs the notebooks


def answer(monkeypatch, stdout="", stderr="", status=0):
    """Let the other Python say this; a real one is asked by the whole report."""
    done = subprocess.CompletedProcess([], status, stdout, stderr)
    monkeypatch.setattr(doctor, "in_python", lambda *arguments, **options: done)


@pytest.mark.parametrize(
    ("prefix", "package", "words"),
    [
        ("elsewhere", ROOT / "course_utils", "run in another environment: elsewhere"),
        (sys.prefix, "away", "import another copy of course_utils: away/__init__.py"),
    ],
)
def test_a_kernel_that_is_not_the_courses(prefix, package, words, monkeypatch):
    answer(monkeypatch, f"{prefix}\n{package}/__init__.py\n")
    assert only(doctor.check_kernel, ROOT, "✗")[0].endswith(words)


def test_no_kernel(monkeypatch):
    error = "Traceback …\nRuntimeError: Kernel died before replying\nextra"
    answer(monkeypatch, stderr=error, status=1)
    text, _ = only(doctor.check_kernel, ROOT, "✗")
    assert text == "no notebook kernel: RuntimeError: Kernel died before replying"


@pytest.mark.parametrize(
    ("status", "error", "words", "fix"),
    [
        (1, "ImportError: libfoo.so", "cannot be imported: ImportError: lib", "make"),
        (1, "ImportError: DLL load failed", "cannot be imported", "Visual C++"),
        (-4, "", "an instruction that this processor lacks (AVX)", "after 2013"),
        (0xC000001D, "", "an instruction that this processor lacks (AVX)", "CPU"),
        (-9, "", "cannot be imported: it ended without a word", "make"),
    ],
)
def test_tensorflow_that_is_broken(status, error, words, fix, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr(places, "ON_WINDOWS", False)
    answer(monkeypatch, stderr=error, status=status)
    text, mend = only(doctor.check_tensorflow, ROOT, "✗")
    assert words in text
    assert fix in mend


@pytest.mark.parametrize(
    ("gpus", "text"),
    [
        ("", "T works, on the CPU, as in all tests"),
        (
            "RTX 9",
            "T works, on RTX 9; all claims were measured on CPUs, and close ones",
        ),
    ],
)
def test_the_device_is_named(gpus, text, monkeypatch):
    done = subprocess.CompletedProcess([], 0, f"{gpus}\nT works\n", "")
    monkeypatch.setattr(doctor, "in_python", lambda *arguments: done)
    assert only(doctor.check_tensorflow, ROOT, "✓")[0].startswith(text)


def test_a_library_of_another_folder_that_breaks_tensorflow(tmp_path, monkeypatch):
    (tmp_path / "tensorflow.py").write_text("raise ImportError('an old NumPy')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    text, fix = only(doctor.check_tensorflow, ROOT, "✗")
    assert text == "TensorFlow cannot be imported: ImportError: an old NumPy"
    assert f"PYTHONPATH, which names {tmp_path};" in fix


def test_a_python_that_takes_for_ever(monkeypatch):
    monkeypatch.setattr(doctor, "PATIENCE", 0.2)
    monkeypatch.setattr(doctor, "TENSORFLOW", "import time; time.sleep(60)")
    text, _ = only(doctor.check_tensorflow, ROOT, "✗")
    assert text.endswith("could not be checked: TimeoutError: no answer within 0.2 s")


# --- before class: the network, the lectures' times


@pytest.fixture
def lectures(clone):
    """Two lectures in the clone, which state 20 and 40 seconds."""
    for number, seconds in (("01", 20), ("02", 40)):
        path = clone / "notebooks" / f"{number}_x.ipynb"
        title = f"# {number} · X · 某\n\n**Time** about {seconds} s on two CPU cores"
        cell = {"cell_type": "markdown", "metadata": {}, "source": title}
        path.write_text(json.dumps({"cells": [cell]}), "utf-8")
    return clone


@pytest.mark.parametrize(("status", "marks"), [(1, "✓·"), (0, "✓")])
def test_lectures_run_offline_and_one_gains_by_weights(
    status, marks, lectures, monkeypatch
):
    monkeypatch.delenv("COURSE_INCEPTION_WEIGHTS", raising=False)
    answer(monkeypatch, status=status)
    first, *others = doctor.check_offline(lectures)
    assert first == ("✓", "all 2 lectures run without the network", "")
    assert "".join(mark for mark, _, _ in (first, *others)) == marks
    for _, _, fix in others:
        assert fix.startswith("python -m course_tools fetch inception-v3")


def test_weights_that_are_named_and_not_there(lectures, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_INCEPTION_WEIGHTS", str(tmp_path / "none.h5"))
    _, (mark, text, fix) = doctor.attempt(doctor.check_offline, lectures)
    assert mark == "✗"
    assert "none.h5: not there" in text
    assert "COURSE_INCEPTION_WEIGHTS" in fix


def write_results(clone, **seconds):
    """``results.json`` of a run; a lecture that took None seconds failed."""
    ran = [
        {
            "name": name,
            "ok": time is not None,
            "seconds": time or 1.0,
            "peak_bytes": 0.84e9,
        }
        for name, time in seconds.items()
    ]
    (clone / "build").mkdir(exist_ok=True)
    path = clone / "build/results.json"
    path.write_text(json.dumps({"format": 1, "notebooks": ran}), "utf-8")
    return path


@pytest.mark.parametrize("damage", [None, "", "[]", '{"format": 2, "notebooks": []}'])
def test_lectures_that_were_never_measured(damage, lectures):
    if damage is not None:
        write_results(lectures).write_text(damage)
    text, fix = only(doctor.check_lectures, lectures, "!")
    assert text == "not measured on this machine: all lectures"
    assert fix == places.command("run")


def test_measured_times_stand_beside_the_stated_ones(lectures):
    path = lectures / "notebooks/02_x.ipynb"
    change(path, "about 40 s", "short")
    write_results(lectures, **{"01_x": 26.0, "02_x": 40.0})
    text, _ = only(doctor.check_lectures, lectures, "✓")
    assert [line.strip() for line in text.splitlines()] == [
        "what each lecture took in the last run:",
        "01   26 s (stated: 20 s), 0.8 GB",
        "02   40 s, 0.8 GB",
    ]


def test_a_slow_machine_is_worth_knowing(lectures):
    write_results(lectures, **{"01_x": 30.0, "02_x": 90.0})
    _, (mark, text, fix) = doctor.check_lectures(lectures)
    assert (mark, text[-4:]) == ("!", ": 02")
    assert fix.endswith("or plan more time")


def test_a_lecture_that_failed_keeps_class_from_starting(lectures):
    results = write_results(lectures, **{"01_x": 20.0, "02_x": None})
    _, (mark, text, fix) = doctor.check_lectures(lectures)
    assert (mark, text) == ("✗", "failed in the last run: 02")
    assert "02" in fix
    later = results.stat().st_mtime + 1  # somebody has mended it
    os.utime(lectures / "notebooks/02_x.ipynb", (later, later))
    _, (mark, text, _) = doctor.check_lectures(lectures)
    assert (mark, text) == ("!", "not measured on this machine: 02")


def test_the_whole_report_of_this_machine():
    """The command itself; what it finds here must let these tests run."""
    done = subprocess.run(
        [sys.executable, "-m", "course_tools", "doctor"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )
    assert "✓ TensorFlow 2.21" in done.stdout
    assert "✓ a notebook kernel starts" in done.stdout
    assert re.search(r"✓ all \d+ lectures run without the network\n", done.stdout)
    assert len(done.stdout.splitlines()) <= 80  # a minute's reading, of 45 lectures
    assert done.stderr == ""
    assert (done.returncode == 0) == ("✗" not in done.stdout)
    assert ("Ready: class can start." in done.stdout) == (done.returncode == 0)
