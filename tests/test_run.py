"""Executing and storing notebooks, with real kernels."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from tiny_notebooks import text_of, write_notebook

from course_tools import run as runner
from course_tools.machine import thread_share
from course_tools.notebook import clean, find, peek, source
from course_tools.places import NOTEBOOKS
from course_tools.store import store
from course_utils import files

KEPT = """
from course_utils.checks import expect
expect("accuracy", 0.53125, at_least=0.5, baseline=("untrained", 0.125))
"""
MISSED = 'expect("accuracy later", 0.46875, at_least=0.5)'
WHERE_AM_I = "import os, sys; print(os.getcwd(), sys.executable, sep='\\n')"
TERMINAL_NOISE = "import os; x = os.write(1, b'noise\\n') + os.write(2, b'noise\\n')"
SETTINGS = """
import os, pathlib, tempfile
import matplotlib
print(*(name for name in sorted(os.environ) if "COURSE_TEST" in name))
print(os.environ["TF_NUM_INTRAOP_THREADS"])
print(matplotlib.rcParams["text.usetex"], matplotlib.rcParams["backend"])
print(tempfile.gettempdir())
parcel = pathlib.Path(tempfile.gettempdir(), "parcel")
parcel.with_name("parcel.part").write_text("for another notebook")
parcel = parcel.with_name("parcel.part").rename(parcel)
"""
FINDS_PARCEL = """
import pathlib, tempfile, time
parcel = pathlib.Path(tempfile.gettempdir(), "parcel")
while not parcel.exists():
    time.sleep(0.05)
print(parcel.read_text())
"""
MEMORY = """
import subprocess, sys, time
block = b"x" * 100_000_000
child = "import time; block = b'x' * 100_000_000; time.sleep(1)"
x = subprocess.run([sys.executable, "-c", child])
"""


class Recorder:
    """Keeps what it is told."""

    def __init__(self):
        self.events, self.running, self.most = [], 0, 0

    def __call__(self, outcome, event):
        if outcome.notebook:
            self.running += {"starts": 1, "cell": 0, "ends": -1}[event]
        self.most = max(self.most, self.running)
        self.events.append((outcome.name, event, outcome.cells_run))


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Outcomes by name of seven notebooks, most of them bad, and what was reported."""
    folder = tmp_path_factory.mktemp("course")
    kernel = folder / "share/kernels/python3"
    kernel.mkdir(parents=True)
    foreign = {"argv": ["false"], "display_name": "Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(foreign), "utf-8")
    (folder / "user").mkdir()
    (folder / "user/matplotlibrc").write_text("text.usetex: True\n", "utf-8")
    good = [KEPT, WHERE_AM_I, TERMINAL_NOISE, SETTINGS]
    paths = [
        write_notebook(folder, "01_good", *good, stale=True),
        write_notebook(folder, "02_misses", KEPT, MISSED, "print('later')", stale=True),
        write_notebook(folder, "03_killed", "import os", "os.kill(os.getpid(), 9)"),
        write_notebook(folder, "04_leaves", "", "import os; os._exit(3)"),
        folder / "05_broken.ipynb",
        write_notebook(folder, "06_memory", MEMORY),
        write_notebook(folder, "07_raises", FINDS_PARCEL, "1 / 0"),
    ]
    paths[4].write_text("{}", "utf-8")
    recorder = Recorder()
    changes = {"COURSE_TEST_NEW": "1", "COURSE_TEST_GONE": None}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder / "share"))
        patch.delenv("PYTEST_CURRENT_TEST", raising=False)
        patch.setenv("COURSE_TEST_GONE", "here")
        patch.delenv("MATPLOTLIBRC", raising=False)
        patch.setenv("MPLCONFIGDIR", str(folder / "user"))
        patch.setenv("MPLBACKEND", "agg")
        patch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
        patch.setattr("os.cpu_count", lambda: 6)
        outcomes = runner.execute(paths, environment=changes, tell=recorder)
    assert [outcome.path for outcome in outcomes] == paths
    return {outcome.name: outcome for outcome in outcomes}, recorder


def cells(outcome):
    return [cell for cell in outcome.notebook.cells if cell.cell_type == "code"]


