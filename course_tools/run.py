"""Execute notebooks, each in a kernel of its own: ``python -m course_tools run``.

- The kernel is the Python that runs this module, whatever kernels are installed.
- Its working directory is the notebook's folder, as in JupyterLab.
- Outputs stored in the notebook are dropped first, so nothing old can look new.
- What a library's C++ code writes to the terminal stays out of the outputs, as it
  does under pytest: the notebooks are stored and compared under one condition.
- A cell that takes too long, a kernel that dies and a notebook that cannot be read
  are failures of that one notebook; the others go on.

Cells are counted as ``In [n]`` counts them: code cells only, from 1.
"""

import asyncio
import contextlib
import itertools
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

from course_tools import catalog, report
from course_tools.machine import isolated, thread_share
from course_tools.notebook import UnreadableNotebook, read, runs, without_outputs
from course_tools.places import ON_WINDOWS
from course_tools.progress import show_progress, tell_failures

#: Seconds between two looks at a kernel's memory; the page of results says so too.
MEMORY_INTERVAL = 0.25
#: Bytes of a socket's path without its number; macOS takes 103 in all.
LONGEST_SOCKET = 100


@dataclass
class Failure:
    """Why a notebook failed; `cell` is a code cell's number, None if none ran."""

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

    `notebook` is the executed one, None if the file could not be read; `seconds` is
    wall time, from the start of the kernel to the end of the last cell; `peak_bytes`
    is the largest memory seen of the kernel and its child processes (`memory_of`);
    `results` are the records that `course_utils.checks.expect` wrote.
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


def command(options):
    """Execute notebooks and write what came of them; 1 if one of them failed."""
    paths = catalog.select(catalog.find(options.folder), options.notebooks)
    copies = options.build / "executed"
    copies.mkdir(parents=True, exist_ok=True)  # better an error now than at the end
    outcomes = conduct(paths, options, lambda done: report.write_executed(done, copies))
    page = report.write(outcomes, options.build, jobs=options.jobs)
    status = tell_failures(outcomes, "failed")
    print(f"results: {page}")
    return status


def conduct(paths, options, finish, environment=None):
    """Execute and show; `finish` gets each outcome first, and may set its `failure`."""
    with show_progress(len(paths)) as show:

        def tell(outcome, event):
            if event == "ends":
                finish(outcome)
            show(outcome, event)

        return execute(
            paths,
            jobs=options.jobs,
            timeout=options.timeout,
            environment=environment,
            tell=tell,
        )


def execute(paths, *, jobs=2, timeout=600, environment=None, tell=None):
    """The outcomes of notebooks, executed `jobs` at a time; their files are only read.

    Parameters
    ----------
    paths : sequence of pathlib.Path
    jobs : int
        How many kernels may run at once.
    timeout : float
        Seconds that one cell may take.
    environment : dict of str to str or None, optional
        Environment variables of the kernels; None removes one.
    tell : callable, optional
        Called as ``tell(outcome, event)``; the event is "starts" before the kernel
        does, "cell" before a cell, whose number is `cells_run`, and, in a thread that
        may take its time, "ends". A notebook that cannot be read only ends.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C or SIGTERM, after every kernel has been stopped.
    """
    tell = tell or (lambda outcome, event: None)

    async def execute_all(scratch):
        _stop_on_sigterm()
        share = thread_share(min(jobs, len(paths)))
        # As under nbval: ipykernel then leaves what C++ code prints on the terminal,
        # else the start-up lines of TensorFlow become outputs of the first cell.
        changes = share | {"PYTEST_CURRENT_TEST": "course"} | (environment or {})
        merged = os.environ | isolated(scratch) | changes
        kept = {name: value for name, value in merged.items() if value is not None}
        slots = asyncio.Semaphore(jobs)

        async def one(number, path):
            async with slots:
                outcome = Outcome(Path(path).resolve())
                own = Path(scratch, str(number))
                own.mkdir()
                await _execute_one(outcome, own, timeout, kept, tell)
                await asyncio.to_thread(tell, outcome, "ends")
                return outcome

        return await asyncio.gather(*map(one, itertools.count(), paths))

    with (
        tempfile.TemporaryDirectory(
            prefix="course-", ignore_cleanup_errors=True
        ) as scratch,
        # pyzmq needs add_reader, which the default loop of Windows does not have.
        asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner,
    ):
        try:
            return runner.run(execute_all(scratch))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


def _stop_on_sigterm():
    """Let SIGTERM do what Ctrl-C does, for all kernels: nbclient would for one only."""
    main = asyncio.current_task()
    with contextlib.suppress(NotImplementedError, RuntimeError):  # Windows; a thread
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, main.cancel)


