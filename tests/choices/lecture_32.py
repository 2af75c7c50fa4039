"""Rate and λ of lecture 32's two losses, on other runs' validation digits.

Each loss is tried at each pair of its grid, on five splits, and gets the pair with the
highest mean accuracy; of equals, the one with the largest λ.
"""

import itertools

import numpy as np

from course_tools.excerpt import from_lecture
from course_utils.data import load_digits

SEED = 1001  # no run of the notebook or of its evidence has it
GRIDS = {  # rates, λ
    "hinge": ((0.003, 0.01, 0.03, 0.1), (0.001, 0.003, 0.01, 0.03, 0.1)),
    "softmax": ((0.03, 0.1, 0.3), (0.00001, 0.00003, 0.0001, 0.0003, 0.001)),
}


def choose():
    """The rates, the λ, and the mean validation accuracy of each pair tried."""
    train, with_one, accuracy, *losses = from_lecture(
        "32", "train", "with_one", "accuracy", *GRIDS, seed=SEED
    )
    splits = [
        load_digits(flatten=True, validation=1000, seed=SEED + run) for run in range(5)
    ]

    def mean_accuracy(loss, rate, lam):
        scores = []
        for split in splits:
            W = train(loss, with_one(split.x_train), split.y_train, lam, rate)
            new = with_one(split.x_validation)
            scores.append(accuracy(W, new, split.y_validation))
        return round(float(np.mean(scores)), 4)

    constants, found = {"RATES": {}, "LAMBDAS": {}}, {}
    for (name, grid), loss in zip(GRIDS.items(), losses, strict=True):
        tried = {pair: mean_accuracy(loss, *pair) for pair in itertools.product(*grid)}
        best = max(tried, key=lambda pair: (tried[pair], pair[1]))
        constants["RATES"][name], constants["LAMBDAS"][name] = best
        found[name] = {f"rate {r}, λ {lam}": score for (r, lam), score in tried.items()}
    return {"constants": constants, "found": found}
