"""Answers of lecture 33 that its tables do not hold."""

import numpy as np

from course_utils.exercises.lecture_33 import (
    check_best_rate,
    check_schedule,
    check_stairs,
)


def by_trying(H):
    """The best of many rates, sharpened twice."""
    h = np.linalg.eigvalsh(H)
    low, high = 0, 2 / h[-1]
    for _ in range(12):
        grid = np.linspace(low, high, 101)
        best = np.abs(1 - np.outer(grid, h)).max(axis=1).argmin()
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, 100)]
    return (low + high) / 2


def counted(r, N, share):
    return next(k * N for k in range(10**6) if r**k < share)


def ends(policy):
    """A stand-in for the training: low where the last rate is small, but not tiny."""
    return 0.001 if 0.001 < policy(1499, 1.0) < 0.1 else 0.01


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_best_rate, by_trying
    yield "otherwise", check_best_rate, lambda H: 1.5 / np.linalg.eigvalsh(H)[-1]
    yield "", check_stairs, counted
    yield "otherwise", check_stairs, lambda r, N, share: 2 * counted(r, N, share)
    yield "", check_schedule, lambda n, seen: 6.4 * 0.5 ** (n / 150), ends
    yield "condition 1", check_schedule, lambda n, seen: 1 - n / 700, ends
    yield "condition 2", check_schedule, lambda n, seen: 0.4, ends
    yield "condition 3", check_schedule, lambda n, seen: 0.1 + n / 3000, ends
    yield "condition 4", check_schedule, lambda n, seen: 3 - n / 1000, ends
    for junk in (None, 0.4, lambda n: 0.4, lambda n, seen: "fast"):
        yield "see", check_schedule, junk, ends
