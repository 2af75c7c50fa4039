"""Train every small network of lecture 54's space with five seeds; write the table.

    python data/architectures.py              all 121, about half an hour on one core
    python data/architectures.py 5P55 3P      these only, printed and not written

A network is a stem, a 3×3 convolution with eight maps, then up to four layers: `3` and
`5` are convolutions of that size with eight maps, `P` is max pooling; then the mean of
each map and a dense layer. Batch normalisation and ReLU follow each convolution.
With the same seed all see the same 1,500 digits of 14 × 14 pixels and are judged on the
same 1,000 validation digits; test digits are not looked at. The table holds accuracies
after one epoch and after all four. Other machines round differently: networks trained
again come within a few hundredths, not bit for bit.
"""

import csv
import itertools
import os
import sys
from pathlib import Path

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from course_utils.data import load_digits

TABLE = Path(__file__).resolve().parent / "tables" / "architectures.csv"
COLUMNS = ["layers", "seed", "weights", "first_epoch", "accuracy"]
MAPS, EXAMPLES, EPOCHS, BATCH, RATE, SEEDS = 8, 1500, 4, 50, 0.015, 5


def space():
    """All sequences of at most four layers, the shortest first."""
    return [
        "".join(sequence)
        for length in range(5)
        for sequence in itertools.product("35P", repeat=length)
    ]


def convolution(x, size):
    x = layers.Conv2D(MAPS, size, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.8)(x)
    return layers.ReLU()(x)


def network(sequence):
    """The Keras model of a sequence such as ``"5P55"``."""
    pixels = keras.Input((14, 14, 1))
    x = convolution(pixels, 3)
    for layer in sequence:
        if layer == "P":
            x = layers.MaxPooling2D(2, padding="same")(x)
        else:
            x = convolution(x, int(layer))
    return keras.Model(pixels, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))


def halved(x):
    """Digits of 28 × 28 pixels as 14 × 14: means of 2 × 2 pixels."""
    return x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))[..., None].astype("float32")


def digits(seed):
    """Training and validation digits of a seed, with their labels."""
    split = load_digits(validation=1000, seed=seed)
    chosen = np.random.default_rng(seed).permutation(len(split.x_train))[:EXAMPLES]
    x, y = halved(split.x_train[chosen]), split.y_train[chosen]
    return x, y, halved(split.x_validation), split.y_validation


def train(sequence, seed):
    """One row of the table."""
    x, y, x_validation, y_validation = digits(seed)
    keras.utils.set_random_seed(seed)
    model, steps = network(sequence), EXAMPLES // BATCH
    model.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(RATE, EPOCHS * steps)
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        steps_per_execution=steps,
    )
    accuracies = []
    for epochs in (1, EPOCHS - 1):
        model.fit(x, y, epochs=epochs, batch_size=BATCH, verbose=0)
        answers = model(x_validation, training=False).numpy().argmax(axis=1)
        accuracies.append(round(float(np.mean(answers == y_validation)), 4))
    weights = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    keras.backend.clear_session()
    return dict(zip(COLUMNS, [sequence, seed, weights, *accuracies], strict=True))


def main():
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    chosen = sys.argv[1:] or space()
    rows = []
    for sequence in chosen:
        for seed in range(SEEDS):
            rows.append(train(sequence, seed))
            print(*rows[-1].values(), sep=",", flush=True)
    if not sys.argv[1:]:
        with TABLE.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            table.writeheader()
            table.writerows(rows)


if __name__ == "__main__":
    main()
