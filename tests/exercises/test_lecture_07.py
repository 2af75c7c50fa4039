"""The checks of lecture 07 accept right answers and name the usual mistakes."""

import keras
import numpy as np
import pytest

from course_utils.exercises import lecture_07
from course_utils.exercises.lecture_07 import (
    check_counter,
    check_forget_bias,
    check_from_tf1,
    check_weight_count,
)

JUNK = [None, 3.0, "w", [1, 2], lambda: 1, lambda *_: None, lambda *_: 1 / 0]


def hinted(text, words):
    assert text.startswith("Not yet: ")
    assert words in text


# --- exercise 1 ----------------------------------------------------------------------


def test_weight_count_accepts_what_keras_counts(said):
    def by_keras(inputs, units):
        layer = keras.layers.LSTM(units)
        layer.build((None, None, inputs))
        return layer.count_params()

    assert said(check_weight_count, by_keras).startswith("✓")


@pytest.mark.parametrize(
    ("count", "hint"),
    [
        (lambda m, n: n * (m + n + 1), "a simple RNN"),
        (lambda m, n: 3 * n * (m + n + 1), "three gates, right"),
        (lambda m, n: 4 * n * (m + n), "biases are missing"),
        (lambda m, n: 4 * n * (m + n + 2), "counts two"),
        (lambda m, n: 4 * n * (m + 1), "recurrent weights U"),
        (lambda m, n: 4 * (m * n + n * n + 1), "a bias for every unit"),
        (lambda m, n: 7, "not the number of weights"),
        (lambda m, n: [m, n], "one number"),
        (lambda m, n: np.nan, "not the number of weights"),
    ],
)
def test_weight_count_names_the_mistake(said, count, hint):
    hinted(said(check_weight_count, count), hint)


@pytest.mark.parametrize("junk", [*JUNK, lambda m, n: "many"])
def test_weight_count_survives_junk(said, junk):
    assert said(check_weight_count, junk).startswith("Not yet: ")


# --- exercise 2 ----------------------------------------------------------------------


def test_forget_bias_accepts_the_right_bias(said):
    def from_odds(steps):
        gate = 2 ** (-1 / steps)
        return -np.log(1 / gate - 1)

    assert said(check_forget_bias, from_odds).startswith("✓")
    assert said(check_forget_bias, lambda n: [from_odds(n)]).startswith("✓")


@pytest.mark.parametrize(
    ("bias", "hint"),
    [
        (lambda n: 0.5 ** (1 / n), "the value of the gate"),
        (lambda n: np.log((1 - 0.5 ** (1 / n)) / 0.5 ** (1 / n)), "the sign"),
        (lambda n: np.log(0.5) / n, "this inverts exp"),
        (lambda n: 5.0, "one bias for any number of steps"),
        (lambda n: n / 10, "after 40 steps"),
        (lambda n: np.inf, "one finite number"),
        (lambda n: np.ones(2), "one finite number"),
        (lambda n: [], "one finite number"),
    ],
)
def test_forget_bias_names_the_mistake(said, bias, hint):
    hinted(said(check_forget_bias, bias), hint)


@pytest.mark.parametrize("junk", JUNK)
def test_forget_bias_survives_junk(said, junk):
    assert said(check_forget_bias, junk).startswith("Not yet: ")


# --- exercise 3 ----------------------------------------------------------------------


def converted(order=(0, 2, 1, 3), added=1.0, block=1, swapped=False):
    """A reader's function that makes these choices."""

    def convert(kernel, bias, inputs):
        kernel, bias = (
            np.concatenate([np.split(a, 4, axis=-1)[k] for k in order], axis=-1)
            for a in (kernel, bias)
        )
        units = len(bias) // 4
        bias[block * units : (block + 1) * units] += added
        if swapped:
            return kernel[units:], kernel[:units], bias
        return kernel[:inputs], kernel[inputs:], bias

    return convert


