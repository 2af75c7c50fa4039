"""Answers of lecture 26 that its tables do not hold."""

from course_utils.exercises.lecture_26 import check_count, check_name, check_small


def by_dictionary(trained, new, ratio):
    """The name looked up by three yes-or-no answers."""
    learnt = "healthy" if trained >= 0.9 else ["slow", "gradient"][ratio < 0.001]
    return {True: "overfitting", False: learnt}[trained - new >= 0.1]


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_name, by_dictionary
    yield "otherwise", check_name, lambda trained, new, ratio: "slow"
    yield "", check_count, lambda f, s, c: sum(s * s * c + 1 for _ in range(f))
    yield "otherwise", check_count, lambda f, s, c: f + s + c
    yield "", check_small, (2202, 0.9)
    yield "condition 1", check_small, (5994, 0.95)
    yield "condition 2", check_small, (2400, 0.7)
    for junk in (None, 3, "no", (1,), (None, 0.9)):
        yield "see", check_small, junk
