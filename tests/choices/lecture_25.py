"""Learning rates of lecture 25's fits, on other points and other starts.

Each number of units gets for each function the rate with the lowest unexplained share:
the median of five starts, the mean of two draws. So does the mistaken gradient, for the
function that is asked about.
"""

import numpy as np

from course_tools.excerpt import from_lecture

SEEDS = (1001, 1002)  # no run of the notebook or of its evidence has them
RATES = (0.2, 0.35, 0.5, 0.7, 1.0)
HARMED_RATES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 1.0)
NAMES = ("x1^2 + x2^2", "x1^2 - x2^2", "cos cos")


def shares(seed):
    """Unexplained shares: (3, 6, 12 units; rates; functions), and with the mistake."""
    fit, unexplained, units, mistakes = from_lecture(
        "25", "fit", "unexplained", "UNITS", "MISTAKES", seed=seed
    )

    def middle(n, rate, mistake=None):
        with np.errstate(all="ignore"):  # a rate may be too large
            left = unexplained(fit(n, [rate] * 3, mistake)[-1])
        return np.nan_to_num(np.median(left, axis=1), nan=np.inf)

    right = [[middle(n, rate) for rate in RATES] for n in units]
    return np.array(right), np.array([middle(6, r, mistakes[-1]) for r in HARMED_RATES])


def table(rates, means):
    """Rate → share, as text and number."""
    return {str(r): round(float(m), 4) for r, m in zip(rates, means, strict=True)}


def choose():
    """The best rate of each setting and function, and what was compared."""
    right, harmed = (
        np.mean(draws, axis=0)
        for draws in zip(*(shares(seed) for seed in SEEDS), strict=True)
    )
    constants = {
        "RATES": np.array(RATES)[right.argmin(axis=1)].tolist(),
        "HARMED_RATE": HARMED_RATES[int(harmed[:, 0].argmin())],
    }
    found = {
        f"{n} units, {name}": table(RATES, right[k, :, which])
        for k, n in enumerate((3, 6, 12))
        for which, name in enumerate(NAMES)
    }
    found["6 units, mistake, x1^2 + x2^2"] = table(HARMED_RATES, harmed[:, 0])
    return {"constants": constants, "found": found}
