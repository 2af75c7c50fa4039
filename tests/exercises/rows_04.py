"""Answers of lecture 04 that its tables do not hold."""

import numpy as np
from keras.optimizers import SGD, Adagrad, Adam, RMSprop

from course_utils.exercises.lecture_04 import (
    check_gain,
    check_port,
    check_ravine,
)


def by_running(beta):
    """Steps in units of the rate after a long time, by momentum itself."""
    steady = changing = 0.0
    for step in range(3000):
        steady = beta * steady + 1
        changing = beta * changing + (-1) ** step
    return steady, abs(changing)


def ported(line=None, answer=None):
    lines = [
        SGD(0.05, momentum=0.9, nesterov=True),
        RMSprop(0.001, rho=0.95, epsilon=1e-10),
        Adagrad(0.3, initial_accumulator_value=0.5, epsilon=0.0),
    ]
    if line is not None:
        lines[line] = answer
    return lines


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_gain, by_running
    yield "otherwise", check_gain, lambda beta: (1 / beta if beta else 1, 1 - beta)
    yield "", check_port, ported()
    yield "", check_port, tuple(ported())
    for condition, line, answer in (
        (1, 0, SGD(0.05)),
        (1, 0, SGD(momentum=0.9, nesterov=True)),
        (1, 0, Adam(0.05)),
        (2, 0, SGD(0.05, momentum=0.9)),
        (3, 1, RMSprop(0.001, epsilon=1e-10)),
        (4, 1, RMSprop(0.001, rho=0.95)),
        (5, 2, Adagrad(0.3, epsilon=0.0)),
        (6, 2, Adagrad(0.3, 0.5)),
    ):
        yield f"condition {condition}", check_port, ported(line, answer)
    for junk in (None, [], SGD(0.05), [SGD(0.05)], "SGD", ported(2, "adagrad")):
        yield "see", check_port, junk
    for pair in ((0.075, 0.53), (0.07, 0.55), (np.float32(0.072), 0.55)):
        yield "", check_ravine, pair
    for condition, pair in (
        (1, (0.05, 1.0)),
        (1, (0.0, 0.5)),
        (1, (0.05, -0.5)),
        (1, (float("nan"), 0.5)),
        (2, (0.06, 0.0)),
        (2, (0.2, 0.9)),
        (3, (0.045, 0.0)),
        (4, (0.05, 0.95)),
        (4, (0.01, 0.3)),
        (4, (0.064, 0.3)),
    ):
        yield f"condition {condition}", check_ravine, pair
    for junk in (None, 3, (1,), ("x", 0.5), (0.1, [0.5, 0.6])):
        yield "see", check_ravine, junk
