"""The checks of lecture 08 accept right answers and name the usual mistakes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_utils.exercises.lecture_08 import (
    check_bytes,
    check_counted_checkpoint,
    check_small_file,
    check_survivors,
)

JUNK = [None, 3.0, "w", lambda: 1, lambda *_: None, lambda *_: "w", lambda *_: 1 / 0]


# --- exercise 1 ----------------------------------------------------------------------


def per_weight(sgd, momentum, adam):
    factors = {"sgd": sgd, "momentum": momentum, "adam": adam}
    return lambda weights, optimizer: weights * factors[optimizer]


def test_bytes_accepts_the_right_count(said):
    assert said(check_bytes, per_weight(4, 8, 12)).startswith("✓")


@pytest.mark.parametrize(
    ("factors", "hint"),
    [
        ((1, 1, 1), "how many numbers there are"),
        ((1, 2, 3), "how many numbers there are"),
        ((32, 64, 96), "in bits"),
        ((8, 16, 24), "4 bytes for each"),
        ((4, 4, 4), "two more numbers"),
        ((4, 8, 8), "Count all three"),
        ((4, 12, 12), "momentum keeps one number"),
        ((4, 8, 16), "w, m and v"),
    ],
)
def test_bytes_names_the_mistake(said, factors, hint):
    text = said(check_bytes, per_weight(*factors))
    assert text.startswith("Not yet: ")
    assert hint in text


@pytest.mark.parametrize("junk", [*JUNK, lambda *_: [1, 2]])
def test_bytes_survives_junk(said, junk):
    assert said(check_bytes, junk).startswith("Not yet: ")


# --- exercise 2 ----------------------------------------------------------------------


def survivors(accuracies, keep):
    epochs = list(range(1, len(accuracies) + 1))
    return sorted({*epochs[-keep:], int(np.argmax(accuracies)) + 1})


def last_of_the_best(accuracies, keep):
    best = len(accuracies) - int(np.argmax(accuracies[::-1]))
    return sorted({*range(1, len(accuracies) + 1)[-keep:], best})


def test_survivors_accepts_the_right_ones(said):
    assert said(check_survivors, survivors).startswith("✓")


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda a, k: list(range(1, len(a) + 1))[-k:], "The best, earlier, is lost"),
        (lambda a, k: [e - 1 for e in survivors(a, k)], "from 1"),
        (lambda a, k: [*range(1, len(a) + 1)[-k:], int(np.argmax(a)) + 1], "in order"),
        (
            lambda a, k: sorted([*range(1, len(a) + 1)[-k:], int(np.argmax(a)) + 1]),
            "No epoch twice",
        ),
        (last_of_the_best, "keep the first"),
        (lambda a, k: [int(np.argmax(a)) + 1], "are the last 2 and the best"),
    ],
)
def test_survivors_names_the_mistake(said, answer, hint):
    text = said(check_survivors, answer)
    assert text.startswith("Not yet: ")
    assert hint in text


@pytest.mark.parametrize("junk", [*JUNK, lambda *_: [], lambda *_: np.zeros((2, 2))])
def test_survivors_survives_junk(said, junk):
    assert said(check_survivors, junk).startswith("Not yet: ")


# --- exercise 3 ----------------------------------------------------------------------

Checkpoint, Variable = tf.train.Checkpoint, tf.Variable


def test_checkpoint_accepts_any_that_holds_both(said):
    for make in (
        lambda net, record: Checkpoint(model=net, record=Variable(record)),
        lambda net, record: Checkpoint(net=net, record=Variable([record], shape=(1,))),
    ):
        assert said(check_counted_checkpoint, make).startswith("✓")


@pytest.mark.parametrize(
    ("make", "hint"),
    [
        (lambda net, record: Checkpoint(model=net), "no array called record"),
        (lambda net, r: Checkpoint(model=net, best=Variable(r)), "no array called rec"),
        (
            lambda net, record: Checkpoint(record=Variable(record)),
            "weights are missing",
        ),
        (lambda net, r: Checkpoint(model=net, record=Variable(int(r))), "whole number"),
        (lambda net, record: Checkpoint(model=net, record=record), "holds variables"),
        (lambda net, record: (net, record), "return a tf.train.Checkpoint"),
    ],
)
def test_checkpoint_names_the_mistake(said, make, hint):
    text = said(check_counted_checkpoint, make)
    assert text.startswith("Not yet: ")
    assert hint in text


@pytest.mark.parametrize("junk", JUNK)
def test_checkpoint_survives_junk(said, junk):
    assert said(check_counted_checkpoint, junk).startswith("Not yet: ")


# --- exercise 4 ----------------------------------------------------------------------


def build():
    net = keras.Sequential([keras.Input((200,)), keras.layers.Dense(200)])
    net.compile("adam", "mse")
    return net


@pytest.fixture(scope="module")
def trained():
    net = build()
    net.optimizer.build(net.trainable_variables)
    return net, np.random.default_rng(0).normal(size=(500, 200))


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


def test_small_file_accepts_half_precision(said, trained):
    answer = save_halves, load_halves, trained[0], build, trained[1]
    assert said(check_small_file, *answer).startswith("✓")


@pytest.mark.parametrize(
    ("save", "load", "hint"),
    [
        (save_all, load_all, "does Adam come along"),
        (save_weights, load_all, "need all 32 bits"),
        (save_halves, lambda net, prefix: None, "answers otherwise"),
        (lambda net, prefix: None, lambda net, prefix: None, "writes nothing"),
        (save_halves, load_all, "answers otherwise"),
        (save_halves, lambda *_: 1 / 0, "stops with ZeroDivisionError"),
        (None, load_all, "must both be functions"),
        (save_all, "load", "must both be functions"),
    ],
)
def test_small_file_names_the_mistake(said, trained, save, load, hint):
    text = said(check_small_file, save, load, trained[0], build, trained[1])
    assert text.startswith("Not yet: ")
    assert hint in text
