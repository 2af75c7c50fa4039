"""All lectures: two at a time against one, and where each one's time goes.

The first half of the notebooks runs one after the other, then all run two at a time,
then the second half one after the other: a machine whose speed drifts treats both
alike. They run as `make store` runs them, and are timed from outside their kernels.
"""

import tempfile
import time

from shared import ROOT, Row, number, run_part, say, table, target_table

TITLE = "Suite"
ALTS = {
    "suite": "Stacked bars, one per notebook, in seconds when run by itself: start of "
    "the kernel, imports in the setup cell, and the rest."
}
KINDS = {
    "kernel start": ("black", ""),
    "imports": ("orange", "//"),
    "rest": ("sky", ""),
}
TARGETS = {"all": 300, "one": 60, "memory": 1.5e9, "ratio": 0.6}
WHY = {
    "ratio": "by itself a notebook trains on both cores, two at a time on one each: "
    "the second gains what one leaves idle in imports, tracing and drawing.",
    "all": "the training that the claims need: see the bars.",
    "one": "see the bar of that notebook; imports much above the others' are a slow "
    "spell of the machine.",
    "memory": "see the table.",
}


def lectures():
    """The fourteen lectures of the core course."""
    return sorted((ROOT / "notebooks").glob("[01][0-9]_*.ipynb"))


def execute(paths, jobs):
    """Seconds of a run, and each notebook's profile by its number."""
    from course_tools import run
    from course_tools.machine import fresh_clone

    times = {path.stem: [] for path in paths}

    def tell(outcome, event):
        times[outcome.name].append(time.perf_counter())
        if event == "ends":
            say(f"{outcome.name}: {outcome.failure or f'{outcome.seconds:.0f} s'}")

    start = time.perf_counter()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as empty:
        outcomes = run.execute(
            paths, jobs=jobs, environment=fresh_clone(empty), tell=tell
        )
    taken = time.perf_counter() - start
    if any(outcome.failure for outcome in outcomes):
        raise SystemExit("a notebook failed: nothing was measured")
    return taken, {o.name[:2]: profile(o, times[o.name]) for o in outcomes}


def profile(outcome, times):
    """One notebook's time by kind, and its peak memory.

    `times` says when its kernel was about to start, each cell, and the end.
    """
    from course_tools.notebook import code_cells, runs

    cells = [cell for cell in outcome.notebook.cells if runs(cell)]
    setup = 1 + cells.index(code_cells(outcome.notebook)[0])
    spent = {
        "kernel start": times[1] - times[0],
        "imports": times[setup + 1] - times[setup],
    }
    spent["rest"] = outcome.seconds - sum(spent.values())
    return {"spent": spent, "seconds": outcome.seconds, "peak": outcome.peak_bytes}


def measure(quick):
    """Half of them in turn, all side by side, the other half in turn."""
    paths = lectures()[:2] if quick else lectures()
    half = len(paths) // 2
    first, alone = execute(paths[:half], jobs=1)
    together, side_by_side = execute(paths, jobs=2)
    second, others = execute(paths[half:], jobs=1)
    return {
        "sequential": first + second,
        "parallel": together,
        "notebooks": alone | others,
        "side by side": side_by_side,
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
            "all, two at a time / one after the other",
            f"{ratio:.2f}",
            f"one after the other: {number(data['sequential'])} s",
            f"≤ {TARGETS['ratio']}",
            ratio <= TARGETS["ratio"],
            WHY["ratio"],
        ),
        Row(
            f"all {len(alone)} lectures, two at a time",
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
    heads = ("lecture", *KINDS, "all, alone", "beside another", "memory")
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
