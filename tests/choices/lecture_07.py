"""The learning rates of lecture 07, on other runs and on validation digits.

Each network gets the rate with the highest mean: of the letters recalled over all gaps,
or of the accuracy after all rows; after the last row where only that is asked for. The
simple RNN's is chosen after its 1,050 steps.
"""

from course_tools.excerpt import from_lecture
from course_utils.data import load_digits

SEED = 1001  # no run of the notebook or of its evidence has it
RECALL = {  # steps of training, rates
    "simple RNN": (1050, (0.002, 0.004, 0.008)),
    "LSTM": (350, (0.01, 0.02, 0.04)),
    "GRU": (350, (0.01, 0.02, 0.04)),
}
DIGITS = ROWS = (0.004, 0.008, 0.016)


def choose():
    """The rates, and what was found at each that was tried."""
    found = recalls() | rows() | {"HIGHEST": digits()}
    best = {name: max(means, key=means.get) for name, means in found.items()}
    rates = {name: best[name] for name in RECALL}
    row_rates = {name: best[name] for name in ("last row", "every row", "both ways")}
    constants = {"RATES": rates, "ROW_RATES": row_rates, "HIGHEST": best["HIGHEST"]}
    return {"constants": constants, "found": found}


def recalls():
    """Kind → rate → share of letters recalled, mean of gaps and runs."""
    wanted = ("networks", "batches", "recall")
    networks, batches, recall = from_lecture("07", *wanted, seed=SEED)
    found = {}
    for kind, (steps, grid) in RECALL.items():
        found[kind] = {}
        for rate in grid:
            nets = networks(kind)
            nets.train(batches(), steps, rate)
            found[kind][rate] = float(recall(nets).mean())
    return found


def rows():
    """Name → rate → validation accuracy, mean of the rows that are asked for."""
    by_row, readers = from_lecture("07", "by_row", "READERS", seed=SEED)
    found = {}
    for name in readers:
        accuracies = {rate: by_row(name, rate) for rate in ROWS}
        first = -1 if name == "last row" else 0
        found[name] = {r: float(a[first:].mean()) for r, a in accuracies.items()}
    return found


def digits():
    """Rate → validation accuracy of the program of practice 7."""
    split, found = load_digits(validation=1000, seed=SEED), {}
    for rate in DIGITS:
        given = {"seed": SEED, "digits": split, "HIGHEST": rate}
        model, _ = from_lecture("07", "model", "history", **given)
        answers = model.predict(split.x_validation, verbose=0).argmax(axis=1)
        found[rate] = float((answers == split.y_validation).mean())
    return found
