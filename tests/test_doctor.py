"""Each finding of the doctor, brought about by the defect that it is meant for."""

import dataclasses
import hashlib
import importlib.metadata
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from course_tools import doctor, places, readiness
from course_tools.findings import Finding
from course_tools.main import main
from course_utils import data

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


def only(found, mark):
    """The only finding, whose mark is this; all but what is well has a fix."""
    (finding,) = found
    assert finding.mark == mark, finding
    assert bool(finding.fix) == (mark != "✓")
    return finding


# --- the report


def report(capsys, *checks):
    status = doctor.run(checks=checks)
    return status, capsys.readouterr().out


def test_class_can_start_when_nothing_must_be_mended(capsys):
    status, out = report(
        capsys,
        lambda root: [Finding("✓", "one is well")],
        lambda root: [Finding("!", "two is odd", "look at it")],
    )
    assert status == 0
    assert out == (
        "✓ one is well\n! two is odd\n    fix: look at it\n\nReady: class can start.\n"
    )


def test_one_problem_keeps_class_from_starting(capsys):
    status, out = report(
        capsys,
        lambda root: [Finding("✗", "one is broken", "mend it")],
        lambda root: [Finding("✓", "two is well")],
    )
    assert status == 1
    assert out.startswith("✗ one is broken\n    fix: mend it\n✓ two is well\n")
    assert out.endswith("Not ready: 1 to mend, marked ✗ above.\n")


def test_a_check_that_fails_is_a_finding_and_no_traceback(capsys):
    def check_moon(root):
        raise RuntimeError("no\nmoon")

    status, out = report(capsys, check_moon)
    assert status == 1
    assert "✗ moon could not be checked: RuntimeError: no moon\n    fix: " in out