def test_from_tf1_accepts_the_right_arrays(said):
    assert said(check_from_tf1, converted()).startswith("✓")
    as_lists = lambda *a: [array.tolist() for array in converted()(*a)]  # noqa: E731
    assert said(check_from_tf1, as_lists).startswith("✓")


def test_keras_equations_of_the_check_are_those_of_keras():
    rng = np.random.default_rng(0)
    layer = keras.layers.LSTM(4, return_sequences=True, bias_initializer="normal")
    x = rng.normal(size=(3, 7, 2)).astype("float32")
    outputs = np.asarray(layer(x))
    ours = lecture_07._outputs(x, *layer.get_weights())
    np.testing.assert_allclose(ours, outputs, atol=1e-6)


@pytest.mark.parametrize(
    ("choices", "hint"),
    [
        ({"order": (0, 1, 2, 3), "added": 0}, "only cut"),
        ({"order": (0, 1, 2, 3)}, "in the old order"),
        ({"order": (0, 1, 2, 3), "block": 2}, "in the old order"),
        ({"added": 0}, "What did the old cell add"),
        ({"block": 2}, "the 1 went to the candidate"),
        ({"swapped": True}, "the wrong rows"),
        ({"swapped": True, "added": 0}, "the wrong rows"),
        ({"added": -1}, "the wrong sign"),
        ({"order": (3, 2, 1, 0)}, "the outputs differ"),
    ],
)
def test_from_tf1_names_the_mistake(said, choices, hint):
    hinted(said(check_from_tf1, converted(**choices)), hint)


@pytest.mark.parametrize(
    ("junk", "hint"),
    [
        (lambda *_: (1, 2), "return three arrays"),
        (lambda *_: np.zeros(3), "return three arrays"),
        (lambda *_: (1, 2, 3), "the shapes are"),
        (lambda *_: ("a", 2, 3), "arrays of finite numbers"),
        (lambda k, b, m: (k[:m], k[m:], b * np.nan), "arrays of finite numbers"),
        (lambda k, b, m: (k[m:], k[:m], b), "the shapes are"),
        (lambda *_: 1 / 0, "stops with ZeroDivisionError"),
        (None, "must be a function"),
    ],
)
def test_from_tf1_survives_junk(said, junk, hint):
    hinted(said(check_from_tf1, junk), hint)


# --- exercise 4 ----------------------------------------------------------------------


def counter(w=(20, 0, 0, 0), u=(0, 0, 0, 0), b=(-10, 10, 10, 0)):
    return {"W": list(w), "U": list(u), "b": list(b)}


def test_counter_accepts_more_than_one_answer(said):
    assert said(check_counter, counter()).startswith("✓")
    by_candidate = counter(w=(0, 0, 20, 0), b=(10, 10, 0, 0))
    assert said(check_counter, by_candidate).startswith("✓")
    arrays = {name: np.array(values) for name, values in counter().items()}
    assert said(check_counter, arrays).startswith("✓")


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (counter(b=(0, 10, 10, 0)), "although it reads only zeros"),
        (counter(w=(20, 0, 1, 0), b=(-10, 10, 0, 0)), "a single one makes the cell"),
        (counter(b=(-10, 1, 10, 0)), "the cell forgets"),
        (counter(u=(0, -20, 0, 0)), "Do you need U at all"),
        (counter(w=(12, 0, 0, 0), b=(-8, 10, 10, 0)), "more decided"),
    ],
)
def test_counter_names_the_mistake(said, answer, hint):
    hinted(said(check_counter, answer), hint)


@pytest.mark.parametrize(
    "junk",
    [
        None,
        3,
        [1, 2],
        {},
        counter(w=(1, 2, 3)),
        counter(b=(np.nan, 0, 0, 0)),
        counter() | {"U": None},
        counter() | {"b": "abcd"},
    ],
)
def test_counter_survives_junk(said, junk):
    hinted(said(check_counter, junk), "my_counter")
