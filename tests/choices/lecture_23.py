"""Learning rates of lecture 23 for each batch, on other runs' validation digits.

Rates that double, five runs each; the best mean accuracy decides, once after a pass
over the digits and once after 30 steps.
"""

import numpy as np

from course_tools.excerpt import from_lecture

SEED = 1001  # no run of the notebook or of its evidence has it
GRIDS = {  # the notebook's constants, and for each batch the rates
    "PASS_RATES": {
        1: (0.005, 0.01, 0.02),
        10: (0.05, 0.1, 0.2),
        100: (0.2, 0.4, 0.8),
        3000: (0.4, 0.8, 1.6),
    },
    "STEP_RATES": {
        1: (0.02, 0.04, 0.08),
        10: (0.1, 0.2, 0.4),
        100: (0.2, 0.4, 0.8),
        3000: (0.4, 0.8, 1.6),
    },
}


def choose():
    """The rates, and the mean validation accuracy at each rate that was tried."""
    constants, found = {}, {}
    programs = [from_lecture("23", "train", seed=SEED + run)[0] for run in range(5)]
    for name, grids in GRIDS.items():
        constants[name] = {}
        for batch, rates in grids.items():
            steps = 30 if name == "STEP_RATES" else 3000 // batch
            means = {}
            for rate in rates:
                last = [
                    train(np.random.default_rng(SEED + run), batch, rate, steps)[-1, 1]
                    for run, train in enumerate(programs)
                ]
                means[rate] = float(np.mean(last))
            found[f"{name} {batch}"] = means
            constants[name][batch] = max(means, key=means.get)
    return {"constants": constants, "found": found}
