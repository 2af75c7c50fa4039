"""Copies of the notebooks for students: ``python -m course_tools release``.

Nothing is executed, and no sentence is changed: whole cells go, those that are tagged
as a solution, whether code or words.
"""

import os
import shutil
import tempfile
from pathlib import Path

from course_tools import catalog, notebook
from course_tools.places import UserError

__all__ = ["command", "for_students"]

#: What stays of a cell's metadata: slides, what a cell is, what is folded.
KEPT = ("slideshow", "tags", "jupyter")


def command(options):
    """Write copies of notebooks into a folder, once nothing speaks against any; 0."""
    paths = catalog.select(catalog.find(options.folder), options.notebooks)
    folder = options.to.resolve()
    _check_place(folder, options.folder.resolve())
    copy = _for_lecturer if options.with_solutions else for_students
    texts = {path.name: copy(notebook.read(path)) for path in paths}
    _check_files(folder, texts, options.force)
    try:
        _write_all(folder, texts)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"cannot write in {options.to}: {reason}") from None
    print(*texts, sep="\n")
    kind = "with" if options.with_solutions else "without"
    count = "1 notebook" if len(texts) == 1 else f"{len(texts)} notebooks"
    print(f"{count} {kind} solutions in {options.to}")
    if absent := _linked_but_absent(texts, folder, options.folder):
        print(f"they link to what is not in that folder: {', '.join(absent)}")
    return 0


def for_students(book):
    """The content of a copy without solutions, as if it had never been run."""
    from nbconvert.preprocessors import ClearOutputPreprocessor, TagRemovePreprocessor

    for step in (
        TagRemovePreprocessor(remove_cell_tags={notebook.SOLUTION}),
        ClearOutputPreprocessor(),
    ):
        book, _ = step.preprocess(book, {})
    book.metadata.clear()
    for cell in book.cells:  # ClearMetadataPreprocessor would spare Markdown cells
        cell.metadata = {k: v for k, v in cell.metadata.items() if k in KEPT}
    return _for_lecturer(book)


def _for_lecturer(book):
    """The content of a copy with all there is, for the course's kernel."""
    notebook.clean(book)
    return notebook.text_of(book)


def _linked_but_absent(texts, folder, source):
    """Names of files beside the course's notebooks that copies link to in vain."""
    beside = sorted(path.name for path in source.iterdir())
    linked = [n for n in beside if any(f"]({n}" in text for text in texts.values())]
    return [name for name in linked if not (folder / name).exists()]


def _check_place(folder, source):
    if folder == source or source in folder.parents:
        raise UserError(
            f"{folder} is where the course's own notebooks are: name a folder outside "
            "of it"
        )
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file: name a folder")


def _check_files(folder, texts, force):
    """Raise if a copy cannot take its place, or would take that of somebody's work."""
    folders = [name for name in texts if (folder / name).is_dir()]
    if folders:
        raise UserError(
            f"in {folder} there are folders called {', '.join(folders)}: nothing was "
            "written. Rename them, or name another folder"
        )
    work = [name for name, text in texts.items() if not _is_free(folder / name, text)]
    if work and not force:
        raise UserError(
            f"in {folder} there are already {', '.join(work)}, perhaps with "
            "somebody's work: nothing was written. Name another folder, or replace "
            "them with --force"
        )


def _is_free(path, text):
    """Whether there is nothing, or the same copy, untouched."""
    try:
        return not os.path.lexists(path) or path.read_bytes() == text.encode("utf-8")
    except OSError:
        return False


def _write_all(folder, texts):
    """Write the files beside their places first: only whole ones take them."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".release-") as stage:
            for name, text in texts.items():
                # opened as any program opens a file, so that others may read it
                Path(stage, name).write_bytes(text.encode("utf-8"))
            for name in texts:
                os.replace(Path(stage, name), folder / name)
    except OSError:
        if made:
            shutil.rmtree(made[-1], ignore_errors=True)
        raise
