"""Notebooks as slides: one reveal.js page per notebook, and an index of the course.

The pages hold what the notebooks hold; nothing is executed. All they load lies beside
them in ``assets/``, so the folder can be opened from a disk, without any network.

A notebook's cells say by their slide type what becomes of them. Beyond that:

- cells of type ``skip`` are left out, but the claims they prove (lines that begin with
  ✓) go to the speaker notes, with the cells of type ``notes``;
- code that draws is left out, as is code tagged ``hide-input``: the figure is there;
- a figure or printout below long code gets a slide of its own, the next one; of what
  training prints while it goes on, first and last lines are shown.
"""

import ast
import re
from base64 import b64decode
from pathlib import Path

import jinja2
import nbformat

from course_tools import catalog
from course_tools.notebook import (
    HIDDEN,
    IGNORED,
    UnreadableNotebook,
    is_exercise,
    read,
    runs,
    slide_type,
    tags,
)
from course_tools.places import ASSETS
from course_utils.files import write_atomically

__all__ = ["SlidesError", "arrange", "deck", "write"]

HERE = Path(__file__).parent

#: Pixels of a slide that code and what it shows may share, and of one line of code.
ROOM, LINE = 600, 27

#: Lines that are shown of what training prints while it goes on.
PROGRESS_LINES = 4

#: Code from such a call on is there for the reader's eye.
DRAWING = re.compile(r"subplots|show|explore|Markdown|(plot|draw)_.*")


class SlidesError(Exception):
    """Slides cannot be made of a notebook; the message says why and what to do."""


def write(paths, folder, course):
    """Write the decks of some notebooks, and the index of all.

    Nothing is written if one of the notebooks cannot be turned into slides.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        The notebooks.
    folder : path-like
        For example ``build/slides``; decks of other notebooks in it are left alone.
    course : sequence of pathlib.Path
        All notebooks that the index lists, each linked if its deck is there.

    Returns
    -------
    pathlib.Path
        Of the index.

    Raises
    ------
    SlidesError
        If a notebook cannot be read or has not been executed.
    OSError
        If the folder cannot be written.
    """
    folder = Path(folder)
    decks = {path.stem: deck(path) for path in paths}
    for source in sorted(ASSETS.glob("*/*")):
        copy = folder / "assets" / source.parent.name / source.name
        write_atomically(copy, source.read_bytes())
    write_atomically(folder / "assets" / "slides.css", _own("slides.css"))
    for name, page in decks.items():
        write_atomically(folder / f"{name}.html", page)
    lectures = [catalog.describe(path) for path in course]
    there = {entry.path for entry in lectures if _deck_of(entry, folder).is_file()}
    template = jinja2.Environment(autoescape=True, trim_blocks=True).from_string(
        _own("slides_index.html.j2")
    )
    page = template.render(lectures=lectures, there=there)
    write_atomically(folder / "index.html", page + "\n")
    return folder / "index.html"


def deck(path):
    """The page with the slides of a notebook, as text.

    Parameters
    ----------
    path : pathlib.Path

    Raises
    ------
    SlidesError
        If it cannot be read or has not been executed.
    """
    from nbconvert import SlidesExporter

    try:
        notebook = read(path)
    except (OSError, UnreadableNotebook) as error:
        raise SlidesError(error) from None
    about = catalog.describe(path)
    if any(
        _is_shown(cell) and runs(cell) and not cell.execution_count
        for cell in notebook.cells
    ):
        raise SlidesError(
            f"{path.name} holds code that was not executed, and slides show what it "
            f"printed and drew: run it and save it, or: course store {about.number}"
        )
    notebook = arrange(notebook)
    if not notebook.cells:
        raise SlidesError(
            f"{path.name} shows nothing on slides: give its cells slide types"
        )
    exporter = SlidesExporter(
        raw_template=_own("slides.html.j2"), exclude_anchor_links=True
    )
    title = " · ".join(filter(None, (about.number, about.title, about.title_zh)))
    resources = {"metadata": {"name": path.stem, "title": title}}
    page, _ = exporter.from_notebook_node(notebook, resources)
    return page.strip() + "\n"


