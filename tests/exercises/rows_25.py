"""Answers of lecture 25 that its tables do not hold."""

import numpy as np

from course_utils.exercises.lecture_25 import (
    check_saddle,
    check_softmax_delta,
    check_step_size,
)


def by_differences(v, y_true):
    """∂loss/∂v, measured at the loss."""

    def loss(v):
        return np.log(np.exp(v).sum()) - y_true @ v

    steps = 1e-6 * np.eye(len(v))
    return np.array([(loss(v + h) - loss(v - h)) / 2e-6 for h in steps])


def four(steep, shift, v=(1, 1, -1, -1)):
    """Two units along each axis."""
    W = steep * np.array([[1, 0], [-1, 0], [0, 1], [0, -1.0]])
    return [W, np.full(4, -shift), np.array(v, dtype=float)]


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_softmax_delta, by_differences
    yield "otherwise", check_softmax_delta, lambda v, t: 2 * by_differences(v, t)
    yield "", check_step_size, lambda eps: eps ** (1 / 3)
    yield "otherwise", check_step_size, lambda eps: 1000 * eps ** (1 / 3)
    yield "", check_saddle, four(1.2, 2.6)
    doubled = [np.concatenate([part, part]) for part in four(1.2, 2.6)]
    yield "condition 1", check_saddle, doubled
    yield "condition 2", check_saddle, four(1.2, 2.6, (1, 1, 1, 1))
    yield "condition 3", check_saddle, four(1.2, 2.6, (-1, -1, 1, 1))
    yield "condition 4", check_saddle, four(6.0, 6.0)
    for junk in (None, [1, 2, 3], four(1, 1)[:2], [[[np.nan, 1]], [1], [1]]):
        yield "see", check_saddle, junk
