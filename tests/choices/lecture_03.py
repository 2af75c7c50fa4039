"""Lecture 03, practice 3: learning rate and λ of each side, on validation digits.

Every side has the same rates to choose from, each penalty four values of λ as well.
What is best has the lowest mean validation error over three splits.
"""

import itertools

import keras
import numpy as np

from course_utils.data import load_digits
from course_utils.training import fit

SPLITS = (1001, 1002, 1003)  # seeds that the lecture does not use
RATES = [0.003, 0.01, 0.03, 0.1, 0.3]
STRENGTHS = {
    "no penalty": [0.0],
    "L1": [0.3, 1.0, 3.0, 10.0],
    "L2": [10.0, 30.0, 100.0, 300.0],
}


def choose():
    """For each side the rate and the λ with the lowest mean validation error."""
    found = {
        side: {
            f"{rate:g}, {lam:g}": [round(error(side, rate, lam, s), 4) for s in SPLITS]
            for rate, lam in itertools.product(RATES, strengths)
        }
        for side, strengths in STRENGTHS.items()
    }
    chosen = {}
    for side, errors in found.items():
        best = min(errors, key=lambda pair, e=errors: sum(e[pair]))
        chosen[side] = [float(number) for number in best.split(", ")]
    return {"constants": {"CHOSEN": chosen}, "found": {"rate, λ: errors": found}}


def error(side, rate, lam, seed, epochs=30, batch=100):
    """Validation error of the lecture's network on digits with wrong labels."""
    digits = load_digits(flatten=True, validation=2000, seed=seed)
    x, y = digits.x_train, digits.y_train.copy()
    n, rng = len(x), np.random.default_rng(seed)
    wrong = rng.permutation(n)[: n // 5]
    y[wrong] = (y[wrong] + rng.integers(1, 10, len(wrong))) % 10
    keras.utils.set_random_seed(seed)
    penalty = {
        "no penalty": None,
        "L1": keras.regularizers.L1(lam / n),
        "L2": keras.regularizers.L2(lam / (2 * n)),
    }[side]
    net = keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(200, activation="relu", kernel_regularizer=penalty),
            keras.layers.Dense(10, activation="softmax", kernel_regularizer=penalty),
        ]
    )
    falling = keras.optimizers.schedules.CosineDecay(rate, epochs * n // batch)
    net.compile(
        keras.optimizers.SGD(falling, momentum=0.9),
        loss="sparse_categorical_crossentropy",
        steps_per_execution=n // batch,
    )
    fit(net, x, y, epochs=epochs, batch_size=batch, name=f"{side}, {rate:g}, {lam:g}")
    answers = np.argmax(net(digits.x_validation), axis=1)
    return float(np.mean(answers != digits.y_validation))
