"""The course as a site that needs no server and no network: ``build/site``.

What the pages are made of, and how, is said in docs/site/conf.py. Nothing is executed.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from course_tools import lectures
from course_tools.places import ROOT, UserError

__all__ = ["command"]

CONFIGURATION = ROOT / "docs" / "site"
#: Sphinx writes it into every site that it makes.
MARK = ".buildinfo"
LIBRARIES = ("sphinx", "myst_nb", "pydata_sphinx_theme")


def command(options):
    """Make the site; it replaces an older one as a whole, or leaves it as it was; 0."""
    target = options.to.absolute()
    for name in LIBRARIES:
        if not importlib.util.find_spec(name):
            raise ModuleNotFoundError(name=name)
    empty = target.is_dir() and not any(target.iterdir())
    if target.exists() and not empty and not (target / MARK).is_file():
        raise UserError(f"{target} is not a site that this command made; name another")
    found = lectures.read()
    # Sphinx would tell of a mistake in docs/lectures in thirty lines
    lectures.lecture_map(found), lectures.glossary(found)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        _run_sphinx(work)
        _swap(work / "site", target, aside=work / "old")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"site: {target / 'index.html'}")
    return 0


def _run_sphinx(work, configuration=CONFIGURATION):
    """Make ``work/site``; every link that leads nowhere is an error."""
    source = work / "source"
    source.mkdir()  # the configuration fills it
    strict = ("--nitpicky", "--fail-on-warning", "--keep-going", "--quiet")
    folders = ("-c", configuration, "-d", work / "doctrees", source, work / "site")
    command = [sys.executable, "-X", "utf8", "-m", "sphinx", *strict, "--no-color"]
    done = subprocess.run(
        [*command, "--jobs", "2", *map(str, folders)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        said = done.stdout.strip().replace(f"{source}{os.sep}", "")
        raise UserError(f"Sphinx could not make the site:\n{said}")


def _swap(new, target, aside):
    if target.exists():
        target.rename(aside)
    try:
        new.rename(target)
    except OSError:
        if aside.exists():
            aside.rename(target)
        raise
