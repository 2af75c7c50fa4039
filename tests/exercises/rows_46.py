"""Answers of lecture 46 that its tables do not hold."""

import numpy as np

from course_utils.exercises.lecture_46 import (
    check_fold,
    check_growth,
    check_start,
)


def by_probing(W, b, *norm):
    """The layer from what it does to the unit vectors and to 0."""
    mean, variance, gamma, beta, eps = norm
    x = np.vstack([np.zeros(len(W)), np.eye(len(W))])
    out = gamma * (x @ W + b - mean) / np.sqrt(variance + eps) + beta
    return out[1:] - out[0], out[0]


def he(draw, n):
    return draw.normal(size=(n, n)) * np.sqrt(2 / n)


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_fold, by_probing
    yield "otherwise", check_fold, lambda W, b, *norm: (W, b)
    yield "", check_growth, lambda k: 2 * np.log2(k) / np.log2(1.467)
    yield "otherwise", check_growth, lambda k: k
    yield "", check_start, lambda draw, n: np.eye(n) + 0.1 * he(draw, n)
    yield "", check_start, lambda draw, n: np.eye(n)[draw.permutation(n)]
    yield "condition 1", check_start, lambda draw, n: np.eye(n)
    yield "condition 2", check_start, lambda draw, n: he(draw, n) / np.sqrt(2)
    yield "condition 3", check_start, he
    for junk in (
        None,
        lambda draw, n: np.ones(n),
        lambda draw, n: np.full((n, n), np.nan),
    ):
        yield "see", check_start, junk
