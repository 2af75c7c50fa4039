"""Answers of lecture 51 that its tables do not hold."""

import numpy as np

from course_utils.exercises.lecture_51 import (
    check_maximum,
    check_power,
    check_stops,
)


def shorter_and_shorter(L):
    """Segments of P − 1, P − 2, … layers, with the least P that reaches L."""
    P = next(P for P in range(1, L + 2) if P * (P - 1) // 2 >= L)
    return [int(s) for s in np.cumsum(range(P - 1, 0, -1)) if s < L]


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_power, lambda x, n: np.prod([x] * (n - 1))
    yield "otherwise", check_power, lambda x, n: n * x
    yield "", check_maximum, lambda a, b, m: (np.where(a > b, m, 0), (a < b) * m)
    yield "otherwise", check_maximum, lambda a, b, m: (m / 2, m / 2)
    yield "", check_stops, shorter_and_shorter
    yield "condition 1", check_stops, lambda L: []
    yield "condition 1", check_stops, lambda L: range(1, L)
    yield "condition 2", check_stops, lambda L: range(int(L**0.5), L, int(L**0.5))
    for junk in (None, lambda L: [0.5], lambda L: [5, 3], lambda L: [L]):
        yield "see", check_stops, junk
