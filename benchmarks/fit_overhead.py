"""What `course_utils.training.fit` costs over Keras' own `fit` (target: ≤ 2 %).

    python benchmarks/fit_overhead.py

The two train the same compiled network on the same digits in turn, A B A B …, each
from the same weights; the first pair, which traces, is not counted. The ratio is
taken pair by pair, so that a machine that slows down slows both.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import statistics
import time

import keras

from course_utils.data import load_digits
from course_utils.training import fit, seed_everything

EPOCHS, PAIRS = 10, 12


def network():
    """A dense net of the size that the first lectures train."""
    net = keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(300, "relu"),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


def seconds(train):
    """Wall time of one call."""
    start = time.perf_counter()
    train()
    return time.perf_counter() - start


def main():
    """Print the median ratio and the spread of the pairs."""
    seed_everything(0)
    digits = load_digits(flatten=True)
    net = network()
    start = net.get_weights()
    data = (digits.x_train, digits.y_train)

    def ours():
        net.set_weights(start)
        fit(net, *data, epochs=EPOCHS)

    def theirs():
        net.set_weights(start)
        net.fit(*data, epochs=EPOCHS, batch_size=128, verbose=0)

    ratios = []
    for pair in range(PAIRS + 1):
        order = (ours, theirs) if pair % 2 else (theirs, ours)
        times = {train: seconds(train) for train in order}
        if pair:
            ratios.append(times[ours] / times[theirs])
    low, high = statistics.quantiles(ratios, n=4)[::2]
    print(
        f"fit / keras.Model.fit over {PAIRS} pairs: "
        f"median {statistics.median(ratios):.3f}, "
        f"middle half {low:.3f} to {high:.3f} (target ≤ 1.02)"
    )


if __name__ == "__main__":
    main()
