"""Answers of lecture 12 that its tables do not hold."""

import numpy as np

from course_utils.exercises.lecture_12 import (
    check_cheap_module,
    check_split_kernel,
    check_width,
)

AS_IN_MIXED4 = [
    [(192, 1)],
    [(128, 1), (128, (1, 7)), (192, (7, 1))],
    [(128, 1), (128, (7, 1)), (128, (1, 7)), (128, (7, 1)), (192, (1, 7))],
    [(0, 3), (192, 1)],
]


def by_trying(channels, filters, kernel):
    """One width after another: an independent reference."""
    alone = kernel**2 * channels * filters
    costs = [channels * m + kernel**2 * m * filters for m in range(channels + 1)]
    return max(m for m, cost in enumerate(costs) if cost < alone)


def by_svd(kernel):
    u, s, vt = np.linalg.svd(kernel)
    return u[:, 0] * s[0], vt[0]


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_width, by_trying
    yield "otherwise", check_width, lambda channels, filters, kernel: channels
    yield "otherwise", check_width, lambda channels, filters, kernel: filters
    yield "", check_split_kernel, by_svd
    yield "flaw", check_split_kernel, lambda k: (k.sum(1) / k.sum(), k.sum(0))
    yield "flaw", check_split_kernel, lambda k: (k[:, 0], k[0] / k[0, 0])
    yield "otherwise", check_split_kernel, lambda k: (by_svd(k)[0], 2 * by_svd(k)[1])

    def module(*branches):
        return check_cheap_module, branches

    yield "", *module([(64, 1), (64, (1, 13)), (64, (13, 1)), (384, 1)], [(384, 1)])
    yield "", *module([(32, 1), (32, 5), (32, 5), (32, 5), (768, 1)])
    yield "condition 1", *module([(192, 1)], [(192, 1)])
    yield "condition 2", *module(*AS_IN_MIXED4)
    yield "condition 3", *module([(64, 1), (768, 1)])
    yield "condition 3", *module([(32, 1), (32, (1, 13)), (768, 1)])
    yield "condition 3", *module([(32, 1), (32, 7), (768, 1)])
    for junk in ([], [3], [[(1,)]], "abc", [[(-1, 1)]], [[(1.5, 1)]], [[(1, "a")]]):
        yield "see", check_cheap_module, junk
