"""What can stop the course's environment from being made, each said in one line.

Standard library only: this runs before anything is installed.
"""

import importlib.util
import platform
import re
import shutil
import sys
import sysconfig

from course_tools.places import UserError

#: Where everything stands that pip and venv print, below the clone.
LOG = "build/setup.log"
#: Bytes: 2.5 for the environment, the rest for what pip downloads and unpacks.
SPACE_NEEDED = 4e9


def check_machine():
    """Raise UserError where no environment can be made, whatever is installed."""
    system, machine = platform.system(), platform.machine()
    unusual = platform.python_implementation() != "CPython"
    missing = {
        "Apple silicon on a Mac, not Intel, and a Python not under Rosetta": (
            system == "Darwin" and machine == "x86_64"
        ),
        "64-bit Windows on an Intel or AMD processor, and a 64-bit Python": (
            system == "Windows" and (machine != "AMD64" or sys.maxsize < 2**32)
        ),
        "a Linux with glibc, such as Debian": (
            system == "Linux" and platform.libc_ver()[0] != "glibc"
        ),
        f"the usual build of Python, and {sys.executable} is another (PyPy, or "
        "free-threaded)": unusual or sysconfig.get_config_var("Py_GIL_DISABLED"),
    }
    for what, is_missing in missing.items():
        if is_missing:
            raise UserError(f"TensorFlow 2.21 needs {what}")
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            minor = "{}.{}".format(*sys.version_info)
            raise UserError(
                f"Python {minor} has no module {module} here. On Debian and Ubuntu: "
                f"sudo apt install python{minor}-venv"
            )


def check_space(root):
    """Raise UserError where the disk is too full."""
    free = shutil.disk_usage(root).free
    if free < SPACE_NEEDED:
        raise UserError(
            f"needs {SPACE_NEEDED / 1e9:.0f} GB of disk space, and {free / 1e9:.1f} GB "
            f"are free in {root}: free some, or put the course on another disk"
        )


def check_pip(settings):
    """Raise UserError where ``pip config list`` shows that pip installs elsewhere."""
    where = r"target|prefix|root|python|platform|no-binary|require-hashes|dry-run"
    if match := re.search(rf"^(\S+)\.({where})=.*$", settings, flags=re.MULTILINE):
        variable = f"PIP_{match[2].replace('-', '_').upper()}"
        mend = f"unset {variable}" if match[1] == ":env:" else "see pip config list"
        raise UserError(
            f"pip is told to install in another way than the course needs, by the "
            f"setting {match[0]}: take it away ({mend})"
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


def explain(output, root):
    """One line for the reader: the reason of a failure, from a program's output."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["?"]
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    text = f"the set-up failed: {errors[-1].removeprefix('ERROR: ')}"
    for pattern, reason in reversed(REASONS):
        if re.search(pattern, output, flags=re.IGNORECASE):
            text = reason.format(root=root)
    return text + f" (details: {LOG})" * (root / LOG).exists()
