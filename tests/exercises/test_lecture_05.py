"""The checks of lecture 05: starters fail, solutions pass, wrong answers get a hint."""

import math

import numpy as np
import pytest
from scipy.ndimage import shift as scipy_shift
from scipy.stats import sem, ttest_rel

from course_utils.exercises import lecture_05 as lecture
from course_utils.exercises.lecture_05 import (
    check_paired_gain,
    check_shifted,
    check_small_network,
    check_warm_up,
)

JUNK = (None, 3, "x", lambda: 1, lambda *a: None, lambda *a: "x", lambda *a: 1 / 0)


# --- exercise 1 ----------------------------------------------------------------------


def paired(before, after):
    gains = after - before
    return gains.mean(), gains.std(ddof=1) / np.sqrt(len(gains))


def unpaired(before, after):
    """The starter."""
    error = np.sqrt((before.var(ddof=1) + after.var(ddof=1)) / len(before))
    return after.mean() - before.mean(), error


def from_scipy(before, after):
    mean = np.mean(after) - np.mean(before)
    return np.array([mean, mean / ttest_rel(after, before).statistic])


@pytest.mark.parametrize("answer", [paired, from_scipy])
def test_paired_gain_solutions(said, answer):
    assert said(check_paired_gain, answer).startswith("✓ ")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (unpaired, "two independent groups"),
        (lambda b, a: (b - a).mean(), "return two numbers"),
        (lambda b, a: paired(a, b), "the sign is wrong"),
        (lambda b, a: (a.mean(), sem(a - b)), "not the mean of after − before"),
        (lambda b, a: ((a - b).mean(), (a - b).std(ddof=1)), "by √n"),
        (lambda b, a: ((a - b).mean(), (a - b).std()), "by √n"),
        (lambda b, a: ((a - b).mean(), (a - b).std() / 5**0.5), "ddof=1"),
        (lambda b, a: ((a - b).mean(), sem(a)), "must be s/√n"),
        (lambda b, a: ((a - b).mean(), (a - b).std(ddof=1) / 5**0.5), "len(before)"),
        (lambda b, a: (math.nan, math.nan), "not the mean"),
        (lambda b, a: ((a - b).mean(), math.nan), "must be s/√n"),
        (lambda b, a: a - b, "return two numbers"),
    ],
)
def test_paired_gain_hints(said, answer, words):
    text = said(check_paired_gain, answer)
    assert text.startswith("Not yet: ")
    assert words in text


@pytest.mark.parametrize("answer", JUNK)
def test_paired_gain_survives_junk(said, answer):
    assert said(check_paired_gain, answer).startswith("Not yet: ")


# --- exercise 2 ----------------------------------------------------------------------


def framed(image, right, down):
    """The notebook's solution."""
    room = 28
    window = np.pad(image, room)
    top = room - min(max(down, -room), room)
    left = room - min(max(right, -room), room)
    return window[top : top + 28, left : left + 28]


def by_scipy(image, right, down):
    return scipy_shift(image, (down, right), order=0, cval=0.0)


@pytest.mark.parametrize("answer", [framed, by_scipy])
def test_shifted_solutions(said, answer):
    assert said(check_shifted, answer).startswith("✓ ")


def test_shifted_agrees_with_scipy():
    image = np.random.default_rng(0).uniform(size=(28, 28))
    for right, down in ((3, -2), (0, 0), (-28, 1), (40, -40), (27, 27)):
        ours = lecture._shifted(image, right, down)
        np.testing.assert_array_equal(ours, by_scipy(image, right, down))


def sliced(image, right, down):
    """Right for positive shifts only."""
    result = np.zeros_like(image)
    result[down:, right:] = image[: 28 - down, : 28 - right]
    return result


def in_place(image, right, down):
    image[:] = framed(image, right, down)
    return image


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda i, r, d: np.roll(i, (d, r), axis=(0, 1)), "np.roll wraps"),  # starter
        (lambda i, r, d: i, "did not move"),
        (lambda i, r, d: framed(i, -r, -d), "the wrong way"),
        (lambda i, r, d: framed(i, d, r), "rows and columns are exchanged"),
        (lambda i, r, d: framed(i, r, -d), "count from the top"),
        (sliced, "your function stops with ValueError"),
        (lambda i, r, d: framed(i, r, d) + 1, "wrong pixels"),
        (lambda i, r, d: framed(i, r, d)[:-1], "shape (27, 28)"),
        (lambda i, r, d: framed(i, r, d) * np.nan, "wrong pixels"),
        (in_place, "changes the image"),
    ],
)
def test_shifted_hints(said, answer, words):
    text = said(check_shifted, answer)
    assert text.startswith("Not yet: ")
    assert words in text


@pytest.mark.parametrize("answer", JUNK)
def test_shifted_survives_junk(said, answer):
    assert said(check_shifted, answer).startswith("Not yet: ")


