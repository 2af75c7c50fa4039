"""Answers of lecture 21 that its tables do not hold."""

import numpy as np

from course_utils.exercises.lecture_21 import (
    check_loss_of_signs,
    check_parted,
    check_width,
)

LENGTH, DEPTH = "bill_length_mm", "bill_depth_mm"
FLIPPER, MASS = "flipper_length_mm", "body_mass_g"


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_width, lambda w, p: 2 * np.arctanh(2 * p - 1) * 2 / np.sqrt(w @ w)
    yield "otherwise", check_width, lambda w, p: 1.0
    yield "", check_loss_of_signs, lambda z, s: np.logaddexp(0, z) - (s + 1) / 2 * z
    naive = [lambda z, s: np.log(1 + np.exp(-s * z)), lambda z, s: s * z]
    yield "flaw", check_loss_of_signs, naive[0]
    yield "otherwise", check_loss_of_signs, naive[1]
    chinstrap = ["Gentoo", "Chinstrap"]
    yield "", check_parted, [chinstrap, [LENGTH, MASS], [FLIPPER, MASS]]
    yield "", check_parted, (("Adelie", "Gentoo"), (DEPTH, MASS), (FLIPPER, MASS))
    yield "condition 1", check_parted, [["Adelie"], [LENGTH, MASS], [FLIPPER, MASS]]
    yield "condition 1", check_parted, [chinstrap, [LENGTH, MASS]]
    yield "condition 2", check_parted, [chinstrap, [LENGTH, "sex"], [FLIPPER, MASS]]
    yield (
        "condition 3",
        check_parted,
        [["Adelie", "Gentoo"], [LENGTH, DEPTH], [FLIPPER, MASS]],
    )
    yield "condition 4", check_parted, [chinstrap, [FLIPPER, MASS], [LENGTH, DEPTH]]
    yield "condition 5", check_parted, [chinstrap, [LENGTH, MASS], [DEPTH, MASS]]
    for junk in (None, 3, [1, 2, 3], [[[]]]):
        yield "see", check_parted, junk
