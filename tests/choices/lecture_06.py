"""The learning rate of each form of LeNet-5, on other runs' validation digits.

Each form is tried at rates that double, five runs each, and gets the smallest rate
whose mean accuracy is within 0.2 points of the best: next to rates at which training
fails, the best of five runs may be luck.
"""

import keras
import numpy as np

from course_tools.excerpt import from_lecture
from course_utils.data import load_digits

SEED = 1001  # no run of the notebook or of its evidence has it
GRID = (0.002, 0.004, 0.008, 0.016)
RUNS = 5


def choose():
    """The rates, and the mean validation accuracy at each rate that was tried."""
    wanted = ("forms", "lenet", "trained", "accuracy")
    forms, lenet, trained, accuracy = from_lecture("06", *wanted, seed=SEED)
    found = {name: {rate: [] for rate in GRID} for name in forms}
    for seed in range(SEED, SEED + RUNS):
        digits = load_digits(validation=1000, seed=seed)
        for name, rates in found.items():
            for rate, runs in rates.items():
                keras.utils.set_random_seed(seed)
                net = lenet(**forms[name])
                trained(name, net, digits.x_train, digits.y_train, rate=rate)
                runs.append(accuracy(net, digits.x_validation, digits.y_validation))
    means = {
        name: {rate: float(np.mean(runs)) for rate, runs in rates.items()}
        for name, rates in found.items()
    }
    chosen = {
        name: min(r for r, mean in rates.items() if mean >= max(rates.values()) - 0.002)
        for name, rates in means.items()
    }
    return {"constants": {"RATES": chosen}, "found": means}
