"""Notebooks as slides: one reveal.js page per notebook, and an index of the course.

The pages hold what the notebooks hold; nothing is executed. All they load lies beside
them in ``assets/``, so the folder can be opened from a disk, without any network.

A notebook's cells say by slide types and tags what becomes of them:

- a cell of type ``skip`` is left out, but the claims it proves (lines that begin with
  ✓) go to the speaker notes, with the cells of type ``notes``;
- of a cell tagged ``hide-input``, only what it printed and drew is shown;
- what a cell tagged ``output-slide`` printed and drew gets the next slide for itself;
- of what a cell tagged ``nbval-ignore-output`` printed while training went on, first
  and last lines are shown.
"""

import html
import re
from pathlib import Path

import jinja2
from nbconvert import SlidesExporter
from nbformat import v4

from course_tools import catalog, chinese
from course_tools.notebook import (
    HIDDEN,
    IGNORED,
    OWN_SLIDE,
    is_exercise,
    printed,
    read,
    runs,
    slide_type,
    tags,
)
from course_tools.places import ASSETS, UserError
from course_utils.files import write_atomically

__all__ = ["command", "deck"]

UNSEEN = ("skip", "notes")


def command(options):
    """Write decks, all or none, and the index, which links those there were too; 0."""
    course, to = catalog.find(options.folder), Path(options.to)
    paths = catalog.select(course, options.notebooks)
    decks = {to / f"{path.stem}.html": deck(path) for path in paths}
    for source in ASSETS.glob("*/*"):
        copy = to / "assets" / source.relative_to(ASSETS)
        write_atomically(copy, source.read_bytes())
    write_atomically(to / "assets" / "slides.css", _own("slides.css"))
    for file, page in decks.items():
        write_atomically(file, page)
    index = jinja2.Template(
        _own("slides_index.html.j2"), autoescape=True, trim_blocks=True
    ).render(
        lectures=[catalog.describe(path) for path in course],
        there=[path for path in course if (to / f"{path.stem}.html").is_file()],
    )
    write_atomically(to / "index.html", index + "\n")
    count = "1 notebook" if len(paths) == 1 else f"{len(paths)} notebooks"
    print(f"slides of {count}: {to / 'index.html'}")
    return 0


def deck(path):
    """The page with a notebook's slides; UserError if it was not run, or shows none."""
    notebook = read(path)
    about = catalog.describe(path)
    shown = [cell for cell in notebook.cells if slide_type(cell) not in UNSEEN]
    if not all(cell.execution_count for cell in filter(runs, shown)):
        raise UserError(
            f"{path.name} holds code that was not executed, and slides show what it "
            f"printed and drew: run it and save it, or: course store {about.number}"
        )
    notebook.cells = _arranged(notebook.cells)
    if not notebook.cells:
        raise UserError(
            f"{path.name} shows nothing on slides: give its cells slide types"
        )
    exporter = SlidesExporter(
        raw_template=_own("slides.html.j2"), exclude_anchor_links=True
    )
    exporter.register_filter("mark_chinese", chinese.mark)
    title = " · ".join(filter(None, (about.number, about.title, about.title_zh)))
    resources = {"metadata": {"name": path.stem, "title": title}}
    page, _ = exporter.from_notebook_node(notebook, resources)
    return _for_slides(page).strip() + "\n"


def _arranged(cells):
    """The cells that are seen, changed in place to what is seen of them.

    Those that begin a slide are told its section's heading and the speaker's notes.
    """
    seen, heading, first = [], "", None
    for cell in cells:
        if slide_type(cell) in UNSEEN:
            if first:
                first.metadata.speaker += _notes(cell)
            continue
        for part in _parts(cell):
            if not first or slide_type(part) in ("slide", "subslide"):
                first = part
                own = re.match(r"#{1,2} +(.+)", part.source)
                if own and part.cell_type == "markdown":
                    heading = own[1]
                first.metadata |= {"section": heading, "speaker": ""}
            seen.append(part)
    return seen


def _notes(cell):
    """What the speaker is told of a cell that is not seen, as Markdown."""
    told = slide_type(cell) == "notes"
    if cell.cell_type == "markdown":
        return f"\n\n{cell.source}" if told else ""
    lines = [] if is_exercise(cell) else printed(cell).splitlines()
    said = [html.escape(line) for line in lines if told or line.startswith("✓ ")]
    return f"\n\n<p>{'<br>'.join(said)}</p>" if said else ""


def _parts(cell):
    """What is seen of a cell: nothing, one cell, or code and then its output."""
    if cell.cell_type == "code":
        # Functions are two lines apart in a notebook; one saves room.
        code = re.sub(r"\n{3,}", "\n\n", cell.source).strip()
        cell.source = "" if HIDDEN in tags(cell) else code
        for output in cell.outputs if IGNORED in tags(cell) else ():
            _shorten(output)
    if cell.source and cell.get("outputs") and OWN_SLIDE in tags(cell):
        below = v4.new_code_cell(id=f"{cell.id[-57:]}-output", outputs=cell.outputs)
        below.metadata.slideshow = {"slide_type": "subslide"}
        cell.outputs = []
        return [cell, below]
    return [cell] if cell.source or cell.get("outputs") else []


def _shorten(output):
    lines = output.get("text", "").splitlines()
    if len(lines) > 4:
        output.text = "\n".join([*lines[:2], "…", lines[-1]])


def _for_slides(page):
    """The page with Chinese halves of headings marked, and links to other decks."""
    page = re.sub(
        r"(<h[1-4]\b[^>]*>.+?) · ([^·\n]*[\u4e00-\u9fff].*)(?=</h[1-4]>)",
        r'\1 <span class="dot">·</span> <span lang="zh">\2</span>',
        page,
    )
    page = re.sub(r'(<a href="\d\d_[^"#/]+)\.ipynb(?=["#])', r"\1.html", page)
    return page.replace('<a href="README.md', '<a href="index.html')


def _own(name):
    return Path(__file__).with_name(name).read_text("utf-8")
