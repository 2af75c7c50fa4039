"""Where the course lies on the web: ``python -m course_tools address URL``.

One line of pyproject.toml says it. What follows from it is written by this command
alone: the cell by which a notebook installs the course on Colab, and the links in the
two READMEs that open a lecture on Binder or Colab.

Standard library only: the command works in a fresh clone.
"""

import json
import re
import tomllib
from urllib.parse import quote

from course_tools import catalog
from course_utils.files import write_atomically

__all__ = ["GUARD_TAG", "AddressError", "changes", "current", "guard", "launch"]

#: Tag of the cell that installs the course where it is missing.
GUARD_TAG = "colab"
#: Where Colab looks: its addresses need the name of a branch.
BRANCH = "main"
READMES = ("README.md", "README.zh-CN.md")

GUARD = """\
# Where the course is not installed, as on Colab: fetch it and install it.
from importlib.util import find_spec

if not find_spec("course_utils"):
    !git clone --depth 1 {address} course
    %run course/course_tools/colab.py
    assert find_spec("course_utils"), "not ready yet: the lines above say why"
"""


class AddressError(ValueError):
    """Not an address that Binder and Colab can open; the message says what is."""


def current(root):
    """The address that pyproject.toml gives."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return project["urls"]["Repository"]


def checked(address):
    """The address without what may hang on to it when it is copied from a browser.

    Raises
    ------
    AddressError
        If it is not that of a repository on GitHub.
    """
    plain = address.strip().rstrip("/").removesuffix(".git")
    if not re.fullmatch(r"https://github\.com/[\w-]+/[\w.-]+", plain, re.ASCII):
        raise AddressError(
            f"{address!r} is not the address of a repository on GitHub, which Binder "
            "and Colab open: https://github.com/OWNER/REPOSITORY"
        )
    return plain


def guard(address):
    """Source of the cell that installs the course where it is missing."""
    return GUARD.format(address=address).rstrip("\n")


def launch(address, notebook):
    """Links, in Markdown, that open a notebook on Binder and on Colab.

    Parameters
    ----------
    address : str
    notebook : str
        The file's name.
    """
    repository = address.removeprefix("https://github.com/")
    tree = quote(f"lab/tree/notebooks/{notebook}", safe="")
    binder = f"https://mybinder.org/v2/gh/{repository}/HEAD?urlpath={tree}"
    colab = (
        f"https://colab.research.google.com/github/{repository}/blob/{BRANCH}"
        f"/notebooks/{notebook}"
    )
    return f"[Binder]({binder}) · [Colab]({colab})"


def changes(root, address):
    """What must be written so that every file says the address.

    Parameters
    ----------
    root : pathlib.Path
        The clone.
    address : str

    Returns
    -------
    dict of pathlib.Path to str
        The new texts of the files that do not say it yet.

    Raises
    ------
    AddressError
        If Binder and Colab cannot open it.
    """
    address = checked(address)
    texts = {root / "pyproject.toml": lambda text: _in_project(text, address)}
    for name in READMES:
        texts[root / name] = lambda text: _in_readme(text, address)
    for path in catalog.find(root / "notebooks"):
        texts[path] = lambda text: _in_notebook(text, address)
    changed = {}
    for path, change in texts.items():
        old = path.read_text("utf-8")
        new = change(old)
        if new != old:
            changed[path] = new
    return changed


def write(root, address):
    """Make every file say the address; the paths that were changed."""
    changed = changes(root, address)
    for path, text in changed.items():
        write_atomically(path, text)
    return list(changed)


def _in_project(text, address):
    line = f'Repository = "{address}"'
    return re.sub(r"^Repository = .*$", lambda _: line, text, flags=re.MULTILINE)


def _in_readme(text, address):
    """The last column of the lectures' table, written anew."""

    def row(match):
        return f"{match['kept']} {launch(address, match['name'])} |"

    pattern = r"^(?P<kept>\| \[\d\d\]\(notebooks/(?P<name>[^)]+)\) \|.*\|)[^|]*\|$"
    return re.sub(pattern, row, text, flags=re.MULTILINE)


def _in_notebook(text, address):
    notebook = json.loads(text)
    cells = notebook["cells"]
    found = [c for c in cells if GUARD_TAG in c["metadata"].get("tags", ())]
    if not found:
        cell = {
            "cell_type": "code",
            "execution_count": None,
            "id": GUARD_TAG,
            "metadata": {
                "slideshow": {"slide_type": "skip"},
                "tags": [GUARD_TAG],
            },
            "outputs": [],
        }
        first = next(i for i, c in enumerate(cells) if c["cell_type"] == "code")
        cells.insert(first, cell)
        found = [cell]
    found[0]["source"] = guard(address).splitlines(keepends=True)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
