"""Answers of lecture 36 that its tables do not hold."""

import numpy as np

from course_utils.exercises.lecture_36 import (
    check_length,
    check_sampled,
    check_season,
    check_wave,
)

TIMES = np.arange(1958, 2002, 1 / 52)


def swing(t):
    """Two waves and the growth of their amplitude, as the air has them."""
    turn = 2 * np.pi * t
    return (1 + (t - 1980) / 100) * (2.8 * np.sin(turn) + 0.8 * np.cos(2 * turn))


def one_wave(t):
    return 3.1 * np.sin(2 * np.pi * t)


def at_1980(t):
    return swing(1980 + t % 1) / (1 + (t % 1) / 100)


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_sampled, lambda f, rate: abs(f - rate * round(f / rate))
    yield "otherwise", check_sampled, lambda f, rate: rate / 2
    yield "", check_wave, lambda y, k: best(y, k)
    yield "otherwise", check_wave, lambda y, k: (np.abs(y).max(), 0.0)
    yield "", check_length, lambda n, m: len(np.convolve(np.ones(n), np.ones(m)))
    yield "otherwise", check_length, lambda n, m: n + m - 2
    air = TIMES, swing(TIMES)
    yield "", check_season, swing, *air
    yield "condition 1", check_season, lambda t: 0 * t, *air
    yield "condition 1", check_season, lambda t: swing(t / 12), *air
    yield "condition 2", check_season, one_wave, *air
    yield "condition 3", check_season, lambda t: 0.78 * swing(t), *air
    for junk in (None, 3, lambda t: 1.0, lambda t: t * np.nan, lambda t: 1 / 0):
        yield "see", check_season, junk, *air


def best(y, k):
    """Amplitude and phase by least squares."""
    turn = 2 * np.pi * k * np.arange(len(y)) / len(y)
    p, q = np.linalg.lstsq(np.column_stack([np.cos(turn), np.sin(turn)]), y)[0]
    return np.hypot(p, q), np.arctan2(p, q)
