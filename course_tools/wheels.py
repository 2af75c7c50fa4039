"""Fills a folder with all that the set-up installs, for rooms without network.

    course wheels --to /media/stick/wheels --system windows --python 3.12

From there, pip's own settings are enough: ``PIP_NO_INDEX=1 PIP_FIND_LINKS=… make run``.
The folder may hold the wheels of several systems and Pythons side by side.
"""

import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.requirements import Requirement

from course_tools.places import ROOT, UserError

MANYLINUX = [f"manylinux_2_{minor}" for minor in range(17, 29)] + ["manylinux2014"]
#: What markers of the lock ask of a system, and the tags of wheels that fit it.
SYSTEMS = {
    "linux": ("linux", "posix", "Linux", "x86_64", MANYLINUX),
    "linux-arm": ("linux", "posix", "Linux", "aarch64", MANYLINUX),
    "macos": ("darwin", "posix", "Darwin", "arm64", ["macosx_14_0"]),
    "windows": ("win32", "nt", "Windows", "AMD64", ["win"]),
}
MINOR = "{}.{}".format(*sys.version_info)
HERE = next(
    (
        name
        for name, (_, _, system, machine, _) in SYSTEMS.items()
        if (system, machine) == (platform.system(), platform.machine())
    ),
    "linux",
)


def command(options):
    """Download, by pip, what is not there yet; 0, or UserError."""
    system, python = options.system or HERE, options.python or MINOR
    wanted, folder = needed(system, python), options.to.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    tags = [f"--platform={tag}" for tag in tags_of(system)]
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "requirements.txt"
        file.write_text("\n".join(wanted.values()) + "\n", "utf-8")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--no-deps"),
                *("--only-binary=:all:", "--require-hashes", *tags),
                *(f"--python-version={python}", "--implementation=cp"),
                *("--dest", folder, "--find-links", folder, "--requirement", file),
            ],
        )
    if done.returncode:
        raise UserError(
            f"not all wheels for {system}, Python {python} could be "
            f"had: pip says above why. What is in {folder} stays; the same command "
            "goes on from there"
        )
    print(
        f"{len(wanted)} wheels for {system}, Python {python}: {folder}"
        f"\nwith them: PIP_NO_INDEX=1 PIP_FIND_LINKS={folder.as_posix()} make run"
    )
    return 0


def tags_of(system):
    """Tags of the wheels that run on a system, as pip takes them."""
    *_, machine, prefixes = SYSTEMS[system]
    return [f"{prefix}_{machine.lower()}" for prefix in prefixes]


def needed(system, python):
    """The lock's entries, with hashes, that a system and a Python need, by name."""
    keys = ("sys_platform", "os_name", "platform_system", "platform_machine")
    environment = dict(zip(keys, SYSTEMS[system], strict=False)) | {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    text = (ROOT / "requirements.lock").read_text("utf-8")
    found = {}
    for entry in re.split(r"\n(?=\w)", re.sub(r"^\s*#.*\n", "", text, flags=re.M)):
        need = Requirement(entry.partition("\\")[0].strip())
        if need.marker is None or need.marker.evaluate(environment):
            pinned = f"{need.name}{need.specifier} "
            found[need.name] = pinned + " ".join(re.findall(r"--hash=\S+", entry))
    return found
