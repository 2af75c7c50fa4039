"""What the benchmark's parts share: timing in turn, medians with spread, tables."""

import argparse
import contextlib
import datetime
import json
import os
import platform
import statistics
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("COURSE_OFFLINE", "1")  # what is not here is not waited for

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent


class Row(NamedTuple):
    """One figure beside its reference and target; `met` is None where there is none."""

    what: str
    measured: str
    reference: str
    target: str = "–"
    met: bool | None = None
    why: str = ""


# --- measuring


def say(text):
    """Print one line of progress at once, also while a part is kept quiet."""
    print(f"    {text}", file=sys.__stdout__, flush=True)


def seconds(function):
    """Wall time of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def alternate(functions, rounds, warm=1):
    """Call functions in turn, A B A B …, so that a machine that slows down slows all.

    Parameters
    ----------
    functions : dict of str to callable
    rounds : int
        How often each is timed. Every second round goes through them backwards.
    warm : int
        Rounds before, which are not counted: they trace and fill caches.

    Returns
    -------
    dict of str to list of float
        Seconds of each call, round by round.
    """
    times = {name: [] for name in functions}
    for number in range(warm + rounds):
        for name in list(functions)[:: -1 if number % 2 else 1]:
            taken = seconds(functions[name])
            if number >= warm:
                times[name].append(taken)
    return times


def ratios(above, below):
    """Quotients round by round: both of a pair saw the machine in the same state."""
    return [a / b for a, b in zip(above, below, strict=True)]


def middle(values):
    """Median and the quartiles around it, of at least one value."""
    values = list(values)
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return median, low, high


def seeds(usual=5):
    """How many seeds to train under; ``COURSE_BENCH_SEEDS`` names another number."""
    return int(os.environ.get("COURSE_BENCH_SEEDS", usual))


def memory():
    """Resident memory of this process, in bytes."""
    import psutil

    return psutil.Process().memory_info().rss


def machine():
    """What absolute times depend on, as one line."""
    from course_tools.machine import cpu_model

    libraries = []
    for name, title in (("tensorflow", "TensorFlow"), ("keras", "Keras")):
        try:
            libraries.append(f"{title} {version(name)}")
        except PackageNotFoundError:
            libraries.append(f"no {title}")
    cores = os.cpu_count()
    return (
        f"{cpu_model()}, {cores} core{'s' * (cores != 1)}, "
        f"Python {platform.python_version()}, {', '.join(libraries)}"
    )


def run_part(measure):
    """Measure one part as its own program, which `run.py` starts.

    Parameters
    ----------
    measure : callable
        Takes `quick` (bool) and returns what was measured, as JSON knows it.
    """
    parser = argparse.ArgumentParser(description="One part; make bench runs them all.")
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument("--output", type=Path, help="JSON file (default: the terminal)")
    options = parser.parse_args()
    result = {
        "measured": datetime.date.today().isoformat(),
        "machine": machine(),
        "quick": options.quick,
    }
    start = time.perf_counter()
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        result["data"] = measure(options.quick)
    result["minutes"] = round((time.perf_counter() - start) / 60, 1)
    text = json.dumps(rounded(result), indent=1, ensure_ascii=False) + "\n"
    if options.output:
        options.output.write_text(text, "utf-8")
    else:
        print(text)


def rounded(value):
    """The same with every number to four digits: more are noise."""
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(entry) for entry in value]
    if isinstance(value, float):
        return float(f"{value:.4g}")
    return value


# --- reporting


def number(value):
    """A number as a table shows it: three digits, thousands separated."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(values, unit="", scale=1):
    """Median and quartiles of several values as text: ``1.02 (1 to 1.04) s``."""
    median, low, high = (number(scale * value) for value in middle(values))
    around = f" ({low} to {high})" if len(values) > 1 else ""
    return f"{median}{around}{unit and f' {unit}'}"


def table(heads, lines):
    """A Markdown table."""
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def target_table(rows):
    """The figures beside references and targets, and why those missed were missed."""
    words = {True: "met", False: "**missed**", None: "–"}
    lines = [(*row[:4], words[row.met]) for row in rows]
    text = table(("Figure", "Measured", "Reference", "Target", ""), lines)
    missed = [f"- **{row.what}**: {row.why}" for row in rows if row.met is False]
    return "\n\n".join([text, *(["Missed:\n\n" + "\n".join(missed)] if missed else [])])
