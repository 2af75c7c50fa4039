"""The folder of wheels: for every system and Python, what the lock asks for there."""

import re
import subprocess
from importlib.metadata import distributions
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.tags import cpython_tags, mac_platforms
from packaging.utils import canonicalize_name

from course_tools import wheels
from course_tools.main import main
from course_tools.places import UserError

PYTHONS = ("3.11", "3.12", "3.13")


def test_this_machine_needs_what_its_environment_holds():
    found = {canonicalize_name(each.name) for each in distributions()}
    wanted = set(wheels.needed(wheels.HERE, wheels.MINOR))
    assert wanted - found == set()
    assert found - wanted <= {"pip", "course-utils", "uv"} | found_for_building()


def found_for_building():
    """What `pip install .[build]` adds to an environment."""
    return {"mlxtend", "scikit-image", "scikit-learn", "pandas", "joblib"} | {
        *("threadpoolctl", "imageio", "networkx", "tifffile", "pytz", "narwhals")
    }


@pytest.mark.parametrize("python", PYTHONS)
def test_systems_differ_by_what_the_lock_says(python):
    each = {system: set(wheels.needed(system, python)) for system in wheels.SYSTEMS}
    common = set.intersection(*each.values())
    assert {"tensorflow", "keras", "jupyter", "nbval", "setuptools"} <= common
    rest = {system: names - common for system, names in each.items()}
    assert rest["linux"] == {"pexpect", "ptyprocess"}
    assert rest["macos"] == {"appnope", "pexpect", "ptyprocess"}
    assert rest["windows"] == {"colorama", "pywinpty"}
    assert ("overrides" in common) == (python == "3.11")


def test_every_entry_has_its_version_and_hashes():
    for name, entry in wheels.needed("linux", "3.12").items():
        assert re.fullmatch(rf"{name}==\S+( --hash=sha256:[0-9a-f]{{64}})+", entry)


def test_tags_fit_the_systems():
    """A tag that pip does not know makes it find nothing, and say no more."""
    assert set(wheels.SYSTEMS["macos"][1]) <= set(mac_platforms((14, 0), "arm64"))
    linux = wheels.SYSTEMS["linux"][1]
    tags = cpython_tags((3, 12), platforms=linux)
    assert "cp312-cp312-manylinux_2_28_x86_64" in set(map(str, tags))


def test_pip_is_asked_for_the_system_that_was_named(tmp_path, monkeypatch, capsys):
    asked = []

    def run(command):
        asked.extend(map(str, command))
        file = Path(command[-1])
        asked.append(file.read_text("utf-8"))
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    to = tmp_path / "new" / "folder"
    options = ["--to", str(to), "--system", "windows", "--python", "3.13"]
    assert main(["wheels", *options]) == 0
    assert {"--platform=win_amd64", "--python-version=3.13", str(to)} <= set(asked)
    assert "\ncolorama==" in asked[-1]
    assert f"PIP_FIND_LINKS={to.as_posix()} make run" in capsys.readouterr().out


def test_what_cannot_be_had_is_said_and_nothing_is_lost(tmp_path, monkeypatch):
    (tmp_path / "there.whl").write_bytes(b"kept")
    failed = SimpleNamespace(returncode=1)
    monkeypatch.setattr(subprocess, "run", lambda command: failed)
    options = SimpleNamespace(to=tmp_path, system="macos", python="3.12")
    with pytest.raises(UserError, match=r"macos, Python 3.12 .* goes on from there"):
        wheels.command(options)
    assert (tmp_path / "there.whl").read_bytes() == b"kept"
