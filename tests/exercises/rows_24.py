"""Answers of lecture 24 that its tables do not hold."""

import numpy as np
from scipy.special import rel_entr

from course_utils.exercises.lecture_24 import (
    check_code_length,
    check_kl,
    check_smaller_file,
)

RNG = np.random.default_rng(0)
LABELS = RNG.integers(10, size=1000)
SCORES = 3 * np.eye(10)[LABELS] + RNG.normal(size=(1000, 10))


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_code_length, lambda m, q: -np.log2(np.prod(np.array(q)[m]))
    yield "otherwise", check_code_length, lambda m, q: 8.0 * len(m)
    yield "", check_kl, lambda p, q: rel_entr(p, q).sum() / np.log(2)
    yield "otherwise", check_kl, lambda p, q: 1.0
    given = SCORES, LABELS
    yield "", check_smaller_file, SCORES + 1.5 * np.eye(10)[LABELS], *given
    yield "", check_smaller_file, (1.5 * SCORES).tolist(), *given
    yield "condition 1", check_smaller_file, SCORES * np.nan, *given
    yield "condition 2", check_smaller_file, 90 * np.eye(10)[LABELS], *given
    yield "condition 3", check_smaller_file, 1.01 * SCORES, *given
    for junk in (None, SCORES[:5], "scores", SCORES.argmax(axis=1)):
        yield "see", check_smaller_file, junk, *given
