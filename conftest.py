"""What every test run shares: no network, no leftover settings, no dead kernels."""

import os
import signal
import tempfile
import time
from queue import Empty

import pytest
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


@pytest.hookimpl
def pytest_configure(config):
    RunningKernel.await_reply = await_reply
