"""Which notebooks there are, and what they say of themselves.

Only the standard library is imported here: listing the notebooks takes no time.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Entry", "UnknownNotebook", "describe", "find", "select"]


class UnknownNotebook(ValueError):
    """No notebook by that name; the message lists what there is."""


@dataclass(frozen=True)
class Entry:
    """What the first cells of a notebook say about it; "" for what they do not say.

    `stored` tells whether every code cell holds the outputs of a run.
    """

    path: Path
    number: str
    title: str
    title_zh: str
    section: str
    time: str
    stored: bool


def find(folder):
    """The course's notebooks in a folder, by number.

    Parameters
    ----------
    folder : path-like

    Returns
    -------
    list of pathlib.Path
        Files named ``NN_name.ipynb``.

    Raises
    ------
    UnknownNotebook
        If there is none.
    """
    found = sorted(Path(folder).glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise UnknownNotebook(f"there are no notebooks in {folder}")
    return found


def select(paths, wanted):
    """The notebooks that someone named, each once, in their own order.

    Parameters
    ----------
    paths : sequence of pathlib.Path
    wanted : sequence of str
        Numbers (``4``, ``04``), names (``optimizers``, ``04_optimizers``) or files
        (``notebooks/04_optimizers.ipynb``); several in one text are separated by
        commas or blanks. ``NB=04`` is taken as ``04``. Nothing means all.

    Raises
    ------
    UnknownNotebook
        If one of them does not exist.
    """
    chosen = {_one(paths, name) for text in wanted for name in _names(text)}
    return [path for path in paths if not chosen or path in chosen]


def _names(text):
    text = re.sub(r"^NB=", "", text.strip(), flags=re.IGNORECASE)
    if text.endswith(".ipynb") and re.search(r"[/\\]", text):
        return [text]  # a path, whose folders may have blanks in their names
    return [name for name in re.split(r"[,\s]+", text) if name]


def _one(paths, name):
    stem = re.split(r"[/\\]", name)[-1].removesuffix(".ipynb")
    for path in paths:
        number, _, words = path.stem.partition("_")
        same_number = stem.isdecimal() and int(stem) == int(number)
        if same_number or stem.lower() in (path.stem.lower(), words.lower()):
            return path
    known = ", ".join(path.stem for path in paths)
    raise UnknownNotebook(f"there is no notebook {name!r}; there are: {known}")


def describe(path):
    """What a notebook says of itself in its opening cells.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    Entry
        The file's name stands for the title of a notebook that cannot be read.
    """
    number, _, words = path.stem.partition("_")
    try:
        cells = json.loads(path.read_text("utf-8"))["cells"]
        prose = "\n".join("".join(cell["source"]) for cell in cells[:3])
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        stored = bool(code) and all(cell["execution_count"] for cell in code)
    except (OSError, ValueError, KeyError, TypeError):
        prose, stored = "", False
    title, title_zh = _titles(prose) or (words.replace("_", " "), "")
    section = _field(prose, "Lecture section")
    return Entry(path, number, title, title_zh, section, _field(prose, "Time"), stored)


def _titles(prose):
    """English and Chinese title of ``# 01 · English · 中文``."""
    if match := re.search(r"^# +(?:\d+ *· *)?(.+)$", prose, flags=re.MULTILINE):
        english, _, chinese = match[1].partition("·")
        return english.strip(), chinese.strip()
    return None


def _field(prose, name):
    """The text behind a bold name, without markup."""
    match = re.search(rf"^\W*\*\*{name}:?\*\*:?(.*)$", prose, flags=re.MULTILINE)
    return re.sub(r"[*`]|\]\([^)]*\)|\[", "", match[1]).strip() if match else ""
