"""Notebooks of a few cells, for the tests of what executes notebooks."""

import nbformat
from nbformat import v4

TITLE = "# {} · Tiny <b>notebook</b> · 小笔记本\n\n**Lecture section** practice 1"


def write_notebook(folder, name, *sources, stale=False):
    """Write ``NAME.ipynb`` with a title and one code cell per source; its path.

    With `stale`, every cell pretends to have printed "stale" in an earlier run.
    """
    cells = [v4.new_code_cell(source) for source in sources]
    for number, cell in enumerate(cells, start=1):
        cell.id = f"cell-{number}"
        if stale:
            cell.execution_count = 90 + number
            cell.outputs = [v4.new_output("stream", text="stale\n")]
    title = v4.new_markdown_cell(TITLE.format(name[:2]), id="title")
    path = folder / f"{name}.ipynb"
    nbformat.write(v4.new_notebook(cells=[title, *cells]), path)
    return path


def text_of(cell):
    """What a cell printed."""
    return "".join(out.text for out in cell.outputs if out.output_type == "stream")
