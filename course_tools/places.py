"""Where things are, and which settings the course reads from the environment.

Standard library only: set-up imports it, before anything is installed.
"""

import os
import sys
from pathlib import Path

#: The clone.
ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / "build"
#: Files of other projects that pages load, a folder each.
ASSETS = ROOT / "course_tools" / "assets"

ON_WINDOWS = os.name == "nt"
#: Where an environment has its Python.
INTERPRETER = ("Scripts", "python.exe") if ON_WINDOWS else ("bin", "python")
#: In an environment that the set-up made: what it was made from.
STAMP = "course-setup.json"

#: Every setting that is read; README explains those that are for users.
VARIABLES = (
    "COURSE_CHROMIUM",  # browser of the tests, where it is not on the path
    "COURSE_DATA_DIR",
    "COURSE_EXPECT",  # "record": a claim that fails stops nothing
    "COURSE_INCEPTION_WEIGHTS",
    "COURSE_MIRROR",
    "COURSE_NEEDS_CHROMIUM",  # tests fail, not skip, where there is no browser
    "COURSE_OFFLINE",
    "COURSE_RESULTS",  # file to which claims and verdicts are recorded
    "COURSE_SEED_OFFSET",  # added to every notebook's seed
)
#: Those of a user that would let a notebook use or compute something else.
PERSONAL = (
    "COURSE_EXPECT",
    "COURSE_INCEPTION_WEIGHTS",
    "COURSE_MIRROR",
    "COURSE_SEED_OFFSET",
)


class UserError(Exception):
    """Something that the user can mend; the message says in one line what."""


def command(name):
    """What to type for one of the course's commands."""
    if ON_WINDOWS:
        version = sys.version_info
        return "py -{}.{} -m course_tools.bootstrap {}".format(*version[:2], name)
    return "make " + name
