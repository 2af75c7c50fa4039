"""The notebooks' tests: two workers against one, and where each notebook's time goes.

The one worker runs the first half of the notebooks, then two workers run all, then the
one runs the second half: a machine whose speed drifts treats both alike. All compare
strictly; a probe in each kernel (`kernel_probe`) tells what its cells spend time on.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shared import FOLDER, ROOT, Row, number, run_part, say, table, target_table

TITLE = "Suite"
ALTS = {
    "suite": "Stacked bars, one per notebook, in seconds of the sequential run: kernel "
    "start, imports, tracing, training in fit, drawing, other programs, and the rest, "
    "which is mostly the computations of the cells."
}
KINDS = {
    "kernel start": ("black", ""),
    "imports": ("orange", "//"),
    "tracing": ("red", ".."),
    "training": ("blue", ""),
    "drawing": ("green", "\\\\"),
    "other programs": ("pink", "xx"),
    "rest": ("sky", ""),
}
PROGRESS_SECONDS = 30
TARGETS = {"all": 300, "one": 60, "memory": 1.5e9, "ratio": 0.6}
WHY = {
    "ratio": "by itself a notebook trains on both cores, with two workers on one each: "
    "the second worker gains what one leaves idle in imports, tracing and drawing.",
    "all": "the training that the claims need; the bars show where it is.",
    "one": "see the bar of that notebook; imports much above the others' are a slow "
    "spell of the machine.",
    "memory": "see the table.",
}


def lectures():
    """The fourteen lectures of the core course."""
    return sorted((ROOT / "notebooks").glob("[01][0-9]_*.ipynb"))


def pytest(paths, workers, probe):
    """Seconds and last line of a strict run, as `make test` runs notebooks."""
    environment = os.environ | {
        "COURSE_PROBE": str(probe),
        "PYTHONPATH": str(FOLDER / "kernel_probe"),
    }
    options = ["-q", "-p", "no:cacheprovider", f"--numprocesses={workers}"]
    command = [sys.executable, "-m", "pytest", *options, *map(str, paths)]
    log = Path(probe, "pytest.txt")
    start = time.perf_counter()
    with (
        open(log, "wb") as output,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output
        ) as run,
    ):
        while run.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.wait(PROGRESS_SECONDS)
                break
            begun = len(list(Path(probe).glob("*.jsonl")))
            say(f"{time.perf_counter() - start:.0f} s, {begun} of {len(paths)} begun")
    taken = time.perf_counter() - start
    last = ["", *log.read_text("utf-8", errors="replace").strip().splitlines()][-1]
    if run.returncode not in (0, 1):  # 1: something differed, but all cells ran
        raise SystemExit(f"pytest could not run: {last}")
    return taken, last


def profile(file):
    """One notebook's time by kind, and its peak memory, from what its kernel noted."""
    cells = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    spent = {"kernel start": cells[0]["after"]}
    for cell in cells:
        for kind, taken in cell["seconds"].items():
            spent[kind] = spent.get(kind, 0.0) + taken
    end = cells[-1]["after"] + sum(cells[-1]["seconds"].values())
    spent["rest"] += end - sum(spent.values())  # between the cells
    return {"spent": spent, "seconds": end, "peak": max(c["peak"] for c in cells)}


def number_of(file, paths):
    """Which notebook a kernel's notes are about: that with their first cell."""
    first = json.loads(file.read_text("utf-8").splitlines()[0])["cell"]
    for path in paths:
        cells = json.loads(path.read_text("utf-8"))["cells"]
        code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
        if first in code and all(
            json.loads(line)["cell"] in code
            for line in file.read_text("utf-8").splitlines()
        ):
            return path.stem[:2]
    raise ValueError(f"{file} is about none of the notebooks")


