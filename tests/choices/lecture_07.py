"""The learning rates of lecture 07, on other runs and on validation digits.

Rates double from one to the next. Each network gets the rate with the highest mean: of
the letters recalled over all gaps, or of the accuracy after all rows; after the last
row where only that is asked for. The simple RNN's is chosen after its 1,050 steps.
"""

from course_tools.excerpt import from_lecture

SEED = 1001  # no run of the notebook or of its evidence has it
RECALL = {  # steps of training, rates
    "simple RNN": (1050, (0.002, 0.004, 0.008)),
    "LSTM": (350, (0.01, 0.02, 0.04, 0.08)),
    "GRU": (350, (0.01, 0.02, 0.04)),
}
ROWS = (0.008, 0.016, 0.032, 0.064)


def choose():
    """The rates, and what was found at each that was tried."""
    found = recalls() | rows()
    best = {name: max(means, key=means.get) for name, means in found.items()}
    rates = {name: best[name] for name in RECALL}
    row_rates = {name: best[name] for name in found if name not in RECALL}
    return {"constants": {"RATES": rates, "ROW_RATES": row_rates}, "found": found}


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
    """Reader → rate → validation accuracy, mean of the rows that are asked for."""
    wanted = ("fit", "READERS", "reader", "by_row", "digits", "every_row", "given")
    nothing = {"seed": SEED, "model": None}
    fit, readers, reader, by_row, digits, every_row, given = from_lecture(
        "07", *wanted, **nothing
    )
    found = {name: {} for name in readers}
    for name in found:
        labels = digits.y_train if name == "last row" else every_row
        first = -1 if name == "last row" else 0
        for rate in ROWS:
            net = reader(name, rate)
            fit(net, digits.x_train, labels, **given)
            found[name][rate] = float(by_row(net, name)[first:].mean())
    return found
