"""The machine that something runs on: its name, its cores, its user's settings."""

import contextlib
import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from course_tools.places import PERSONAL
from course_utils import __version__


def cpu_model():
    """The processor's name as its maker writes it, as far as the system tells."""
    text = ""
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        if platform.system() == "Linux":
            text = Path("/proc/cpuinfo").read_text("utf-8", errors="replace")
        elif platform.system() == "Darwin":
            command = ["sysctl", "machdep.cpu.brand_string"]
            text = subprocess.check_output(command, text=True)
    found = re.search(r"(?:model name|brand_string)\s*: (.+)", text)
    return found[1].strip() if found else platform.processor() or platform.machine()


def versions():
    """Versions of what results depend on, by name; None for what is not installed."""
    found = {"course": __version__, "python": platform.python_version()}
    for name in ("tensorflow", "keras", "numpy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def thread_share(processes):
    """Environment that gives each of several processes its share of the cores.

    TensorFlow's threads beyond a share would only wait for one another. Nothing is
    changed for a single process, or where the user has set a number of threads.
    """
    name = "TF_NUM_INTRAOP_THREADS"
    if processes < 2 or name in os.environ:
        return {}
    return {name: str(max(1, (os.cpu_count() or 1) // processes))}


def isolated(folder):
    """Environment of a kernel that reads no user's settings and leaves nothing behind.

    Its temporary files go to `folder`. None removes a variable.
    """
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
    return temporary | {
        "IPYTHONDIR": os.path.join(folder, "ipython"),  # no start-up files
        "MATPLOTLIBRC": os.devnull,  # nothing but Matplotlib's defaults
        "MPLBACKEND": None,
    }


def fresh_clone(folder):
    """Environment that makes a notebook see what a fresh clone of this machine holds.

    `folder`, which is empty, stands for the user's folders of data and settings. None
    removes a variable.
    """
    return dict.fromkeys((*PERSONAL, "KERAS_BACKEND")) | {
        "COURSE_OFFLINE": "1",
        "COURSE_DATA_DIR": os.path.join(folder, "data"),
        "KERAS_HOME": os.path.join(folder, "keras"),
    }
