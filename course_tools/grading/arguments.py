"""The row of `grade` in the table of commands. Standard library only, as that table."""

import argparse
from pathlib import Path

from course_tools.arguments import Command, argument, folder, number


def shard(text):
    """What reads ``2/4``: the second of four parts."""
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise argparse.ArgumentTypeError(f"{text} is not of the form 2/4")
    return int(part), int(parts)


GRADE = Command(
    "grade",
    "grading.command:command",
    """grade what a class handed in, each answer in a sandbox without network

    Takes a folder or zip of notebooks: one folder for each student, files named after
    them, or what Moodle's "download all submissions" gives. Writes grades.csv, a page
    on what the class got wrong, and feedback for each student. Stopped, it goes on
    where it was. Needs bubblewrap (Linux).
    """,
    (
        argument(
            "submissions",
            nargs="?",
            metavar="SUBMISSIONS",
            type=Path,
            help="folder or zip of what was handed in",
        ),
        argument("--lectures", nargs="+", metavar="NN", required=True),
        folder("--to", Path("grades"), "where results go (default: grades/)"),
        number("--jobs", 2, "how many students at a time"),
        number("--timeout", 60, "longest time for one answer, in seconds"),
        argument(
            "--shard",
            type=shard,
            default=(1, 1),
            metavar="I/N",
            help="grade the I-th of N parts of the class only",
        ),
        argument(
            "--merge",
            action="store_true",
            help="grade nothing: put parts together that are in the folder",
        ),
        argument(
            "--unsafe",
            action="store_true",
            help="without sandbox: answers can do whatever you can",
        ),
    ),
    ("grade handed_in.zip --lectures 04", "grade in --lectures 4 5 --shard 1/4"),
)
