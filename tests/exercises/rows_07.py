"""Answers of lecture 07 that its tables do not hold."""

import numpy as np

from course_utils.exercises.lecture_07 import (
    check_counter,
    check_forget_bias,
    check_from_tf1,
)


def from_odds(steps):
    gate = 2 ** (-1 / steps)
    return -np.log(1 / gate - 1)


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


def counter(w=(20, 0, 0, 0), u=(0, 0, 0, 0), b=(-10, 10, 10, 0)):
    return {"W": list(w), "U": list(u), "b": list(b)}


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_forget_bias, from_odds
    yield "mistake 4", check_forget_bias, lambda n: 1
    for wrong in (lambda n: 5.0, lambda n: n / 10):
        yield "otherwise", check_forget_bias, wrong
    for flawed in (lambda n: np.inf, lambda n: np.ones(2), lambda n: []):
        yield "flaw", check_forget_bias, flawed

    yield "", check_from_tf1, converted()
    yield "mistake 2", check_from_tf1, converted(order=(0, 1, 2, 3))
    yield "mistake 4", check_from_tf1, converted(block=2)
    for wrong in ({"order": (0, 1, 2, 3), "block": 2}, {"added": -1}):
        yield "otherwise", check_from_tf1, converted(**wrong)
    for wrong in ({"order": (3, 2, 1, 0)}, {"swapped": True}):
        yield "otherwise", check_from_tf1, converted(**wrong)
    yield "otherwise", check_from_tf1, lambda *_: (1, 2)

    yield "", check_counter, counter()
    yield "", check_counter, counter(w=(0, 0, 20, 0), b=(10, 10, 0, 0))
    yield "", check_counter, {k: np.array(v) for k, v in counter().items()}
    yield "condition 1", check_counter, counter(b=(0, 10, 10, 0))
    yield "condition 2", check_counter, counter(w=(20, 0, 1, 0), b=(-10, 10, 0, 0))
    yield "condition 3", check_counter, counter(u=(0, -20, 0, 0))
    yield "condition 4", check_counter, counter(b=(-10, 1, 10, 0))
    yield "condition 5", check_counter, counter(w=(12, 0, 0, 0), b=(-8, 10, 10, 0))
    junk = [None, 3, [1, 2], {}, counter(w=(1, 2, 3)), counter(b=(np.nan, 0, 0, 0))]
    for answer in [*junk, counter() | {"U": None}, counter() | {"b": "abcd"}]:
        yield "see", check_counter, answer
