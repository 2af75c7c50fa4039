"""Answers of lecture 01 that its tables do not hold."""

import numpy as np

from course_utils.exercises.lecture_01 import (
    check_fastest_point,
    check_stable_log_likelihood,
    check_sure_starts,
)


def log_softmax(z, axis):
    return z - np.logaddexp.reduce(z, axis, keepdims=True)


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_fastest_point, 0.69
    yield "otherwise", check_fastest_point, 1.5
    yield (
        "",
        check_stable_log_likelihood,
        lambda z, t: -(t * log_softmax(z, -1)).sum(-1),
    )
    yield (
        "flaw",
        check_stable_log_likelihood,
        lambda z, t: -(t * log_softmax(z, -1)).sum(),
    )
    yield (
        "otherwise",
        check_stable_log_likelihood,
        lambda z, t: -(t * log_softmax(z, 0)).sum(-1),
    )
    yield "", check_sure_starts, {1: 0.9, 5: 0.85, 10: 0.5, 20: 0.1}
    yield "condition 1", check_sure_starts, {1: 0.9, 20: 0.1}
    yield "condition 1", check_sure_starts, {1: 0.9, 2: np.nan, 5: 0.8, 20: 0.1}
    yield "condition 2", check_sure_starts, {10: 0.4, 20: 0.1, 40: 0.1, 80: 0.1}
    yield "condition 3", check_sure_starts, {1: 0.9, 2: 0.9, 3: 0.9, 4: 0.9}
    yield "condition 4", check_sure_starts, {1: 0.9, 20: 0.1, 40: 0.1, 80: 0.1}
    yield "see", check_sure_starts, [1, 5, 10, 20]
    yield "see", check_sure_starts, {"one": 0.9}