def test_terminals_without_unicode(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", newline="\n")
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(doctor, "CHECKS", [lambda root: [Finding("✗", "数据", "x")]])
    assert main(["doctor"]) == 1
    stream.flush()
    shown = stream.buffer.getvalue().decode("cp1252")
    assert shown.startswith("FAILED ??\n    fix: x\n")


def test_every_check_is_carried_out():
    defined = [
        getattr(doctor, name) for name in dir(doctor) if name.startswith("check_")
    ]
    assert set(doctor.CHECKS) == set(defined)
    assert len(doctor.CHECKS) == len(set(doctor.CHECKS))


# --- Python and its libraries


def test_python(clone):
    assert sys.prefix in only(doctor.check_python(clone), "✓").text
    change(clone / "pyproject.toml", '">=3.11,<3.14"', '">=3.8,<3.10"')
    assert "the course needs >=3.8,<3.10" in only(doctor.check_python(clone), "✗").text


def test_libraries_within_their_bounds():
    first, *_ = doctor.check_libraries(ROOT)
    assert first.mark == "✓"
    version = importlib.metadata.version("keras")
    assert f"keras {version}" in first.text


@pytest.mark.parametrize("bounds", [">=99", "<2"])
def test_a_library_out_of_its_bounds(bounds, clone):
    change(clone / "pyproject.toml", '"keras>=3.15,<4"', f'"keras{bounds}"')
    finding, *_ = doctor.check_libraries(clone)
    version = importlib.metadata.version("keras")
    assert finding == Finding(
        "✗", f"keras {version}: the course needs {bounds}", doctor.reinstall()
    )


def test_a_missing_library(clone):
    change(clone / "pyproject.toml", '"keras>=3.15,<4"', '"not-installed>=1"')
    finding, *_ = doctor.check_libraries(clone)
    assert finding.mark == "✗"
    assert finding.text == "not-installed is missing: the course needs >=1"


def test_other_versions_than_the_locked_ones_are_worth_knowing(clone):
    version = importlib.metadata.version("pytest")
    lock = clone / "requirements.lock"
    lock.write_text(f"pytest=={version} \\\n    --hash=sha256:00\n")
    assert doctor.unlocked(clone) == []
    lock.write_text(
        "pytest==1.0 \\\n    --hash=sha256:00\n"
        "numpy==0.1 ; sys_platform == 'amiga'\nnot-installed==1.0\n"
    )
    finding = only(doctor.unlocked(clone), "!")
    assert f"tested with: pytest {version} (==1.0)" in finding.text
    assert "numpy" not in finding.text


def test_the_fix_fits_the_environment(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "ON_WINDOWS", False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert doctor.reinstall().startswith("make doctor makes an environment")
    (tmp_path / doctor.STAMP).touch()
    assert doctor.reinstall() == "make clean, then make doctor"
    monkeypatch.setattr(places, "ON_WINDOWS", True)
    py = "py -{}.{}".format(*sys.version_info)
    assert f"{py} -m course_tools.bootstrap clean, then" in doctor.reinstall()


# --- data, files, settings


def test_data_files():
    assert "data files" in only(doctor.check_data(ROOT), "✓").text


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
    finding = only(doctor.check_data(ROOT), "✗")
    name = "MANIFEST.json" if damage == "no manifest" else "digits.npz"
    assert name in finding.text
    assert f"git checkout -- data/{name}" in finding.fix
    assert "Fix:" not in finding.text


@pytest.mark.parametrize("name", ["random.py", "keras.py", "course_utils"])
def test_a_file_that_hides_a_library(name, clone):
    (clone / "notebooks" / "mine.py").touch()
    (clone / "notebooks" / "statistics.txt").touch()
    (clone / "notebooks" / "json").mkdir()  # no package
    assert doctor.check_names(clone) == []
    path = clone / "notebooks" / name
    if path.suffix:
        path.touch()
    else:
        path.mkdir()
        (path / "__init__.py").touch()
    finding = only(doctor.check_names(clone), "✗")
    assert finding.text.startswith(f"notebooks/{name} hides the library {path.stem}")
    assert finding.fix == f"rename notebooks/{name}"


@pytest.fixture
def plain_settings(tmp_path, monkeypatch):
    for name in ("KERAS_BACKEND", "TF_USE_LEGACY_KERAS", "COURSE_SEED_OFFSET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("COURSE_EXPECT", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))


@pytest.mark.usefixtures("plain_settings")
@pytest.mark.parametrize(
    ("name", "harmless", "harmful"),
    [
        ("KERAS_BACKEND", "tensorflow", "torch"),
        ("TF_USE_LEGACY_KERAS", "0", "1"),
        ("COURSE_SEED_OFFSET", "0", "100"),
        ("COURSE_EXPECT", "", "record"),
    ],
)
def test_environment_variables(name, harmless, harmful, monkeypatch):
    assert doctor.check_settings(ROOT) == []
    monkeypatch.setenv(name, harmless)
    assert doctor.check_settings(ROOT) == []
    monkeypatch.setenv(name, harmful)
    finding = only(doctor.check_settings(ROOT), "✗")
    assert name in finding.text
    assert repr(harmful) in finding.text
    assert finding.fix == doctor.how_to_unset(name)


def test_a_variable_is_unset_differently_in_each_shell(monkeypatch):
    monkeypatch.setattr(doctor, "ON_WINDOWS", False)
    assert doctor.how_to_unset("A") == "unset A"
    monkeypatch.setattr(doctor, "ON_WINDOWS", True)
    fix = "in PowerShell: Remove-Item Env:A; in cmd: set A="
    assert doctor.how_to_unset("A") == fix


@pytest.mark.usefixtures("plain_settings")
def test_keras_own_settings(tmp_path):
    path = tmp_path / "keras.json"
    path.write_text('{"backend": "tensorflow", "epsilon": 1e-07}')
    assert doctor.check_settings(ROOT) == []
    path.write_text('{"image_data_format": "channels_first", "floatx": "float32"}')
    finding = only(doctor.check_settings(ROOT), "✗")
    assert finding.text == f"{path} sets image_data_format to 'channels_first'"
    assert finding.fix == "set it to 'channels_last'"


# --- the machine


@pytest.mark.parametrize(("free", "mark"), [(0.9e9, "✗"), (2.5e9, "!"), (8e9, "✓")])
def test_memory(free, mark, monkeypatch):
    monkeypatch.setattr(doctor, "free_memory", lambda: free)
    assert (
        f"{free / 1e9:.1f} GB of memory" in only(doctor.check_memory(ROOT), mark).text
    )


def test_memory_of_a_container(tmp_path):
    available = psutil.virtual_memory().available
    assert doctor.free_memory(tmp_path) == pytest.approx(available, rel=0.2)
    (tmp_path / "memory.max").write_text("2000000\n")
    (tmp_path / "memory.current").write_text("500000\n")
    assert doctor.free_memory(tmp_path) == 1_500_000
    stat = "anon 100000\ninactive_file 300000\nactive_file 70000\n"
    (tmp_path / "memory.stat").write_text(stat)
    assert doctor.free_memory(tmp_path) == 1_800_000
    (tmp_path / "memory.stat").write_text("anon 100000\n")
    assert doctor.free_memory(tmp_path) == 1_500_000
    (tmp_path / "memory.max").write_text("max\n")
    assert doctor.free_memory(tmp_path) > 1_500_000


@pytest.mark.parametrize(("free", "mark"), [(0.1e9, "✗"), (0.5e9, "!"), (5e9, "✓")])
def test_disk(free, mark, monkeypatch):
    usage = shutil.disk_usage(ROOT)._replace(free=free)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage)
    assert f"{free / 1e9:.1f} GB of disk" in only(doctor.check_disk(ROOT), mark).text


def test_the_cache_may_lie_on_a_fuller_disk_than_the_clone(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "not" / "yet"))
    usage = shutil.disk_usage(ROOT)
    free = {ROOT: 5e9, tmp_path: 0.3e9}
    monkeypatch.setattr(
        doctor.shutil, "disk_usage", lambda path: usage._replace(free=free[path])
    )
    finding = only(doctor.check_disk(ROOT), "!")
    assert f"0.3 GB of disk space free for downloads, in {tmp_path}" in finding.text
    assert "COURSE_DATA_DIR" in finding.fix
    free[ROOT], free[tmp_path] = 0.5e9, 5e9
    assert "0.5 GB" in only(doctor.check_disk(ROOT), "✓").text


def test_writing(clone):
    assert only(doctor.check_writing(clone), "✓")
    (clone / "build").rmdir()
    (clone / "build").write_text("a file where a folder should be")
    finding = only(doctor.check_writing(clone), "✗")
    assert str(clone / "build") in finding.text
    assert finding.fix == "copy the course to a folder of your own"


def test_a_folder_that_may_not_be_written(clone, monkeypatch):
    def refuse(**options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)
    first, second = doctor.check_writing(clone)
    assert (first.mark, second.mark) == ("✗", "✗")
    assert "Permission denied" in first.text


# --- what runs the notebooks


def test_a_kernel_really_starts():
    only(doctor.check_kernel(ROOT), "✓")


def test_a_kernel_of_another_environment(clone, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(clone))
    finding = only(doctor.check_kernel(ROOT), "✗")
    assert finding.text.startswith("notebooks run in another environment: ")


def test_another_copy_of_the_package(clone, monkeypatch):
    package = clone / "elsewhere" / "course_utils"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    finding = only(doctor.check_kernel(ROOT), "✗")
    assert f"another copy of course_utils: {package}" in finding.text
    assert "PYTHONPATH" in finding.fix


def test_a_package_that_is_broken(clone, monkeypatch):
    package = clone / "elsewhere" / "course_utils"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import not_installed")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    finding = only(doctor.check_kernel(ROOT), "✗")
    assert "ModuleNotFoundError: No module named 'not_installed'" in finding.text


def test_no_kernel(clone, monkeypatch):
    package = clone / "elsewhere" / "ipykernel_launcher.py"
    package.parent.mkdir()
    package.write_text("raise SystemExit(1)")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    finding = only(doctor.check_kernel(ROOT), "✗")
    assert finding.text.startswith("no notebook kernel: RuntimeError: Kernel died")


def plant(folder, monkeypatch, program):
    """A module `tensorflow` that does this."""
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "tensorflow.py").write_text(program)
    monkeypatch.setenv("PYTHONPATH", str(folder / "elsewhere"))
    return only(doctor.check_tensorflow(folder), "✗")


