"""Learning rates of lecture 33's policies: the lowest mean loss, on other draws."""

from itertools import product

import numpy as np

from course_tools.excerpt import from_lecture

SEEDS = (1001, 1002, 1003, 1004)  # no run of the notebook has them
NAMES = "descend", "constant", "exponential", "by_hand", "plateau", "train", "train_t"
GRIDS = {  # the constants that a policy takes, and what is tried
    ("CONSTANT",): ((0.1, 0.2, 0.4, 0.8, 1.6, 3.2),),
    ("START", "R"): ((1.6, 3.2, 6.4, 12.8), (0.6, 0.7, 0.8, 0.9)),
    ("HAND_START", "HAND_CUT"): ((0.8, 1.6, 3.2), (0.05, 0.1, 0.2)),
    ("PLATEAU_START", "PATIENCE"): ((0.8, 1.6, 3.2), (2, 4)),
}


def losses(seed):
    """Mean loss of the last 500 of 3,000 steps, for every point of every grid."""
    descend, *makers, x, t = from_lecture("33", *NAMES, seed=seed)
    points = [
        make(*point)
        for make, grid in zip(makers, GRIDS.values(), strict=True)
        for point in product(*grid)
    ]
    return descend(points, 3000, x, t)[0][-10:].mean(axis=0)


def choose():
    """The point of each grid with the lowest mean over the draws."""
    means = list(map(float, np.mean([losses(seed) for seed in SEEDS], axis=0)))
    constants, found = {}, {}
    for names, grid in GRIDS.items():
        points = list(product(*grid))
        here, means = means[: len(points)], means[len(points) :]
        best = points[int(np.argmin(here))]
        constants |= dict(zip(names, best, strict=True))
        found[" ".join(names)] = {
            " ".join(map(str, point)): round(mean, 6)
            for point, mean in zip(points, here, strict=True)
        }
    return {"constants": constants, "found": found}
