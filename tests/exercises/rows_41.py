"""Answers of lecture 41 that its tables do not hold."""

import numpy as np

from course_utils.exercises.lecture_41 import (
    check_determinant,
    check_lift,
    check_tests,
)


def lift(steep, shift, c, units=3):
    """Directions as far apart as they can be."""
    turns = 2 * np.pi * np.arange(units) / units
    W = steep * np.array([np.cos(turns), np.sin(turns)])
    return W, np.full(units, shift), np.ones(units), c


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_tests, lambda n, p: sum((1 - p) ** k for k in range(n))
    yield "otherwise", check_tests, lambda n, p: n
    yield "", check_determinant, lambda W, h: np.linalg.det((1 - h**2)[:, None] * W)
    yield "otherwise", check_determinant, lambda W, h: np.prod(1 - h**2)
    yield "", check_lift, lift(6, -3.6, 2.3)
    yield "condition 1", check_lift, lift(6, -3.6, 4.0, units=5)
    yield "condition 2", check_lift, lift(6, -3.6, 5.0)
    yield "condition 3", check_lift, lift(6, -3.6, -5.0)
    for junk in (None, 3, "no", (1, 2), lift(np.nan, 0, 0), (np.ones((2, 3)), 1, 1, 1)):
        yield "see", check_lift, junk
