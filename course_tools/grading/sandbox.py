"""Where answers run: apart from the grader, without network, within limits.

Bubblewrap makes a process that sees Python and its libraries, the course without its
exercises and notebooks, and an empty folder in memory; nothing else of the machine, no
network, no other process. Whatever it does, the grader only reads lines from it.
"""

import compileall
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from course_tools.places import ROOT, UserError

GB = 2**30
LIMITS = {
    "memory": 4 * GB,  # of addresses: TensorFlow reserves more than it uses
    "file": GB // 4,
    "processes": 256,
}
MEMORY = 3 * GB  # that all processes of a sandbox may hold together
LOOK = 0.2  # seconds between two looks at it
FOLDER = 256 * 2**20  # bytes of the folder in memory
START = 60  # seconds that Python may take to start on a busy machine
LONGEST_REPORT = 8 * 2**20  # bytes that are read from one process
SYSTEM = ("/bin", "/sbin", "/lib", "/lib64")  # links into /usr on most systems
#: One thread each, so that times add up; no graphics card, no network to look for.
SETTINGS = {
    "COURSE_OFFLINE": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "HOME": "/tmp",
    "KERAS_HOME": "/tmp",
    "MPLBACKEND": "agg",
    "MPLCONFIGDIR": "/tmp",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PATH": "/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUTF8": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}
STUB = '''\
"""Stands in for the checks of a lecture, which are not here."""


def __getattr__(name):
    if not name.startswith("check_"):
        raise AttributeError(name)
    return lambda *answer: None
'''


class Sandbox:
    """A place to run answers; use it in a ``with`` statement.

    Parameters
    ----------
    unsafe : bool
        Do without bubblewrap: answers can then read, write and send whatever the user
        can who started the grader.

    Raises
    ------
    UserError
        If there is no bubblewrap, or the system does not let it work.
    """

    def __init__(self, unsafe=False):
        self.unsafe = unsafe
        self.folder = Path(tempfile.mkdtemp(prefix="course-grade-"))

    def __enter__(self):
        try:
            self.folder.chmod(0o755)
            for name in ("blind", "open"):
                _stage(self.folder / name, exercises=name == "open")
            if not self.unsafe:
                _probe(self._command(False))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, exercises, *, judge, seconds):
        """Run answers one after the other; each ends in a line, or ends them all.

        Parameters
        ----------
        exercises : list of dict
            As `inside` describes them.
        judge : bool
            Let the lecture's own checks run in there.
        seconds : float
            Longest time for one exercise.

        Yields
        ------
        dict
            What `inside` reports of an exercise, in the order given. The last may be
            ``{"failed": "time"}``, ``"output"`` or ``"ended"``, without a number.
        """
        # in case that answers run on where nobody waits for them any more
        limits = LIMITS | {"seconds": int(seconds * len(exercises)) + 60}
        limits["drop"] = not self.unsafe
        job = {"limits": limits, "judge": judge, "exercises": exercises}
        with (
            tempfile.TemporaryDirectory(dir=self.folder) as home,
            subprocess.Popen(
                self._command(judge),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=home,
                env=self._environment(judge, home),
                start_new_session=True,
            ) as process,
        ):
            try:
                yield from _reports(process, job, len(exercises), seconds)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(2)  # it ends by itself, unless it was stopped
            finally:
                with contextlib.suppress(OSError):  # its helpers, too
                    os.killpg(process.pid, 9)
                process.kill()

    def _environment(self, judge, home):
        if not self.unsafe:
            return {"PATH": SETTINGS["PATH"]}
        course = self.folder / ("open" if judge else "blind")
        return SETTINGS | {"HOME": home, "PYTHONPATH": str(course)}

    def _command(self, judge):
        """The program to start, and all that it may see."""
        course = self.folder / ("open" if judge else "blind")
        if self.unsafe:
            return [sys.executable, str(course / "inside.py")]
        see = ["--ro-bind", "/usr", "/usr"]
        for path in map(Path, SYSTEM):
            if path.is_symlink():
                see += ["--symlink", os.readlink(path), str(path)]
            elif path.is_dir():
                see += ["--ro-bind", str(path), str(path)]
        see += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
        for prefix in dict.fromkeys((sys.base_prefix, sys.prefix)):
            if not Path(prefix).is_relative_to("/usr"):
                for above in reversed(Path(prefix).parents[:-1]):  # else root's alone
                    see += ["--perms", "0755", "--dir", str(above)]
                see += ["--ro-bind", prefix, prefix]
        see += ["--ro-bind", str(course), "/course"]
        see += ["--ro-bind", str(ROOT / "data"), "/course/data"]
        see += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777"]
        see += ["--size", str(FOLDER), "--tmpfs", "/tmp", "--chdir", "/tmp"]
        for name, value in (SETTINGS | {"PYTHONPATH": "/course"}).items():
            see += ["--setenv", name, value]
        alone = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
        if os.getuid() == 0:  # `inside` becomes nobody, which needs these two rights
            alone += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID"]
            alone += ["--cap-add", "CAP_SETGID"]
        else:
            alone += ["--unshare-user", "--unshare-cgroup-try"]
        alone += ["--die-with-parent", "--new-session", "--clearenv"]
        return ["bwrap", *alone, *see, sys.executable, "/course/inside.py"]


