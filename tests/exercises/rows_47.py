"""Answers of lecture 47 that its tables do not hold."""

import numpy as np

from course_utils.exercises.lecture_47 import (
    check_filters,
    check_plan,
    check_reach,
)


def by_summing(first, way):
    """The factor by halving an interval; a geometric sum has a closed form."""
    low, high = 0.0, 1.0
    for _ in range(60):
        r = (low + high) / 2
        low, high = (r, high) if first / (1 - r) < way else (low, r)
    return r


def filter_by_filter(kernel, c):
    kernel = kernel.copy()
    for k in range(kernel.shape[-1]):
        length = np.linalg.norm(kernel[..., k])
        if length > c:
            kernel[..., k] *= c / length
    return kernel


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_reach, by_summing
    yield "otherwise", check_reach, lambda first, way: 0.9
    yield "", check_filters, filter_by_filter
    yield "otherwise", check_filters, lambda kernel, c: kernel
    yield "", check_plan, lambda n, T: 1.6 / (1 + 0.08 * n)
    yield "", check_plan, lambda n, T: 0.1 * (1 + np.cos(np.pi * n / T))
    yield "condition 1", check_plan, lambda n, T: 0.05 - n / T
    yield "condition 2", check_plan, lambda n, T: 0.05
    yield "condition 3", check_plan, lambda n, T: 1 / (n + 1)
    for junk in (None, lambda n, T: None, lambda n, T: [0.1, 0.2]):
        yield "see", check_plan, junk
