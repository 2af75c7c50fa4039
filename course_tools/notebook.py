"""The one reader of notebooks: finding, reading, cleaning, writing, and what they hold.

Nothing else in the project opens a notebook's file or names a cell's tag. A cell is
``{"cell_type", "source", "metadata", …}``; all functions that look at cells take those
of `read` and those of plain JSON.
"""

import ast
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from course_tools.places import UserError
from course_utils.files import write_atomically

# --- tags ----------------------------------------------------------------------------

STARTER, CHECK, SOLUTION = EXERCISE_TAGS = (
    "exercise-starter",
    "exercise-check",
    "exercise-solution",
)
COLAB = "colab"  # the cell that installs the course where it is missing
HIDDEN = "hide-input"  # code that slides and site fold away
OWN_SLIDE = "output-slide"  # what it shows stands on the next slide, not below the code
IGNORED = "nbval-ignore-output"  # what it prints may differ from run to run

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
#: Traces that tools leave in a notebook's metadata.
TOOL_METADATA = ("widgets", "jupytext", "signature")
KERNEL = {
    "display_name": "Python 3 (ipykernel)",
    "language": "python",
    "name": "python3",
}


class UnknownNotebook(UserError):
    """No notebook by that name, or several; the message names what there is."""


class UnreadableNotebook(UserError, ValueError):
    """A file holds no notebook; the message says why."""


# --- finding -------------------------------------------------------------------------


