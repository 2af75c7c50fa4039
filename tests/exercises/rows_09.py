"""Answers of lecture 09 that its tables do not hold."""

import numpy as np
import tensorflow as tf

from course_utils.exercises.lecture_09 import (
    check_average,
    check_careful_restore,
    check_order,
    check_predictions,
)


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


def seeded(seed, n):
    return np.random.default_rng(seed).permutation(n)


def remembering():
    rng = np.random.default_rng(0)
    return lambda seed, epoch, n: rng.permutation(n)


def load(paths, name):
    return np.array([tf.train.load_variable(path, name) for path in paths])


def rows():
    """(hint, check, answer, …) for each answer."""
    for letters in ("BD", "DB", "bd"):
        yield "", check_predictions, letters
    for letters in ("", "ABCDE", "BBD", ["passes"] * 5):
        yield "otherwise", check_predictions, letters

    yield "", check_careful_restore, careful
    yield (
        "see",
        check_careful_restore,
        lambda c, path: c.restore(path).assert_consumed(),
    )
    yield "condition 1", check_careful_restore, lambda c, path: None
    partial = check_careful_restore, lambda c, path: c.restore(path).expect_partial()
    yield "condition 2", *partial
    yield "condition 2", check_careful_restore, raises_key_error
    yield "condition 3", check_careful_restore, only_unchanged

    yield "", check_order, lambda s, e, n: seeded([s, e], n)
    yield "", check_order, lambda s, e, n: seeded((e, s, 7), n)
    yield "", check_order, lambda s, e, n: seeded(1000 * s + e, n)
    draws = lambda s, e, n: np.random.default_rng([s, e]).integers(n, size=n)  # noqa: E731
    yield "condition 1", check_order, draws
    yield "condition 1", check_order, lambda s, e, n: seeded([s, e], n) + 1
    yield "condition 2", check_order, remembering()
    yield "condition 3", check_order, lambda s, e, n: np.arange(n)
    yield "condition 4", check_order, lambda s, e, n: seeded(s, n)
    yield "condition 5", check_order, lambda s, e, n: seeded(e, n)
    yield "condition 6", check_order, lambda s, e, n: seeded(s + e, n)
    yield "condition 6", check_order, lambda s, e, n: seeded(s * e, n)
    for junk in (lambda s, e, n: None, lambda s, e, n: "order", lambda: 1):
        verdict = check_order(junk)
        assert verdict.hint in ("see", "condition 1"), verdict
    yield "see", check_order, lambda s, e, n: 1 / 0

    yield "", check_average, lambda p, n: load(p, n).mean(axis=0)
    yield "", check_average, lambda p, n: sum(load(p, n)) / len(p)
    yield "condition 1", check_average, lambda p, n: load(p, n).mean()
    yield "condition 1", check_average, lambda p, n: load(p, n).mean(axis=1)
    yield "condition 2", check_average, lambda p, n: load(p, n)[-1]
    yield "condition 3", check_average, lambda p, n: load(p, n).sum(axis=0)
    yield "condition 4", check_average, lambda p, n: np.median(load(p, n), axis=0)
    yield "see", check_average, lambda p, n: load(p, n + "x")
