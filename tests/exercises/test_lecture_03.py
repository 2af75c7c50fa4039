"""The checks of lecture 03 accept right answers and name the usual mistakes."""

import keras
import numpy as np
import pytest

from course_utils.exercises.lecture_03 import (
    check_elastic_step,
    check_pruned_neuron,
    check_translation,
)

L1, L2 = keras.regularizers.L1, keras.regularizers.L2
N, BATCH = 50_000, 128


# --- exercise 1 ----------------------------------------------------------------------


def test_translation_accepts_the_right_factors(said):
    assert said(check_translation, L1(2 / N), L2(5 / (2 * N))).startswith("✓")


def test_translation_looks_at_what_the_regularizers_do(said):
    both = keras.regularizers.L1L2
    assert said(check_translation, both(l1=2 / N), both(l2=5 / (2 * N))).startswith("✓")
    handmade = said(
        check_translation,
        lambda w: 2 / N * np.abs(w).sum(),
        lambda w: 5 / (2 * N) * (w**2).sum(),
    )
    assert handmade.startswith("✓")


@pytest.mark.parametrize(
    ("l1", "l2", "hint"),
    [
        (2, 5, "my_l1 copies the slide's λ"),
        (2 / N, 5, "my_l2 copies the slide's λ"),
        (2 / BATCH, 5, "my_l1 divides by the batch size"),
        (2 / N, 5 / BATCH, "my_l2 divides by the batch size"),
        (2 / N, 5 / (2 * BATCH), "my_l2 divides by the batch size"),
        (2 / N, 5 / N, "my_l2 has the n but not the ½"),
        (1 / N, 5 / N, "my_l1 has a ½ too many"),
        (2 / N, 2.5, "my_l2 has the ½ but not the n"),
        (2 * N, 5, "my_l1 multiplies by n"),
        (0.123, 5, "my_l1 has the factor 0.123"),
        (0.0, 5, "its factor is a positive number"),
    ],
)
def test_translation_names_the_mistake(said, l1, l2, hint):
    text = said(check_translation, L1(l1), L2(l2))
    assert text.startswith("Not yet: ")
    assert hint in text


def test_translation_wants_a_penalty_for_every_weight(said):
    for odd in (lambda w: -np.abs(w).sum(), lambda w: 2 / N * np.maximum(w, 0).sum()):
        assert "every weight that is not zero" in said(check_translation, odd, L2(5e-5))


def test_translation_tells_l1_from_l2(said):
    assert "my_l1 is not an L1 penalty" in said(check_translation, L2(2 / N), L2(5e-5))
    assert "my_l2 is not an L2 penalty" in said(check_translation, L1(2 / N), L1(5e-5))


@pytest.mark.parametrize(
    "junk", [None, 2.0, "l1", [1, 2], np.zeros(3), L1, lambda: None, lambda w: "much"]
)
def test_translation_survives_junk(said, junk):
    for answer in ((junk, L2(5e-5)), (L1(2 / N), junk)):
        assert said(check_translation, *answer).startswith("Not yet: my_l")


# --- exercise 2 ----------------------------------------------------------------------


def elastic(w, g, eta, l1, l2, n):
    return w - eta * (g + l1 / n * np.sign(w) + l2 / n * w)


def test_elastic_step_accepts_any_form_of_the_right_step(said):
    assert said(check_elastic_step, elastic).startswith("✓")

    def decay_first(w, g, eta, l1, l2, n):
        return (1 - eta * l2 / n) * w - eta * g - eta * l1 / n * np.where(w > 0, 1, -1)

    assert said(check_elastic_step, decay_first).startswith("✓")


