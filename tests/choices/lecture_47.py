"""Rates and strengths of lecture 47, on other draws of digits and wrong labels.

For each way to hold a network back: the rate and the strength with the highest mean
accuracy on validation digits. All ways choose from the same rates.
"""

from itertools import product

import numpy as np

from course_tools.excerpt import from_lecture

SEEDS = (1001, 1002, 1003)  # no run of the notebook has them
RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
L2S, L1S = (0.0025, 0.005, 0.01, 0.02), (0.00025, 0.0005, 0.001, 0.002)
BOUNDS, KEEPS = (0.75, 1, 1.25, 1.5), (0.3, 0.5, 0.7)
GRIDS = {  # λ₂, λ₁, c, share kept by dropout
    "none": ((0,), (0,), (100,), (1,)),
    "L2": (L2S, (0,), (100,), (1,)),
    "L1": ((0,), L1S, (100,), (1,)),
    "L1 + L2": (L2S[1:], L1S[:3], (100,), (1,)),
    "max-norm": ((0,), (0,), BOUNDS, (1,)),
    "dropout": ((0,), (0,), (100,), KEEPS),
    "dropout, max-norm": ((0,), (0,), BOUNDS, KEEPS),
}


def accuracies(seed):
    """Validation accuracy of every way at each rate and strength."""
    train, accuracy = from_lecture("47", "train", "accuracy", seed=seed)
    return {
        (name, strength): accuracy(train([(rate, *strength) for rate in RATES]))
        for name, grid in GRIDS.items()
        for strength in product(*grid)
    }


def choose():
    """The best setting of each way, by the mean over the draws."""
    every = [accuracies(seed) for seed in SEEDS]
    chosen, found = {}, {name: {} for name in GRIDS}
    for name, strength in every[0]:
        mean = np.mean([one[name, strength] for one in every], axis=0)
        for rate, value in zip(RATES, mean, strict=True):
            found[name][" ".join(map(str, (rate, *strength)))] = round(float(value), 4)
    for name, values in found.items():
        best = max(values, key=values.get)
        numbers = [float(number) for number in best.split()]
        chosen[name] = [int(k) if k == int(k) else k for k in numbers]
    return {"constants": {"CHOSEN": chosen}, "found": found}
