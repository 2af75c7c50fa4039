"""The course as a site that needs no server and no network: ``build/site``.

Sphinx makes it from docs/site, the notebooks as they are stored, and the two pages that
lie beside notebooks and data. Nothing is executed.
"""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from course_tools import catalog
from course_tools.notebook import COLAB as GUARD_TAG

__all__ = ["SiteError", "build", "heading_anchor", "read_glossary"]

#: What a reader of the page on data can click on.
DATA_FILES = ("README.md", "MANIFEST.json", "objects/index.csv")
#: Sphinx writes it into every site that it makes.
MARK = ".buildinfo"
LIBRARIES = {
    "sphinx": "sphinx",
    "myst_nb": "myst-nb",
    "pydata_sphinx_theme": "pydata-sphinx-theme",
}


class SiteError(Exception):
    """The site cannot be made; the message says why, and what to do."""


def build(root, target):
    """Make the site; it replaces an older one as a whole, or leaves it as it was.

    Parameters
    ----------
    root : pathlib.Path
        The clone.
    target : path-like
        Folder of the site, for example ``build/site``.

    Returns
    -------
    pathlib.Path
        Its first page.

    Raises
    ------
    SiteError
        If a library is missing, if the folder holds something else, or if Sphinx warns.
    """
    target = Path(target).absolute()
    missing = [n for m, n in LIBRARIES.items() if not importlib.util.find_spec(m)]
    if missing:
        raise SiteError(
            f"the site needs {', '.join(missing)}: "
            f'{Path(sys.executable).name} -m pip install -e ".[site]"'
        )
    if target.exists() and any(target.iterdir()) and not (target / MARK).exists():
        raise SiteError(f"{target} is not a site that this command made; name another")
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        write_sources(root, work / "source")
        _run_sphinx(work)
        _swap(work / "site", target, aside=work / "old")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target / "index.html"


def _swap(new, target, aside):
    if target.exists():
        target.rename(aside)
    try:
        new.rename(target)
    except OSError:
        if aside.exists():
            aside.rename(target)
        raise


def _run_sphinx(work):
    source, log = work / "source", work / "log"
    quiet = ("--quiet", "--fail-on-warning", "--keep-going", "--no-color")
    folders = ("-d", work / "doctrees", source, work / "site")
    command = [sys.executable, "-m", "sphinx", *quiet, "--jobs", "2", *folders]
    with log.open("w", encoding="utf-8") as file:
        status = subprocess.run(
            list(map(str, command)), stdout=file, stderr=subprocess.STDOUT
        ).returncode
    if status:
        said = log.read_text("utf-8", errors="replace").strip()
        said = re.sub(re.escape(str(source)) + r"[/\\]", "", said)
        raise SiteError(f"Sphinx could not make the site:\n{said}")


def write_sources(root, folder):
    """Gather in one folder what Sphinx reads; the clone stays as it is.

    Parameters
    ----------
    root : pathlib.Path
        The clone.
    folder : pathlib.Path
        Is made.
    """
    shutil.copytree(root / "docs" / "site", folder)
    mathjax = root / "course_tools" / "assets" / "mathjax"
    shutil.copytree(mathjax, folder / "_static" / "mathjax")
    for name in DATA_FILES:
        (folder / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / "data" / name, folder / "data" / name)
    paths = catalog.find(root / "notebooks")
    lectures = [catalog.describe(path) for path in paths]
    (folder / "notebooks").mkdir()
    for path in paths:
        _write(folder / "notebooks" / path.name, _readable_notebook(path))
    map_page = (root / "notebooks" / "README.md").read_text("utf-8")
    _write(folder / "notebooks" / "README.md", map_page + _contents(lectures))
    glossary = read_glossary(folder / "glossary.toml")
    _fill(folder / "index.md", "lectures", _lecture_table(lectures))
    _fill(folder / "glossary.md", "glossary", _glossary_text(glossary, paths))


