"""Answers of lecture 08 that its tables do not hold."""

import keras
import numpy as np
import tensorflow as tf

from course_utils.exercises.lecture_08 import (
    check_bytes,
    check_counted_checkpoint,
    check_small_file,
    check_survivors,
)

Checkpoint, Variable = tf.train.Checkpoint, tf.Variable


def per_weight(sgd, momentum, adam):
    """Bytes for every weight, frozen or not."""
    factors = {"sgd": sgd, "momentum": momentum, "adam": adam}
    return lambda weights, frozen, optimizer: weights * factors[optimizer]


def twice_the_best(accuracies, keep):
    epochs = [*range(1, len(accuracies) + 1)]
    return sorted([*epochs[-keep:], int(np.argmax(accuracies)) + 1])


def build():
    net = keras.Sequential([keras.Input((200,)), keras.layers.Dense(200)])
    net.compile("adam", "mse")
    return net


def halves(net):
    return Checkpoint(w=[Variable(tf.cast(w, "float16")) for w in net.get_weights()])


def save_halves(net, prefix):
    halves(net).write(prefix)


def load_halves(net, prefix):
    read = halves(net)
    read.read(prefix).assert_consumed()
    net.set_weights([np.asarray(w, "float32") for w in read.w])


def save_all(net, prefix):
    Checkpoint(model=net).write(prefix)


def save_weights(net, prefix):
    twin = build()  # its Adam has no m and v yet
    twin.set_weights(net.get_weights())
    save_all(twin, prefix)


def load_all(net, prefix):
    Checkpoint(model=net).read(prefix).expect_partial()


def nothing(net, prefix):
    pass


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "mistake 2", check_bytes, per_weight(4, 8, 12)
    yield "mistake 4", check_bytes, per_weight(4, 4, 4)
    for factors in ((1, 1, 1), (1, 2, 3), (32, 64, 96), (8, 16, 24), (4, 8, 8)):
        yield "otherwise", check_bytes, per_weight(*factors)
    yield "flaw", check_bytes, lambda weights, frozen, optimizer: [1, 2]

    def as_an_array(accuracies, keep):
        best = np.argmax(accuracies)
        return np.union1d(np.arange(len(accuracies))[-keep:], best) + 1

    yield "", check_survivors, as_an_array
    yield "flaw", check_survivors, twice_the_best
    yield "flaw", check_survivors, lambda a, k: [int(np.argmax(a)) + 1]
    yield "flaw", check_survivors, lambda a, k: []
    yield "otherwise", check_survivors, lambda a, k: as_an_array(a, k)[::-1].tolist()

    def record(**names):
        return lambda net, r: Checkpoint(**{n: f(net, r) for n, f in names.items()})

    def model(net, r):
        return net

    check = check_counted_checkpoint
    yield "", check, record(model=model, record=lambda net, r: Variable(r))
    yield "", check, record(net=model, record=lambda net, r: Variable([r], shape=(1,)))
    yield "condition 1", check, record(model=model)
    yield "condition 1", check, record(model=model, best=lambda net, r: Variable(r))
    yield (
        "condition 2",
        check,
        record(model=model, record=lambda n, r: Variable(int(r))),
    )
    yield "condition 3", check, record(record=lambda net, r: Variable(r))
    yield "see", check, record(model=model, record=lambda net, r: r)
    yield "see", check, lambda net, r: (net, r)

    trained, images = build(), np.random.default_rng(0).normal(size=(500, 200))
    trained.optimizer.build(trained.trainable_variables)

    def small(save, load):
        return check_small_file, (save, load), trained, build, images

    yield "", *small(save_halves, load_halves)
    yield "condition 1", *small(nothing, nothing)
    yield "condition 2", *small(save_halves, nothing)
    yield "condition 2", *small(save_halves, load_all)
    yield "condition 3", *small(save_all, load_all)
    yield "condition 4", *small(save_weights, load_all)
    yield "see", *small(save_halves, lambda net, prefix: 1 / 0)
    yield "see", *small(None, load_all)
    yield "see", *small(save_all, "load")