def test_shifted_survives_a_function_that_works_a_few_times(said):
    shifts = 0

    def tires(image, right, down):
        nonlocal shifts
        shifts += 1
        if shifts > 7:
            raise RuntimeError("tired")
        return framed(image, right, down)

    assert "does not work twice" in said(check_shifted, tires)


# --- exercise 3 ----------------------------------------------------------------------


def rise(step):
    return 0.008 * step / 40


def half_cosine(share):
    return 0.004 * (1 + math.cos(math.pi * share))


def schedule(fall, before=rise):
    """`before` up to step 40, then `fall` of the share of the way, 0 to 1."""
    return lambda step: before(step) if step <= 40 else fall((step - 40) / 280)


def test_warm_up_solutions(said):
    import keras

    assert said(check_warm_up, schedule(half_cosine)).startswith("✓ ")
    in_keras = keras.optimizers.schedules.CosineDecay(
        0.0, 280, warmup_target=0.008, warmup_steps=40
    )
    ours = [schedule(half_cosine)(step) for step in range(0, 321, 20)]
    theirs = [float(in_keras(step)) for step in range(0, 321, 20)]
    np.testing.assert_allclose(ours, theirs, atol=1e-8)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda step: half_cosine(step / 320), "there is no warm-up yet"),  # starter
        (schedule(half_cosine, before=lambda s: 0.008), "must rise"),
        (schedule(half_cosine, before=lambda s: 0.008 * (s + 1) / 40), "one step off"),
        (schedule(half_cosine, before=lambda s: 0.008 * (s / 40) ** 2), "at step 20"),
        (lambda s: rise(s) if s <= 40 else half_cosine(s / 320), "drops by a jump"),
        (schedule(lambda u: 0.008 * math.cos(math.pi / 2 * u)), "quarter cosine"),
        (schedule(lambda u: 0.008 * math.cos(math.pi * u)), "ends at −1"),
        (schedule(lambda u: 0.008 * (1 - u)), "is a line"),
        (schedule(lambda u: 0.008 * math.exp(-5 * u)), "at step 180"),
        (lambda step: math.nan, "one finite number"),
        (lambda step: [rise(step)] * 2, "one finite number"),
    ],
)
def test_warm_up_hints(said, answer, words):
    text = said(check_warm_up, answer)
    assert text.startswith("Not yet: ")
    assert words in text


@pytest.mark.parametrize("answer", JUNK)
def test_warm_up_survives_junk(said, answer):
    assert said(check_warm_up, answer).startswith("Not yet: ")


# --- exercise 4 ----------------------------------------------------------------------


def reads(accuracy):
    """A stand-in for the training: five runs of this accuracy."""
    return lambda hidden: np.full(5, accuracy)


def never(hidden):
    pytest.fail("trained although the answer was out of bounds")


@pytest.mark.parametrize("hidden", [(64, 32), [70], np.array([48, 48]), (10, 10, 10)])
def test_small_network_solutions(said, hidden):
    good = reads(lecture.ACCURACY + 0.005)
    assert said(check_small_network, hidden, good).startswith("✓ ")


def test_small_network_counts_as_keras_does(said):
    import keras

    sizes = (64, 32)
    model = keras.Sequential([keras.Input((784,))])
    for units in (*sizes, 10):
        model.add(keras.layers.Dense(units))
    text = said(check_small_network, sizes, reads(1.0))
    assert f"{model.count_params():,} weights" in text


@pytest.mark.parametrize(
    ("hidden", "words"),
    [
        ((128, 64), "109,386 weights and biases, more than 60,000"),  # the starter
        ((), "softmax regression again"),
        (64, "one layer is written (64,)"),
        (None, "not nothing"),
        (np.array(64), "must be a tuple"),
        ("64", "whole number"),
        ((64, 0), "whole number"),
        ((64, -3), "whole number"),
        ((64.5,), "whole number"),
        ((True, 64), "whole number"),
        ((64, None), "whole number"),
        ((16,) * 11, "ten or fewer"),
        ((10**9,), "more than 60,000"),
    ],
)
def test_small_network_hints_before_it_trains(said, hidden, words):
    text = said(check_small_network, hidden, never)
    assert text.startswith("Not yet: ")
    assert words in text


@pytest.mark.parametrize(
    ("hidden", "validate", "words"),
    [
        ((5, 64), reads(0.5), "squeeze ten classes"),
        ((12,), reads(lecture.ACCURACY - 0.005), "allows more units"),
        ((64,), reads(math.nan), "fewer than"),
        ((64,), None, "must be a function"),
        ((64,), lambda hidden: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_small_network_hints_after_training(said, hidden, validate, words):
    text = said(check_small_network, hidden, validate)
    assert text.startswith("Not yet: ")
    assert words in text
