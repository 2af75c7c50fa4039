"""Clean outputs in the notebooks' own files: ``python -m course_tools store``.

A stored notebook is what the tests compare with and what a reader sees without running
anything. It holds nothing that differs from run to run without need, and nothing that
tells the Python version, so that 3.11 and 3.13 store the same bytes.
"""

import contextlib
import os
import tempfile

from course_tools.notebook import clean, warnings, write
from course_tools.places import PERSONAL

__all__ = ["fresh_clone", "store"]


@contextlib.contextmanager
def fresh_clone():
    """For a while, the changes of environment that make a fresh clone of this machine.

    A notebook then gets its own seeds, claims that must hold, Keras' own settings, and
    no other data and networks than those that are bundled.

    Yields
    ------
    dict of str to str or None
        As `course_tools.run.execute` takes it.
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
    outcome : course_tools.run.Outcome
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
    if wrote := warnings(outcome.notebook):
        cell, text = wrote[0]
        raise ValueError(f"cell {cell} writes to stderr: {text}")
    if outcome.path.read_bytes() != original:
        raise ValueError("the file was changed while it ran; run it again")
    clean(outcome.notebook)
    write(outcome.notebook, outcome.path)
