"""The learning rate of each of lecture 05's programs, on other runs' validation digits.

Every program is tried at rates that double, five runs each. It gets the smallest rate
whose mean accuracy is within 0.2 points of the best: next to rates at which training
fails, the best of five runs may be luck.
"""

from course_tools.excerpt import from_lecture

SEED = 1001  # no run of the notebook or of its evidence has it
RUNS = 5  # the notebook has three
GRIDS = {  # the notebook's constants, and in each the programs
    "QUADRATIC": {
        "softmax_regression": (3.2, 6.4, 12.8, 25.6),
        "small": (3.2, 6.4, 12.8, 25.6),
        "large": (0.4, 0.8, 1.6, 3.2),
        "hidden_layers": (1.6, 3.2, 6.4, 12.8),
    },
    "ENTROPY": {
        "entropy": (0.1, 0.2, 0.4, 0.8),
        "descent_decayed": (0.1, 0.2, 0.4, 0.8),
        "adam": (0.001, 0.002, 0.004, 0.008),
        "adam_decayed": (0.002, 0.004, 0.008, 0.016),
    },
    "MOVES": {
        "moving": (0.004, 0.008, 0.016),
        "dropped": (0.002, 0.004, 0.008, 0.016),
        "moving_dropped": (0.004, 0.008, 0.016),
        "still": (0.004, 0.008, 0.016),
    },
    "LAST": {
        "longer": (0.004, 0.008, 0.016),
        "flat": (0.004, 0.008, 0.016, 0.032),
        "plain": (3.2, 6.4, 12.8),
    },
}


def choose():
    """The rates, and the mean validation accuracy at each rate that was tried."""
    names = [name for grids in GRIDS.values() for name in grids]
    validate, *programs = from_lecture("05", "validate", *names, seed=SEED, RUNS=RUNS)
    program = dict(zip(names, programs, strict=True))
    constants, found = {}, {}
    for constant, grids in GRIDS.items():
        constants[constant] = {}
        for name, grid in grids.items():
            means = map(float, validate(program[name], grid).mean(axis=1))
            found[name] = dict(zip(grid, means, strict=True))
            enough = max(found[name].values()) - 0.002
            good = [rate for rate, mean in found[name].items() if mean >= enough]
            constants[constant][name] = min(good)
    return {"constants": constants, "found": found}
