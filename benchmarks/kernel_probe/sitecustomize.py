"""Tells where a notebook's time goes, from inside its kernel.

Python imports a module of this name at start-up if its folder is in ``PYTHONPATH``;
`suite.py` sees to that. In a kernel, and nowhere else, every cell then adds one line to
the file that ``COURSE_PROBE`` names a folder for: seconds spent in imports, in tracing
functions into graphs, in `fit`, in drawing, and in other programs. Each second counts
once, for the innermost of these.
"""

import builtins
import functools
import json
import os
import sys
import threading
import time
from pathlib import Path

clock = time.perf_counter
spent = {}  # category: seconds, of the cell that runs
open_ = ["rest"]  # categories entered and not left, innermost last
since = clock()


def switch():
    """Book the time since the last switch under the innermost category."""
    global since
    now = clock()
    spent[open_[-1]] = spent.get(open_[-1], 0.0) + now - since
    since = now


def timed(category, function):
    """The function, its time booked under a category when the main thread calls it."""

    @functools.wraps(function)
    def inner(*args, **kwargs):
        if threading.current_thread() is not threading.main_thread():
            return function(*args, **kwargs)
        switch()
        open_.append(category)
        try:
            return function(*args, **kwargs)
        finally:
            switch()
            open_.pop()

    return inner


def patch(owner, name, category):
    """Replace an attribute by its timed form; what a library no longer has is left."""
    if hasattr(owner, name):
        setattr(owner, name, timed(category, getattr(owner, name)))


def patch_traces(module):
    """TensorFlow's one door to tracing: it has no public one."""
    patch(module, "trace_function", "tracing")


def patch_plots(module):
    """Making a figure's axes; what is plotted into them counts as rest."""
    patch(module, "subplots", "drawing")


def patch_shows(module):
    """Figures of the notebooks, as they are drawn and compressed."""
    patch(module, "show", "drawing")
    patch(module, "explore", "drawing")


def patch_fits(module):
    """All of Keras' training but hand-written loops."""
    patch(module.Model, "fit", "training")
    patch(module.Model, "train_on_batch", "training")


def patch_runs(module):
    """Programs that a notebook starts and waits for."""
    patch(module, "run", "other programs")
    for name in ("communicate", "wait"):
        patch(module.Popen, name, "other programs")


WAITING = {
    "tensorflow.python.eager.polymorphic_function.tracing_compilation": patch_traces,
    "matplotlib.pyplot": patch_plots,
    "course_utils.plotting": patch_shows,
    "keras": patch_fits,
    "subprocess": patch_runs,
}


def watch_imports():
    """Time import statements, and patch modules as soon as they are whole."""
    plain, depth = builtins.__import__, 0
    booked = timed("imports", plain)

    def importing(*args, **kwargs):
        nonlocal depth
        if depth or threading.current_thread() is not threading.main_thread():
            return plain(*args, **kwargs)
        depth += 1
        try:
            return booked(*args, **kwargs)
        finally:
            depth -= 1
            for name in [name for name in WAITING if name in sys.modules]:
                WAITING.pop(name)(sys.modules[name])

    builtins.__import__ = importing


def watch_cells(folder):
    """Write one line per cell, once there is a shell that runs cells."""
    from IPython.core.interactiveshell import InteractiveShell

    plain = InteractiveShell.run_cell_async
    file = Path(folder, f"{os.getpid()}.jsonl")
    import psutil

    born = psutil.Process().create_time()

    async def run_cell_async(self, raw_cell, *args, **kwargs):
        global since
        spent.clear()
        since, began = clock(), time.time()
        result = await plain(self, raw_cell, *args, **kwargs)
        switch()
        line = {
            "after": began - born,
            "seconds": dict(spent),
            "peak": peak(),
            "cell": raw_cell,
        }
        with open(file, "a", encoding="utf-8") as record:
            record.write(json.dumps(line) + "\n")
        return result

    InteractiveShell.run_cell_async = run_cell_async


def peak():
    """Largest resident memory of this process so far, in bytes; 0 where unknown."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if os.environ.get("COURSE_PROBE") and "ipykernel_launcher" in sys.orig_argv:
    watch_imports()
    watch_cells(os.environ["COURSE_PROBE"])