def measure(quick):
    """Half of them in turn, all side by side, the other half in turn."""
    paths = lectures()[:2] if quick else lectures()
    half = len(paths) // 2
    runs = {}
    with tempfile.TemporaryDirectory(prefix="course-probe-") as folder:
        for name, some, workers in (
            ("first half, sequential", paths[:half], 0),
            ("all, two workers", paths, 2),
            ("second half, sequential", paths[half:], 0),
        ):
            probe = Path(folder, name)
            probe.mkdir()
            taken, last = pytest(some, workers, probe)
            say(f"{name}: {taken:.0f} s ({last})")
            found = {number_of(f, some): profile(f) for f in probe.glob("*.jsonl")}
            runs[name] = {"seconds": taken, "pytest": last, "notebooks": found}
    first, together, second = runs.values()
    return {
        "sequential": first["seconds"] + second["seconds"],
        "parallel": together["seconds"],
        "pytest": [run["pytest"] for run in runs.values()],
        "notebooks": dict(sorted((first["notebooks"] | second["notebooks"]).items())),
        "side by side": dict(sorted(together["notebooks"].items())),
    }


def report(data):
    """Rows against targets, and the notebooks' table."""
    alone, together = data["notebooks"], data["side by side"]
    ratio = data["parallel"] / data["sequential"]
    slowest = max(alone, key=lambda name: alone[name]["seconds"])
    largest = max(alone, key=lambda name: alone[name]["peak"])
    most, peak = alone[slowest]["seconds"], alone[largest]["peak"]
    rows = [
        Row(
            "strict run, two workers / one",
            f"{ratio:.2f}",
            f"sequential `pytest --nbval`: {number(data['sequential'])} s",
            f"≤ {TARGETS['ratio']}",
            ratio <= TARGETS["ratio"],
            WHY["ratio"],
        ),
        Row(
            f"all {len(alone)} lectures, two workers",
            f"{number(data['parallel'])} s",
            "",
            "≤ 5 min",
            data["parallel"] <= TARGETS["all"],
            WHY["all"],
        ),
        Row(
            "slowest notebook",
            f"{number(most)} s",
            f"lecture {slowest}, by itself",
            "≤ 60 s",
            most <= TARGETS["one"],
            WHY["one"],
        ),
        Row(
            "largest notebook",
            f"{peak / 1e9:.2f} GB",
            f"lecture {largest}",
            "≤ 1.5 GB",
            peak <= TARGETS["memory"],
            WHY["memory"],
        ),
    ]
    lines = [
        (
            name,
            *(f"{entry['spent'].get(kind, 0):.1f}" for kind in KINDS),
            f"**{entry['seconds']:.0f}**",
            f"{together[name]['seconds']:.0f}" if name in together else "–",
            f"{entry['peak'] / 1e9:.2f} GB",
        )
        for name, entry in alone.items()
    ]
    heads = ("lecture", *KINDS, "all, alone", "beside another", "kernel's memory")
    return (
        "One run each, sequential in two halves around the parallel one. Seconds:\n\n"
        f"{target_table(rows)}\n\n{table(heads, lines)}"
    )


def draw(data):
    """Where the time goes, notebook by notebook."""
    import matplotlib.pyplot as plt

    from course_utils.plotting import COLORS

    fig, ax = plt.subplots(figsize=(11, 6))
    names = list(data["notebooks"])[::-1]
    left = [0.0] * len(names)
    for kind, (color, hatch) in KINDS.items():
        widths = [data["notebooks"][name]["spent"].get(kind, 0.0) for name in names]
        look = {"color": COLORS[color], "hatch": hatch, "edgecolor": "white"}
        ax.barh(names, widths, left=left, height=0.75, label=kind, **look)
        left = [a + b for a, b in zip(left, widths, strict=True)]
    ax.axvline(TARGETS["one"], color="black", linestyle=":")
    ax.text(TARGETS["one"], len(names) - 0.5, " 60 s")
    ax.set(xlabel="seconds, one notebook after the other", ylabel="lecture")
    ax.tick_params(axis="y", length=0)
    ax.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return {"suite": fig}


if __name__ == "__main__":
    run_part(measure)
