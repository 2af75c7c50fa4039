"""The checks of lecture 06 accept right answers and name the usual mistakes."""

import math

import numpy as np
import pytest
import tensorflow as tf

from course_utils.exercises.lecture_06 import (
    SIZES,
    STACKS,
    check_output_size,
    check_receptive_field,
    check_shifting_kernel,
    check_small_lenet,
)

# --- exercise 1 ----------------------------------------------------------------------


def test_output_size_accepts_what_tensorflow_does(said):
    def by_tensorflow(n, k, s, padding):
        plane = tf.zeros((1, n, n, 1))
        return tf.nn.max_pool2d(plane, k, s, padding).shape[1]

    assert said(check_output_size, by_tensorflow).startswith("✓")


def test_output_size_accepts_the_solution(said):
    def solution(n, k, s, padding):
        starts = n if padding == "SAME" else n - k + 1
        return -(-starts // s)

    assert said(check_output_size, solution).startswith("✓")


def valid(n, k, s):
    return (n - k) // s + 1


@pytest.mark.parametrize(
    ("same", "other", "hint"),
    [
        (lambda n, k, s: n, lambda n, k, s: n - k + 1, "right for stride 1 only"),
        (lambda n, k, s: n, valid, "SAME keeps the side only with stride 1"),
        (lambda n, k, s: n // s, valid, "SAME rounds up"),
        (valid, valid, "VALID is right; SAME adds zeros"),
        (lambda n, k, s: n / s, valid, "SAME: not a whole number"),
        (valid, lambda n, k, s: (n - k) / s + 1, "VALID: not a whole number"),
        (valid, lambda n, k, s: (n - k) // s, "the first window counts too"),
        (valid, lambda n, k, s: math.ceil((n - k) / s) + 1, "VALID rounds down"),
        (valid, lambda n, k, s: math.ceil(n / s), "that is SAME's rule"),
        (valid, lambda n, k, s: 7, "count the windows"),
        (lambda n, k, s: 7, valid, "SAME with n=28, k=2, s=2: you say 7"),
    ],
)
def test_output_size_names_the_mistake(said, same, other, hint):
    def answer(n, k, s, padding):
        return (same if padding == "SAME" else other)(n, k, s)

    text = said(check_output_size, answer)
    assert text.startswith("Not yet: ")
    assert hint in text


@pytest.mark.parametrize(
    ("junk", "hint"),
    [
        (None, "must be a function"),
        (14, "must be a function"),
        (lambda n, k: n, "stops with TypeError"),
        (lambda *_: None, "returns nothing"),
        (lambda *_: "14", "VALID with n="),
        (lambda *_: "many", "must return numbers"),
        (lambda *_: (14, 14), "one whole number"),
        (lambda *_: math.nan, "one whole number"),
    ],
)
def test_output_size_survives_junk(said, junk, hint):
    text = said(check_output_size, junk)
    assert text.startswith("Not yet: ")
    assert hint in text


def test_sizes_have_windows_that_fit():
    assert all(1 <= k <= n and s >= 1 for n, k, s in SIZES)


# --- exercise 2 ----------------------------------------------------------------------


def one_at(row, column, value=1.0):
    kernel = np.zeros((3, 3))
    kernel[row, column] = value
    return kernel


def test_shifting_kernel_accepts_the_one_that_keras_needs(said):
    assert said(check_shifting_kernel, one_at(0, 0)).startswith("✓")
    assert said(check_shifting_kernel, one_at(0, 0).tolist()).startswith("✓")
    picture = np.zeros((1, 5, 5, 1))
    picture[0, 2, 2, 0] = 1
    moved = tf.nn.conv2d(picture, one_at(0, 0)[..., None, None], 1, "SAME")
    assert np.argwhere(moved[0, :, :, 0]).tolist() == [[3, 3]]


@pytest.mark.parametrize(
    ("kernel", "hint"),
    [
        (one_at(1, 1), "changes nothing"),
        (one_at(2, 2), "moves left and up"),
        (one_at(0, 1), "moves not right and one down"),
        (one_at(1, 0), "moves one right and not down"),
        (one_at(2, 0), "moves one right and one up"),
        (one_at(0, 0, 2.5), "2.5 times as bright"),
        (np.zeros((3, 3)), "all weights are 0"),
        (np.full((3, 3), 1 / 9), "mixes several pixels"),
        (np.eye(3), "mixes several pixels"),
        (np.ones((5, 5)), "three rows and three columns"),
    ],
)
def test_shifting_kernel_names_the_mistake(said, kernel, hint):
    text = said(check_shifting_kernel, kernel)
    assert text.startswith("Not yet: ")
    assert hint in text


@pytest.mark.parametrize(
    "junk", [None, "kernel", 1, [], [[1, 2], [3]], one_at(0, 0, np.nan), print]
)
def test_shifting_kernel_survives_junk(said, junk):
    assert said(check_shifting_kernel, junk).startswith("Not yet: my_kernel")


# --- exercise 3 ----------------------------------------------------------------------


def field(layers):
    side, jump = 1, 1
    for kernel, stride in layers:
        side += (kernel - 1) * jump
        jump *= stride
    return side


def from_the_top(layers):
    side = 1
    for kernel, stride in reversed(layers):
        side = (side - 1) * stride + kernel
    return side


@pytest.mark.parametrize("right", [field, from_the_top])
def test_receptive_field_accepts_either_way(said, right):
    assert said(check_receptive_field, right).startswith("✓")


def strides_ignored(layers):
    return 1 + sum(kernel - 1 for kernel, _ in layers)


def whole_kernels(layers):
    side, jump = 1, 1
    for kernel, stride in layers:
        side += kernel * jump
        jump *= stride
    return side


def jump_too_early(layers):
    side, jump = 1, 1
    for kernel, stride in layers:
        jump *= stride
        side += (kernel - 1) * jump
    return side


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (strides_ignored, "right for stride 1"),
        (whole_kernels, "adds k − 1 steps"),
        (jump_too_early, "Multiply jump after adding"),
        (lambda layers: 1 + sum((k - 1) * s for k, s in layers), "layers *below*"),
        (lambda layers: field(layers) if layers else 0, "without any layer"),
        (lambda layers: 14, "for the layers [(5, 1)] you say 14"),
        (lambda layers: layers[0][0], "stops with IndexError"),
        (lambda layers: (5, 5), "return one number"),
    ],
)
def test_receptive_field_names_the_mistake(said, answer, hint):
    text = said(check_receptive_field, answer)
    assert text.startswith("Not yet: ")
    assert hint in text


@pytest.mark.parametrize("junk", [None, 14, lambda: 1, lambda _: None, lambda _: "x"])
def test_receptive_field_survives_junk(said, junk):
    assert said(check_receptive_field, junk).startswith("Not yet: ")


def test_stacks_are_what_the_formula_says():
    assert [field(stack) for stack, _ in STACKS] == [side for _, side in STACKS]


# --- exercise 4 ----------------------------------------------------------------------


def reads(accuracy):
    return lambda widths: accuracy


def never(widths):
    raise AssertionError("trained although the answer was not in order")


def test_small_lenet_accepts_small_ones_that_read(said):
    text = said(check_small_lenet, (8, 16, 24, 24), reads(0.96))
    assert text.startswith("✓ 13,898 weights")
    assert said(check_small_lenet, [4, 8, 30, 20], reads(0.94)).startswith("✓")


@pytest.mark.parametrize(
    ("widths", "validate", "hint"),
    [
        ((6, 16, 120, 84), never, "61,706 weights and biases, more than 15,000; C5"),
        ((40, 40, 2, 2), never, "; C3 has 40,040"),
        ((2, 2, 12, 12), reads(0.8), "The budget allows more"),
        ((8, 16, 24, 5), reads(0.8), "Fewer than ten units"),
        ((8, 16, 24, 24), reads(math.nan), "fewer than 94%"),
        ((6, 16, 24), never, "has 3 numbers"),
        ((), never, "has 0 numbers"),
        (24, never, "not a int"),
        (None, never, "not nothing"),
        ("lene", never, "a whole number"),
        ((6, 16, 24.0, 24), never, "a whole number"),
        ((6, 16, 0, 24), never, "a whole number"),
        ((6, 16, True, 24), never, "a whole number"),
        ((8, 16, 24, 24), None, "must be a function"),
        ((8, 16, 24, 24), lambda _: 1 / 0, "stops with ZeroDivisionError"),
    ],
)
def test_small_lenet_names_the_mistake(said, widths, validate, hint):
    text = said(check_small_lenet, widths, validate)
    assert text.startswith("Not yet: ")
    assert hint in text