def test_tensorflow_that_is_broken(clone, monkeypatch):
    finding = plant(clone, monkeypatch, "raise ImportError('libfoo.so not found')")
    assert finding.text.endswith("cannot be imported: ImportError: libfoo.so not found")


@pytest.mark.skipif(os.name == "nt", reason="a POSIX signal")
def test_a_processor_without_avx(clone, monkeypatch):
    program = "import os, signal; os.kill(os.getpid(), signal.SIGILL)"
    assert "(AVX)" in plant(clone, monkeypatch, program).text


def test_windows_without_its_runtime_library(clone, monkeypatch):
    program = "raise ImportError('DLL load failed while importing _pywrap')"
    assert "Visual C++" in plant(clone, monkeypatch, program).fix


def test_tensorflow_that_takes_for_ever(clone, monkeypatch):
    monkeypatch.setattr(doctor, "PATIENCE", 1)
    finding = plant(clone, monkeypatch, "import time; time.sleep(60)")
    assert finding.text.endswith("no answer within 1 s")


# --- before class: the network, the lectures' times, a browser


def page(found):
    return "\n".join([*map(str, found), ""])


@pytest.fixture
def lectures(clone):
    """Two lectures in the clone, which state 20 and 40 seconds."""
    for number, seconds in (("01", 20), ("02", 40)):
        path = clone / "notebooks" / f"{number}_x.ipynb"
        title = f"# {number} · X · 某\n\n**Time** about {seconds} s on two CPU cores"
        cell = {"cell_type": "markdown", "metadata": {}, "source": title}
        path.write_text(json.dumps({"cells": [cell]}), "utf-8")
    return clone