def test_a_good_notebook_brings_its_results(executed):
    good = executed[0]["01_good"]
    assert good.failure is None
    assert (good.cells, good.cells_run) == (4, 4)
    [record] = good.results
    assert record["line"] == "✓ accuracy ≥ 0.5 (untrained: no)"
    assert record["measured"] == 0.53125
    assert record["slack"] == 0.03125
    assert record["baseline"]["measured"] == 0.125
    assert text_of(cells(good)[0]) == record["line"] + "\n"
    assert [cell.execution_count for cell in cells(good)] == [1, 2, 3, 4]


def test_the_kernel_is_this_python_in_the_notebooks_folder(executed):
    good = executed[0]["01_good"]
    where, python = text_of(cells(good)[1]).splitlines()
    assert where == str(good.path.parent)
    assert python == sys.executable


def test_what_c_code_writes_to_the_terminal_is_no_output(executed):
    assert cells(executed[0]["01_good"])[2].outputs == []


def test_settings_of_a_kernel(executed):
    """What it is told, its share of the cores, and nothing of the user's Matplotlib."""
    lines = text_of(cells(executed[0]["01_good"])[3]).splitlines()
    assert lines[0] == "COURSE_TEST_NEW"
    assert lines[1] == "3"
    assert lines[2].startswith("False ")
    assert "inline" in lines[2]


def test_temporary_files_are_shared_and_then_removed(executed):
    outcomes, _ = executed
    assert text_of(cells(outcomes["07_raises"])[0]) == "for another notebook\n"
    folder = Path(text_of(cells(outcomes["01_good"])[3]).splitlines()[3])
    assert folder.name.startswith("course-")
    assert not folder.exists()


def test_no_notebook_makes_a_folder_that_stays():
    """Outside of these kernels too: a student's removes its own when it ends."""
    for path in find(NOTEBOOKS):
        assert not [cell for cell in peek(path)["cells"] if "mkdtemp" in source(cell)]


def test_kernels_of_tests_are_kept_apart_too():
    assert os.environ["MATPLOTLIBRC"] == os.devnull
    assert "course-tests-" in os.environ["TMPDIR"]


@pytest.mark.parametrize(
    ("processes", "given", "share"), [(1, None, {}), (2, None, "3"), (2, "5", {})]
)
def test_a_share_of_the_cores(monkeypatch, processes, given, share):
    name = "TF_NUM_INTRAOP_THREADS"
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    monkeypatch.delenv(name, raising=False)
    if given:
        monkeypatch.setenv(name, given)
    assert thread_share(processes) == (share and {name: share})


def test_files_are_only_read(executed):
    assert nbformat.read(executed[0]["01_good"].path, 4).cells[1].execution_count == 91


def test_a_missed_claim_ends_its_notebook_with_the_measured_value(executed):
    misses = executed[0]["02_misses"]
    assert misses.failure.cell == 2
    assert misses.failure.name == "ExpectationError"
    assert "accuracy later ≥ 0.5: measured 0.46875" in str(misses.failure)
    assert [record["kept"] for record in misses.results] == [True, False]
    assert [out.output_type for out in cells(misses)[1].outputs] == ["error"]


def test_stored_outputs_do_not_survive(executed):
    never_run = cells(executed[0]["02_misses"])[2]
    assert (never_run.outputs, never_run.execution_count) == ([], None)


@pytest.mark.parametrize(
    ("name", "cell", "end"),
    [("03_killed", 2, "SIGKILL"), ("04_leaves", 1, "exit status 3")],
)
def test_a_dead_kernel_is_noticed_at_once(executed, name, cell, end):
    outcome = executed[0][name]
    assert outcome.failure.name == "DeadKernel"
    assert outcome.failure.cell == cell
    assert end in str(outcome.failure)
    assert outcome.seconds < 20  # about 2 on an idle machine
    last = [c for c in cells(outcome) if c.source][cell - 1].outputs[-1]
    assert (last.output_type, last.ename) == ("error", "DeadKernel")


def test_an_unreadable_file_is_a_failure_of_its_own(executed):
    broken = executed[0]["05_broken"]
    assert broken.notebook is None
    assert "no notebook can be read from it: " in str(broken.failure)
    assert "\n" not in str(broken.failure)


def test_an_exception_is_told_with_its_cell(executed):
    assert str(executed[0]["07_raises"].failure) == (
        "cell 2: ZeroDivisionError: division by zero"
    )