async def _execute_one(outcome, scratch, timeout, environment, tell):
    """Run a notebook in a new kernel, and fill its outcome in."""
    try:
        outcome.notebook = without_outputs(read(outcome.path))
    except (OSError, UnreadableNotebook) as error:
        outcome.failure = Failure(None, "", str(error))
        return
    outcome.cells = sum(map(runs, outcome.notebook.cells))
    tell(outcome, "starts")
    terminal, results = scratch / "terminal.txt", scratch / "results.jsonl"
    manager = _kernel_manager(scratch)
    client = NotebookClient(
        outcome.notebook,
        manager,
        timeout_func=lambda cell: timeout,  # `timeout` takes whole seconds only
        startup_timeout=120,
        iopub_timeout=60,  # outputs of a busy kernel may trail behind its reply
        raise_on_iopub_timeout=True,
        record_timing=False,
        store_widget_state=False,
    )
    kernel = memory = None
    start = time.perf_counter()
    try:
        with open(terminal, "wb") as stream:
            await client.async_start_new_kernel(
                cwd=str(outcome.path.parent),
                env=environment | {"COURSE_RESULTS": str(results)},
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        kernel = manager.provisioner.process
        memory = asyncio.create_task(_watch_memory(kernel.pid, outcome))
        await client.async_start_new_kernel_client()
        for index, cell in enumerate(outcome.notebook.cells):
            if runs(cell):
                outcome.cells_run += 1
                tell(outcome, "cell")
                count = outcome.cells_run
                await client.async_execute_cell(cell, index, execution_count=count)
    except CellExecutionError as error:
        outcome.failure = Failure(outcome.cells_run, error.ename, error.evalue)
    except (CellTimeoutError, RuntimeError) as error:
        if asyncio.current_task().cancelling():  # nbclient says "dead" for it
            raise asyncio.CancelledError from None
        said = terminal.read_text("utf-8", errors="replace")
        outcome.failure = failure = _failure(
            error, outcome.cells_run, timeout, kernel, said
        )
        if failure.cell:  # it has no error of its own
            lines = failure.message.splitlines()
            told = {"ename": failure.name, "evalue": lines[0], "traceback": lines}
            cell.outputs.append(nbformat.v4.new_output("error", **told))
    finally:
        outcome.seconds = time.perf_counter() - start
        if memory:
            memory.cancel()
        if manager.has_kernel:  # nothing in a failed one is worth waiting for
            hurry = outcome.failure or asyncio.current_task().cancelling()
            await manager.shutdown_kernel(now=bool(hurry))
        if client.kc:
            client.kc.stop_channels()
        outcome.results = _results(results)


def _kernel_manager(scratch):
    # Sockets in a private folder if the system takes its name; ports others may try.
    socket = str(scratch / "socket")
    private = not ON_WINDOWS and len(os.fsencode(socket)) <= LONGEST_SOCKET
    return AsyncKernelManager(
        kernel_name="python3",
        kernel_spec_manager=_ThisPython(),
        connection_file=str(scratch / "connection.json"),
        **({"transport": "ipc", "ip": socket} if private else {}),
    )


class _ThisPython(KernelSpecManager):
    """Knows one kernel: ipykernel in the Python that is running."""

    def get_kernel_spec(self, kernel_name):
        kernel = ipykernel.kernelspec.get_kernel_dict()
        return KernelSpec(resource_dir=ipykernel.kernelspec.RESOURCES, **kernel)


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

    On Linux, what they map from files, such as libraries, counts once, as much as the
    one that has most of it. The proportional share takes a thousand times as long.
    """
    own, mapped = 0, 0
    for process in processes:
        with contextlib.suppress(psutil.Error):  # it may just have ended
            memory = process.memory_info()
            shared = getattr(memory, "shared", 0)
            own += memory.rss - shared
            mapped = max(mapped, shared)
    return own + mapped


def _failure(error, number, timeout, kernel, terminal):
    """What went wrong beside the notebook's own exceptions, in words."""
    if not number:
        return Failure(None, "", f"the kernel did not start: {error}\n{terminal}")
    if isinstance(error, CellTimeoutError):
        late = "IOPub" in str(error)  # the cell ended, its outputs did not come
        text = "its outputs got lost" if late else f"took longer than {timeout:g} s"
        return Failure(number, "Timeout", text)
    return Failure(number, "DeadKernel", f"{_death(kernel.poll())}\n{terminal}")


def _death(status):
    """How a kernel ended, from the exit status of its process."""
    if status is None:
        return "the kernel no longer answers"
    if status < 0:
        name = signal.Signals(-status).name
        hint = "; the machine may be out of memory" if name == "SIGKILL" else ""
        return f"the kernel was ended by {name}{hint}"
    return f"the kernel ended itself with exit status {status}"


def _results(path):
    """The claims that `expect` recorded, in order; NaN and infinities as text."""
    if not path.exists():
        return []
    # Not splitlines, which also splits inside a record. Behind the last line's end
    # stands nothing, or what a full disk left of a record.
    lines = path.read_text("utf-8", errors="replace").split("\n")[:-1]
    records = [json.loads(line, parse_constant=str) for line in lines]
    return [record for record in records if "claim" in record]  # verdicts lack one
