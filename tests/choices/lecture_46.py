"""Learning rates of lecture 46, on other draws of digits and other starts.

For each kind of network and each depth: the rate with the highest mean accuracy on
validation digits. At each depth all kinds choose from the same rates.
"""

import numpy as np

from course_tools.excerpt import from_lecture

SEEDS = (1001, 1002)  # no run of the notebook has them
GRIDS = {
    8: (0.01, 0.02, 0.04, 0.08, 0.16),
    16: (0.005, 0.01, 0.02, 0.04, 0.08),
    32: (0.0025, 0.005, 0.01, 0.02, 0.04),
    100: (0.0025, 0.005, 0.01, 0.02),
}
KINDS = {"He": 3, "identity": 3, "residual": 4}  # and how many of the depths


def accuracies(seed):
    """Validation accuracy at each rate, for each kind and depth."""
    train, accuracy = from_lecture("46", "train", "accuracy", seed=seed)
    found = {}
    with np.errstate(all="ignore"):  # a rate that is far too large overflows
        for kind, depths in KINDS.items():
            for depth in list(GRIDS)[:depths]:
                net, _ = train(kind, depth, GRIDS[depth])
                found[kind, depth] = accuracy(net, kind)
    return found


def choose():
    """The best rate for each kind and depth, by the mean over the draws."""
    every = [accuracies(seed) for seed in SEEDS]
    means = {key: np.mean([one[key] for one in every], axis=0) for key in every[0]}
    rates = {kind: [] for kind in KINDS}
    for (kind, depth), mean in means.items():
        rates[kind].append(GRIDS[depth][int(np.argmax(mean))])
    found = {
        f"{kind}, {depth} layers": {
            str(rate): round(float(value), 4)
            for rate, value in zip(GRIDS[depth], mean, strict=True)
        }
        for (kind, depth), mean in means.items()
    }
    return {"constants": {"RATES": rates}, "found": found}