def test_peak_memory_counts_child_processes(executed):
    outcomes, _ = executed
    assert outcomes["06_memory"].peak_bytes > 200_000_000
    assert 10_000_000 < outcomes["01_good"].peak_bytes < 200_000_000


SLEEPER = """
import mmap, sys, time
block = b"x" * 100_000_000
library = open(sys.argv[1], "rb")
pages = mmap.mmap(library.fileno(), 0, access=mmap.ACCESS_READ)
total = sum(pages[::4096])
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing tells the parts")
def test_what_two_processes_map_from_one_file_counts_once(tmp_path):
    library = tmp_path / "library"
    library.write_bytes(b"y" * 150_000_000)
    command = [sys.executable, "-c", SLEEPER, str(library)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    try:
        assert [child.stdout.readline() for child in running] == [b"ready\n"] * 2
        family = [psutil.Process(child.pid) for child in running]
        one, both = runner.memory_of(family[:1]), runner.memory_of(family)
        assert one > 250_000_000
        assert both - one == pytest.approx(100_000_000, rel=0.2)
        assert both < 0.8 * sum(each.memory_info().rss for each in family)
    finally:
        for child in running:
            child.kill()
            child.communicate()
    assert runner.memory_of(family) == 0  # they are gone


def test_time_is_measured(executed):
    assert 1 < executed[0]["06_memory"].seconds < 60


def test_two_run_at_a_time_and_all_is_reported(executed):
    outcomes, recorder = executed
    assert recorder.most == 2
    assert [event for event in recorder.events if event[0] == "02_misses"] == [
        ("02_misses", "starts", 0),
        ("02_misses", "cell", 1),
        ("02_misses", "cell", 2),
        ("02_misses", "ends", 2),
    ]
    ended = {name for name, event, _ in recorder.events if event == "ends"}
    assert ended == set(outcomes)


def test_a_cell_that_takes_too_long_is_stopped(tmp_path, monkeypatch):
    long = tmp_path / ("x" * 100)  # too long for the names of sockets
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    path = write_notebook(tmp_path, "01_slow", "import time", "time.sleep(60)")
    [outcome] = runner.execute([path], timeout=0.5)
    assert str(outcome.failure) == "cell 2: Timeout: took longer than 0.5 s"
    assert cells(outcome)[1].outputs[0].evalue == "took longer than 0.5 s"
    assert outcome.seconds < 30


def test_an_error_while_finishing_ends_the_run(tmp_path):
    paths = [
        write_notebook(tmp_path, "01_quick", "1"),
        write_notebook(tmp_path, "02_long", "import time; time.sleep(60)"),
    ]

    def tell(outcome, event):
        if event == "ends":
            raise OSError("disk full")

    start = time.monotonic()
    with pytest.raises(OSError, match="disk full"):
        runner.execute(paths, tell=tell)
    assert time.monotonic() - start < 30


SLEEPS = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path(f"pids-{os.getpid()}").write_text(f"{os.getpid()} {child.pid}")
time.sleep(60)
"""


