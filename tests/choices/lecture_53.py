"""The learning rate of each of lecture 53's networks, on other runs' validation digits.

Each is tried at rates that double, two runs each, and gets the middle one, the lower of
two, of the rates whose mean accuracy, on digits as they are, is within half a point of
the best: so near to each other, the best of them is luck.
"""

import numpy as np

from course_tools.excerpt import from_lecture

SEED = 1001  # no run of the notebook or of its evidence has it
GRID = (0.002, 0.004, 0.008, 0.016)
RUNS = 2


def choose():
    """The rates, and the mean validation accuracy at each rate that was tried."""
    runs = [accuracies(seed) for seed in range(SEED, SEED + RUNS)]
    means = {
        name: {rate: float(np.mean([run[name][rate] for run in runs])) for rate in GRID}
        for name in runs[0]
    }
    chosen = {name: middle(rates) for name, rates in means.items()}
    return {"constants": {"RATES": chosen}, "found": means}


def middle(means):
    """Of the rates that are nearly as good as the best."""
    good = [rate for rate, mean in means.items() if mean >= max(means.values()) - 0.005]
    return good[(len(good) - 1) // 2]


def accuracies(seed):
    """Network → rate → validation accuracy, in one run."""
    wanted = ("network", "digits", "RATES")
    network, digits, names = from_lecture("53", *wanted, seed=seed)
    found = {name: {} for name in names}
    for name in names:
        for rate in GRID:
            logits = network(name, rate).predict(digits.x_validation, verbose=0)
            found[name][rate] = np.mean(logits.argmax(axis=1) == digits.y_validation)
    return found
