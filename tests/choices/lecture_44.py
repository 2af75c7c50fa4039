"""Weight decay and learning rates of lecture 44, on other splits and other digits.

Mixtures: the lowest mean loss of held-out pairs. Heads on digits: the largest share of
pictures named exactly, at the best threshold.
"""

import numpy as np

from course_tools.excerpt import from_lecture

SEEDS = (1001, 1002)  # no run of the notebook has them
DECAYS = (0.003, 0.01, 0.03, 0.1, 0.3)
RATES = (0.006, 0.012, 0.024)
MIXTURES = "fit_mixture", "held_out", "learn_pairs", "held_pairs"
DIGITS = "train_digits", "sigmoid", "softmax", "shares", "forward", "exact"
DRAWN = "y_two", "x_pick", "y_pick", "grid"


def mixture_losses(seed):
    """For one, two and three Gaussians, the loss at each decay."""
    fit, judge, learn, held = from_lecture("44", *MIXTURES, seed=seed)
    return [[judge(fit(K, d, learn), held).mean() for d in DECAYS] for K in (1, 2, 3)]


def digit_scores(seed):
    """For sigmoids and softmax, the share named exactly at each rate."""
    found = from_lecture("44", *DIGITS, *DRAWN, seed=seed)
    train, sigmoid, softmax, shares, forward, exact, y, x_pick, y_pick, grid = found

    def score(output, targets, rate):
        p = output(forward(train(output, targets, rate), x_pick)[1])[..., :10]
        return max(exact(p, y_pick, one).mean() for one in grid)

    heads = (sigmoid, y), (softmax, shares(y))
    return [[score(*head, rate) for rate in RATES] for head in heads]


def choose():
    """The best of each grid, by the mean over the draws."""
    losses = np.mean([mixture_losses(seed) for seed in SEEDS], axis=0)
    scores = np.mean([digit_scores(seed) for seed in SEEDS], axis=0)
    names = ("DECAY_ONE", "DECAY_TWO", "DECAY_THREE"), ("RATE_SWITCHES", "RATE_CHOICE")
    tables = {
        **dict(zip(names[0], losses, strict=True)),
        **dict(zip(names[1], scores, strict=True)),
    }
    grids = {name: DECAYS if name in names[0] else RATES for name in tables}
    signs = {name: 1 if name in names[0] else -1 for name in tables}
    return {
        "constants": {
            name: grids[name][int(np.argmin(signs[name] * row))]
            for name, row in tables.items()
        },
        "found": {
            name: {
                str(point): round(float(value), 4)
                for point, value in zip(grids[name], row, strict=True)
            }
            for name, row in tables.items()
        },
    }
