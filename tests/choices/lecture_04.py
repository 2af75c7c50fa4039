"""Learning rates of lecture 04's three ways to an L1 penalty, on validation digits."""

import keras
import numpy as np
from keras.optimizers import Adagrad

from course_utils.data import load_digits
from course_utils.optimizers import AdagradDA, ProximalAdagrad

RATES = (0.03, 0.1, 0.3, 1.0)
SEEDS = (11, 12)
LAMBDA = 0.0003
EPOCHS = 12
PENALTY = {"l1_regularization_strength": LAMBDA}
WAYS = {
    "Adagrad, L1 in the cost": lambda rate: (Adagrad(rate), LAMBDA),
    "ProximalAdagrad": lambda rate: (ProximalAdagrad(rate, **PENALTY), 0.0),
    "AdagradDA": lambda rate: (AdagradDA(rate, **PENALTY), 0.0),
}


def accuracy(optimizer, l1, seed):
    """Validation accuracy, mean of the last three epochs."""
    keras.utils.set_random_seed(seed)
    digits = load_digits(flatten=True, validation=800, seed=seed)
    penalty = keras.regularizers.L1(l1)
    options = {"kernel_regularizer": penalty, "bias_regularizer": penalty}
    layers = [
        keras.layers.Dense(64, "relu", **options),
        keras.layers.Dense(10, **options),
    ]
    network = keras.Sequential([keras.Input((784,)), *layers])
    cost = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(optimizer, cost, metrics=["accuracy"])
    history = network.fit(
        digits.x_train,
        digits.y_train,
        batch_size=64,
        epochs=EPOCHS,
        verbose=0,
        validation_data=(digits.x_validation, digits.y_validation),
    )
    return float(np.mean(history.history["val_accuracy"][-3:]))


def choose():
    """The rate of each way with the highest mean accuracy over the seeds."""
    found = {
        way: [
            round(np.mean([accuracy(*make(rate), seed) for seed in SEEDS]), 4)
            for rate in RATES
        ]
        for way, make in WAYS.items()
    }
    chosen = {way: RATES[int(np.argmax(values))] for way, values in found.items()}
    return {"constants": {"SPARSE_RATES": chosen}, "found": {"rates": RATES} | found}
