"""Answers of lecture 14: what its checks accept, and what stops at which condition."""

import numpy as np

from course_utils.exercises.lecture_14 import (
    check_frozen_norm,
    check_reject,
    check_shares,
    check_shuffled,
)

MEASURED = (1.0, 0.19)
#: Twenty pictures of two classes; sure and right but for four unsure ones.
BEST = np.where(np.arange(20) < 16, 0.95, 0.55)
LABELS = np.where(np.arange(20) < 16, 0, 1)
P = np.stack([BEST, 1 - BEST], axis=1)
UNSURE = np.vstack([np.full((10, 2), 0.5), P[10:]])


def fair(labels, rng, order=(0, 1, 2)):
    parts = np.full(len(labels), order[0])
    for k in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == k))
        fifth = len(members) // 5
        parts[members[:fifth]] = order[2]
        parts[members[fifth : 2 * fifth]] = order[1]
    return parts


def ignores_classes(labels, rng):
    place = rng.permutation(len(labels)) / len(labels)
    return np.where(place < 0.2, 2, np.where(place < 0.4, 1, 0))


def halves(labels, rng):
    parts = fair(labels, rng)
    parts[rng.permutation(np.flatnonzero((labels == 2) & (parts == 0)))[:4]] = 1
    return parts


def freeze(net, block=True, norm=True):
    for layer in net.layers:
        frozen = norm and layer.name.endswith("_bn")
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


def first_layers(net):
    return type(net)(net.layers[:2])


def rows():
    """(hint, check, answer, …) for each answer."""
    for pair in ((1.0, 0.2), [0.9, 0.25], np.array([1, 0.1])):
        yield "", check_shuffled, pair, MEASURED
    yield "condition 1", check_shuffled, (100, 20), MEASURED
    yield "condition 2", check_shuffled, (0.6, 0.2), MEASURED
    yield "condition 3", check_shuffled, (1.0, 0.9), MEASURED
    for junk in (0.5, (1.0,), (1.0, 0.2, 0.3), {}):
        yield "see", check_shuffled, junk, MEASURED

    yield "", check_shares, fair
    yield "", check_shares, lambda y, rng: fair(y, rng).tolist()
    yield "condition 1", check_shares, lambda y, rng: fair(y, rng)[:-1]
    yield "condition 2", check_shares, lambda y, rng: fair(y, rng) + 1
    yield "condition 3", check_shares, lambda y, rng: np.minimum(fair(y, rng), 1)
    yield "condition 4", check_shares, lambda y, rng: fair(y, rng, (2, 1, 0))
    yield "condition 5", check_shares, ignores_classes
    yield "condition 6", check_shares, halves
    yield "condition 7", check_shares, lambda y, rng: fair(y, np.random.default_rng())
    yield "condition 8", check_shares, lambda y, rng: fair(y, np.random.default_rng(3))
    yield "condition 1", check_shares, lambda y, rng: np.nan
    for junk in (None, 0.5, lambda y: y):
        yield "see", check_shares, junk
        yield "see", check_frozen_norm, 0.5 if callable(junk) else junk

    yield "", check_frozen_norm, freeze
    yield "", check_frozen_norm, only("block2_conv", "head")
    yield "condition 1", check_frozen_norm, first_layers
    yield "condition 2", check_frozen_norm, all_frozen
    yield "condition 3", check_frozen_norm, only("block2_conv")
    yield "condition 4", check_frozen_norm, only("head")
    yield "condition 5", check_frozen_norm, lambda net: freeze(net, block=False)
    yield "condition 5", check_frozen_norm, lambda net: net
    yield "condition 6", check_frozen_norm, lambda net: freeze(net, norm=False)
    yield "condition 7", check_frozen_norm, lambda net: freeze(all_frozen(net))

    for threshold in (0.6, 0.95, np.float32(0.7)):
        yield "", check_reject, threshold, P, LABELS
    yield "condition 1", check_reject, -0.5, P, LABELS
    yield "condition 1", check_reject, 95, P, LABELS
    yield "condition 2", check_reject, 0.96, P, LABELS
    yield "condition 3", check_reject, 0.9, UNSURE, LABELS
    yield "condition 4", check_reject, 0.1, P, LABELS
    yield "condition 5", check_reject, 0.52, P, LABELS
    for junk in ("0.5!", "0.5", [0.1, 0.2], max, {}):
        yield "see", check_reject, junk, P, LABELS
    yield "condition 1", check_reject, np.nan, P, LABELS
