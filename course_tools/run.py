"""Execute notebooks headless, each in a kernel of its own, and measure what they do.

`execute` is the engine of ``python -m course_tools run`` and of ``… store``:

- the kernel is the Python that runs this module, whatever kernels are installed;
- its working directory is the notebook's folder, as in JupyterLab;
- outputs stored in the notebook are dropped first, so nothing old can look new;
- what a library's C++ code writes to the terminal stays out of the outputs, as it
  does under pytest: the notebooks are stored and compared under one condition;
- a cell that takes too long, a kernel that dies and a notebook that cannot be read
  are failures of that one notebook; the others go on.

Cells are counted as ``In [n]`` counts them: code cells only, from 1.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import ipykernel.kernelspec
import nbformat
import psutil
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

from course_tools.machine import thread_share
from course_tools.notebook import UnreadableNotebook, read, runs, without_outputs

__all__ = [
    "Failure",
    "Outcome",
    "Watcher",
    "execute",
    "memory_of",
]

#: Seconds between two looks at a kernel's memory. A peak shorter than that is missed.
MEMORY_INTERVAL = 0.25


@dataclass
class Failure:
    """Why a notebook failed.

    `cell` is the number of the code cell, or None if no cell was running.
    """

    cell: int | None
    name: str
    message: str

    def __str__(self):
        where = f"cell {self.cell}: " if self.cell else ""
        first = (self.message.strip().splitlines() or [""])[0]
        return f"{where}{self.name}: {first}" if self.name else f"{where}{first}"


@dataclass
class Outcome:
    """What came of one notebook.

    `results` are the records that `course_utils.checks.expect` wrote; `notebook` is
    the executed notebook, None if the file could not be read; `seconds` is the wall
    time from the start of the kernel to the end of the last cell; `peak_bytes` is the
    largest memory seen of the kernel and its child processes together (`memory_of`).
    """

    path: Path
    notebook: nbformat.NotebookNode | None = None
    cells: int = 0
    cells_run: int = 0
    seconds: float = 0.0
    peak_bytes: int = 0
    results: list = field(default_factory=list)
    failure: Failure | None = None

    @property
    def name(self):
        """The file's name without ``.ipynb``."""
        return self.path.stem


class Watcher:
    """What `execute` reports while it runs; this one keeps quiet."""

    def started(self, outcome):
        """The kernel of a notebook is about to start."""

    def cell_started(self, outcome, number):
        """Code cell `number` of `outcome.cells` is about to run."""

    def finished(self, outcome):
        """A notebook came to its end, well or not."""


def execute(paths, *, jobs=2, timeout=600, environment=None, watcher=None, finish=None):
    """Execute notebooks, `jobs` at a time, and wait for all of them.

    A notebook that fails stops at its failing cell; the others go on.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        The notebooks. Their files are only read.
    jobs : int
        How many kernels may run at once.
    timeout : float
        Seconds that one cell may take.
    environment : dict of str to str or None, optional
        Environment variables of the kernels; None removes one. Kernels side by side
        get a share of the cores each, unless ``TF_NUM_INTRAOP_THREADS`` is set.
    watcher : Watcher, optional
        Is told about progress.
    finish : callable, optional
        Called with each outcome as soon as it is there, in a thread, before the
        watcher hears that the notebook is finished. It may set `failure`.

    Returns
    -------
    list of Outcome, in the order of `paths`

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C or SIGTERM, after every kernel has been stopped.
    """
    watcher = watcher or Watcher()
    environment = thread_share(min(jobs, len(paths))) | (environment or {})

    async def execute_all():
        _stop_on_sigterm()
        slots = asyncio.Semaphore(jobs)

        async def one(path):
            async with slots:
                outcome = await _execute_one(
                    Path(path).resolve(), timeout, environment, watcher
                )
                if finish:
                    await asyncio.to_thread(finish, outcome)
                watcher.finished(outcome)
                return outcome

        return await asyncio.gather(*map(one, paths))

    # pyzmq needs add_reader, which the default loop of Windows does not have.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        try:
            return runner.run(execute_all())
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


def _stop_on_sigterm():
    """Let SIGTERM do what Ctrl-C does (asyncio sees to Ctrl-C itself)."""
    main = asyncio.current_task()
    with contextlib.suppress(NotImplementedError, RuntimeError):  # Windows; a thread
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, main.cancel)


async def _execute_one(path, timeout, environment, watcher):
    outcome = Outcome(path)
    try:
        outcome.notebook = without_outputs(read(path))
    except (OSError, UnreadableNotebook) as error:
        outcome.failure = Failure(None, "", str(error))
        return outcome
    outcome.cells = sum(map(runs, outcome.notebook.cells))
    watcher.started(outcome)
    with tempfile.TemporaryDirectory(
        prefix="course-", ignore_cleanup_errors=True
    ) as scratch:
        await _run_kernel(outcome, Path(scratch), timeout, environment, watcher)
    return outcome


