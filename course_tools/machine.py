"""The machine that something runs on: its name, and how its cores are shared."""

import contextlib
import os
import platform
import re
import subprocess
from pathlib import Path


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


def thread_share(processes):
    """Environment that gives each of several processes its share of the cores.

    TensorFlow splits an operation between all cores. Where another process trains at
    the same time, threads beyond a share only wait for one another.

    Parameters
    ----------
    processes : int
        How many run side by side.

    Returns
    -------
    dict of str to str
        Empty for a single process, and where the user has set a number of threads.
    """
    name = "TF_NUM_INTRAOP_THREADS"
    if processes < 2 or name in os.environ:
        return {}
    return {name: str(max(1, (os.cpu_count() or 1) // processes))}
