"""The commands of a term with many students: rows of the table in `main`.

Standard library only, as that table.
"""

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

COPY = Command(
    "copy",
    "term.copies:copy",
    """write the whole course for students, without solutions

    Lectures as `release` writes them, the package, the data, and what an image needs:
    a repository to pull from, a folder to build an image from, or, with --zip, one file
    for any provider's JupyterLab. A repository's history is not touched: put the copy
    into a repository of its own.
    """,
    (
        argument("--to", metavar="FOLDER", type=Path, required=True),
        argument("--zip", action="store_true", help="one zip in the folder"),
        argument(
            "--force",
            action="store_true",
            help="replace the course in a folder that is not empty",
        ),
    ),
    ("copy --to ../students", "copy --to . --zip"),
)

FRESH = Command(
    "fresh",
    "term.copies:fresh",
    """give a lecture as it was handed out, beside what was edited

    The edited notebook stays, under a name that begins with my_.
    """,
    (argument("lectures", nargs="+", metavar="NN"),),
    ("fresh 04",),
)

QUIZ = Command(
    "quiz",
    "term.export:quiz",
    """write the lectures' questions as a file for Moodle (GIFT)

    What lectures ask before a figure, and what exercises give for one case, with usual
    mistakes as the other answers; in both languages.
    """,
    (
        argument("notebooks", nargs="*", metavar="NN", help="by number; or all"),
        argument("--to", metavar="FILE", type=Path, required=True),
    ),
    ("quiz 04 --to questions.gift",),
)

CARDS = Command(
    "cards",
    "term.export:cards",
    "write the glossary as cards for Anki, tab-separated",
    (argument("--to", metavar="FILE", type=Path, required=True),),
    ("cards --to glossary.txt",),
)

CLASSROOM = (GRADE, COPY, FRESH, QUIZ, CARDS)