async def _run_kernel(outcome, scratch, timeout, environment, watcher):
    """Run the notebook of `outcome` in a new kernel and fill `outcome` in."""
    manager = AsyncKernelManager(
        kernel_name="python3",
        kernel_spec_manager=_ThisPython(),
        connection_file=str(scratch / "connection.json"),
        **_transport(scratch),
    )
    client = NotebookClient(
        outcome.notebook,
        manager,
        timeout=timeout,
        startup_timeout=120,
        iopub_timeout=60,  # outputs of a busy kernel may trail behind its reply
        raise_on_iopub_timeout=True,
        record_timing=False,
        store_widget_state=False,
    )
    kernel = None
    start = time.perf_counter()
    try:
        with open(scratch / "terminal.txt", "wb") as terminal:
            await client.async_start_new_kernel(
                cwd=str(outcome.path.parent),
                env=_kernel_environment(scratch, environment),
                stdout=terminal,
                stderr=subprocess.STDOUT,
            )
        kernel = manager.provisioner.process
        memory = asyncio.create_task(_watch_memory(kernel.pid, outcome))
        await client.async_start_new_kernel_client()
        await _run_cells(client, outcome, watcher)
    except (CellExecutionError, CellTimeoutError, RuntimeError) as error:
        if asyncio.current_task().cancelling():  # nbclient says "dead" for it
            raise asyncio.CancelledError from None
        terminal = (scratch / "terminal.txt").read_text("utf-8", errors="replace")
        outcome.failure = _failure(error, outcome, kernel, terminal, timeout)
    finally:
        outcome.seconds = time.perf_counter() - start
        await _stop_kernel(manager, client, at_once=outcome.failure is not None)
        if kernel is not None:
            memory.cancel()
        outcome.results = _results(scratch / "results.jsonl")


def _transport(scratch):
    """Sockets in a private folder where there are such; ports are open to others."""
    if os.name == "nt":
        return {}
    return {"transport": "ipc", "ip": str(scratch / "socket")}


class _ThisPython(KernelSpecManager):
    """Knows one kernel: ipykernel in the Python that is running."""

    def get_kernel_spec(self, kernel_name):
        kernel = ipykernel.kernelspec.get_kernel_dict()
        return KernelSpec(resource_dir=ipykernel.kernelspec.RESOURCES, **kernel)


def _kernel_environment(scratch, changes):
    """Environment of a kernel: this process's, without anything personal."""
    wanted = {
        "COURSE_RESULTS": str(scratch / "results.jsonl"),
        "IPYTHONDIR": str(scratch / "ipython"),  # no start-up files of the user
        # As under nbval: ipykernel then leaves what C++ code prints on the terminal,
        # else the start-up lines of TensorFlow become outputs of the first cell.
        "PYTEST_CURRENT_TEST": "course",
    }
    merged = {**os.environ, **wanted, **changes}
    return {name: value for name, value in merged.items() if value is not None}


async def _run_cells(client, outcome, watcher):
    for index, cell in enumerate(outcome.notebook.cells):
        if runs(cell):
            outcome.cells_run += 1
            watcher.cell_started(outcome, outcome.cells_run)
            await client.async_execute_cell(
                cell, index, execution_count=outcome.cells_run
            )


async def _watch_memory(pid, outcome):
    """Keep the largest memory of a process and its children, in bytes."""
    with contextlib.suppress(psutil.Error):
        kernel = psutil.Process(pid)
        while True:
            family = [kernel, *kernel.children(recursive=True)]
            outcome.peak_bytes = max(outcome.peak_bytes, memory_of(family))
            await asyncio.sleep(MEMORY_INTERVAL)


def memory_of(processes):
    """Resident memory of processes together, in bytes.

    On Linux, what they map from files counts once, as much as the one that has most
    of it: children of a kernel load the same libraries, which lie in memory once. The
    proportional share (PSS) would say less the more other notebooks are running, and
    takes a thousand times as long to find out. Elsewhere, the sum of all resident
    memory, in which such libraries count once per process.
    """
    own, mapped = 0, 0
    for process in processes:
        with contextlib.suppress(psutil.Error):  # it may just have ended
            memory = process.memory_info()
            shared = getattr(memory, "shared", 0)
            own += memory.rss - shared
            mapped = max(mapped, shared)
    return own + mapped


def _failure(error, outcome, kernel, terminal, timeout):
    """What went wrong, in words; an error that left no output in the cell gets one."""
    number = outcome.cells_run or None
    if isinstance(error, CellExecutionError):
        return Failure(number, error.ename, error.evalue)
    if isinstance(error, CellTimeoutError):
        late = "IOPub" in str(error)  # the cell ended, its outputs did not come
        text = "its outputs got lost" if late else f"took longer than {timeout:g} s"
        failure = Failure(number, "Timeout", text)
    elif kernel is None or number is None:
        failure = Failure(None, "", f"the kernel did not start: {error}\n{terminal}")
    else:
        status = kernel.poll()
        failure = Failure(number, "DeadKernel", _death(status) + "\n" + terminal)
    if number:
        cells = [cell for cell in outcome.notebook.cells if runs(cell)]
        cells[number - 1].outputs.append(
            nbformat.v4.new_output(
                "error",
                ename=failure.name,
                evalue=failure.message.splitlines()[0],
                traceback=failure.message.splitlines(),
            )
        )
    return failure


def _death(status):
    """How a kernel ended, from the exit status of its process."""
    if status is None:
        return "the kernel no longer answers"
    if status < 0:
        name = signal.Signals(-status).name
        hint = "; the machine may be out of memory" if name == "SIGKILL" else ""
        return f"the kernel was ended by {name}{hint}"
    return f"the kernel ended itself with exit status {status}"


async def _stop_kernel(manager, client, at_once):
    """Shut the kernel down; at once if nothing in it is worth waiting for."""
    cancelled = asyncio.current_task().cancelling()
    if manager.has_kernel:
        await manager.shutdown_kernel(now=bool(at_once or cancelled))
    if client.kc is not None:
        client.kc.stop_channels()


def _results(path):
    """The records that `expect` wrote, in the order in which it was called."""
    if not path.exists():
        return []
    text = path.read_text("utf-8", errors="replace")
    # Not splitlines, which also splits inside a record. Behind the last line's end
    # stands nothing, or what a full disk left of a record.
    records = [json.loads(line) for line in text.split("\n")[:-1]]
    return [record for record in records if record.get("kind") != "verdict"]