def arrange(notebook):
    """What of a notebook stands on slides, and where.

    Parameters
    ----------
    notebook : nbformat.NotebookNode

    Returns
    -------
    nbformat.NotebookNode
        With visible cells only. The metadata of every cell holds ``origin``, the id
        of the notebook's cell. That of a cell that begins a slide also holds
        ``section``, the heading it stands under; ``running``, the same if the slide
        does not show it itself, else ""; and ``speaker``, notes as
        ``{"kind": "claims", "lines"}`` or ``{"kind": "prose", "source"}``.
    """
    cells, heading, screen = [], "", None
    for cell in notebook.cells:
        kind = slide_type(cell)
        if kind in ("skip", "notes"):
            if screen is not None:
                screen.metadata.speaker += _notes(cell, kind)
            continue
        for part in _parts(cell):
            part.metadata.origin = cell.id
            if cell.cell_type == "markdown":
                part.source = _for_slides(cell.source)
            if screen is None or slide_type(part) in ("slide", "subslide"):
                screen = part
                own = re.match(r"#{1,2} +(.+)", cell.source)
                heading = own[1] if own else heading
                running = "" if own else heading
                screen.metadata |= {"section": heading, "running": running}
                screen.metadata.speaker = []
            cells.append(part)
    return nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)


def _is_shown(cell):
    return slide_type(cell) not in ("skip", "notes")


def _notes(cell, kind):
    """What of a cell that is not shown is told to the speaker."""
    if cell.cell_type == "markdown":
        return [{"kind": "prose", "source": cell.source}] if kind == "notes" else []
    if is_exercise(cell):
        return []
    printed = [out.text for out in cell.get("outputs", []) if "text" in out]
    lines = "".join(printed).splitlines()
    shown = [line for line in lines if kind == "notes" or line.startswith("✓ ")]
    return [{"kind": "claims", "lines": shown}] if shown else []


def _parts(cell):
    """A cell as it stands on slides: as it is, without code, or as code and figure."""
    whole = cell.copy()
    whole.metadata = cell.metadata.copy()
    if cell.cell_type != "code":
        return [whole]
    hidden = HIDDEN in tags(cell)
    whole.source = "" if hidden else _without_drawing(cell.source)
    if not whole.source and not cell.outputs:
        return []
    if IGNORED in tags(cell):
        whole.outputs = [_shortened(output) for output in cell.outputs]
    below = sum(_height(output) for output in whole.outputs)
    code = LINE * (whole.source.count("\n") + 1) + 20 if whole.source else 0
    if not (code and below) or code + below <= ROOM:
        return [whole]
    result = nbformat.v4.new_code_cell(outputs=whole.outputs)
    result.metadata.slideshow = {"slide_type": "subslide"}
    whole.outputs = []
    return [whole, result]


def _shortened(output):
    """An output with no more than first and last lines of what training printed."""
    lines = output.get("text", "").splitlines()
    if len(lines) <= PROGRESS_LINES:
        return output
    short = output.copy()
    short.text = "\n".join([*lines[: PROGRESS_LINES - 2], "…", lines[-1]])
    return short


def _height(output):
    """About how many pixels an output takes on a slide."""
    data = output.get("data", {})
    if "image/png" in data:
        png = b64decode(data["image/png"])
        return int.from_bytes(png[20:24])  # where the format has it
    text = output.get("text", "") or data.get("text/markdown", "")
    lines = [-(-len(line) // 96) for line in text.splitlines()]
    return LINE * sum(lines) + 26 if lines else 0


def _without_drawing(code):
    """Code up to where a figure is made, without functions that make one.

    Drawing comes last in a cell, and the figure is there to be seen.
    """
    try:
        statements = ast.parse(code).body
    except SyntaxError:  # a line for IPython alone
        return code
    lines = code.splitlines()
    for statement in statements:
        if any(map(DRAWING.fullmatch, _called(statement))):
            decorators = getattr(statement, "decorator_list", [])
            first = min(part.lineno for part in [statement, *decorators])
            last = statement.end_lineno
            if not isinstance(statement, ast.FunctionDef):
                last = len(lines)
            lines[first - 1 : last] = [""] * (last - first + 1)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _called(tree):
    """Names of the functions that are called somewhere in a statement."""
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [getattr(call, "attr", getattr(call, "id", "")) for call in calls]


def _for_slides(markdown):
    """Markdown with Chinese halves of headings marked, and links to other decks."""
    text = re.sub(
        r"^(#{1,4} .+?) · ([^·\n]*[\u4e00-\u9fff].*)$",
        r'\1 <span class="dot">·</span> <span lang="zh">\2</span>',
        markdown,
        flags=re.MULTILINE,
    )
    text = re.sub(r"\]\((\d\d_\w+)\.ipynb", r"](\1.html", text)
    return text.replace("](README.md", "](index.html")


def _deck_of(entry, folder):
    return folder / f"{entry.path.stem}.html"


def _own(name):
    return (HERE / name).read_text("utf-8")
