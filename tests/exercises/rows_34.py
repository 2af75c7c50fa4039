"""Answers of lecture 34 that its tables do not hold."""

from course_utils.exercises.lecture_34 import (
    check_ball,
    check_calm,
    check_first_step,
    check_shadow,
)


def by_loop(start, value, d, n):
    for _ in range(n):
        start = d * start + (1 - d) * value
    return start


def counted(d):
    return next(n for n in range(10**6) if (1 + n) / (10 + n) > d - 1e-12)


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_shadow, by_loop
    yield "otherwise", check_shadow, lambda start, value, d, n: value
    yield "", check_first_step, counted
    yield "otherwise", check_first_step, lambda d: 2 * counted(d)
    yield "", check_calm, lambda k: 1 - 2 / (k**2 + 1)
    yield "otherwise", check_calm, lambda k: 1 / k
    yield "", check_ball, [0.00907, 0.8186]
    yield "condition 1", check_ball, [0.02, 0.8]
    yield "condition 2", check_ball, [0.004, 0.0]
    yield "condition 3", check_ball, [0.004, 0.9]
    yield "condition 4", check_ball, [0.00909, 0.8186]
    for junk in (None, 0.01, [0.01], [-0.01, 0.9], ["fast", "slow"]):
        yield "see", check_ball, junk