@pytest.fixture
def nothing_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("COURSE_INCEPTION_WEIGHTS", raising=False)


@pytest.mark.usefixtures("nothing_fetched")
def test_all_lectures_run_offline_and_more_can_be_fetched(lectures):
    found = doctor.check_offline(lectures)
    assert [finding.mark for finding in found] == ["✓", "·", "·", "·"]
    assert found[0].text == "all 2 lectures run without the network"
    for what in ("inception-v3 (96 MB)", "digits (11 MB)", "flowers (229 MB)"):
        assert f"to have it: python -m course_tools fetch {what}\n" in page(found)


@pytest.mark.usefixtures("nothing_fetched")
@pytest.mark.parametrize("place", ["cache", "keras/datasets"])
def test_what_was_fetched_is_found_wherever_it_lies(
    place, lectures, tmp_path, monkeypatch
):
    content = b"digits"
    digest = hashlib.sha256(content).hexdigest()
    remote = dataclasses.replace(data.FULL_MNIST, digest=f"sha256:{digest}")
    monkeypatch.setattr(data, "FULL_MNIST", remote)
    path = tmp_path / place / remote.name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half of it")
    assert "all 70,000 digits: not here" in page(doctor.check_offline(lectures))
    path.write_bytes(content)
    (tmp_path / "cache/flower_photos").mkdir(parents=True)
    found = page(doctor.check_offline(lectures))
    assert "✓ all 70,000 digits: here" in found
    assert "✓ 3,670 photographs of flowers: here" in found


