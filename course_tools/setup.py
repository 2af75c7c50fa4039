"""Makes the course's environment, once, and starts commands in it.

What is installed is what requirements.lock names. The environment carries a stamp that
says what it was made from; it is written last, so that an interrupted set-up is redone,
and a matching stamp means that nothing needs to be done and no network is needed.
``python -m course_tools.setup`` prints the environment's Python.

Standard library only: this runs before anything is installed.
"""

import contextlib
import hashlib
import itertools
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from course_tools import main as commands
from course_tools.places import INTERPRETER, ON_WINDOWS, ROOT, STAMP, UserError, command
from course_tools.setup_errors import (
    LOG,
    check_machine,
    check_pip,
    check_space,
    explain,
)


def main(arguments, root=ROOT):
    """Run a command of the course in its environment, which is made if need be.

    Parameters
    ----------
    arguments : list of str
        Command and its arguments.
    root : pathlib.Path
        The clone.

    Returns
    -------
    int
        Exit status; 2 if the environment cannot be made. On POSIX the command
        replaces this process, and the function does not return.
    """
    if arguments[:1] in ([], ["help"]):
        arguments = ["--help"]
    if commands.parse(arguments).row.name in commands.BARE:
        return commands.main(arguments)
    try:
        python = prepare(root)
    except UserError as problem:
        say(problem)
        return 2
    except KeyboardInterrupt:
        say("set-up interrupted; next time it starts anew")
        return 130
    os.chdir(root)
    os.environ["VIRTUAL_ENV"] = str(python.parent.parent)
    os.environ["PATH"] = f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    again = [str(python), "-m", "course_tools", *arguments]
    if not ON_WINDOWS:
        os.execv(python, again)
    try:
        return subprocess.run(again).returncode
    except KeyboardInterrupt:  # the command heard it as well
        return 130


def clean(options, root=ROOT):
    """Remove what the commands made, environments included."""
    made = [folder for folder in root.glob(".venv*") if read_stamp(folder)]
    if Path(sys.prefix) in made:
        raise UserError(f"an environment cannot remove itself: {command('clean')}")
    names = ("build", ".pytest_cache", ".ruff_cache", "course_utils.egg-info")
    for folder in (*made, *(root / name for name in names)):
        remove(folder)
    return 0


def prepare(root=ROOT):
    """Make the environment unless it is there already.

    Returns
    -------
    pathlib.Path
        Its Python.

    Raises
    ------
    UserError
        If something that it needs is missing.
    """
    try:
        folder, wanted = choose_folder(root), wanted_stamp(root)
        if not is_ready(folder, wanted):
            check_machine()
            with only_one(root / "build" / "setup.lock"):
                # another process may have been in the middle of making it
                folder = choose_folder(root)
                if is_ready(folder, wanted, but="project"):
                    install_course(folder, root)
                    write_stamp(folder, wanted)
                elif not is_ready(folder, wanted):
                    replace(folder, root, wanted)
        return python_in(folder)
    except OSError as error:
        raise UserError(explain(str(error), root)) from error


def wanted_stamp(root):
    """What the environment must have been made from."""
    files = {"lock": "requirements.lock", "project": "pyproject.toml"}
    hashes = {
        key: hashlib.sha256((root / name).read_bytes()).hexdigest()
        for key, name in files.items()
    }
    return {"python": platform.python_version(), "root": str(root)} | hashes


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
    raise UserError(
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
    pip(folder, root, "--only-binary", ":all:", "-r", lock, saw=progress(lock))
    install_course(folder, root)
    write_stamp(folder, wanted)
    say(f"{folder.name} is ready after {time.monotonic() - start:.0f} s")


def install_course(folder, root):
    """Install the package itself, from the clone, which is where pip is started."""
    pip(folder, root, "--no-deps", "--no-build-isolation", "--editable", ".")


def pip(folder, root, *arguments, saw=str):
    command = [python_in(folder), "-m", "pip"]
    check_pip(run_logged([*command, "config", "list"], root))
    options = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    run_logged([*command, "install", *options, *arguments], root, saw)


def run_logged(command, root, saw=str):
    """What a command prints, which the log gets, and `saw` line by line."""
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
        output = ""
        try:
            for line in process.stdout:
                output += line
                log.write(line)
                saw(line.strip())
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise UserError(explain(output, root))
    return output


def progress(lock):
    """A function that tells, from each line of pip's output, how far pip is."""
    names = re.findall(r"^[\w.-]+==", lock.read_text("utf-8"), flags=re.MULTILINE)
    count = itertools.count(1)

    def saw(line):
        if match := re.match(r"(?:Collecting|Processing) (?:\S*[/\\])?(\S+)", line):
            text = f"downloading {next(count)} of {len(names)}: {match[1]}"
            say(text, redraw=True)
        elif line.startswith("Installing collected"):
            say(f"installing {line.count(',') + 1} packages", redraw=True)
        elif "Retrying (" in line:
            say("the package index does not answer; trying again", redraw=True)

    return saw


def say(text, redraw=False):
    """Print a line on stderr; `redraw` marks those that only a terminal gets to see."""
    terminal = sys.stderr.isatty()
    if terminal or not redraw:
        text = text if redraw else f"course: {text}\n"
        sys.stderr.write("\r\033[K" * terminal + text)
        sys.stderr.flush()


@contextlib.contextmanager
def only_one(path):
    """Let one process at a time make the environment; others wait for it."""
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        if not try_lock(file):
            say("waiting for another set-up in this folder to finish")
            while not try_lock(file):
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


if __name__ == "__main__":
    try:
        print(prepare())
    except UserError as problem:
        say(problem)
        sys.exit(2)
