"""Makes the course's environment, once.

What is installed is what requirements.lock names. The environment carries a stamp that
says what it was made from; it is written last, so that an interrupted set-up is redone,
and a matching stamp means that nothing needs to be done and no network is needed.

Standard library only: this runs before anything is installed.
"""

import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time

from course_tools.obstacles import (
    SetupError,
    check_machine,
    check_space,
    what_failed,
)
from course_tools.places import INTERPRETER, ON_WINDOWS

STAMP = "course-setup.json"
LOG = "build/setup.log"


def prepare(root):
    """Make the environment unless it is there already.

    Returns
    -------
    pathlib.Path
        Its Python.

    Raises
    ------
    SetupError
        If something that it needs is missing.
    """
    try:
        folder, wanted = choose_folder(root), wanted_stamp(root)
        if is_ready(folder, wanted):
            return python_in(folder)
        check_machine()
        with only_one(root / "build" / "setup.lock"):
            # another process may have been in the middle of making it
            folder = choose_folder(root)
            if is_ready(folder, wanted):
                return python_in(folder)
            if is_ready(folder, wanted, but="project"):
                install_course(folder, root)
                write_stamp(folder, wanted)
            else:
                replace(folder, root, wanted)
        return python_in(folder)
    except OSError as error:
        raise SetupError(explain(str(error), root)) from error


def wanted_stamp(root):
    """What the environment must have been made from."""
    return {
        "python": platform.python_version(),
        "root": str(root),
        "lock": sha256(root / "requirements.lock"),
        "project": sha256(root / "pyproject.toml"),
    }


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def choose_folder(root):
    """``.venv``; ``.venv-3.12`` where ``.venv`` is of another Python, or not ours."""
    minor = "{}.{}".format(*sys.version_info)
    choices = [root / ".venv", root / f".venv-{minor}"]
    for folder in choices:
        if f"{read_stamp(folder).get('python', '')}.".startswith(f"{minor}."):
            return folder
    for folder in choices:
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return folder
    raise SetupError(
        f".venv and .venv-{minor} in {root} were made by something else: move one away"
    )


def read_stamp(folder):
    """The stamp of an environment; an unfinished one names only its Python."""
    try:
        stamp = json.loads((folder / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(folder, stamp):
    temporary = folder / f"{STAMP}.new"
    temporary.write_text(json.dumps(stamp, indent=1), "utf-8")
    temporary.replace(folder / STAMP)


def is_ready(folder, wanted, but=None):
    """Whether the environment was made from what is wanted, `but` for one thing."""
    stamp = read_stamp(folder)
    same = all(stamp.get(key) == wanted[key] for key in wanted if key != but)
    return same and python_in(folder).exists()


def python_in(folder):
    return folder.joinpath(*INTERPRETER)


def replace(folder, root, wanted):
    """Make the environment anew; if that fails, an older one comes back unharmed."""
    old = folder.with_name(f"{folder.name}-old")
    if "lock" in read_stamp(folder):  # finished, from an older lock: works offline
        remove(old)
        folder.rename(old)
    try:
        remove(folder)
        build(folder, root, wanted)
    except BaseException:
        if old.exists():
            remove(folder)
            old.rename(folder)
        raise
    remove(old)


def remove(folder):
    if folder.exists():
        shutil.rmtree(folder)


def build(folder, root, wanted):
    """Make the environment in a new folder."""
    check_space(root)
    start = time.monotonic()
    (root / LOG).write_bytes(b"")
    say(f"making {folder.name} with Python {wanted['python']}; once, a few minutes")
    folder.mkdir()
    write_stamp(folder, {"python": wanted["python"]})
    # not the environment's own interpreter, which may be what is being replaced
    base = getattr(sys, "_base_executable", None) or sys.executable
    run_logged([base, "-m", "venv", folder], root)
    lock = root / "requirements.lock"
    pip(folder, root, "--only-binary", ":all:", "-r", lock, progress=Progress(lock))
    install_course(folder, root)
    write_stamp(folder, wanted)
    say(f"{folder.name} is ready after {time.monotonic() - start:.0f} s")


def install_course(folder, root):
    """Install the package itself, from the clone."""
    pip(folder, root, "--no-deps", "--no-build-isolation", "--editable", root)


def pip(folder, root, *arguments, progress=None):
    options = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    command = [python_in(folder), "-m", "pip", "install", *options, *arguments]
    run_logged(command, root, progress)


def run_logged(command, root, progress=None):
    """Run a command with its output in the log.

    Raises
    ------
    SetupError
        If it fails, with the reason in one line.
    """
    # the lock file's handle is inherited: it stays locked as long as a child lives
    with (
        (root / LOG).open("a", encoding="utf-8") as log,
        subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            close_fds=False,
            cwd=root,
            env={**os.environ, "PIP_USER": "0", "PYTHONIOENCODING": "utf-8"},
        ) as process,
    ):
        lines = []
        try:
            for line in process.stdout:
                lines.append(line)
                log.write(line)
                if progress:
                    progress.saw(line)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise SetupError(explain("".join(lines), root))


class Progress:
    """Tells what pip is doing, from its output: one line, redrawn on a terminal."""

    def __init__(self, lock):
        names = re.findall(r"^[\w.-]+==", lock.read_text("utf-8"), flags=re.MULTILINE)
        self.total, self.seen = len(names), 0

    def saw(self, line):
        line = line.strip()
        if match := re.match(r"(?:Collecting|Processing) (\S+)", line):
            self.seen += 1
            name = re.split(r"[/\\]", match[1])[-1]
            say(f"downloading {self.seen} of {self.total}: {name}", redraw=True)
        elif line.startswith("Installing collected"):
            say(f"installing {line.count(',') + 1} packages", redraw=True)
        elif "Retrying (" in line:
            say("the package index does not answer; trying again", redraw=True)


def explain(output, root):
    """One line: the reason of a failure, and where the details are."""
    details = f" (details: {LOG})" if (root / LOG).exists() else ""
    return what_failed(output, root) + details


def say(text, redraw=False):
    """Print a line on stderr; `redraw` marks those that only a terminal gets to see."""
    if sys.stderr.isatty():
        text = f"\r\033[K{text}" if redraw else f"\r\033[Kcourse: {text}\n"
    elif redraw:
        return
    else:
        text = f"course: {text}\n"
    sys.stderr.write(text)
    sys.stderr.flush()


@contextlib.contextmanager
def only_one(path):
    """Let one process at a time make the environment; others wait for it."""
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        told = False
        while not try_lock(file):
            if not told:
                say("waiting for another set-up in this folder to finish")
                told = True
            time.sleep(0.2)
        yield


def try_lock(file):
    """Lock an open file if nobody else has; closing it, or dying, unlocks it."""
    try:
        if ON_WINDOWS:
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            os.set_inheritable(file.fileno(), True)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
