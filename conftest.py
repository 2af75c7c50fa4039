"""What every test run shares: no network, no leftover settings, no dead kernels."""

import os
import re
import signal
import tempfile
import time
from queue import Empty

from nbval.kernel import RunningKernel

from course_tools.machine import fresh_clone, isolated, thread_share

NOTICE_SECONDS = 1.0

# Kernels and other programs that tests start inherit all this: no network, no settings,
# data or weights of the user, nothing kept from an earlier run, nothing left behind.
scratch = tempfile.TemporaryDirectory(
    prefix="course-tests-", ignore_cleanup_errors=True
)
settings = isolated(scratch.name) | fresh_clone(scratch.name) | {"COURSE_RESULTS": None}
for name, value in settings.items():
    os.environ.pop(name, None)
    if value is not None:
        os.environ[name] = value
os.environ |= thread_share(int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))

# A job that a script starts with & ignores Ctrl-C, and so would what tests start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def await_reply(self, msg_id, timeout=None):
    """Wait for a cell's reply, but not for one from a kernel that has died.

    nbval itself notices a dead kernel only when the cell's whole timeout has passed.
    """
    deadline = time.monotonic() + (timeout or float("inf"))
    while True:
        try:
            message = self.get_message(stream="shell", timeout=NOTICE_SECONDS)
        except Empty:
            if not self.is_alive():
                raise RuntimeError(
                    "the kernel died while this cell ran: out of memory, or a crash "
                    "inside a library"
                ) from None
            if time.monotonic() > deadline:
                raise
            continue
        if message["parent_header"].get("msg_id") == msg_id:
            if message["content"]["status"] == "aborted":
                raise RuntimeError("the kernel aborted the request")
            return


def pytest_configure(config):
    RunningKernel.await_reply = await_reply


# --- make test NB="21 22": what concerns these notebooks, and nothing else ----------

#: Modules whose tests have the name of a notebook, or of its exercises, in their own.
OF_NOTEBOOKS = re.compile(
    r"\d\d_\w+\.ipynb|test_(conventions|rules|evidence|choices|lecture_map|glossary|"
    r"tables|decks|lecture_\d\d)\.py"
)


def pytest_addoption(parser):
    parser.addoption("--nb", default="", help='numbers of notebooks: "21 22"')


def pytest_ignore_collect(collection_path, config):
    """Leave modules aside that have nothing to do with the notebooks named."""
    if config.getoption("nb") and collection_path.is_file():
        name = collection_path.name
        if not OF_NOTEBOOKS.fullmatch(name) or not _is_of(name, config, unnamed=True):
            return True
    return None


def pytest_collection_modifyitems(config, items):
    if config.getoption("nb"):
        chosen = [item for item in items if _is_of(item.nodeid, config)]
        others = [item for item in items if item not in chosen]
        config.hook.pytest_deselected(items=others)
        items[:] = chosen


def _is_of(name, config, unnamed=False):
    """Whether a name has the number of a notebook that was asked for.

    Where it has none, `unnamed` is the answer.
    """
    found = re.findall(r"(?:lecture_|(?<!\w)(?=\d\d_))(\d\d)", name)
    wanted = re.findall(r"\d+", config.getoption("nb"))
    return bool({n.zfill(2) for n in wanted} & set(found)) if found else unnamed
