"""Which notebooks are meant, and what they say of themselves.

No library is imported here: listing the notebooks takes no time.
"""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from course_tools import notebook
from course_tools.notebook import UnknownNotebook, find
from course_tools.terminal import readable

__all__ = ["Entry", "UnknownNotebook", "command", "describe", "find", "select"]


def select(paths, wanted):
    """The notebooks that someone named, each once, in their own order.

    They are named by number (``4``, ``04``, ``NB=04``), name (``optimizers``,
    ``04_optimizers``) or file (``notebooks/04_optimizers.ipynb``); several in one text
    are separated by commas or blanks. Nothing means all. UnknownNotebook if one does
    not exist, or if a number belongs to several.
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
    exact = [path for path in paths if path.stem == stem]
    found = exact or [path for path in paths if _is_meant(path, stem)]
    if len(found) == 1:
        return found[0]
    if found:
        several = " and ".join(path.name for path in found)
        raise UnknownNotebook(f"{name!r} may be {several}: rename one, or say which")
    known = ", ".join(path.stem for path in paths)
    raise UnknownNotebook(f"there is no notebook {name!r}; there are: {known}")


def _is_meant(path, stem):
    number, _, words = path.stem.partition("_")
    same_number = stem.isdecimal() and int(stem) == int(number)
    return same_number or stem.lower() in (path.stem.lower(), words.lower())


@dataclass(frozen=True)
class Entry:
    """What the first cells of a notebook say about it; "" for what they do not say.

    `stored` tells whether every cell that runs holds the outputs of a run.
    """

    path: Path
    number: str
    title: str
    title_zh: str
    section: str
    time: str
    stored: bool


def describe(path):
    """The `Entry` of a notebook; its file's name is the title if it cannot be read."""
    number, _, words = path.stem.partition("_")
    try:
        cells = notebook.peek(path)["cells"]
        opening = "\n".join(map(notebook.source, cells[:3]))
        counts = [c.get("execution_count") for c in cells if notebook.runs(c)]
        stored = bool(counts) and all(counts)
    except (OSError, ValueError, LookupError, TypeError):
        opening, stored = "", False
    title, title_zh = _titles(opening) or (words.replace("_", " "), "")
    section, time = _field(opening, "Lecture section"), _field(opening, "Time")
    return Entry(path, number, title, title_zh, section, time, stored)


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


def command(options):
    """Print what notebooks there are, and what each says of itself; 0."""
    paths = find(options.folder)
    numbers = Counter(path.stem[:2] for path in paths)
    for path in select(paths, options.notebooks):
        about = describe(path)
        file = path.name if numbers[about.number] > 1 else ""
        title = readable(f"{about.title} · {about.title_zh}".rstrip(" ·"))
        stored = "outputs stored" if about.stored else "no stored outputs"
        facts = [readable(file), readable(about.section), about.time, stored]
        print(f"{about.number}  {title}\n    {' | '.join(filter(None, facts))}")
    return 0
