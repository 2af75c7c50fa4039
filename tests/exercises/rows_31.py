"""Answers of lecture 31 that its tables do not hold."""

import numpy as np
from scipy.special import expit

from course_utils.exercises.lecture_31 import (
    check_deletable,
    check_growth,
    check_smooth_hinge,
    check_survivor,
)

RNG = np.random.default_rng(0)
S = np.repeat([-1.0, 1.0, -1.0], [150, 69, 10])  # ten bad ones at the end
CENTRES = np.repeat([[-1.0, 0, 1], [1.5, 0, 1], [25, 0, 1]], [150, 69, 10], axis=0)
X = CENTRES + RNG.normal(size=(229, 3)) * [0.4, 1, 0]


def by_pieces(m):
    """The smooth hinge's slope, in three pieces."""
    return np.select([m >= 1, m > 0], [0 * m, m - 1], 0 * m - 1)


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_smooth_hinge, by_pieces
    yield "otherwise", check_smooth_hinge, lambda m: 0.5 * by_pieces(m)
    yield "", check_deletable, lambda m: np.maximum(0, 1 - m) + (m == 1) == 0
    yield "otherwise", check_deletable, lambda m: m > 2
    yield "", check_growth, lambda error: 1 / error - 1
    yield "otherwise", check_growth, lambda error: 2.0
    given = X, S
    yield "", check_survivor, lambda m: expit(-m), *given
    yield "", check_survivor, lambda m: np.clip(1 - m, 0, 2), *given
    yield "condition 1", check_survivor, lambda m: -m, *given
    yield "condition 1", check_survivor, lambda m: m * np.nan, *given
    yield "condition 2", check_survivor, lambda m: expit(m), *given
    yield "condition 3", check_survivor, lambda m: np.maximum(0, 1 - m), *given
    for junk in (None, 3.0, lambda: 0, lambda m: 1.0, lambda m: "loss"):
        yield "see", check_survivor, junk, *given
