"""The exercises of lecture NN."""

import numpy as np

from course_utils.exercises.core import Exercise

__all__ = ["check_error_of_mean"]


# --- exercise 1 ----------------------------------------------------------------------


def _counts_and_deviations(rng):
    """Numbers of draws and standard deviations."""
    drawn = zip(rng.integers(2, 400, 8), rng.uniform(0.5, 4, 8), strict=True)
    return [(1, 3.0), *((int(n), float(sigma)) for n, sigma in drawn)]


check_error_of_mean = Exercise(
    cases=_counts_and_deviations,
    right=lambda n, sigma: sigma / np.sqrt(n),
    done=(
        "the error falls with the root of the number of draws.",
        "误差按抽样次数的平方根缩小。",
    ),
    mistakes=[
        (
            "that is the error of a single draw. What does the mean do to it?",
            "这是单次抽样的误差；取平均以后会怎样？",
            lambda n, sigma: sigma,
        ),
        (
            "that is the variance of the mean: take its root.",
            "这是平均值的方差，还要开平方。",
            lambda n, sigma: sigma**2 / n,
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Variances add up, and the sum is divided by n: "
        "what is the variance of the mean?",
        "当 {case} 时，你算得 {found}。方差相加，总和再除以 n：平均值的方差是多少？",
    ),
)
