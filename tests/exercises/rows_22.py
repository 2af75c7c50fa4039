"""Answers of lecture 22 that its tables do not hold."""

import numpy as np

from course_utils.exercises.lecture_22 import (
    check_collapse,
    check_island,
    check_regions,
)

DECK = [[0.98, -1.3], [1.8, 0.2], [0.67, 1.3]]


def by_points(layers):
    """W and b found from what the layers make of 0 and of the axes."""

    def through(x):
        for W, b in layers:
            x = W @ x + b
        return x

    n = layers[0][0].shape[1]
    b = through(np.zeros(n))
    return np.stack([through(axis) - b for axis in np.eye(n)], axis=1), b


def sides(count, level=-0.5):
    """An island with straight sides, so many of them."""
    turns = np.arange(count) * 2 * np.pi / count
    W = 3 * np.column_stack([np.cos(turns), np.sin(turns)])
    return [W, np.full(count, -3.0), np.full(count, -1.0), level]


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_collapse, by_points
    yield "otherwise", check_collapse, lambda layers: by_points(layers)[::-1]
    yield "flaw", check_collapse, lambda layers: by_points(layers[::-1])
    yield "", check_regions, lambda n: (n * n + n + 2) / 2
    yield "otherwise", check_regions, lambda n: n * n
    yield "", check_island, sides(3)
    yield "", check_island, sides(4)
    deck = [DECK, [-3.5, 3.4, -3.5], [-7.7, 7.4, -7.6], 3]
    yield "condition 1", check_island, deck
    yield "condition 2", check_island, sides(5)
    yield "condition 3", check_island, sides(3, level=2)
    yield "condition 4", check_island, sides(2)
    for junk in (None, [1, 2, 3, 4], sides(3)[:3], [[[np.nan]], [1], [1], 0]):
        yield "see", check_island, junk
