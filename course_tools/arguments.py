"""What the table of commands in `main` is made of.

Standard library only: the set-up reads that table before anything is installed.
"""

import argparse
from pathlib import Path
from typing import NamedTuple


class Command(NamedTuple):
    """A row: what runs it is ``module:function``, or a script and its arguments.

    The function takes the parsed arguments and returns the exit status. A script, and
    what `programs` starts, are handed what is not declared here.
    """

    name: str
    runs: str
    about: str  # one line, then details
    arguments: tuple = ()
    examples: tuple = ()

    @property
    def passes_on(self):
        return ".py" in self.runs or self.runs.startswith("programs:")


def argument(*names, **settings):
    return names, settings


def positive(text):
    """What reads a number above 0."""
    if not int(text) > 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return int(text)


def number(name, default, about):
    about = f"{about} (default: {default})"
    return argument(name, metavar="N", type=positive, default=default, help=about)


def folder(name, default, about):
    return argument(name, metavar="FOLDER", type=Path, default=default, help=about)
