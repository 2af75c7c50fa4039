"""Clean outputs in the notebooks' own files: ``python -m course_tools store``.

A stored notebook is what the tests compare with and what a reader sees without running
anything. It holds nothing that differs from run to run without need, and nothing that
tells the Python version, so that 3.11 and 3.13 store the same bytes.
"""

import contextlib
import os
import tempfile

import nbformat

from course_tools.runner import warnings_of
from course_utils.files import write_atomically

__all__ = ["clean", "fresh_clone", "store"]

#: What would let a notebook use or compute something else.
PERSONAL = (
    "COURSE_SEED_OFFSET",
    "COURSE_EXPECT",
    "COURSE_INCEPTION_WEIGHTS",
    "COURSE_MIRROR",
)

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

#: Traces that tools leave in a notebook's metadata.
TOOL_METADATA = ("widgets", "jupytext", "signature")


@contextlib.contextmanager
def fresh_clone():
    """For a while, the changes of environment that make a fresh clone of this machine.

    A notebook then gets its own seeds, claims that must hold, Keras' own settings, and
    no other data and networks than those that are bundled.

    Yields
    ------
    dict of str to str or None
        As `course_tools.runner.execute` takes it.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as empty:
        yield dict.fromkeys(PERSONAL) | {
            "COURSE_OFFLINE": "1",
            "COURSE_DATA_DIR": os.path.join(empty, "data"),
            "KERAS_HOME": os.path.join(empty, "keras"),
        }


def store(outcome, original):
    """Write a notebook's clean outputs into its own file.

    Parameters
    ----------
    outcome : course_tools.runner.Outcome
    original : bytes
        The file's content when it was executed.

    Raises
    ------
    ValueError
        If the notebook failed or wrote to stderr, or if the file was changed
        meanwhile. The message says which; the file stays as it was.
    OSError
        If it cannot be written; the file stays as it was.
    """
    if outcome.failure:
        raise ValueError(str(outcome.failure))
    if warnings := warnings_of(outcome.notebook):
        cell, text = warnings[0]
        raise ValueError(f"cell {cell} writes to stderr: {text}")
    if outcome.path.read_bytes() != original:
        raise ValueError("the file was changed while it ran; run it again")
    clean(outcome.notebook)
    write_atomically(outcome.path, nbformat.writes(outcome.notebook) + "\n")


def clean(notebook):
    """Remove, in place, what differs from run to run or from Python to Python.

    What stays of a widget is the picture beside it: a widget cannot live without its
    kernel. A line that redraws itself stays as it looked at the end.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Executed; version 4.
    """
    for key in TOOL_METADATA:
        notebook.metadata.pop(key, None)
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
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
        last = merged[-1] if merged else None
        if (
            last is not None
            and last.output_type == output.output_type == "stream"
            and last.name == output.name
        ):
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
