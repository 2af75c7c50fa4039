"""Answers of lecture 12 that its tables do not hold."""

import math

import keras
import numpy as np
from keras import layers

from course_utils.exercises.lecture_12 import (
    MIXED4,
    check_cheap_module,
    check_multiply_adds,
    check_split_kernel,
)

AS_IN_MIXED4 = [
    [(192, 1)],
    [(128, 1), (128, (1, 7)), (192, (7, 1))],
    [(128, 1), (128, (7, 1)), (128, (1, 7)), (128, (7, 1)), (192, (1, 7))],
    [(0, 3), (192, 1)],
]


def as_keras_counts(side, channels, filters, kernel, stride, padding):
    """From a layer itself: an independent reference."""
    layer = layers.Conv2D(filters, kernel, stride, padding, use_bias=False)
    x = layer(keras.Input((side, side, channels)))
    return math.prod(layer.kernel.shape) * x.shape[1] * x.shape[2]


def by_svd(kernel):
    u, s, vt = np.linalg.svd(kernel)
    return u[:, 0] * s[0], vt[0]


def build(shape, branches):
    """As the notebook's, without batch norm."""
    x = keras.Input(shape)
    results = []
    for steps in branches:
        y = x
        for filters, window in steps:
            if filters:
                y = layers.Conv2D(filters, window, padding="same", use_bias=False)(y)
                y = layers.ReLU()(y)
            else:
                y = layers.AveragePooling2D(window, strides=1, padding="same")(y)
        results.append(y)
    return keras.Model(x, layers.Concatenate()(results) if results[1:] else results[0])


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_multiply_adds, as_keras_counts
    yield "", check_split_kernel, by_svd
    yield "flaw", check_split_kernel, lambda k: (k.sum(1) / k.sum(), k.sum(0))
    yield "flaw", check_split_kernel, lambda k: (k[:, 0], k[0] / k[0, 0])
    yield "otherwise", check_split_kernel, lambda k: (by_svd(k)[0], 2 * by_svd(k)[1])

    def module(*branches):
        return check_cheap_module, branches, build

    yield "", *module([(64, 1), (64, (1, 13)), (64, (13, 1)), (384, 1)], [(384, 1)])
    yield "", *module([(32, 1), (32, 5), (32, 5), (32, 5), (768, 1)])
    yield "condition 1", *module([(192, 1)], [(192, 1)])
    yield "condition 2", *module(*AS_IN_MIXED4)
    yield "condition 3", *module([(64, 1), (768, 1)])
    yield "condition 3", *module([(32, 1), (32, (1, 13)), (768, 1)])
    yield "condition 3", *module([(32, 1), (32, 7), (768, 1)])
    for junk in ([], [3], [[(1,)]], "abc", [[(-1, 1)]]):
        yield "see", check_cheap_module, junk, build
    assert work(build((17, 17, 768), AS_IN_MIXED4)) == MIXED4


def work(model):
    kernels = [layer.kernel for layer in model.layers if hasattr(layer, "kernel")]
    return sum(math.prod(kernel.shape) * 17 * 17 for kernel in kernels)
