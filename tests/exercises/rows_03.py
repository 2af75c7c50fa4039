"""Answers of lecture 03 that its tables do not hold."""

import numpy as np

from course_utils.exercises.lecture_03 import (
    check_few_pixels,
    check_half_life,
    check_keras_factor,
)

#: 784 pixels; the first tells the two digits apart.
X = np.random.default_rng(0).uniform(0.1, 1, (200, 784))
T = np.arange(200) % 2
X[:, 0] = T


def counted(eta, a):
    steps, w = 0, 1.0
    while w > 0.5:
        steps, w = steps + 1, w * (1 - eta * a)
    return steps


def neuron(small=0.0, strong=1.0, bias=-0.5, used=1):
    w = np.full(784, small)
    w[:used] = strong
    return [w, bias]


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_keras_factor, lambda lam, n, batch: lam * batch / (n * batch)
    yield "otherwise", check_keras_factor, lambda lam, n, batch: lam / (2 * batch)
    yield "", check_half_life, counted
    yield "", check_half_life, lambda eta, a: np.log(0.5) / np.log(1 - eta * a)
    yield "otherwise", check_half_life, lambda eta, a: 3 / (eta * a)
    yield "", check_few_pixels, neuron(), X, T
    yield "", check_few_pixels, [neuron()[0][:, None], [-0.5]], X, T
    yield "condition 1", check_few_pixels, neuron(strong=0.0), X, T
    yield "condition 2", check_few_pixels, neuron(small=1e-5), X, T
    yield "condition 3", check_few_pixels, neuron(used=300), X, T
    yield "condition 4", check_few_pixels, neuron(strong=-1.0, bias=0.5), X, T
    for junk in (neuron()[0], [np.nan, 0.0], [np.full(784, np.nan), 0.0], [3, 4]):
        yield "see", check_few_pixels, junk, X, T