@contextlib.contextmanager
def started(*arguments, temporary):
    """The command line as a terminal would start it, so that Ctrl-C reaches it."""
    run = subprocess.Popen(
        [sys.executable, "-m", "course_tools", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONIOENCODING": "utf-8", "TMPDIR": str(temporary)},
        # what a shell starts in the background ignores it, and so do its children
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield run
    finally:
        run.kill()
        run.communicate()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_an_interrupted_run_leaves_nothing_behind(tmp_path):
    for number in ("01", "02"):
        write_notebook(tmp_path, f"{number}_sleeps", SLEEPS)
    (tmp_path / "t").mkdir()
    arguments = ("run", "--folder", tmp_path, "--build", tmp_path / "b")
    with started(*arguments, temporary=tmp_path / "t") as run:
        pids = wait_for(lambda: started_processes(tmp_path))
        run.send_signal(signal.SIGINT)
        output, errors = run.communicate(timeout=30)
    assert run.returncode == 130
    assert errors.decode("utf-8").splitlines() == [
        "",
        "interrupted; nothing is left running",
    ]
    assert "✗" not in output.decode("utf-8")  # nobody's kernel died of itself
    wait_for(lambda: not any(map(is_running, pids)))
    assert not (tmp_path / "b/index.html").exists()
    assert not list((tmp_path / "t").iterdir())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_a_run_ended_while_kernels_start_leaves_none(tmp_path):
    write_notebook(tmp_path, "01_sleeps", "import time; time.sleep(60)")
    with started("store", "--folder", tmp_path, temporary=tmp_path) as run:
        assert "starts" in run.stdout.readline().decode("utf-8")
        kernels = wait_for(psutil.Process(run.pid).children)
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=30)
    assert run.returncode == 130
    wait_for(lambda: not any(is_running(kernel.pid) for kernel in kernels))


def started_processes(folder):
    """Ids of two kernels and their children, once all have reported."""
    reports = [path.read_text("utf-8").split() for path in folder.glob("pids-*")]
    pids = [int(pid) for report in reports for pid in report]
    return pids if len(pids) == 4 else None


def is_running(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for(condition, seconds=30):
    """The value of `condition` as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return value


def test_results_are_read_past_what_a_full_disk_left(tmp_path):
    path = tmp_path / "results.jsonl"
    assert runner._results(path) == []
    whole = {"claim": "a line\u2028or\x85two · 一", "slack": float("-inf")}
    line = json.dumps(whole, ensure_ascii=False).encode() + b"\n"
    verdict = b'{"exercise": 1}\n'
    found = whole | {"slack": "-Infinity"}  # JSON has no such number
    for rest in (b"", line[:-1], line[:5], line[:-3]):
        path.write_bytes(line + verdict + line + rest)
        assert runner._results(path) == [found, found]


FRAMES = """
import sys
for step in range(3):
    print(f"\\rstep {step} " + "." * (3 - step), end="", flush=True)
print("\\ndone", flush=True); print("really · 完成")
"""
WIDGET = """
from IPython.display import display
view = {"version_major": 2, "version_minor": 0, "model_id": "1f"}
display({"application/vnd.jupyter.widget-view+json": view, "text/plain": "[figure]",
         "image/png": "aGk="}, metadata={"image/png": {"alt": "hi"}}, raw=True)
"""
PAIR = "from course_utils.checks import expect; expect('works', True)"


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """What storing made of four notebooks: paths by name, complaints by name."""
    folder = tmp_path_factory.mktemp("stored")
    extend = "open('03_changes.ipynb', 'a').write(' ')"
    sources = {
        "01_clean": [FRAMES, WIDGET, PAIR, "6 * 7"],
        "02_warns": ["1", "import warnings; warnings.warn('beware')"],
        "03_changes": ["1", extend],
        "04_fails": ["1", "1 / 0"],
    }
    paths = {name: write_notebook(folder, name, *s) for name, s in sources.items()}
    notebook = nbformat.read(paths["01_clean"], 4)
    notebook.metadata.update(widgets={"a": 1}, jupytext={"b": 2})
    notebook.cells[1].metadata.execution = {"iopub.execute_input": "2026-01-01"}
    nbformat.write(notebook, paths["01_clean"])
    return paths, store_all(list(paths.values()))


def store_all(paths):
    """Store notebooks; the original and the complaint, or None, by name."""
    originals = {path.stem: path.read_bytes() for path in paths}
    complaints = {}
    for outcome in runner.execute(paths):
        store(outcome, originals[outcome.name])
        complaint = outcome.failure and str(outcome.failure)
        complaints[outcome.name] = (originals[outcome.name], complaint)
    return complaints


def test_storing_cleans_outputs(stored):
    paths, complaints = stored
    assert complaints["01_clean"][1] is None
    text = paths["01_clean"].read_text("utf-8")
    assert text.endswith("}\n")
    assert "完成" in text
    assert '\n "cells"' in text  # one blank per level, as Jupyter writes
    notebook = nbformat.reads(text, 4)
    nbformat.validate(notebook)
    frames, widget, pair, number = notebook.cells[1:]
    [stream] = frames.outputs
    assert stream.text == "step 2 .\ndone\nreally · 完成\n"
    [figure] = widget.outputs
    assert set(figure.data) == {"image/png", "text/plain"}
    assert figure.metadata["image/png"]["alt"] == "hi"
    assert text_of(pair) == "✓ works\n"
    assert number.outputs[0].data["text/plain"] == "42"
    counts = [cell.execution_count for cell in notebook.cells[1:]]
    assert counts == [1, 2, 3, 4]
    assert number.outputs[0].execution_count == 4
    assert [cell.id for cell in notebook.cells] == ["title"] + [
        f"cell-{n}" for n in (1, 2, 3, 4)
    ]


def test_storing_leaves_no_trace_of_the_machine(stored):
    notebook = nbformat.read(stored[0]["01_clean"], 4)
    assert notebook.metadata == {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }
    assert all(cell.metadata == {} for cell in notebook.cells)


def test_storing_twice_gives_the_same_bytes(stored):
    path = stored[0]["01_clean"]
    once = path.read_bytes()
    assert store_all([path])["01_clean"][1] is None
    assert path.read_bytes() == once


def test_a_notebook_that_fails_stays_as_it_was(stored):
    paths, complaints = stored
    original, complaint = complaints["04_fails"]
    assert complaint == "cell 2: ZeroDivisionError: division by zero"
    assert paths["04_fails"].read_bytes() == original


def test_a_notebook_that_writes_to_stderr_is_not_stored(stored):
    paths, complaints = stored
    original, complaint = complaints["02_warns"]
    assert complaint.startswith("cell 2 writes to stderr: ")
    assert "UserWarning: beware" in complaint
    assert paths["02_warns"].read_bytes() == original


def test_a_notebook_edited_meanwhile_is_not_overwritten(stored):
    paths, complaints = stored
    original, complaint = complaints["03_changes"]
    assert "changed while it ran" in complaint
    assert paths["03_changes"].read_bytes() == original + b" "


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("a\nb\n", "a\nb\n"),
        ("\r1/2\r2/2\n", "2/2\n"),
        ("100 %\r5 %  \n", "5 %\n"),
        ("1/2\r2/2", "2/2"),
        ("1/2\r2/2\r", "2/2"),
        ("windows\r\nlines\r\n", "windows\nlines\n"),
        ("\r1\r2\nnext\r3\r4\n", "2\n4\n"),
        ("two  \n\n", "two  \n\n"),
        ("", ""),
    ],
)
def test_a_redrawn_line_keeps_its_last_look(printed, kept):
    cell = nbformat.v4.new_code_cell("1")
    # a stream may arrive in pieces, cut anywhere
    pieces = [printed[:3], printed[3:]]
    cell.outputs = [nbformat.v4.new_output("stream", text=piece) for piece in pieces]
    clean(nbformat.v4.new_notebook(cells=[cell]))
    assert [out.text for out in cell.outputs] == [kept]


def test_stdout_and_stderr_are_not_merged():
    cell = nbformat.v4.new_code_cell("1")
    cell.outputs = [
        nbformat.v4.new_output("stream", name=name, text=name)
        for name in ("stdout", "stderr", "stdout")
    ]
    clean(nbformat.v4.new_notebook(cells=[cell]))
    assert [out.name for out in cell.outputs] == ["stdout", "stderr", "stdout"]


def test_writing_replaces_a_file_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "new" / "file.txt"
    files.write_atomically(path, "one · 一\n")
    assert path.read_bytes() == "one · 一\n".encode()

    def fail(*_):
        raise PermissionError("in use")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(PermissionError):
        files.write_atomically(path, b"two")
    assert path.read_bytes() == "one · 一\n".encode()
    assert os.listdir(path.parent) == ["file.txt"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_writing_keeps_permissions(tmp_path):
    path = tmp_path / "file.txt"
    files.write_atomically(path, "new")
    plain = tmp_path / "plain.txt"
    plain.write_text("new", "utf-8")
    assert path.stat().st_mode == plain.stat().st_mode
    path.chmod(0o640)
    files.write_atomically(path, "newer")
    assert path.stat().st_mode & 0o777 == 0o640


def test_writing_leaves_the_umask_alone(tmp_path, monkeypatch):
    """It is the whole process's: other threads would write files with another."""

    def touched(mask):
        raise AssertionError("the umask was changed")

    monkeypatch.setattr(os, "umask", touched)
    files.write_atomically(tmp_path / "file.txt", "new")
    assert (tmp_path / "file.txt").read_text("utf-8") == "new"
