"""What each target of the Makefile does, in the course's environment.

Standard library only: this runs before anything is installed.
"""

import contextlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

from course_tools.environment import prepare, read_stamp, remove, say
from course_tools.obstacles import SetupError
from course_tools.places import ON_WINDOWS, ROOT

USAGE = """\
Usage: make COMMAND            or: python3 -m course_tools.bootstrap COMMAND

  run      execute the notebooks and write build/index.html (NB=04 for one)
  slides   turn the notebooks into slides, build/slides/index.html (NB=04 for one)
  site     make the course's site, build/site/index.html
  test     run all tests
  lab      open the notebooks in JupyterLab
  doctor   check this machine before class
  list     list the notebooks
  store    execute notebooks and store their outputs in place (NB=04 for one)
  release  write copies without solutions (NB="01 02" ARGS="--to FOLDER")
  evidence rerun notebooks under several seeds and record what was measured (NB=04)
  mutants  break the project on purpose and see that the tests notice
  bench    measure the course on this machine: half an hour (ARGS="vision growth"
           for parts); bench-quick: roughly, in two minutes, to build/benchmarks
  lint     check the style of code and notebooks
  lock     write requirements.lock anew from pyproject.toml
  clean    remove the environments and everything that was built

Every command makes the environment first if there is none. What else there is:
python3 -m course_tools.bootstrap --help"""


def main(arguments, root=ROOT):
    """Run a command in the course's environment, which is made if need be.

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
        print(USAGE)
        return 0
    try:
        if arguments == ["clean"]:
            return clean(root)
        python = prepare(root)
    except (SetupError, OSError) as problem:
        say(problem)
        return 2
    except KeyboardInterrupt:
        say("set-up interrupted; next time it starts anew")
        return 130
    os.chdir(root)
    return run_in(python, commands(*arguments))


def commands(name, *arguments):
    """The arguments of the environment's Python that carry out a command, in turn."""
    scripts = {"evidence": "tests/record_evidence.py", "mutants": "tests/mutants.py"}
    if name in scripts:
        return [[scripts[name], *arguments]]
    if name == "bench-quick":
        name, arguments = "bench", ("--quick", *arguments)
    if name == "bench":
        return [["benchmarks/run.py", *arguments]]
    if name == "lint":
        return [["-m", "ruff", "check"], ["-m", "ruff", "format", "--check"]]
    if name == "lock":
        return lock_commands(arguments)
    return [["-m", "course_tools", name, *arguments]]


def lock_commands(arguments):
    """How requirements.lock is made: one file for all systems and Pythons.

    Wheels only, since students have no compiler, and hashes, since mirrors are many.
    """
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
    build = project["project"]["optional-dependencies"]["build"]
    os.environ["UV_CUSTOM_COMPILE_COMMAND"] = "make lock"
    resolve = (
        "pyproject.toml --extra test --extra site --universal --python-version 3.11 "
        "--fork-strategy fewest --only-binary :all: --generate-hashes "
        "--no-emit-index-url --quiet --output-file requirements.lock"
    )
    return [
        ["-m", "pip", "install", "--quiet", *(r for r in build if r.startswith("uv"))],
        ["-m", "uv", "pip", "compile", *resolve.split(), *arguments],
    ]


def run_in(python, runs):
    """Run Python several times, stopping at the first failure; the exit status."""
    scripts = python.parent
    os.environ["VIRTUAL_ENV"] = str(scripts.parent)
    os.environ["PATH"] = f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}"
    sys.stdout.flush()
    status = 0
    for number, arguments in enumerate(runs, start=1):
        command = [str(python), *arguments]
        if number == len(runs) and not ON_WINDOWS:
            os.execv(python, command)
        status = 130
        with contextlib.suppress(KeyboardInterrupt):  # the command heard it as well
            status = subprocess.run(command).returncode
        if status:
            break
    return status


def clean(root):
    """Remove what the commands made, environments included."""
    for folder in root.glob(".venv*"):
        if read_stamp(folder):
            remove(folder)
    for name in ("build", ".pytest_cache", ".ruff_cache", "course_utils.egg-info"):
        remove(root / name)
    return 0
