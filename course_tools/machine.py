"""The machine that something runs on: its name, and how its cores are shared."""

import os
import platform
import re
import subprocess
from pathlib import Path

__all__ = ["cpu_model", "thread_share"]


def cpu_model():
    """The processor's name as its maker writes it, as far as the system tells."""
    try:
        if platform.system() == "Linux":
            text = Path("/proc/cpuinfo").read_text("utf-8", errors="replace")
            if match := re.search(r"^model name\s*: (.+)$", text, flags=re.MULTILINE):
                return match[1].strip()
        if platform.system() == "Darwin":
            command = ["sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(
                command, capture_output=True, text=True, check=True
            ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        pass
    return platform.processor() or platform.machine()


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
