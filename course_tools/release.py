"""Copies of the notebooks for students: ``python -m course_tools release``.

Standard library only: nothing is executed, so nothing takes time.
"""

import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from urllib.parse import unquote

__all__ = ["ReleaseError", "for_lecturer", "for_students", "release"]

SOLUTION_TAG = "exercise-solution"
#: What stays of a cell's metadata: slides, what a cell is, what is folded.
KEPT = ("slideshow", "tags", "jupyter")

#: Where notebooks speak of their solutions, and what students read instead.
PROMISES = (
    (r"\.\s+The solution is folded below", "."),
    (r"[，；](?:参考)?答案[是]?折叠[的在]?(?:下面)?", ""),
    (r"; each has a folded solution, which you unfold[^.]*(?=\.)", ""),
    (r"，点一下就能展开", ""),
)


class ReleaseError(ValueError):
    """The copies cannot be made; the message says why. No file was touched."""


def release(paths, folder, *, solutions=False, force=False):
    """Write copies of notebooks into a folder, once nothing speaks against any.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        The notebooks.
    folder : pathlib.Path
        Made if it is missing.
    solutions : bool
        Whether the copies keep solutions and outputs.
    force : bool
        Whether files that are there already, and are different, are replaced.

    Returns
    -------
    list of pathlib.Path
        The copies, in the order of `paths`.

    Raises
    ------
    ReleaseError
        If a notebook cannot be read, if the folder is no place for copies, or if one
        of them is there already.
    OSError
        If the folder cannot be written. Files are whole, new or as they were.
    """
    folder = folder.resolve()
    _check_place(folder, {path.resolve().parent for path in paths})
    there = {path.name for path in paths}
    if folder.is_dir():
        there |= {path.name for path in folder.iterdir()}
    copy = for_lecturer if solutions else for_students
    texts = {path.name: _copied(path, copy, there) for path in paths}
    _check_no_folder_is_there(folder, texts)
    if not force:
        _check_nothing_is_lost(folder, texts)
    _write_all(folder, texts)
    return [folder / name for name in texts]


def _copied(path, copy, there):
    """A notebook's copy as text, if it is a notebook."""
    try:
        return copy(path.read_text("utf-8"), there)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ReleaseError(
            f"{path}: no notebook can be read from it: {type(error).__name__}: {error}"
        ) from None


def for_students(text, there):
    """A notebook without its solutions, and as if it had never been run.

    Parameters
    ----------
    text : str
        The notebook's JSON.
    there : set of str
        Names of the files beside the copy; links to others become plain text.

    Returns
    -------
    str
    """
    notebook = json.loads(text)
    notebook["metadata"] = {
        "kernelspec": notebook["metadata"]["kernelspec"],
        "language_info": {"name": "python"},
    }
    cells = notebook["cells"]
    notebook["cells"] = [cell for cell in cells if SOLUTION_TAG not in _tags(cell)]
    for cell in notebook["cells"]:
        kept = cell["metadata"].items()
        cell["metadata"] = {key: value for key, value in kept if key in KEPT}
        if cell["cell_type"] == "code":
            cell["execution_count"], cell["outputs"] = None, []
        else:
            _change_prose(cell, lambda prose: _without_promises(prose))
    return _with_links(notebook, there)


def for_lecturer(text, there):
    """A notebook with all it has; only links to files that are not there go.

    Parameters and result are those of `for_students`.
    """
    return _with_links(json.loads(text), there)


def _tags(cell):
    return cell["metadata"].get("tags", ())


def _without_promises(prose):
    for pattern, instead in PROMISES:
        prose = re.sub(pattern, instead, prose)
    return prose


def _with_links(notebook, there):
    def link(match):
        name = unquote(match["target"]).partition("#")[0]
        kept = not name or "://" in name or name in there
        return match[0] if kept else match["text"]

    def change(prose):
        pattern = r"(?<!!)\[(?P<text>[^\]\n]+)\]\((?P<target>[^)\s]+)\)"
        return re.sub(pattern, link, prose)

    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            _change_prose(cell, change)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _change_prose(cell, change):
    cell["source"] = change("".join(cell["source"])).splitlines(keepends=True)


def _check_place(folder, sources):
    for source in sources:
        if folder == source or source in folder.parents:
            raise ReleaseError(
                f"{folder} is where the course's own notebooks are: name a folder "
                "outside of it"
            )
    if folder.exists() and not folder.is_dir():
        raise ReleaseError(f"{folder} is a file: name a folder")


def _check_no_folder_is_there(folder, texts):
    """Raise if a folder has a copy's name: no file can take its place."""
    folders = [name for name in texts if (folder / name).is_dir()]
    if folders:
        raise ReleaseError(
            f"in {folder} there are folders called {', '.join(folders)}: nothing was "
            "written. Rename them, or name another folder"
        )


def _check_nothing_is_lost(folder, texts):
    """Raise if a file is there already, and says something else."""
    others = [
        name
        for name, text in texts.items()
        if os.path.lexists(folder / name) and not _says(folder / name, text)
    ]
    if others:
        raise ReleaseError(
            f"in {folder} there are already {', '.join(others)}, perhaps with "
            "somebody's work: nothing was written. Name another folder, or replace "
            "them with --force"
        )


def _says(path, text):
    """Whether the file is such a copy, untouched; its links may be others."""
    try:
        found = _with_links(json.loads(path.read_text("utf-8")), set())
    except (OSError, ValueError, KeyError, TypeError):  # whatever it is, it is not ours
        return False
    return found == _with_links(json.loads(text), set())


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
