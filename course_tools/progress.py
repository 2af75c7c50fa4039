"""What a run tells: live lines in a terminal, plain lines elsewhere, failures last."""

import contextlib
import itertools
import sys
import time

from course_tools.notebook import warnings

#: Seconds between two plain lines on one notebook.
EVERY = 20.0


def show_progress(total):
    """A context that gives what `run.execute` takes for `tell`."""
    return _live(total) if sys.stdout.isatty() else _plain(total)


@contextlib.contextmanager
def _plain(total):
    """A line when a notebook starts, every `EVERY` seconds, and when it ends."""
    ended, said = itertools.count(1), {}

    def tell(outcome, event):
        if event == "starts":
            line = f"  {outcome.name}: starts, {outcome.cells} cells"
        elif event == "ends":
            line = f"{_summary(outcome)} ({next(ended)} of {total})"
        elif time.monotonic() - said[outcome.path] >= EVERY:
            line = f"  {outcome.name}: cell {outcome.cells_run} of {outcome.cells}"
        else:
            return
        said[outcome.path] = time.monotonic()
        print(line, flush=True)

    yield tell


@contextlib.contextmanager
def _live(total):
    """Lines that redraw themselves: one per running notebook, and one for all."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    display = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[unit]}{task.completed:.0f} of {task.total:.0f}"),
        TimeElapsedColumn(),
        console=Console(file=sys.stdout, highlight=False, markup=False),
        transient=True,
    )
    whole = display.add_task("all notebooks", total=total, unit="")
    tasks = {}

    def tell(outcome, event):
        if event == "starts":
            task = display.add_task(outcome.name, total=outcome.cells, unit="cell ")
            tasks[outcome.path] = task
        elif event == "cell":
            display.update(tasks[outcome.path], completed=outcome.cells_run)
        else:
            display.console.print(_summary(outcome), soft_wrap=True)
            display.advance(whole)
            if outcome.path in tasks:  # else it could not even be read
                display.remove_task(tasks[outcome.path])

    with display:
        yield tell


def _summary(outcome):
    """One line on how a notebook ended."""
    if outcome.failure:
        return f"✗ {outcome.name}: {outcome.failure}"
    line = (
        f"✓ {outcome.name}: {outcome.cells} cells in {outcome.seconds:.1f} s, "
        f"{outcome.peak_bytes / 1e9:.2f} GB"
    )
    cells = dict.fromkeys(str(cell) for cell, _ in warnings(outcome.notebook))
    return line + (f"; warnings in cell {', '.join(cells)}" if cells else "")


def tell_failures(outcomes, verb):
    """Print each failure once more, together; return the exit status."""
    failed = [outcome for outcome in outcomes if outcome.failure]
    if failed:
        print(f"\n{len(failed)} of {len(outcomes)} notebooks {verb}:")
    for outcome in failed:
        print(f"  {outcome.name}, {outcome.failure}")
    return int(bool(failed))
