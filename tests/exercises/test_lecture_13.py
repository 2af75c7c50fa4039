"""The checks of lecture 13 accept right answers and name the usual mistakes."""

import numpy as np
import pytest

from course_utils.exercises.lecture_13 import (
    check_ask_twice,
    check_input,
    check_silence,
)

# --- exercise 1 ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "scale",
    [
        lambda v: v / 127.5 - 1,
        lambda v: v.astype(np.float32) / np.float32(255) * 2 - 1,
        lambda v: np.interp(v, [0, 255], [-1, 1]),
    ],
)
def test_input_accepts_the_range_from_minus_one_to_one(said, scale):
    assert said(check_input, scale).startswith("✓")


@pytest.mark.parametrize(
    ("scale", "hint"),
    [
        (lambda v: v / 255, "only half of the range"),  # the starter
        (lambda v: v, "as they were"),
        (lambda v: v / 127.5, "must be shifted"),
        (lambda v: v / 255 - 0.5, "half as wide"),
        (lambda v: v / 255 - 1, "divide by less"),
        (lambda v: (v.astype(float) - 127) / 128, "the bundled network's scaling"),
        (lambda v: 1 - v / 127.5, "a negative"),
        (lambda v: v[..., ::-1] / 127.5 - 1, "red and blue"),
        (lambda v: (v / 127.5 - 1).astype(int), "whole numbers"),
        (lambda v: v / 100 - 1, "0 and 255 become -1, 1.55"),
        (lambda v: v[0] / 127.5 - 1, "must stay where it is"),
        (lambda v: "rubbish", "must return numbers"),
        (lambda v: v / undefined, "NameError"),  # noqa: F821
        (None, "must be a function"),
    ],
)
def test_input_names_the_mistake(said, scale, hint):
    text = said(check_input, scale)
    assert text.startswith("Not yet: ")
    assert hint in text


# --- exercise 2 ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        lambda ask, v: ask([v, v[:, ::-1]]).mean(axis=0),
        lambda ask, v: (ask([v])[0] + ask([np.fliplr(v)])[0]) / 2,
    ],
)
def test_ask_twice_accepts_the_mean(said, answer):
    assert said(check_ask_twice, answer).startswith("✓")


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda ask, v: ask([v])[0], "the picture alone"),  # the starter
        (lambda ask, v: ask([v[:, ::-1]])[0], "mirror image alone"),
        (lambda ask, v: ask([v, v[:, ::-1]]).sum(axis=0), "add up to 2"),
        (lambda ask, v: ask([v, v[:, ::-1]]).max(axis=0), "the larger of the two"),
        (lambda ask, v: np.sqrt(ask([v, v[:, ::-1]]).prod(axis=0)), "geometric"),
        (lambda ask, v: ask([v, v[::-1]]).mean(axis=0), "stands on its head"),
        (lambda ask, v: ask([v, v[::-1, ::-1]]).mean(axis=0), "turned by half"),
        (lambda ask, v: ask([v, v[..., ::-1]]).mean(axis=0), "holds the colours"),
        (lambda ask, v: ask([v, v[:, ::-1]]).mean(axis=1), "axis 0"),
        (lambda ask, v: ask([v, v[:, ::-1]]), "must be one row"),
        (lambda ask, v: ask([(v / 2 + v[:, ::-1] / 2)])[0], "expected uint8"),
        (
            lambda ask, v: ask([((v.astype(int) + v[:, ::-1]) // 2).astype("uint8")])[
                0
            ],
            "blend the answers",
        ),
        (lambda ask, v: np.ones(5) / 5, "not the mean"),
        (lambda ask, v: None, "returns nothing"),
        ("rubbish", "must be a function"),
    ],
)
def test_ask_twice_names_the_mistake(said, answer, hint):
    text = said(check_ask_twice, answer)
    assert text.startswith("Not yet: ")
    assert hint in text


# --- exercise 3 ----------------------------------------------------------------------


@pytest.fixture
def pictures():
    """Known pictures share .8 among classes 0 to 9, unknown ones .2."""
    rng = np.random.default_rng(0)

    def rows(count, share):
        few = rng.dirichlet(np.ones(10), count) * share
        rest = rng.dirichlet(np.ones(990), count) * (1 - share)
        return np.concatenate([few, rest], axis=1)

    return rows(40, 0.8), rows(20, 0.2)


def total(p):
    return p[:, :10].sum(axis=1)


def test_silence_accepts_a_rule_that_tells_them_apart(said, pictures):
    assert said(check_silence, lambda p: total(p) > 0.5, *pictures).startswith("✓")


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        (lambda p: p.max(axis=1) > 0.3, "silent on too many"),
        (lambda p: p.max(axis=1) > 0.9, "is silent always"),
        (lambda p: p.max(axis=1) > 0.0, "answers always"),
        (lambda p: total(p) < 0.5, "wrong way round"),
        (lambda p: p.max(axis=1) > 0.04, "too many plants"),
        (lambda p: total(p), "True or False; compare"),
        (lambda p: p > 0.5, "the shape"),
        (lambda p: np.arange(len(p)) < 40, "its own row"),
        (lambda p: total(p) > np.median(total(p)), "its own row"),
        (lambda p: "rubbish", "must return numbers"),
        (lambda p: 1 / 0, "ZeroDivisionError"),
        (None, "must be a function"),
    ],
)
def test_silence_names_the_mistake(said, pictures, rule, hint):
    text = said(check_silence, rule, *pictures)
    assert text.startswith("Not yet: ")
    assert hint in text
