"""The checks of lecture 09 accept right answers and name the usual mistakes."""

import numpy as np
import pytest
import tensorflow as tf

from course_utils.exercises.lecture_09 import (
    check_average,
    check_careful_restore,
    check_order,
    check_own_names,
)

JUNK = [None, 3.0, "w", lambda: 1, lambda *_: 1 / 0]


# --- exercise 1 ----------------------------------------------------------------------


def careful(checkpoint, path):
    status = checkpoint.restore(path)
    status.assert_existing_objects_matched()
    status.expect_partial()


def only_unchanged(checkpoint, path):
    """Notices that nothing was restored, but not that something is missing."""
    net = getattr(checkpoint, "model", None) or checkpoint.net
    before = net.get_weights()
    checkpoint.restore(path).expect_partial()
    assert not np.array_equal(before[0], net.get_weights()[0])


def raises_key_error(checkpoint, path):
    try:
        careful(checkpoint, path)
    except AssertionError:
        raise KeyError("missing") from None


def test_restore_accepts_the_careful_one(said):
    assert said(check_careful_restore, careful).startswith("✓")


@pytest.mark.parametrize(
    ("restore", "hint"),
    [
        (lambda c, path: c.restore(path).expect_partial(), "nobody hears of it"),
        (lambda c, path: c.restore(path).assert_consumed(), "Adam's arrays"),
        (lambda c, path: None, "call restore"),
        (only_unchanged, "a layer too many"),
        (raises_key_error, "not KeyError"),
    ],
)
def test_restore_names_the_mistake(said, restore, hint):
    text = said(check_careful_restore, restore)
    assert text.startswith("Not yet: ")
    assert hint in text


@pytest.mark.parametrize("junk", JUNK)
def test_restore_survives_junk(said, junk):
    assert said(check_careful_restore, junk).startswith("Not yet: ")


# --- exercise 2 ----------------------------------------------------------------------


def seeded(seed, n):
    return np.random.default_rng(seed).permutation(n)


def test_order_accepts_any_function_of_both(said):
    assert said(check_order, lambda s, e, n: seeded([s, e], n)).startswith("✓")
    assert said(check_order, lambda s, e, n: seeded((e, s, 7), n)).startswith("✓")
    assert said(check_order, lambda s, e, n: seeded(1000 * s + e, n)).startswith("✓")


def remembering():
    rng = np.random.default_rng(0)
    return lambda seed, epoch, n: rng.permutation(n)


@pytest.mark.parametrize(
    ("order", "hint"),
    [
        (remembering(), "remembers how often"),
        (lambda s, e, n: seeded(s, n), "epoch must count"),
        (lambda s, e, n: seeded(e, n), "seed must count"),
        (lambda s, e, n: seeded(s + e, n), "mixes them up"),
        (lambda s, e, n: seeded(s * e, n), "mixes them up"),
        (lambda s, e, n: np.arange(n), "nothing is shuffled"),
        (lambda s, e, n: np.random.default_rng([s, e]).integers(n, size=n), "once"),
        (lambda s, e, n: seeded([s, e], n) + 1, "once"),
        (lambda s, e, n: None, "returns nothing"),
        (lambda s, e, n: "order", "must return numbers"),
    ],
)
def test_order_names_the_mistake(said, order, hint):
    text = said(check_order, order)
    assert text.startswith("Not yet: ")
    assert hint in text


@pytest.mark.parametrize("junk", JUNK)
def test_order_survives_junk(said, junk):
    assert said(check_order, junk).startswith("Not yet: ")


# --- exercise 3 ----------------------------------------------------------------------


def own(names):
    return [n for n in names if n.startswith("Variable") and "/" not in n]


def by_number(names):
    return sorted(names, key=lambda name: int(name.partition("_")[2] or 0))


def test_names_accepts_the_right_order(said):
    assert said(check_own_names, lambda names: by_number(own(names))).startswith("✓")


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (
            lambda names: [n for n in names if n.startswith("Variable")],
            "Adam's m and v",
        ),
        (own, "Variable_10 comes before Variable_2"),
        (lambda names: [n for n in names if "/" not in n], "beta1_power"),
        (lambda names: [n for n in names if n == "Variable"], "Variable_1, Variable_2"),
        (lambda names: by_number(own(names))[::-1], "sort them by their number"),
        (lambda names: "Variable", "return a list of names"),
        (lambda names: None, "stops with TypeError"),
        (lambda names: 5, "stops with TypeError"),
    ],
)
def test_names_names_the_mistake(said, answer, hint):
    text = said(check_own_names, answer)
    assert text.startswith("Not yet: ")
    assert hint in text


@pytest.mark.parametrize("junk", JUNK)
def test_names_survives_junk(said, junk):
    assert said(check_own_names, junk).startswith("Not yet: ")


# --- exercise 4 ----------------------------------------------------------------------


def load(paths, name):
    return np.array([tf.train.load_variable(path, name) for path in paths])


def test_mean_accepts_the_mean(said):
    assert said(check_average, lambda p, n: load(p, n).mean(axis=0)).startswith("✓")
    assert said(check_average, lambda p, n: sum(load(p, n)) / len(p)).startswith("✓")


@pytest.mark.parametrize(
    ("mean", "hint"),
    [
        (lambda p, n: load(p, n)[-1], "one checkpoint alone"),
        (lambda p, n: load(p, n).sum(axis=0), "the sum"),
        (lambda p, n: load(p, n).mean(), "Which axis"),
        (lambda p, n: load(p, n).mean(axis=1), "Which axis"),
        (lambda p, n: np.median(load(p, n), axis=0), "add the arrays"),
        (lambda p, n: load(p, n + "x"), "stops with"),
        (lambda p, n: None, "returns nothing"),
    ],
)
def test_mean_names_the_mistake(said, mean, hint):
    text = said(check_average, mean)
    assert text.startswith("Not yet: ")
    assert hint in text


@pytest.mark.parametrize("junk", JUNK)
def test_mean_survives_junk(said, junk):
    assert said(check_average, junk).startswith("Not yet: ")
