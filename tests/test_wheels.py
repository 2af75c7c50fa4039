"""The folder of wheels: for every system and Python, what the lock asks for there."""

import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.tags import mac_platforms
from packaging.utils import canonicalize_name

from course_tools import wheels
from course_tools.main import SYSTEMS, main
from course_tools.places import STAMP, UserError

PYTHONS = ("3.11", "3.12", "3.13")


@pytest.mark.skipif(not (Path(sys.prefix) / STAMP).exists(), reason="not by set-up")
def test_this_machine_needs_what_its_environment_holds():
    """Each of the lock's entries; a user may have added others."""
    versions = {canonicalize_name(d.name): d.version for d in distributions()}
    for name, entry in wheels.needed(wheels.HERE, wheels.MINOR).items():
        assert entry.startswith(f"{name}=={versions[name]} "), name


@pytest.mark.parametrize("python", PYTHONS)
def test_systems_differ_by_what_the_lock_says(python):
    each = {system: set(wheels.needed(system, python)) for system in wheels.SYSTEMS}
    common = set.intersection(*each.values())
    assert {"tensorflow", "keras", "jupyter", "nbval", "setuptools"} <= common
    rest = {system: names - common for system, names in each.items()}
    assert rest["linux"] == rest["linux-arm"] == {"pexpect", "ptyprocess"}
    assert rest["macos"] == {"appnope", "pexpect", "ptyprocess"}
    assert rest["windows"] == {"colorama", "pywinpty"}
    assert ("overrides" in common) == (python == "3.11")


def test_every_entry_has_its_version_and_hashes():
    for name, entry in wheels.needed("linux", "3.12").items():
        assert re.fullmatch(rf"{name}==\S+( --hash=sha256:[0-9a-f]{{64}})+", entry)


def test_tags_fit_the_systems():
    """A tag that pip does not know makes it find nothing, and say no more."""
    assert wheels.tags_of("macos") == [next(mac_platforms((14, 0), "arm64"))]
    assert wheels.tags_of("windows") == ["win_amd64"]
    assert "manylinux_2_28_x86_64" in wheels.tags_of("linux")
    assert "manylinux2014_aarch64" in wheels.tags_of("linux-arm")


def test_the_command_line_names_every_system():
    assert set(SYSTEMS) == set(wheels.SYSTEMS)


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
