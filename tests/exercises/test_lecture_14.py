"""The checks of lecture 14 accept right answers and name the usual mistakes."""

import keras
import numpy as np
import pytest
from keras import layers

from course_utils.exercises.lecture_14 import (
    check_frozen_norm,
    check_reject,
    check_shares,
    check_softmax_head,
)

# --- exercise 1 ----------------------------------------------------------------------


def fair(labels, rng, order=(0, 1, 2)):
    parts = np.full(len(labels), order[0])
    for k in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == k))
        fifth = len(members) // 5
        parts[members[:fifth]] = order[2]
        parts[members[fifth : 2 * fifth]] = order[1]
    return parts


def test_shares_accepts_a_fair_split(said):
    assert said(check_shares, fair).startswith("✓")
    assert said(check_shares, lambda y, rng: fair(y, rng).tolist()).startswith("✓")


def ignores_classes(labels, rng):
    place = rng.permutation(len(labels)) / len(labels)
    return np.where(place < 0.2, 2, np.where(place < 0.4, 1, 0))


def no_test(labels, rng):
    return np.minimum(fair(labels, rng), 1)


def halves(labels, rng):
    parts = fair(labels, rng)
    parts[rng.permutation(np.flatnonzero((labels == 2) & (parts == 0)))[:4]] = 1
    return parts


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (ignores_classes, "Draw within each class"),
        (no_test, "one of the three parts is empty"),
        (lambda y, rng: fair(y, rng, (2, 1, 0)), "0 and 2 are mixed up"),
        (halves, "wanted are 24, 8 and 8"),
        (lambda y, rng: fair(y, np.random.default_rng(3)), "nothing is drawn"),
        (lambda y, rng: fair(y, np.random.default_rng()), "Draw from the generator"),
        (lambda y, rng: fair(y, rng) + 1, "parts are 0, 1 or 2"),
        (lambda y, rng: fair(y, rng)[:-1], "one number for each label"),
    ],
)
def test_shares_names_the_mistake(said, answer, hint):
    text = said(check_shares, answer)
    assert text.startswith("Not yet: ")
    assert hint in text


# --- exercise 2 ----------------------------------------------------------------------


def chances(h, w, b):
    z = np.exp(h @ w + b)
    return z / z.sum(axis=1, keepdims=True)


def error(h, w, b, t):
    return chances(h, w, b) - np.eye(3)[t]


def right(h, w, b, t):
    return h.T @ error(h, w, b, t) / len(t)


def test_head_accepts_the_gradient(said):
    assert said(check_softmax_head, right).startswith("✓")

    def by_loops(h, w, b, t):
        return sum(
            np.outer(x, e) for x, e in zip(h, error(h, w, b, t), strict=True)
        ) / len(t)

    assert said(check_softmax_head, by_loops).startswith("✓")


def with_slope(h, w, b, t):
    p = chances(h, w, b)
    return h.T @ (p * (1 - p) * error(h, w, b, t)) / len(t)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda h, w, b, t: h.T @ chances(h, w, b), "the labels do not occur"),
        (lambda h, w, b, t: h.T @ error(h, w, b, t), "gradient of the sum"),
        (lambda *a: -right(*a), "the sign is wrong"),
        (lambda *a: right(*a).T, "lies on its side"),
        (with_slope, "slope cancels"),
        (lambda h, w, b, t: 0 * w, "not the slope of E"),
        (lambda h, w, b, t: b, "returns the shape (3,)"),
        (lambda h, w, b, t: w * np.inf, "not finite"),
    ],
)
def test_head_names_the_mistake(said, answer, hint):
    text = said(check_softmax_head, answer)
    assert text.startswith("Not yet: ")
    assert hint in text


# --- exercise 3 ----------------------------------------------------------------------


def freeze(net, block=True, norm=True):
    for layer in net.layers:
        frozen = norm and isinstance(layer, layers.BatchNormalization)
        layer.trainable = not (frozen or (block and layer.name.startswith("block1")))
    return net


def only(*names):
    def answer(net):
        for layer in net.layers:
            layer.trainable = layer.name in names
        return net

    return answer


def all_frozen(net):
    net.trainable = False
    return net


def frozen_as_a_whole(net):
    return freeze(all_frozen(net))


def test_freezing_accepts_the_right_layers(said):
    assert said(check_frozen_norm, freeze).startswith("✓")
    assert said(check_frozen_norm, only("block2_conv", "head")).startswith("✓")


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (all_frozen, "nothing can train any more"),
        (frozen_as_a_whole, "the net as a whole is still frozen"),
        (lambda net: freeze(net, norm=False), "Freeze every BatchNormalization"),
        (lambda net: freeze(net, block=False), "the convolution of block 1 still"),
        (only("block2_conv"), "the head is frozen"),
        (only("head"), "convolution of block 2 must train"),
        (lambda net: net, "what trains now is block1_bn"),
        (lambda net: keras.Sequential(net.layers[:2]), "with all its layers"),
        (lambda net: None, "returns nothing"),
    ],
)
def test_freezing_names_the_mistake(said, answer, hint):
    text = said(check_frozen_norm, answer)
    assert text.startswith("Not yet: ")
    assert hint in text


# --- exercise 4 ----------------------------------------------------------------------


@pytest.fixture
def unsure():
    """Twenty pictures of two classes; sure and right but for four unsure ones."""
    best = np.where(np.arange(20) < 16, 0.95, 0.55)
    labels = np.where(np.arange(20) < 16, 0, 1)
    return np.stack([best, 1 - best], axis=1), labels


@pytest.mark.parametrize("threshold", [0.6, 0.95, np.float32(0.7)])
def test_reject_accepts_any_threshold_that_does(said, unsure, threshold):
    assert said(check_reject, threshold, *unsure).startswith("✓")


@pytest.mark.parametrize(
    ("threshold", "hint"),
    [
        (0.1, "never below 1/2"),
        (0.52, "Raise my_threshold"),
        (0.96, "nothing is answered"),
        (-0.5, "between 0 and 1"),
        (95, "between 0 and 1"),
    ],
)
def test_reject_names_the_mistake(said, unsure, threshold, hint):
    text = said(check_reject, threshold, *unsure)
    assert text.startswith("Not yet: ")
    assert hint in text


def test_reject_wants_most_pictures_answered(said, unsure):
    p, labels = unsure
    p[:10] = 0.5
    text = said(check_reject, 0.9, p, labels)
    assert "fewer than 60% of the pictures are answered" in text


# --- rubbish -------------------------------------------------------------------------

JUNK = [None, 3.0, "split", [1, 2], lambda: 1, lambda *_: None, lambda *_: 1 / 0]


@pytest.mark.parametrize("check", [check_shares, check_softmax_head, check_frozen_norm])
@pytest.mark.parametrize("junk", [*JUNK, lambda *_: "w", lambda *_: np.nan])
def test_functions_survive_junk(said, check, junk):
    assert said(check, junk).startswith("Not yet: ")


@pytest.mark.parametrize("junk", [None, "0.5!", [0.1, 0.2], np.nan, max, {}])
def test_threshold_survives_junk(said, unsure, junk):
    assert said(check_reject, junk, *unsure).startswith("Not yet: my_threshold must")