@pytest.mark.parametrize(
    ("step", "hint"),
    [
        (lambda w, g, e, a, b, n: w - e * g, "the step without a penalty"),
        (lambda w, g, e, a, b, n: w, "do not move"),
        (lambda w, g, e, a, b, n: w - e * (g + a / n * np.sign(w)), "L2 is missing"),
        (lambda w, g, e, a, b, n: w - e * (g + b / n * w), "L1 is missing"),
        (
            lambda w, g, e, a, b, n: w - e * (g + a / n * np.sign(w) + b / n * w / 2),
            "derivative of λ₂/2n·w²",
        ),
        (
            lambda w, g, e, a, b, n: w - e * (g + a / n * np.sign(w) + 2 * b / n * w),
            "derivative of λ₂/2n·w²",
        ),
        (
            lambda w, g, e, a, b, n: w - e * (g + a / n * np.abs(w) + b / n * w),
            "L1 pulls negative weights further down",
        ),
        (
            lambda w, g, e, a, b, n: w - e * (g + a / n + b / n * w),
            "L1 pulls negative weights further down",
        ),
        (
            lambda w, g, e, a, b, n: w - e * (g + a * np.sign(w) + b * w),
            "n times too strong",
        ),
        (
            lambda w, g, e, a, b, n: w - e * (g - a / n * np.sign(w) - b / n * w),
            "wrong sign",
        ),
        (
            lambda w, g, e, a, b, n: w - e * g - a / n * np.sign(w) - b / n * w,
            "they need the factor η",
        ),
        (
            lambda w, g, e, a, b, n: w + e * (g + a / n * np.sign(w) + b / n * w),
            "goes up the slope",
        ),
        (lambda w, g, e, a, b, n: 0 * w, "does not follow the slope"),
        (lambda w, g, e, a, b, n: w.sum(), "one new weight for each"),
    ],
)
def test_elastic_step_names_the_mistake(said, step, hint):
    text = said(check_elastic_step, step)
    assert text.startswith("Not yet: ")
    assert hint in text


def test_elastic_step_may_work_in_place(said):
    def in_place(w, g, eta, l1, l2, n):
        w -= eta * (g + l1 / n * np.sign(w) + l2 / n * w)
        return w

    assert said(check_elastic_step, in_place).startswith("✓")


@pytest.mark.parametrize(
    ("junk", "hint"),
    [
        (None, "must be a function"),
        (3.0, "must be a function"),
        (lambda: 1, "stops with TypeError"),
        (lambda *_: None, "returns nothing"),
        (lambda *_: "w", "must return numbers"),
        (lambda w, *_: w * np.nan, "not a finite number"),
        (lambda *_: [], "one new weight for each"),
        (lambda *_: 1 / 0, "stops with ZeroDivisionError"),
    ],
)
def test_elastic_step_survives_junk(said, junk, hint):
    text = said(check_elastic_step, junk)
    assert text.startswith("Not yet: ")
    assert hint in text


# --- exercise 3 ----------------------------------------------------------------------


@pytest.fixture
def held_out():
    """50 pixels, of which the first one tells the classes apart."""
    rng = np.random.default_rng(0)
    t = np.arange(200) % 2
    x = rng.uniform(size=(200, 50))
    x[:, 0] = t
    return x, t.astype(float)


def one_pixel(others=0.0):
    """Weights that look at the first pixel, and at the others this much."""
    w = np.full(50, others)
    w[0] = 5.0
    return w


def test_pruned_neuron_accepts_a_sparse_one_that_works(said, held_out):
    assert said(check_pruned_neuron, one_pixel(), -2.5, *held_out).startswith("✓")
    as_lists = one_pixel().tolist(), np.array([-2.5])
    assert said(check_pruned_neuron, *as_lists, *held_out).startswith("✓")


@pytest.mark.parametrize(
    ("w", "b", "hint"),
    [
        (one_pixel(1e-4), -2.5, "A sub-gradient step hops around zero"),
        (one_pixel(0.01), -2.5, "fewer than 90 % of its weights are exactly 0"),
        (one_pixel(0.01), 2.5, "too many weights are left, and too many digits"),
        (one_pixel(), 2.5, "Make λ smaller"),
        (np.zeros(50), 0.0, "every weight is 0"),
    ],
)
def test_pruned_neuron_names_the_mistake(said, held_out, w, b, hint):
    text = said(check_pruned_neuron, w, b, *held_out)
    assert text.startswith("Not yet: ")
    assert hint in text


@pytest.mark.parametrize(
    ("w", "b", "hint"),
    [
        (None, 0.0, "must be numbers"),
        (one_pixel(), None, "must be numbers"),
        ("w", "b", "must be numbers"),
        (one_pixel(np.nan), 0.0, "must be numbers"),
        (one_pixel(), np.inf, "must be numbers"),
        ([], 0.0, "must be numbers"),
        (one_pixel()[:-1], 0.0, "(50,) and one number"),
        (one_pixel()[None], 0.0, "(50,) and one number"),
        (one_pixel(), one_pixel(), "(50,) and one number"),
        (5.0, 0.0, "(50,) and one number"),
    ],
)
def test_pruned_neuron_survives_junk(said, held_out, w, b, hint):
    text = said(check_pruned_neuron, w, b, *held_out)
    assert text.startswith("Not yet: ")
    assert hint in text