def _stage(folder, *, exercises):
    """A copy of what answers may import: the package, with its exercises or stubs."""
    leave = shutil.ignore_patterns("__pycache__", *([] if exercises else ["exercises"]))
    shutil.copytree(ROOT / "course_utils", folder / "course_utils", ignore=leave)
    if not exercises:
        stubs = folder / "course_utils" / "exercises"
        stubs.mkdir()
        for path in (ROOT / "course_utils" / "exercises").glob("*.py"):
            (stubs / path.name).write_text(STUB, encoding="utf-8")
    for name in ("inside.py", "values.py"):
        shutil.copy(Path(__file__).with_name(name), folder / name)
    (folder / "data").mkdir()
    compileall.compile_dir(folder, quiet=2)


def _probe(command):
    """Raise unless an empty job runs."""
    how = (
        "or grade with --unsafe, where answers can read, change and send whatever you "
        "can"
    )
    if not shutil.which("bwrap"):
        raise UserError(f"bubblewrap is missing: apt install bubblewrap, {how}")
    job = {"limits": LIMITS | {"seconds": 60, "drop": True}, "judge": False}
    job = json.dumps(job | {"exercises": []})
    done = subprocess.run(
        command, input=job, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        reason = (done.stderr.strip() or f"status {done.returncode}").splitlines()[-1]
        raise UserError(
            f"bubblewrap cannot make a sandbox here ({reason}). The system must allow "
            f"user namespaces (Ubuntu: an AppArmor profile for bwrap), {how}"
        )


def _reports(process, job, count, seconds):
    """The lines of a process, until all have come or it stops giving any."""
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(json.dumps(job).encode())
        process.stdin.close()
    pipe, buffer, read = process.stdout.fileno(), b"", 0
    deadline, begun = time.monotonic() + START, False
    while count:
        ready = select.select([pipe], [], [], LOOK)[0]
        if time.monotonic() > deadline:
            yield {"failed": "time"}
            return
        if not ready and _resident(process.pid) > MEMORY:
            yield {"failed": "memory"}
            return
        if not ready:
            continue
        data = os.read(pipe, 2**20)
        read += len(data)
        if not data or read > LONGEST_REPORT:
            yield {"failed": "output" if data else "ended"}
            return
        *whole, buffer = (buffer + data).split(b"\n")
        if whole:
            deadline = time.monotonic() + seconds
        if whole and not begun:  # its first line says that it begins
            begun, whole = True, whole[1:]
        for line in whole[:count]:
            yield _report(line)
        count -= len(whole[:count])


def _resident(pid):
    """Bytes that a process and all below it hold; 0 once they are gone."""
    try:
        family = psutil.Process(pid).children(recursive=True)
        return sum(one.memory_info().rss for one in family)
    except psutil.Error:
        return 0


def _report(line):
    """A line as a dict, whatever an answer has written in its place."""
    try:
        report = json.loads(line)
    except (ValueError, RecursionError):
        return {"failed": "output"}
    return report if isinstance(report, dict) else {"failed": "output"}
