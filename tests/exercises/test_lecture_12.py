"""The checks of lecture 12 accept right answers and name the usual mistakes."""

import math

import keras
import numpy as np
import pytest
from keras import layers

from course_utils.exercises.lecture_12 import (
    MIXED4,
    check_cheap_module,
    check_multiply_adds,
    check_split_kernel,
)

# --- exercise 1 ----------------------------------------------------------------------


def places(side, kernel, stride, padding):
    if padding == "same":
        return math.ceil(side / stride)
    return (side - kernel) // stride + 1


def counted(n, c, f, k, s, p):
    return places(n, k, s, p) ** 2 * k * k * c * f


def as_keras_counts(n, c, f, k, s, p):
    """From a layer itself: an independent reference."""
    layer = layers.Conv2D(f, k, s, p, use_bias=False)
    x = layer(keras.Input((n, n, c)))
    return math.prod(layer.kernel.shape) * x.shape[1] * x.shape[2]


@pytest.mark.parametrize("count", [counted, as_keras_counts])
def test_multiply_adds_accepts_the_right_count(said, count):
    assert said(check_multiply_adds, count).startswith("✓")


@pytest.mark.parametrize(
    ("count", "hint"),
    [
        (lambda n, c, f, k, s, p: k**2 * c * f, "those are the weights"),
        (lambda *a: 2 * counted(*a), "twice too many"),
        (lambda n, c, f, k, s, p: places(n, k, s, p) * k**2 * c * f, "is a square"),
        (lambda n, c, f, k, s, p: n**2 * k**2 * c * f, "places of the input"),
        (lambda n, c, *a: counted(n, c, *a) / c, "all channels of the input"),
        (lambda n, c, f, *a: counted(n, c, f, *a) / f, "that is one filter"),
        (lambda *a: counted(*a[:5], "valid"), "right without padding"),
        (lambda *a: counted(*a[:5], "same"), "right with padding"),
        (lambda *a: 7, "you say 7"),
        (lambda n, c, f, k, s, p: (n / s) ** 2 * k * k * c * f, "a whole number"),
    ],
)
def test_multiply_adds_names_the_mistake(said, count, hint):
    text = said(check_multiply_adds, count)
    assert text.startswith("Not yet: ")
    assert hint in text


@pytest.mark.parametrize(
    "junk",
    [
        *(None, 3, "x", lambda: 1, lambda *a: None, lambda *a: "much"),
        *(lambda *a: [1, 2], lambda *a: np.nan, lambda *a: 1 // 0),
    ],
)
def test_multiply_adds_survives_junk(said, junk):
    assert said(check_multiply_adds, junk).startswith("Not yet: ")


# --- exercise 2 ----------------------------------------------------------------------


def by_svd(kernel):
    u, s, vt = np.linalg.svd(kernel)
    return u[:, 0] * s[0], vt[0]


def by_largest(kernel):
    i, j = np.unravel_index(np.abs(kernel).argmax(), kernel.shape)
    return kernel[:, j], kernel[i] / kernel[i, j]


@pytest.mark.parametrize("split", [by_svd, by_largest])
def test_split_accepts_any_scale(said, split):
    assert said(check_split_kernel, split).startswith("✓")


@pytest.mark.parametrize(
    ("split", "hint"),
    [
        (lambda k: (k.sum(1) / k.sum(), k.sum(0)), "not a finite number"),
        (lambda k: (k.sum(1), np.zeros(len(k))), "all zeros"),
        (lambda k: (by_svd(k)[0], 2 * by_svd(k)[1]), "2 times the kernel"),
        (lambda k: (k[:, 0], k[0] / k[0, 0]), "not a finite number"),
        (lambda k: by_svd(k)[::-1], "exchange the two"),
        (lambda k: (np.ones(len(k)), np.arange(len(k))), "another kernel"),
        (lambda k: k, "two vectors of length 3"),
        (lambda k: k[0], "two vectors of length 3"),
    ],
)
def test_split_names_the_mistake(said, split, hint):
    text = said(check_split_kernel, split)
    assert text.startswith("Not yet: ")
    assert hint in text


def test_split_says_what_is_wrong_with_sums(said):
    text = said(check_split_kernel, lambda k: (k.sum(axis=1), k.sum(axis=0)))
    assert text.startswith("Not yet: ")


@pytest.mark.parametrize(
    "junk", [None, 1.0, lambda k: None, lambda k: "ab", lambda: 0, lambda k: k[9]]
)
def test_split_survives_junk(said, junk):
    assert said(check_split_kernel, junk).startswith("Not yet: ")


# --- exercise 3 ----------------------------------------------------------------------


def build(shape, branches):
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


LONG = [(128, 1), (128, (7, 1)), (128, (1, 7)), (128, (7, 1)), (192, (1, 7))]
AS_IN_MIXED4 = [
    [(192, 1)],
    [(128, 1), (128, (1, 7)), (192, (7, 1))],
    LONG,
    [(0, 3), (192, 1)],
]


def test_the_reference_is_mixed4_of_keras(said):
    text = said(check_cheap_module, AS_IN_MIXED4, build)
    assert "takes 100 % of mixed4's" in text
    model = build((17, 17, 768), AS_IN_MIXED4)
    kernels = [layer for layer in model.layers if hasattr(layer, "kernel")]
    assert sum(math.prod(a.kernel.shape) * 17 * 17 for a in kernels) == MIXED4


@pytest.mark.parametrize(
    "branches",
    [
        [
            [(64, 1), (256, 1)],
            [(48, 1), (48, (1, 7)), (48, (7, 1)), (48, (1, 7)), (256, (7, 1))],
            [(0, 3), (64, 1), (256, 1)],
        ],
        [[(64, 1), (64, (1, 13)), (64, (13, 1)), (384, 1)], [(32, 1), (384, 1)]],
        [[(32, 1), (32, 5), (32, 5), (32, 5), (768, 1)]],
    ],
)
def test_cheap_module_accepts_any_that_does_it(said, branches):
    assert said(check_cheap_module, branches, build).startswith("✓")


@pytest.mark.parametrize(
    ("branches", "hint"),
    [
        (AS_IN_MIXED4, "takes 100 %"),
        ([[(64, 1), (768, 1)]], "sees only 1×1"),
        ([[(32, 1), (32, (1, 13)), (768, 1)]], "sees only 1×13"),
        ([[(32, 1), (32, 7), (768, 1)]], "sees only 7×7"),
        ([[(192, 1)], [(192, 1)]], "17×17×384"),
    ],
)
def test_cheap_module_names_the_mistake(said, branches, hint):
    text = said(check_cheap_module, branches, build)
    assert text.startswith("Not yet: ")
    assert hint in text


@pytest.mark.parametrize("junk", [None, 3, [], [[]], [3], [[(1,)]], "abc", [[(-1, 1)]]])
def test_cheap_module_survives_junk(said, junk):
    assert said(check_cheap_module, junk, build).startswith("Not yet: ")
