"""Learning rates of lecture 51, on other draws of digits and other starts.

For each kind of network: the rate with the highest mean accuracy on validation digits.
All kinds choose from the same rates.
"""

import numpy as np

from course_tools.excerpt import from_lecture

SEEDS = (1001, 1002)  # no run of the notebook has them
RATES = (0.1, 0.2, 0.3, 0.4, 0.6)
KINDS = ("none", "tanh", "abs")


def accuracies(seed):
    """Validation accuracy of each kind at each rate."""
    train, accuracy, new_weights = from_lecture(
        "51", "train", "accuracy", "new_weights", seed=seed
    )
    found = {}
    with np.errstate(all="ignore"):  # a rate that is far too large overflows
        for kind in KINDS:
            start = new_weights(kind)
            trained = [train(kind, rate, start)[0] for rate in RATES]
            found[kind] = [accuracy(weights, kind) for weights in trained]
    return found


def choose():
    """The best rate of each kind, by the mean over the draws."""
    every = [accuracies(seed) for seed in SEEDS]
    means = {kind: np.mean([one[kind] for one in every], axis=0) for kind in KINDS}
    best = {kind: RATES[int(np.argmax(mean))] for kind, mean in means.items()}
    found = {
        kind: {str(RATES[k]): round(float(m), 4) for k, m in enumerate(mean)}
        for kind, mean in means.items()
    }
    return {"constants": {"RATES": best}, "found": found}
