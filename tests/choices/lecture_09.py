"""Lecture 09, even or odd: the learning rate of each side, on validation digits.

Every side is tried at rates a factor 3 apart. What is best has the highest mean
accuracy over three splits that the lecture does not use.
"""

import keras
from keras import layers

from course_tools.excerpt import from_lecture
from course_utils.data import load_digits
from course_utils.training import fit

SPLITS = (1001, 1002, 1003)
RATES = {
    "restored": (0.01, 0.03, 0.1),
    "from scratch": (0.001, 0.003, 0.01, 0.03),
    "all labels": (0.001, 0.003, 0.01, 0.03),
}


def choose():
    """For each side the rate with the highest mean validation accuracy."""
    (build,) = from_lecture("09", "build")
    found = {side: {rate: [] for rate in rates} for side, rates in RATES.items()}
    for split in SPLITS:
        digits = load_digits(validation=1000, seed=split)
        old = build(split)
        fit(old, digits.x_train, digits.y_train, epochs=12, batch_size=100)
        for side, rates in RATES.items():
            for rate in rates:
                net = build(split + 1, outputs=2)
                if side == "restored":
                    net = keras.models.clone_model(old)
                    net.set_weights(old.get_weights())
                    net.trainable = False
                    net = keras.Sequential([net, layers.Softmax(), layers.Dense(2)])
                found[side][rate].append(round(accuracy(net, side, rate, digits), 4))
    best = {
        side: max(runs, key=lambda r, s=runs: sum(s[r])) for side, runs in found.items()
    }
    shown = {s: {f"{r:g}": a for r, a in runs.items()} for s, runs in found.items()}
    return {"constants": {"CHOSEN": best}, "found": {"accuracy at each rate": shown}}


def accuracy(net, side, rate, digits):
    """Validation accuracy of even or odd, trained as in the lecture."""
    cost = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net.compile(keras.optimizers.Adam(rate), cost, metrics=["accuracy"])
    size, epochs, batch = (3000, 10, 100) if side == "all labels" else (50, 30, 25)
    fit(
        net,
        digits.x_train[:size],
        digits.y_train[:size] % 2,
        epochs=epochs,
        batch_size=batch,
    )
    judged = digits.x_validation, digits.y_validation % 2
    return net.evaluate(*judged, batch_size=1000, verbose=0)[1]
