"""Time and memory of training as the number of images grows."""

import argparse
import json
import subprocess
import sys
import time

import numpy as np
from shared import Row, memory, middle, number, run_part, say, table, target_table

TITLE = "Growth"
ALTS = {
    "growth": "Left: seconds an epoch against the number of images, both logarithmic, "
    "with the fitted line. Right: resident memory over the epochs, one line per number "
    "of images."
}
SIZES = (500, 1_000, 4_000, 16_000, 60_000)
#: Epochs in each round of timing: small sets get more, so that no call is very short.
TIMED = {500: 7, 1_000: 5, 4_000: 3, 16_000: 2, 60_000: 2}
ROUNDS = 5
#: Epochs over which memory is watched.
WATCHED = {500: 12, 1_000: 12, 4_000: 8, 16_000: 5, 60_000: 4}
WHY_TIME = (
    "slow spells of a machine that others use as well are shorter than a round of all "
    "sizes here; the table has every size."
)
WHY_MEMORY = "the allocator had not settled after the second epoch."


def digits_of(size):
    """So many images with labels, and where they are from."""
    from course_utils.data import DataError, load_digits

    try:
        digits, source = load_digits("full"), "all of MNIST"
    except DataError:
        digits, source = load_digits(), "the bundled digits"
    if size > len(digits.x_train):
        source += ", tiled"
    x, y = (
        np.resize(array, (size, *array.shape[1:]))
        for array in (digits.x_train, digits.y_train)
    )
    return x, y, source


def network():
    """Lecture 06's network, ready to train."""
    import keras

    from course_tools.excerpt import from_lecture
    from course_utils.training import seed_everything

    (net,) = from_lecture("06", "model", seed=seed_everything(0))
    net.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return net


def trained(net, x, y, epochs):
    """Seconds and resident memory of each epoch, trained as the lectures train."""
    import keras

    from course_utils.training import fit

    seconds, resident = [], []

    class Noting(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            seconds.append(time.perf_counter() - self.start)
            resident.append(memory())

    fit(net, x, y, batch_size=100, epochs=epochs, callbacks=[Noting()])
    return seconds, resident


def one_size(size):
    """Memory after each epoch, for one number of images."""
    x, y, source = digits_of(size)
    _, resident = trained(network(), x, y, WATCHED[size])
    return {"size": size, "source": source, "images": x.nbytes, "memory": resident}


def epoch_times(sizes, rounds):
    """Seconds an epoch of every size, round by round: their medians in each call.

    A round goes through all sizes, every second one backwards, so that a spell in which
    the machine is slow hits no size alone. The first round, which traces, does not
    count, nor does the first epoch of a call, which sets up the data.
    """
    x, y, _ = digits_of(max(sizes))
    net, taken = network(), {size: [] for size in sizes}
    for turn in range(1 + rounds):
        for size in sizes[:: -1 if turn % 2 else 1]:
            seconds, _ = trained(net, x[:size], y[:size], TIMED[size])
            taken[size] += [float(np.median(seconds[1:]))] if turn else []
        say(f"round {turn} of {rounds}")
    return taken


def measure(quick):
    """Time of all sizes in turn; memory of each in a process of its own."""
    sizes = SIZES[1:3] if quick else SIZES
    taken, runs = epoch_times(sizes, 2 if quick else ROUNDS), []
    for size in sizes:
        command = [sys.executable, __file__, "--size", str(size)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        run = json.loads(done.stdout.splitlines()[-1])
        say(f"memory with {size:,} images, {run['source']}")
        runs.append(run | {"seconds": taken[size]})
    return runs


def epoch_seconds(run):
    """Median time of an epoch."""
    return middle(run["seconds"])[0]


def line(runs):
    """Fixed seconds an epoch, seconds an image, each size's distance from the line.

    Medians over the rounds. Each has a line of its own, by least squares of relative
    errors, because the machine may be slower in one round than in another.
    """
    sizes = np.array([run["size"] for run in runs], float)
    found = []
    for taken in np.transpose([run["seconds"] for run in runs]):
        design = np.stack([np.ones_like(sizes), sizes], axis=1) / taken[:, None]
        (fixed, each), *_ = np.linalg.lstsq(design, np.ones_like(taken), rcond=None)
        found.append((fixed, each, *(taken / (fixed + each * sizes) - 1)))
    fixed, each, *errors = np.median(found, axis=0)
    return fixed, each, np.array(errors)


def rise(run):
    """Memory after the last epoch over that after the second, minus 1."""
    return run["memory"][-1] / run["memory"][1] - 1


def report(runs):
    """Rows, and a table of every size."""
    fixed, each, errors = line(runs)
    worst = max(abs(errors))
    rises = [rise(run) for run in runs]
    rows = [
        Row(
            "time of an epoch, largest distance from the line",
            f"{worst:.0%}",
            f"{1000 * fixed:.0f} ms + {1e6 * each:.0f} µs an image",
            "≤ 10 %",
            bool(worst <= 0.1),
            WHY_TIME,
        ),
        Row(
            "memory, last epoch against second, largest rise",
            f"{max(rises):+.1%}",
            "flat",
            "≤ 2 %",
            max(rises) <= 0.02,
            WHY_MEMORY,
        ),
    ]
    lines = [
        (
            f"{run['size']:,}",
            run["source"],
            f"{number(epoch_seconds(run))} s",
            f"{1e6 * epoch_seconds(run) / run['size']:.0f} µs",
            f"{error:+.0%}",
            f"{max(run['memory']) / 1e6:,.0f} MB",
            f"{run['images'] / 1e6:,.0f} MB",
            f"{rise(run):+.1%}",
        )
        for run, error in zip(runs, errors, strict=True)
    ]
    heads = ("images", "from", "epoch", "each image", "from the line")
    heads += ("memory", "of it the images", "rise over epochs")
    return (
        "Lecture 06's network, batches of 100, no moves. Times are from rounds through "
        "all sizes, with a line for each round; memory is that of each size in a "
        f"process of its own.\n\n{target_table(rows)}\n\n{table(heads, lines)}"
    )


def draw(runs):
    """Time against size on the line, and memory over the epochs."""
    import matplotlib.pyplot as plt

    from course_utils.plotting import COLORS

    fixed, each, _ = line(runs)
    fig, (left, right) = plt.subplots(1, 2, figsize=(12, 4.4))
    sizes = np.array([run["size"] for run in runs])
    grid = np.geomspace(sizes[0], sizes[-1])
    left.loglog(grid, fixed + each * grid, color="black", linestyle=":")
    taken = [epoch_seconds(run) for run in runs]
    left.loglog(sizes, taken, "o", color=COLORS["blue"], markersize=9)
    left.text(grid[25], fixed + each * grid[25], "fixed + linear  ", ha="right")
    left.set(xlabel="images", ylabel="seconds an epoch", title="time")
    for run in runs:
        resident = np.array(run["memory"]) / 1e6
        epochs = np.arange(1, len(resident) + 1)
        (drawn,) = right.plot(epochs, resident, "o-", markersize=5)
        if run["size"] != 1_000:  # its line is that of 500
            above = "bottom" if run["size"] > 500 else "center"
            at = {"color": drawn.get_color(), "va": above}
            right.text(epochs[-1] + 0.3, resident[-1], f"{run['size']:,}", **at)
    right.set(xlabel="epoch", ylabel="resident memory, MB", title="memory")
    right.set(ylim=(0, None), xlim=(0.5, 14.5))
    return {"growth": fig}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--size", type=int)
    size = parser.parse_known_args()[0].size
    if size:
        print(json.dumps(one_size(size)))
    else:
        run_part(measure)
