"""Answers of lecture 23 that its tables do not hold."""

import numpy as np

from course_utils.exercises.lecture_23 import (
    DECK,
    check_batch,
    check_starts,
    check_step,
)


def by_rows(w, X, y, eta):
    """A step from the gradients of single rows."""
    singles = [2 * (row @ w - t) * row for row, t in zip(X, y, strict=True)]
    return w - eta * np.mean(singles, axis=0)


def networks(solved, units=3, count=100):
    """Networks of which so many are close to the deck's, the others far from it."""
    rng = np.random.default_rng(0)
    w = rng.normal(size=(count, units, 4))
    w[:solved] = 0
    w[:solved, :3] = DECK
    return w + 1e-4 * rng.normal(size=w.shape)


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_step, by_rows
    yield "otherwise", check_step, lambda w, X, y, eta: w - eta * X.T @ y
    yield "flaw", check_step, lambda w, X, y, eta: w[:, None] - eta
    yield "", check_batch, lambda B, times: times * B * times
    yield "otherwise", check_batch, lambda B, times: B + times
    yield "", check_starts, networks(80, units=6)
    yield "", check_starts, networks(90)
    yield "condition 1", check_starts, networks(90, units=9)
    yield "condition 1", check_starts, networks(50, count=50)
    yield "condition 2", check_starts, np.tile(DECK, (100, 1, 1))
    yield "condition 3", check_starts, networks(20)
    yield "condition 4", check_starts, networks(50, units=5)
    yield "condition 4", check_starts, networks(60)
    for junk in (None, DECK, [[1, 2], [3]], networks(90)[..., :3]):
        yield "see", check_starts, junk
