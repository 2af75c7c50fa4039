"""Answers of lecture 13 that its tables do not hold."""

import numpy as np

from course_utils.exercises.lecture_13 import (
    check_ask_twice,
    check_scaling,
    check_temperature,
    check_window,
)


def asked(change, mean=lambda rows: rows.mean(axis=0)):
    """The mean answer for a picture and a changed one."""
    return lambda ask, v: mean(ask([v, change(v)]))


def blended(ask, v):
    return ask([((v.astype(int) + v[:, ::-1]) // 2).astype("uint8")])[0]


def mirrored(v):
    return v[:, ::-1]


def half_as_sure(top, left, height, width):
    """What a picture's answer could keep: it is all in the upper left corner."""
    return 0.9 - 5 * max(0, 0.4 - top - left) * height


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_scaling, lambda m, s: (1 / 255 / s, -(m / s))
    yield "otherwise", check_scaling, lambda m, s: (2 / 255 / s, -m / s)
    yield "flaw", check_scaling, lambda m, s: (1 / 255, -0.5)
    yield "", check_temperature, softened
    yield "otherwise", check_temperature, lambda p, T: np.ones(6) / 6

    yield "", check_ask_twice, asked(np.fliplr)
    yield "", check_ask_twice, lambda ask, v: (ask([v]) + ask([mirrored(v)]))[0] / 2
    yield "condition 1", check_ask_twice, asked(mirrored, lambda p: p.mean(axis=1))
    yield "condition 1", check_ask_twice, asked(mirrored, lambda p: p)
    yield "condition 2", check_ask_twice, lambda ask, v: ask([v])[0]
    yield "condition 2", check_ask_twice, lambda ask, v: ask([mirrored(v)])[0]
    for wrong in (np.sum, np.max, lambda p, axis: np.sqrt(p.prod(axis))):
        answer = asked(mirrored, lambda p, wrong=wrong: wrong(p, axis=0))
        yield "condition 3", check_ask_twice, answer
    yield "condition 4", check_ask_twice, asked(np.flipud)
    yield "condition 4", check_ask_twice, asked(lambda v: v[::-1, ::-1])
    yield "condition 5", check_ask_twice, asked(lambda v: v[..., ::-1])
    yield "condition 6", check_ask_twice, blended
    yield "condition 6", check_ask_twice, lambda ask, v: np.ones(5) / 5
    yield "see", check_ask_twice, lambda ask, v: ask([v / 2 + mirrored(v) / 2])[0]
    for junk in (None, "abc", lambda ask, v: None, lambda ask, v: 1 / 0):
        yield "see", check_ask_twice, junk

    yield "", check_window, (0.0, 0.0, 0.25, 0.32), half_as_sure
    yield "condition 1", check_window, (0.9, 0.0, 0.2, 0.4), half_as_sure
    yield "condition 1", check_window, (0.1, 0.1, 0.0, 0.4), half_as_sure
    yield "condition 1", check_window, (-0.1, 0.1, 0.2, 0.4), half_as_sure
    yield "condition 2", check_window, (0.0, 0.0, 0.5, 0.5), half_as_sure
    yield "condition 3", check_window, (0.6, 0.6, 0.2, 0.4), half_as_sure
    for junk in (None, "abc", (0.1, 0.2), (1, 2, 3, "x"), 0.5):
        yield "see", check_window, junk, half_as_sure


def softened(p, T):
    """By the scores, with a number added to all."""
    z = (np.log(p) + 3) / T
    return np.exp(z) / np.exp(z).sum()
