"""What a run shows while it lasts: live lines in a terminal, plain lines elsewhere."""

import contextlib
import sys
import time

from course_tools.notebook import warnings
from course_tools.run import Watcher

__all__ = ["LiveProgress", "PlainProgress", "for_stream", "summary"]


def for_stream(stream, total):
    """The progress display that suits an output stream.

    Parameters
    ----------
    stream : text file
        Only a terminal gets lines that redraw themselves.
    total : int
        How many notebooks will run.

    Returns
    -------
    PlainProgress or LiveProgress
        A context manager, to be entered around `course_tools.run.execute`.
    """
    return LiveProgress(total) if stream.isatty() else PlainProgress(total)


def summary(outcome):
    """One line on how a notebook ended."""
    if outcome.failure:
        return f"✗ {outcome.name}: {outcome.failure}"
    line = (
        f"✓ {outcome.name}: {outcome.cells} cells in {outcome.seconds:.1f} s, "
        f"{outcome.peak_bytes / 1e9:.2f} GB"
    )
    cells = dict.fromkeys(str(cell) for cell, _ in warnings(outcome.notebook))
    return line + (f"; warnings in cell {', '.join(cells)}" if cells else "")


class PlainProgress(Watcher, contextlib.AbstractContextManager):
    """A line when a notebook starts, every `every` seconds, and when it ends."""

    every = 20.0

    def __init__(self, total):
        self.total, self.done, self.said = total, 0, {}

    def __exit__(self, *_):
        return None

    def started(self, outcome):
        self.said[outcome.path] = time.monotonic()
        self._say(f"  {outcome.name}: starts, {outcome.cells} cells")

    def cell_started(self, outcome, number):
        now = time.monotonic()
        if now - self.said[outcome.path] >= self.every:
            self.said[outcome.path] = now
            self._say(f"  {outcome.name}: cell {number} of {outcome.cells}")

    def finished(self, outcome):
        self.done += 1
        self._say(f"{summary(outcome)} ({self.done} of {self.total})")

    def _say(self, line):
        print(line, flush=True)


class LiveProgress(Watcher, contextlib.AbstractContextManager):
    """One line per running notebook, and one for all of them."""

    def __init__(self, total):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self.display = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[step]}"),
            TimeElapsedColumn(),
            console=Console(file=sys.stdout, highlight=False, markup=False),
            transient=True,
        )
        self.lines = {}
        self.total = self.display.add_task(
            "all notebooks", total=total, step=f"0 of {total}"
        )

    def __enter__(self):
        self.display.start()
        return self

    def __exit__(self, *_):
        self.display.stop()

    def started(self, outcome):
        self.lines[outcome.path] = self.display.add_task(
            outcome.name, total=outcome.cells, step="kernel starts"
        )

    def cell_started(self, outcome, number):
        self.display.update(
            self.lines[outcome.path],
            completed=number - 1,
            step=f"cell {number} of {outcome.cells}",
        )

    def finished(self, outcome):
        self.display.console.print(summary(outcome), soft_wrap=True)
        if outcome.path in self.lines:  # else it could not even be read
            self.display.remove_task(self.lines[outcome.path])
        self.display.advance(self.total)
        task = self.display.tasks[0]
        self.display.update(
            self.total, step=f"{task.completed:.0f} of {task.total:.0f}"
        )
