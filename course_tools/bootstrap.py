"""Runs one of the course's commands in its own environment, from any bare Python.

    python3 -m course_tools.bootstrap run

Old Pythons must be able to read this file, to be told in one line that they are too
old. So nothing here is newer than Python 2.7; all else is in `setup`.
"""

import os
import subprocess
import sys

SUPPORTED = ((3, 11), (3, 12), (3, 13))
PREFERRED = ((3, 12), (3, 13), (3, 11))
ON_WINDOWS = os.name == "nt"
#: What a Python must be able to do to make the environment.
PROBE = "import sys, ensurepip, venv; print('python %d.%d' % sys.version_info[:2])"


def main(arguments=None):
    """Set up the environment if need be, run the command in it; the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if sys.version_info[:2] in SUPPORTED:
        from course_tools import setup

        return setup.main(arguments)
    python = made_before(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if python:  # by an earlier command, under a Python that serves
        return subprocess.call([python, "-m", "course_tools.bootstrap"] + arguments)
    sys.stderr.write(wrong_python(sys.version_info, arguments) + "\n")
    return 2


def made_before(root):
    """The interpreter of an environment in `root` that was set up and still runs."""
    for folder in below(root, ".venv"):
        if os.path.isfile(os.path.join(folder, "course-setup.json")):
            for python in ("bin/python", "Scripts/python.exe"):
                python = os.path.join(folder, *python.split("/"))
                if version_of([python]) in SUPPORTED:
                    return python
    return None


def wrong_python(version, arguments):
    """One line: what is needed, what this is, and a command that would work here."""
    command = " ".join(arguments[:1]) or "run"
    command += "".join(" NB=" + number for number in arguments[1:2] if number.isdigit())
    python = find_python()
    advice = "Try: " if python else "Install Python 3.12, then: "
    if ON_WINDOWS:
        advice += " ".join(python or ["py", "-3.12"])
        advice += " -m course_tools.bootstrap " + " ".join(arguments or ["run"])
    else:
        advice += "make %s PYTHON=%s" % (command, (python or ["python3.12"])[0])
    return "course: needs Python 3.11, 3.12 or 3.13; this is %d.%d.%d (%s). %s" % (
        tuple(version[:3]) + (sys.executable, advice)
    )


def find_python():
    """The command of an installed Python that serves, as a list; None if there is none.

    Each is really started: a shim of pyenv or of the Microsoft Store may only fail.
    """
    for command in candidates():
        if version_of(command) in SUPPORTED:
            return command
    return None


def candidates():
    """Commands that might start a Python that serves, the shortest to type first."""
    names = ["python%d.%d" % version for version in PREFERRED]
    if ON_WINDOWS:
        for version in PREFERRED:
            yield ["py", "-%d.%d" % version]
        names = []
    names += ["python3", "python"]
    for name in names:
        yield [name]
    for name in names:
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            path = os.path.join(folder, name)
            if os.path.isabs(path) and os.access(path, os.X_OK):
                yield [path]
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    for version in PREFERRED:
        for path in below(os.path.join(pyenv, "versions"), "%d.%d." % version):
            yield [os.path.join(path, "bin", "python3")]


def below(folder, start):
    """Paths in a folder whose names start so; a pattern would trip over brackets."""
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [os.path.join(folder, name) for name in names if name.startswith(start)]


def version_of(command):
    """(major, minor) of the Python that `command` starts; None if it does not."""
    with open(os.devnull, "r+") as nothing:
        try:
            process = subprocess.Popen(
                command + ["-c", PROBE],
                stdin=nothing,
                stdout=subprocess.PIPE,
                stderr=nothing,
            )
        except OSError:
            return None
        output = process.communicate()[0].decode("ascii", "replace").split()
    if process.returncode or len(output) != 2 or output[0] != "python":
        return None
    return tuple(int(part) for part in output[1].split("."))


if __name__ == "__main__":
    sys.exit(main())
