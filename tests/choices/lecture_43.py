"""Learning rates of lecture 43, on other draws of digits and other starts.

For each activation function the rate with the highest mean validation accuracy.
"""

import numpy as np

from course_tools.excerpt import from_lecture

SEEDS = (1001, 1002)  # no run of the notebook has them; five starts each
RATES = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8)
SIGMOID = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)  # its slope is a quarter at most
DEPTHS = {"ONE_LAYER": 1, "SIX_LAYERS": 6}


def reached(seed):
    """(depth or "WIDE_START", name) → mean accuracy at each rate."""
    names = ("train", "accuracy", "ACTIVATIONS", "VARIANCE")
    train, accuracy, functions, variances = from_lecture("43", *names, seed=seed)

    def mean(name, depth, rate, **options):
        with np.errstate(over="ignore", invalid="ignore"):
            nets = train(name, depth, rate, **options)
            return accuracy(nets, functions[name][0]).mean()

    found = {
        (key, name): [
            mean(name, depth, rate)
            for rate in (SIGMOID if name == "sigmoid" else RATES)
        ]
        for key, depth in DEPTHS.items()
        for name in variances
    }
    wide = [mean("sigmoid", 6, rate, variance=16) for rate in SIGMOID]
    return found | {("WIDE_START", "sigmoid"): wide}


def choose():
    """The best rate of each function at each depth, by the mean over the draws."""
    both = [reached(seed) for seed in SEEDS]
    constants, found = {key: {} for key in DEPTHS}, {}
    for key, name in both[0]:
        grid = SIGMOID if name == "sigmoid" else RATES
        means = np.mean([one[key, name] for one in both], axis=0)
        best = grid[int(np.argmax(means))]
        if key in DEPTHS:
            constants[key][name] = best
        else:
            constants[key] = best
        found[f"{key} {name}"] = {
            str(rate): round(float(value), 3)
            for rate, value in zip(grid, means, strict=True)
        }
    return {"constants": constants, "found": found}
