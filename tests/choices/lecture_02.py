"""Learning rates of lecture 02: fewest validation errors, two sizes, three seeds."""

import keras
import numpy as np
from keras import layers

from course_utils.data import load_digits

SOFTMAX_RATES, NETWORK_RATES = (0.001, 0.004, 0.016), (0.0005, 0.002, 0.008)
SEEDS, SIZES = (1, 2, 3), (250, 3000)


def build(hidden, rate, seed):
    """The notebook's network, without images' layers and without dropout."""
    keras.utils.set_random_seed(seed)
    net = keras.Sequential([keras.Input((28, 28)), layers.Flatten()])
    for units in hidden:
        net.add(layers.Dense(units, activation="relu"))
    net.add(layers.Dense(10, activation="softmax"))
    net.compile(
        keras.optimizers.Adam(rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return net


def validation_error(hidden, rate, size, seed, updates=600):
    """Share of 1,000 validation digits named wrongly after training on `size`."""
    digits = load_digits(validation=1000, seed=seed)
    chosen = np.random.default_rng(seed).permutation(len(digits.x_train))[:size]
    rows = chosen[np.random.default_rng(seed).integers(size, size=50 * updates)]
    net = build(hidden, rate, seed)
    x, y = digits.x_train[rows], digits.y_train[rows]
    net.fit(x, y, batch_size=50, shuffle=False, verbose=0)
    validation = digits.x_validation, digits.y_validation
    return 1 - net.evaluate(*validation, batch_size=1000, verbose=0)[1]


def choose():
    """The rate of each model, from a grid of its own that quadruples."""
    models = {"SOFTMAX_RATE": ((), SOFTMAX_RATES)}
    models["NETWORK_RATE"] = ((100, 100), NETWORK_RATES)
    constants, found = {}, {}
    for name, (hidden, rates) in models.items():
        runs = [(size, seed) for size in SIZES for seed in SEEDS]
        errors = [
            np.mean([validation_error(hidden, rate, *run) for run in runs])
            for rate in rates
        ]
        constants[name] = rates[int(np.argmin(errors))]
        found[name] = {
            str(rate): round(error, 4)
            for rate, error in zip(rates, map(float, errors), strict=True)
        }
    return {"constants": constants, "found": found}
