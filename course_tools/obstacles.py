"""What can stop the course's environment from being made, each said in one line.

Standard library only: this runs before anything is installed.
"""

import importlib.util
import platform
import re
import shutil
import sys
import sysconfig

#: Bytes: 2.5 for the environment, the rest for what pip downloads and unpacks.
SPACE_NEEDED = 4e9


class SetupError(Exception):
    """The set-up cannot go on; the message is one line: what is missing, what to do."""


def check_machine():
    """Raise SetupError where no environment can be made, whatever is installed."""
    system, machine = platform.system(), platform.machine()
    if system == "Darwin" and machine == "x86_64":
        raise SetupError(
            "TensorFlow 2.21 is not made for Macs with an Intel processor (or for a "
            "Python that runs under Rosetta): use Linux, Windows or Apple silicon"
        )
    if system == "Windows" and (machine != "AMD64" or sys.maxsize < 2**32):
        raise SetupError(
            "TensorFlow 2.21 needs 64-bit Windows on an Intel or AMD processor, and a "
            "64-bit Python"
        )
    if system == "Linux" and platform.libc_ver()[0] != "glibc":
        raise SetupError("TensorFlow 2.21 needs a Linux with glibc, such as Debian")
    if platform.python_implementation() != "CPython" or sysconfig.get_config_var(
        "Py_GIL_DISABLED"
    ):
        raise SetupError(
            f"TensorFlow 2.21 needs the usual build of Python, and {sys.executable} is "
            "another (PyPy, or free-threaded)"
        )
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            minor = "{}.{}".format(*sys.version_info)
            raise SetupError(
                f"Python {minor} has no module {module} here. On Debian and Ubuntu: "
                f"sudo apt install python{minor}-venv"
            )


def check_space(root):
    free = shutil.disk_usage(root).free
    if free < SPACE_NEEDED:
        raise SetupError(
            f"needs {SPACE_NEEDED / 1e9:.0f} GB of disk space, and {free / 1e9:.1f} GB "
            f"are free in {root}: free some, or put the course on another disk"
        )


#: What pip, venv or the system say, and what that means; the first that fits counts.
REASONS = (
    (
        r"No space left on device|Errno 28\b|WinError 112\b",
        "the disk is full: free 4 GB (pip cache purge helps) and try again",
    ),
    (
        r"Long Path support",
        "Windows limits paths to 260 letters: put the course in a folder with a short "
        "path, such as C:\\course, or switch long paths on",
    ),
    (
        r"Permission ?denied|Read-only file system|Operation not permitted|"
        r"Access is denied|WinError (5|32)\b",
        "cannot write in {root}: copy the course to a folder of your own, and close "
        "programs that use it",
    ),
    (
        r"DO NOT MATCH THE HASHES",
        "a package arrived that is not the one in requirements.lock: the mirror, proxy "
        "or cache is at fault; pip cache purge, or another network, helps",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError",
        "the package index's certificate is not trusted here: if the network has a "
        "proxy of its own, set PIP_CERT to its certificate",
    ),
    (
        r"Retrying \(|connection broken|ConnectionError|Connection ?refused|timed out|"
        r"ProxyError|Name or service not known|name resolution",
        "the package index cannot be reached: check network and proxy, or name a "
        "mirror with PIP_INDEX_URL",
    ),
    (
        r"No module named|ensurepip",
        "this Python is not complete: on Debian and Ubuntu, sudo apt install "
        "python3-venv; elsewhere, install Python again",
    ),
)


def what_failed(output, root):
    """One line for the reader: the reason of a failure, from a program's output."""
    for pattern, reason in REASONS:
        if re.search(pattern, output, flags=re.IGNORECASE):
            return reason.format(root=root)
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["?"]
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    return f"the set-up failed: {errors[-1].removeprefix('ERROR: ')}"