def find(folder):
    """Paths of the ``NN_name.ipynb`` in a folder; UnknownNotebook if there is none."""
    found = sorted(Path(folder).glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise UnknownNotebook(f"there are no notebooks in {folder}")
    return found


# --- reading and writing -------------------------------------------------------------


def peek(path):
    """What a file says, as plain JSON: quick, and as good or bad as the file is."""
    notebook = json.loads(path.read_text("utf-8-sig"))
    for cell in notebook["cells"]:
        cell["cell_type"], cell["source"], cell["metadata"]  # or KeyError
    return notebook


def read(path):
    """A notebook as `nbformat.NotebookNode` of version 4, whatever saved it.

    Every cell has an id, every code cell outputs. UnreadableNotebook if the file holds
    no notebook, OSError if it is not there or may not be read.
    """
    return parse(path.read_bytes(), path)


def parse(data, path):
    """As `read`, of a file's bytes; `path` is what an error calls it."""
    import nbformat  # takes as long as all else that `list` does

    try:
        text = data.decode("utf-8-sig")
        if "nbformat" not in json.loads(text):  # nbformat would take it for version 2
            raise ValueError("it is JSON of another kind")
        notebook = nbformat.reads(text, as_version=4)
        # Cells have ids from version 4.5 on.
        notebook.nbformat_minor = max(5, notebook.get("nbformat_minor", 0))
        for number, cell in enumerate(notebook.cells, start=1):
            cell.setdefault("id", f"cell-{number}")
            cell.setdefault("metadata", nbformat.NotebookNode())
            if cell.cell_type == "code":
                cell.setdefault("outputs", [])
                cell.setdefault("execution_count", None)
        return nbformat.validator.normalize(notebook)[1]
    except Exception as error:  # damage makes nbformat raise half a dozen kinds
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UnreadableNotebook(
            f"{path}: no notebook can be read from it: {reason}"
        ) from None


def write(notebook, path):
    """Write a notebook, whole or not at all, as Jupyter writes it."""
    write_atomically(path, text_of(notebook))


def text_of(notebook):
    """The file's content: the same on every system, Chinese readable."""
    import nbformat

    return nbformat.writes(notebook) + "\n"


def without_outputs(notebook):
    """The same notebook, changed in place, as if nobody had run it."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def clean(notebook):
    """Remove, in place, what differs from run to run or from Python to Python.

    What stays of a widget is the picture beside it: a widget cannot live without its
    kernel. A line that redraws itself stays as it looked at the end.
    """
    for key in TOOL_METADATA:
        notebook.metadata.pop(key, None)
    notebook.metadata["kernelspec"] = dict(KERNEL)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = _merged_streams(cell.outputs)
            for output in cell.outputs:
                if output.output_type == "stream":
                    output.text = _last_frames(output.text)
                elif "data" in output:
                    output.data.pop(WIDGET_VIEW, None)


def _merged_streams(outputs):
    """The outputs, with neighbours that belong to one stream made one."""
    merged = []
    for output in outputs:
        last = merged[-1] if merged else {}
        stream = output.output_type == "stream" and output.name
        if stream and last.get("name") == stream:
            last.text += output.text
        else:
            merged.append(output)
    return merged


def _last_frames(text):
    """Each line as it looked after the last carriage return that drew something."""
    lines = []
    for line in text.split("\n"):
        frames = [frame for frame in line.split("\r") if frame]
        # a shorter frame is padded with blanks, to wipe out the longer one before it
        lines.append(frames[-1].rstrip(" ") if len(frames) > 1 else "".join(frames))
    return "\n".join(lines)


# --- cells ---------------------------------------------------------------------------


def source(cell):
    """A cell's text; plain JSON may hold it as a list of lines."""
    return "".join(cell["source"])


def tags(cell):
    return set(cell["metadata"].get("tags", ()))


def slide_type(cell):
    """Its place on slides: slide, subslide, fragment, skip, notes; "-" for none."""
    return cell["metadata"].get("slideshow", {}).get("slide_type", "-")


def runs(cell):
    """Whether a cell is code that runs; an empty one does not."""
    return cell["cell_type"] == "code" and bool(source(cell).strip())


def is_exercise(cell):
    return bool(tags(cell) & set(EXERCISE_TAGS))


def code_cells(notebook):
    """The cells that run; not the one that installs the course on Colab."""
    cells = notebook["cells"]
    return [cell for cell in cells if runs(cell) and COLAB not in tags(cell)]


def lecture_cells(notebook):
    """The code of the lecture itself: exercises left out too."""
    return [cell for cell in code_cells(notebook) if not is_exercise(cell)]


def statements(notebook):
    """The lecture's statements, as syntax trees, in order."""
    trees = [ast.parse(source(cell)) for cell in lecture_cells(notebook)]
    return [statement for tree in trees for statement in tree.body]


def printed(cell):
    """What a cell is stored to have printed."""
    outputs = [out for out in cell.get("outputs", ()) if out.get("name") == "stdout"]
    return "".join("".join(out["text"]) for out in outputs)


def claims(notebook):
    """The ✓ lines that `expect` printed, in order; exercises print others."""
    text = "".join(printed(cell) for cell in lecture_cells(notebook))
    return [line for line in text.splitlines() if line.startswith("✓ ")]


def warnings(notebook):
    """What a run wrote to stderr: (number of the code cell, first line) for each."""
    numbered = enumerate(filter(runs, notebook["cells"]), start=1)
    return [
        (number, ("".join(output["text"]).strip().splitlines() or [""])[0])
        for number, cell in numbered
        for output in cell["outputs"]
        if output.get("name") == "stderr"
    ]


# --- prose ---------------------------------------------------------------------------


def prose(notebook):
    """All Markdown as one text."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    return "\n\n".join(map(source, cells))


def headings(notebook, level=2):
    """The texts of the headings of one level, in order."""
    pattern = rf"^{'#' * level} (.+)$"
    found = re.findall(pattern, prose(notebook), flags=re.MULTILINE)
    return [heading.strip() for heading in found]


def sections(notebook):
    """Second-level heading → the cells below it, up to the next such heading."""
    found, current = {}, []
    for cell in notebook["cells"]:
        match = re.match(r"## (.+)", source(cell))
        if match and cell["cell_type"] == "markdown":
            current = found.setdefault(match[1].strip(), [])
        current.append(cell)
    return found


def anchor(heading):
    """The fragment by which Jupyter links to a heading."""
    return heading.strip().replace(" ", "-")


@dataclass
class Exercise:
    """An exercise: number, title, statement (Markdown), and its code cells by tag."""

    number: int
    title: str
    statement: str = ""
    cells: dict = field(default_factory=dict)


def exercises(notebook):
    """The exercises in order, each with the cells under its heading."""
    found = []
    for cell in notebook["cells"]:
        match = re.match(r"### Exercise (\d+) · (.+)", source(cell))
        if match and cell["cell_type"] == "markdown":
            found.append(Exercise(int(match[1]), match[2].strip()))
        elif found and source(cell).startswith("## "):
            break
        if found and cell["cell_type"] == "markdown":
            found[-1].statement += source(cell) + "\n\n"
        elif found:  # a solution may have words too: only its code counts
            found[-1].cells |= dict.fromkeys(tags(cell) & set(EXERCISE_TAGS), cell)
    return found
