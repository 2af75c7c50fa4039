"""Clean outputs in the notebooks' own files: ``python -m course_tools store``.

A stored notebook is what the tests compare with and what a reader sees without running
anything. It holds nothing that differs from run to run without need, and nothing that
tells the Python version, so that 3.11 and 3.13 store the same bytes.
"""

import tempfile

from course_tools import catalog
from course_tools.machine import fresh_clone
from course_tools.notebook import clean, warnings, write
from course_tools.progress import tell_failures
from course_tools.run import Failure, conduct


def command(options):
    """Execute notebooks and keep their outputs; 1 if a file stays as it was."""
    paths = catalog.select(catalog.find(options.folder), options.notebooks)
    originals = {path.resolve(): path.read_bytes() for path in paths}

    def finish(outcome):
        store(outcome, originals[outcome.path])

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as empty:
        # What is stored is what a reader gets.
        outcomes = conduct(paths, options, finish, fresh_clone(empty))
    return tell_failures(outcomes, "failed; their files stay as they were")


def store(outcome, original):
    """Write clean outputs into a notebook's own file, or say in `failure` why not."""
    if outcome.failure:
        return
    try:
        if wrote := warnings(outcome.notebook):
            cell, text = wrote[0]
            raise ValueError(f"cell {cell} writes to stderr: {text}")
        if outcome.path.read_bytes() != original:
            raise ValueError("the file was changed while it ran; run it again")
        clean(outcome.notebook)
        write(outcome.notebook, outcome.path)
    except (ValueError, OSError) as error:
        outcome.failure = Failure(None, "", str(error))
