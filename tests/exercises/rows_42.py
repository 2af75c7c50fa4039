"""Answers of lecture 42 that its tables do not hold."""

import numpy as np

from course_utils.exercises.lecture_42 import (
    check_columns,
    check_month,
    check_rank,
)


def counted(sizes):
    every = np.indices(sizes).reshape(len(sizes), -1)
    columns = [np.eye(d)[v] for d, v in zip(sizes, every, strict=True)]
    return np.linalg.matrix_rank(np.hstack([*columns, np.ones((len(every[0]), 1))]))


def turned(m):
    angle = np.pi * m / 6 + 1
    return 3 * np.cos(angle), 3 * np.sin(angle), 7.0


def of_sites(site, year, variety):
    return np.eye(6)[site]


def of_sites_and_years(site, year, variety):
    return np.eye(12)[2 * site + year]


def of_all(site, year, variety):
    return np.hstack([np.eye(12)[site + 6 * year], np.eye(10)[variety]])


def of_pairs(site, year, variety):
    return np.hstack([of_all(site, year, variety), np.eye(60)[10 * site + variety]])


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_rank, counted
    yield "otherwise", check_rank, len
    yield "", check_month, turned
    yield "condition 1", check_month, lambda m: [1.0]
    yield "condition 1", check_month, lambda m: [np.sin(2 * np.pi * m / 12)]
    yield "condition 2", check_month, lambda m: [m]
    yield "condition 2", check_month, lambda m: [m, m % 2]
    yield "condition 3", check_month, lambda m: np.eye(12)[m - 1]
    yield "", check_columns, of_all
    yield "condition 1", check_columns, lambda s, y, v: np.eye(120)
    yield "condition 2", check_columns, lambda s, y, v: np.column_stack([s, y, v])
    yield "condition 3", check_columns, of_sites
    yield "condition 4", check_columns, of_sites_and_years
    yield "condition 4", check_columns, of_pairs
    for junk in (None, 3, lambda m: "May", lambda m: [np.nan], lambda m: [0] * m):
        yield "see", check_month, junk
    for junk in (None, "columns", lambda s, y, v: s, lambda s, y, v: np.ones((5, 2))):
        yield "see", check_columns, junk