def _write(path, text):
    path.write_text(text, encoding="utf-8", newline="\n")


def _fill(page, name, text):
    """Put text where a page has the comment of that name."""
    _write(page, page.read_text("utf-8").replace(f"<!-- {name} -->", text))


def _readable_notebook(path):
    """The notebook for readers: without the cell that installs the course on Colab."""
    notebook = json.loads(path.read_text("utf-8"))
    cells = [(cell, cell["metadata"].get("tags", ())) for cell in notebook["cells"]]
    notebook["cells"] = [cell for cell, tags in cells if GUARD_TAG not in tags]
    for cell, tags in cells:
        if "exercise-solution" in tags:
            cell["metadata"]["mystnb"] = {
                "code_prompt_show": "Show the solution",
                "code_prompt_hide": "Hide the solution",
            }
    notebook["metadata"].setdefault("language_info", {})["pygments_lexer"] = "ipython3"
    return json.dumps(notebook, ensure_ascii=False)


def _contents(lectures):
    """What puts the lectures into the site's menu, in English to keep it narrow."""
    lines = [f"{one.number} · {one.title} <{one.path.stem}>" for one in lectures]
    return "\n".join(["\n```{toctree}", ":hidden:", "", *lines, "```\n"])


def _lecture_table(lectures):
    rows = [
        f"| {one.number} | [{one.title}](notebooks/{one.path.name}) | {one.title_zh} |"
        for one in lectures
    ]
    return "\n".join(["| No. | Lecture | 课程 |", "|---|---|---|", *rows])


# --- the glossary


def read_glossary(path):
    """The terms, by English name.

    Parameters
    ----------
    path : path-like
        ``docs/site/glossary.toml``; it says itself how an entry looks.

    Returns
    -------
    dict of str to dict
        Each with ``zh``, ``means`` and ``see``, a list of (number of the notebook,
        English half of a heading).
    """
    table = tomllib.loads(Path(path).read_text("utf-8"))
    terms = {}
    for english, entry in sorted(table["terms"].items(), key=_place):
        see = [tuple(place.split(" ", 1)) for place in entry["see"]]
        terms[english] = entry | {"see": see}
    return terms


def _place(term):
    """Where a term stands in the alphabet."""
    return term[0].lstrip(".").lower().replace("λ", "lambda")


def heading_anchor(heading):
    """The fragment by which Jupyter, and so a notebook, links to a heading."""
    return heading.strip().replace(" ", "-")


def headings(path):
    """English half → whole heading, of a notebook's sections.

    Parameters
    ----------
    path : pathlib.Path
    """
    cells = json.loads(path.read_text("utf-8"))["cells"]
    prose = "\n".join(
        "".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"
    )
    found = re.findall(r"^## (.+)$", prose, flags=re.MULTILINE)
    return {heading.partition(" · ")[0]: heading.strip() for heading in found}


def _glossary_text(terms, paths):
    """Every term under its letter, with links to the sections that teach it."""
    books = {path.name[:2]: (path, headings(path)) for path in paths}
    letters = {}
    for english, entry in terms.items():
        names = dict.fromkeys([english, *entry.get("also", ()), entry["zh"]])
        links = " · ".join(_link(*books[book], title) for book, title in entry["see"])
        lines = [*names, f"  {entry['means']}", "", f"  → {links}", ""]
        letters.setdefault(_place((english, entry))[0].upper(), []).extend(lines)
    parts = [" ".join(f"[{letter}](#{letter})" for letter in letters)]
    for letter, lines in letters.items():
        parts += [f"## {letter}", "\n".join(["```{glossary}", *lines, "```"])]
    return "\n\n".join(parts)


def _link(path, sections, english):
    if english not in sections:
        raise SiteError(f"docs/site/glossary.toml: {path.name} has no ## {english}")
    fragment = heading_anchor(sections[english])
    return f"[{path.name[:2]} · {english}](<notebooks/{path.name}#{fragment}>)"