@pytest.mark.usefixtures("nothing_fetched")
def test_weights_that_are_named_and_not_there(lectures, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_INCEPTION_WEIGHTS", str(tmp_path / "none.h5"))
    bad = [f for f in doctor.check_offline(lectures) if f.mark == "✗"]
    finding = only(bad, "✗")
    assert finding.text.startswith("COURSE_INCEPTION_WEIGHTS: ")
    assert "none.h5: not there" in finding.text
    assert "fetch inception-v3" in finding.fix


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
    finding = only(doctor.check_lectures(lectures), "!")
    assert finding.text.startswith("not yet measured")
    assert finding.fix == places.command("run")


def test_measured_times_stand_beside_the_stated_ones(lectures):
    write_results(lectures, **{"01_x": 26.0, "02_x": 40.0})
    finding = only(doctor.check_lectures(lectures), "✓")
    first, _, *rows = finding.text.splitlines()
    assert first == (
        "2 of 2 lectures ran through the last time, in 1.1 times the time they state"
    )
    assert [row.split() for row in rows] == [
        ["01", "26", "s", "20", "s", "1.3", "0.8", "GB"],
        ["02", "40", "s", "40", "s", "1.0", "0.8", "GB"],
    ]


def test_a_slow_machine_is_worth_knowing(lectures):
    write_results(lectures, **{"01_x": 30.0, "02_x": 90.0})
    finding = only(doctor.check_lectures(lectures), "!")
    assert finding.fix.endswith("plan more time for 02")


def test_a_lecture_that_failed_keeps_class_from_starting(lectures):
    results = write_results(lectures, **{"01_x": 20.0, "02_x": None})
    table, failed = doctor.check_lectures(lectures)
    assert table.text.startswith("1 of 2 lectures ran through")
    assert failed.mark == "✗"
    assert failed.text.startswith("lecture 02 failed")
    assert "02" in failed.fix
    later = results.stat().st_mtime + 1  # somebody has mended it
    os.utime(lectures / "notebooks/02_x.ipynb", (later, later))
    assert [f.mark for f in doctor.check_lectures(lectures)] == ["✓"]


def test_a_lecture_that_the_last_run_left_out(lectures):
    write_results(lectures, **{"01_x": 20.0})
    _, finding = doctor.check_lectures(lectures)
    assert finding.mark == "!"
    assert finding.text.endswith("left them out: 02")


def test_a_lecture_that_states_no_time(lectures):
    path = lectures / "notebooks/01_x.ipynb"
    path.write_text(path.read_text("utf-8").replace("about 20 s", "short"), "utf-8")
    write_results(lectures, **{"01_x": 20.0, "02_x": 40.0})
    finding = only(doctor.check_lectures(lectures), "✓")
    assert "in 1.0 times the time they state" in finding.text
    assert finding.text.splitlines()[2].split() == ["01", "20", "s", "0.8", "GB"]


def test_a_browser(clone, monkeypatch):
    class Browser:
        name = "firefox"

    monkeypatch.setenv("COURSE_CHROMIUM", "/opt/chromium")
    monkeypatch.setattr(readiness.webbrowser, "get", Browser)
    finding = only(doctor.check_browser(clone), "✓")
    assert "opens JupyterLab: firefox; /opt/chromium is there" in finding.text


def test_no_browser(clone, monkeypatch):
    def none():
        raise readiness.webbrowser.Error("could not locate runnable browser")

    monkeypatch.delenv("COURSE_CHROMIUM", raising=False)
    monkeypatch.setattr(readiness.shutil, "which", lambda name: None)
    monkeypatch.setattr(readiness.webbrowser, "get", none)
    finding = only(doctor.check_browser(clone), "!")
    assert finding.text == "no browser opens by itself"


def test_the_whole_report_of_this_machine():
    """The command itself; what it finds here must let these tests run."""
    done = subprocess.run(
        [sys.executable, "-m", "course_tools", "doctor"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )
    assert "TensorFlow 2.21" in done.stdout
    assert "✓ a notebook kernel starts" in done.stdout
    assert re.search(r"✓ all \d+ lectures run without the network\n", done.stdout)
    assert len(done.stdout.splitlines()) <= 50  # one page
    assert done.stderr == ""
    assert (done.returncode == 0) == ("✗" not in done.stdout)
    assert ("Ready: class can start." in done.stdout) == (done.returncode == 0)
