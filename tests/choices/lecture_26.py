"""The learning rate of each network of lecture 26, on other digits than its own.

The criterion is what measures the trouble: training digits read wrong, the last loss on
new digits, new digits read wrong on the way. Where that is the number of weights, which
no rate changes, it is accuracy in the last epoch. Of equals the smallest is taken.
"""

import numpy as np

from course_tools.excerpt import from_lecture

SEEDS = (1001, 1002)  # no run of the notebook or of its evidence has one of them
PARTS = ("narrow", "pooled", "start", "relu", "norm")
CHANCE = (0.01, 0.3, 10.0)  # for networks that no rate helps
GRIDS = {
    "weights": {
        "none": (0.2, 0.4, 0.8),
        "sharing": (0.2, 0.4, 0.8),
        "narrow": (0.1, 0.2, 0.4),
        "pooled": (0.4, 0.8, 1.6),
    },
    "gradient": {
        "none": CHANCE,
        "sharing": CHANCE,
        "signal": (0.05, 0.1, 0.2),
        "noise": CHANCE,
        "adam": (0.001, 0.003, 0.01),
        "start": CHANCE,
        "relu": (0.1, 0.2, 0.4),
        "norm": (0.1, 0.3, 0.9),
    },
    "overfitting": {
        "none": (0.01, 0.03, 0.1),
        "sharing": (0.01, 0.03, 0.1),
        "signal": (0.01, 0.03, 0.1),
        "noise": (0.1, 0.2, 0.4),
        "adam": (0.00003, 0.0001, 0.0003),
    },
    "slow": {
        "none": (0.15, 0.3, 0.6),
        "sharing": (0.15, 0.3, 0.6),
        "signal": (0.15, 0.3, 0.6),
        "noise": (0.075, 0.15, 0.3),
        "adam": (0.005, 0.01, 0.02),
    },
    "even": {"none": (0.2, 0.4, 0.8), "adam": (0.0025, 0.005, 0.01)},
}


class Kept:
    """The lecture's `compiled`, once a network: other rates and seeds run on it too."""

    def __init__(self):
        (self.compiled,) = from_lecture("26", "compiled")
        self.model = None

    def __call__(self, model, optimizer):
        """Compile the first model; later ones give their weights and rate to it."""
        if self.model is None:
            self.model, self.optimizer = model, optimizer
            self.functions = self.compiled(model, optimizer)
        self.model.set_weights(model.get_weights())
        rate = float(optimizer.learning_rate)
        for variable in self.optimizer.variables:
            variable.assign(np.zeros(variable.shape))
        self.optimizer.learning_rate = rate
        return self.functions


def measured(case, model, seen, x, y):
    """What is to be small."""
    if case == "gradient":
        return 1 - np.mean(np.argmax(model(x), axis=1) == y)
    if case == "overfitting":
        return seen[-1, 0]
    return 1 - np.mean(seen[-6:, 1] if case == "weights" else seen[:, 1])


def at_rates(lectures, kept, case, cure, grid):
    """The mean measure over the seeds, at each rate of a grid."""
    kept.model, found = None, {}
    for rate in grid:
        each = []
        for run, x, y in lectures:
            _, seen = run(case, cure, rate)
            each.append(measured(case, kept.model, seen, x, y))
        found[rate] = float(np.mean(each))
    return found


def choose():
    """The rates, and the mean measure at each rate that was tried."""
    kept = Kept()
    lectures = [
        from_lecture("26", "run", "x", "y", seed=seed, compiled=kept) for seed in SEEDS
    ]
    rates, parts, found = {}, {}, {}
    for case, grids in GRIDS.items():
        found[case] = {
            cure: at_rates(lectures, kept, case, cure, grid)
            for cure, grid in grids.items()
        }
        best = {cure: min(each, key=each.get) for cure, each in found[case].items()}
        apart = {c: r for c, r in best.items() if c in PARTS or case == "even"}
        if apart:
            parts[case] = apart
        if case != "even":
            rates[case] = [rate for cure, rate in best.items() if cure not in apart]
    return {"constants": {"RATES": rates, "PART_RATES": parts}, "found": found}
