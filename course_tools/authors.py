"""A new lecture in the house style: ``make new NB=21 ARGS=linear_models``.

It begins as a copy of ``template/``, which runs and keeps the conventions: a notebook,
its exercise table, and its rows of the lecture map and terms of the glossary.
"""

import re
from pathlib import Path

from course_tools.places import NOTEBOOKS, ROOT, UserError
from course_utils.files import write_atomically

TEMPLATE = ROOT / "course_tools" / "template"


def new(options):
    """Write the files of a new lecture, all or, with a UserError, none; 0."""
    number, name = options.number.zfill(2), options.name
    if not re.fullmatch(r"\d\d", number) or not re.fullmatch(r"[a-z0-9_]+", name):
        raise UserError(
            f"{options.number} {name}: a lecture has a number of two digits and a name "
            "of small letters, digits and underscores, as in 21 linear_models"
        )
    files = {
        "notebook.ipynb": NOTEBOOKS / f"{number}_{name}.ipynb",
        "exercises.py": ROOT / f"course_utils/exercises/lecture_{number}.py",
        "lecture.toml": ROOT / f"docs/lectures/{number}.toml",
    }
    there = [*NOTEBOOKS.glob(f"{number}_*.ipynb"), *filter(Path.exists, files.values())]
    if there:
        raise UserError(f"lecture {number} has {there[0].relative_to(ROOT)} already")
    for source, target in files.items():
        text = (TEMPLATE / source).read_text("utf-8")
        text = re.sub(r"\bNN\b|(?<=lecture_)NN", number, text)  # not in a picture
        write_atomically(target, text)
        print(target.relative_to(ROOT).as_posix())
    print(f"write it in JupyterLab, then: make store NB={number}")
    return 0
