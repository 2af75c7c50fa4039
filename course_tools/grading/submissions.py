"""What was handed in: folders, files and archives, as lecturers get them.

Known are a folder for each student, files named after students, and what Moodle's
"download all submissions" gives, each as a folder or a zip, zips within them too.
Nothing is unpacked: no name in an archive ever becomes a path on this machine.
"""

import functools
import io
import os
import re
import unicodedata
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from course_tools import notebook
from course_tools.places import NOTEBOOKS, UserError

LARGEST = (
    20 * 2**20
)  # bytes of a notebook; one with all its pictures has 1 to 3 million
LARGEST_ARCHIVE = 500 * 2**20  # bytes of a zip within a zip or folder
MOST_FILES = 20_000  # in an archive
MOODLE = re.compile(r"(?P<name>.+?_\d+)_assignsubmission_file_?(?P<file>.*)")
PASSED_OVER = re.compile(r"(^|/)(\.|__MACOSX(/|$)|.*-checkpoint\.ipynb$)")


class File(NamedTuple):
    """A file that was handed in; `read` gives its bytes or raises `Unreadable`."""

    path: str  # below the place, with /
    changed: float  # seconds since 1970
    read: Callable


class Unreadable(Exception):
    """Why a file cannot be read."""


def students(place):
    """Notebooks by student, in the order of their names.

    Parameters
    ----------
    place : Path
        A folder or a zip.

    Returns
    -------
    dict of str to list of File
        Files that are no notebooks are left out, but for archives that cannot be
        opened. A student's list may be empty.
    """
    if not place.exists():
        raise UserError(f"{place}: there is no such folder or file")
    if place.is_dir():
        files = [*_in_folder(place)]
    elif zipfile.is_zipfile(place):
        files = [*_in_archive(lambda: place, "")]
    else:
        raise UserError(f"{place}: neither a folder nor a zip")
    found = {}
    for file in files:
        student, wanted = _student(file.path)
        entry = found.setdefault(student, [])
        if wanted and not file.path.endswith("/"):
            entry.append(file)
    return dict(sorted(found.items()))


def _student(path):
    """Whose a file is, and whether it may be a notebook."""
    first, _, rest = path.partition("/")
    moodle = MOODLE.fullmatch(first)
    if moodle:
        name = moodle["name"]
    elif rest:
        name = first.removesuffix(".zip")
    else:
        stem = re.sub(r"\.(ipynb|zip)$", "", first, flags=re.IGNORECASE)
        name = _lecture().sub("", stem).strip(" _-") or stem
    return shown(name), path.lower().endswith((".ipynb", ".zip"))


@functools.cache
def _lecture():
    """What finds the name of a lecture's notebook."""
    return re.compile("|".join(path.stem for path in notebook.find(NOTEBOOKS)))


def shown(text):
    """A name that cannot deceive: no control or bidirectional characters."""
    text = "".join(
        "�" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") else c for c in text
    )
    return text[:120]


def _in_folder(place):
    for folder, folders, names in os.walk(place):
        folders.sort()
        here = Path(folder).relative_to(place).as_posix()
        prefix = "" if here == "." else f"{_printable(here)}/"
        if PASSED_OVER.search(prefix):
            continue
        if prefix:
            yield File(prefix, 0.0, lambda: b"")
        for name in sorted([*names, *(f for f in folders if _is_link(folder, f))]):
            path = Path(folder, name)
            label = prefix + _printable(name)
            if PASSED_OVER.search(label):
                continue
            if path.is_symlink():
                yield File(f"{label}.ipynb", 0.0, _refuses("a link to another file"))
            elif name.lower().endswith(".zip"):
                yield from _in_archive(lambda path=path: path, f"{label}/")
            elif name.lower().endswith(".ipynb"):
                yield File(label, path.stat().st_mtime, _reader(path))


def _printable(name):
    """A name that is no UTF-8 holds halves of pairs, which cannot be written."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _is_link(folder, name):
    return Path(folder, name).is_symlink()


def _refuses(reason):
    def read():
        raise Unreadable(reason)

    return read


def _reader(path):
    def read():
        try:
            with path.open("rb") as file:
                return _limited(file)
        except OSError as error:
            raise Unreadable(error.strerror or str(error)) from None

    return read


def _limited(file, most=LARGEST):
    """What a file holds, unless it is more, whatever an archive says of its size."""
    data = file.read(most + 1)
    if len(data) > most:
        raise Unreadable(f"larger than {most >> 20} MB")
    return data


def _in_archive(opens, prefix, depth=0):
    """The files of a zip that `opens` gives anew each time, and of zips in it."""
    try:
        with zipfile.ZipFile(opens()) as archive:
            entries = archive.infolist()
    except Exception as error:  # damage raises half a dozen kinds
        reason = f"no zip can be read: {error}"
        yield File(f"{prefix}.zip", 0.0, _refuses(reason))
        return
    if len(entries) > MOST_FILES:
        yield File(f"{prefix}.zip", 0.0, _refuses("a zip of too many files"))
        return
    for entry in entries:
        path = prefix + _name(entry).replace("\\", "/").lstrip("/")
        if PASSED_OVER.search(path.replace("../", "")):
            continue
        if path.endswith("/"):
            yield File(path, 0.0, lambda: b"")
        elif path.lower().endswith(".ipynb"):
            yield File(path, _when(entry), _entry_reader(opens, entry, LARGEST))
        elif path.lower().endswith(".zip") and depth:
            yield File(path, 0.0, _refuses("a zip within a zip within a zip"))
        elif path.lower().endswith(".zip"):
            yield from _nested(opens, entry, path)


def _name(entry):
    """An entry's name; archives of old Windows programs do not say in which code."""
    if entry.flag_bits & 0x800:
        return entry.filename
    raw = entry.filename.encode("cp437", "replace")
    for code in ("utf-8", "gb18030"):
        try:
            return raw.decode(code)
        except UnicodeDecodeError:
            continue
    return entry.filename


def _when(entry):
    try:
        return datetime(*entry.date_time).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _entry_reader(opens, entry, most):
    """Reads an entry again each time: nothing is kept, whatever a class hands in."""

    def read():
        try:
            with zipfile.ZipFile(opens()) as archive, archive.open(entry) as file:
                return _limited(file, most)
        except Unreadable:
            raise
        except Exception as error:  # damage and passwords raise half a dozen kinds
            raise Unreadable(f"damaged in its archive: {error}") from None

    return read


def _nested(opens, entry, path):
    read = _entry_reader(opens, entry, LARGEST_ARCHIVE)
    yield from _in_archive(lambda: io.BytesIO(read()), f"{path}/", depth=1)
