"""Starts the programs behind commands: pytest, JupyterLab, ruff, uv, scripts."""

import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

from course_tools.places import ROOT


def script(options):
    """One of the project's scripts."""
    return python(*options.row.runs.split(), *options.extra)


def test(options):
    """All tests but the long ones, as pyproject.toml says."""
    return _pytest(options.extra)


def test_long(options):
    """The tests that `test` leaves out."""
    return _pytest(options.extra, "-m", "long")


def _pytest(extra, *marks):
    numbers = list(itertools.takewhile(re.compile(r"(NB=)?[\d, ]+").fullmatch, extra))
    chosen = ["--nb", ",".join(numbers).removeprefix("NB=")] if numbers else []
    return python("-m", "pytest", *marks, *chosen, *extra[len(numbers) :])


def lab(options):
    """JupyterLab on the notebooks."""
    # Without this folder, JupyterLab asks other hosts for news and newer versions.
    settings = [str(Path(__file__).parent / "jupyter")]
    settings += filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(settings)
    # Else a kernel that the user once installed elsewhere may come first.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    return python("-m", "jupyterlab", *options.extra, cwd=options.folder)


def lint(options):
    """What ruff says of style and layout; where actionlint is, also of workflows."""
    check, layout = ["-m", "ruff", "check"], ["-m", "ruff", "format", "--check"]
    failed = python(*check, *options.extra) or python(*layout, *options.extra)
    if failed or not (actionlint := shutil.which("actionlint")):
        return failed
    return subprocess.call([actionlint, *ROOT.glob(".github/workflows/*.yml")])


def lock(options):
    """requirements.lock: one file for all systems and Pythons.

    Wheels only, since students have no compiler, and hashes, since mirrors are many.
    """
    os.environ["UV_CUSTOM_COMPILE_COMMAND"] = "make lock"
    resolve = (
        "pyproject.toml --extra tools --extra test --extra site --universal "
        "--python-version 3.11 --fork-strategy fewest --only-binary :all: "
        "--generate-hashes --no-emit-index-url --quiet --output-file requirements.lock"
    )
    return install_uv() or python(
        "-m", "uv", "pip", "compile", *resolve.split(), *options.extra
    )


def install_uv():
    """Have pip put uv into this environment, in the bounds of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    build = project["optional-dependencies"]["build"]
    uv = next(need for need in build if need.startswith("uv"))
    return python("-m", "pip", "install", "--quiet", uv)


def python(*arguments, cwd=ROOT):
    """Run this Python with arguments, wait for it, and return its exit status."""
    with subprocess.Popen([sys.executable, *arguments], cwd=cwd) as process:
        # It gets a Ctrl-C of the terminal itself, but not a signal to this process.
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the program got it too, and knows what to do
                continue
