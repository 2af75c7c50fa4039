"""Answers of lecture 06 that its tables do not hold."""

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from course_utils.exercises.lecture_06 import (
    check_larger_image,
    check_shifting_kernel,
    check_small_lenet,
)


def by_keras(n):
    net = keras.Sequential([keras.Input((n, n, 1)), layers.MaxPooling2D(2)])
    net.add(layers.Conv2D(16, 5))
    net.add(layers.MaxPooling2D(2))
    net.add(layers.Flatten())
    net.add(layers.Dense(120))
    return net.layers[-1].count_params()


def one_at(row, column, value=1.0):
    kernel = np.zeros((3, 3))
    kernel[row, column] = value
    return kernel


def reads(accuracy):
    return lambda widths: accuracy


def never(widths):
    raise AssertionError("trained although the answer was not in order")


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_larger_image, by_keras
    yield "otherwise", check_larger_image, lambda n: 120 * n
    yield "otherwise", check_larger_image, lambda n: ((n / 4) ** 2 * 16) * 120
    yield "flaw", check_larger_image, lambda n: "48,120"

    picture = np.zeros((1, 5, 5, 1))
    picture[0, 2, 2, 0] = 1
    moved = tf.nn.conv2d(picture, one_at(0, 0)[..., None, None], 1, "SAME")
    assert np.argwhere(moved[0, :, :, 0]).tolist() == [[3, 3]]
    yield "", check_shifting_kernel, one_at(0, 0)
    for kernel in (one_at(2, 0), one_at(0, 0, 2.5), np.zeros((3, 3)), np.eye(3)):
        yield "otherwise", check_shifting_kernel, kernel
    yield "flaw", check_shifting_kernel, np.ones((5, 5))

    yield "", check_small_lenet, (8, 16, 24, 24), reads(0.96)
    yield "", check_small_lenet, [4, 8, 30, 20], reads(0.94)
    for widths in ((6, 16, 120, 84), (40, 40, 2, 2)):
        yield "condition 1", check_small_lenet, widths, never
    for result in (reads(0.8), reads(math.nan), None, lambda widths: 1 / 0):
        yield "condition 2", check_small_lenet, (8, 16, 24, 5), result
    whole = (6, 16, 24.0, 24), (6, 16, 0, 24), (6, 16, True, 24), "lene"
    for widths in ((6, 16, 24), (), 24, *whole):
        yield "see", check_small_lenet, widths, never
