"""The checks of lecture 01: starters fail, solutions pass, wrong answers get a hint."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from verdicts import hint, passes, verdict

from course_utils.exercises import lecture_01 as lecture

# --- exercise 1: the fastest point ----------------------------------------------------


def test_fastest_point_solutions(capsys):
    found = minimize_scalar(
        lambda z: -(y := 1 / (1 + np.exp(-z))) * y * (1 - y), bracket=(0, 1)
    ).x
    for answer in (np.log(2), 0.69, np.float32(0.7), found):
        assert passes(verdict(capsys, lecture.check_fastest_point, answer))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (0.0, "Which way does the error grow?"),  # the starter
        (-0.69, "already near its target"),
        (2 / 3, "Try a larger z"),  # y instead of z
        (1.5, "Try a smaller z"),
        (1e9, "Try a smaller z"),
        (-1e9, "already near its target"),
        (None, "one finite number"),
        ("ln 2", "one finite number"),
        (float("nan"), "one finite number"),
        (float("inf"), "one finite number"),
        (10**400, "one finite number"),
        ([0.6, 0.7], "one finite number"),
        (np.array([0.6, 0.7]), "one finite number"),
        (np.log, "one finite number"),
    ],
)
def test_fastest_point_hints(capsys, answer, words):
    assert hint(verdict(capsys, lecture.check_fastest_point, answer), words)


# --- exercise 2: a stable log-likelihood ----------------------------------------------


def naive(z, t):
    y = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    return -(t * np.log(y)).sum(axis=-1)


def shifted_only(z, t):
    return naive(z - z.max(axis=-1, keepdims=True), t)


def solution(z, t):
    z = z - z.max(axis=-1, keepdims=True)
    log_y = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -(t * log_y).sum(axis=-1)


def clipped(z, t):
    z = z - z.max(axis=-1, keepdims=True)
    y = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    return -(t * np.log(np.clip(y, 1e-7, 1))).sum(axis=-1)


def wrong_axis(z, t):
    return -(t * (z - np.log(np.exp(z).sum(axis=0)))).sum(axis=-1)


def changes_its_arguments(z, t):
    z -= z.max(axis=-1, keepdims=True)
    z -= np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -(t * z).sum(axis=-1)


def raises(*_):
    raise ZeroDivisionError("by hand")


@pytest.mark.parametrize(
    "answer",
    [
        solution,
        changes_its_arguments,
        lambda z, t: -(t * log_softmax(z, axis=-1)).sum(axis=-1),
        lambda z, t: np.logaddexp.reduce(z, axis=-1) - (t * z).sum(axis=-1),
        lambda z, t: -(log_softmax(z, axis=-1)[t == 1]),
    ],
)
def test_stable_log_likelihood_solutions(capsys, answer):
    assert passes(verdict(capsys, lecture.check_stable_log_likelihood, answer))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (naive, "exp(1000) overflows"),  # the starter
        (shifted_only, "still rounds to 0"),
        (clipped, "finite but wrong"),
        (wrong_axis, "differs from −Σ t·ln y"),
        (lambda z, t: -solution(z, t), "sign is wrong"),
        (lambda z, t: solution(z, t).mean(), "one number per example"),
        (lambda z, t: solution(z, t)[:, None], "one number per example"),
        (lambda z, t: np.nan_to_num(naive(z, t)), "finite but wrong"),
        (lambda z, t: None, "returns nothing"),
        (lambda z, t: "a cost", "must return numbers"),
        (lambda z: z, "TypeError"),
        (raises, "ZeroDivisionError: by hand"),
        (None, "must be a function"),
        (3.5, "must be a function"),
    ],
)
def test_stable_log_likelihood_hints(capsys, answer, words):
    assert hint(verdict(capsys, lecture.check_stable_log_likelihood, answer), words)


# --- exercise 3: the matching rate ----------------------------------------------------


def test_matching_rate_solutions(capsys):
    for answer in (
        lambda y: 0.15 / (y * (1 - y)),
        lambda y: np.array([0.15 / (y - y**2)]),
        lambda y: 0.15 / np.exp(np.log(y) + np.log1p(-y)),
    ):
        assert passes(verdict(capsys, lecture.check_matching_rate, answer))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda y: 0.15, "constant rate of 0.15"),  # the starter
        (lambda y: 0.6, "constant rate of 0.6"),
        (lambda y: 0.15 * y * (1 - y), "even smaller"),
        (lambda y: 1 / (y * (1 - y)), "6.67 times what it should be"),
        (lambda y: 0.3 / (y * (1 - y)), "2 times what it should be"),
        (lambda y: 0.15 / (1 - y), "part ways"),
        (lambda y: 0.15 / (y * (1 - y)) if y < 0.995 else 0.15, "part ways"),
        (lambda y: 0.15 / (y * (1 - y)) if y < 0.995 else None, "part ways"),
        (lambda y: -1.0, "one positive number"),
        (lambda y: float("nan"), "one positive number"),
        (lambda y: [1.0, 2.0], "one positive number"),
        (lambda y: None, "returns nothing"),
        (lambda: 0.15, "TypeError"),
        (raises, "ZeroDivisionError"),
        (0.15, "must be a function"),
        (None, "must be a function"),
    ],
)
def test_matching_rate_hints(capsys, answer, words):
    assert hint(verdict(capsys, lecture.check_matching_rate, answer), words)


# --- exercise 4: a cost for tanh ------------------------------------------------------


def tanh_entropy(z, t):
    y = np.tanh(z)
    return -((1 + t) * np.log(1 + y) + (1 - t) * np.log(1 - y)) / 2


@pytest.mark.parametrize(
    "answer",
    [
        tanh_entropy,
        lambda z, t: np.log(np.cosh(z)) - t * z,
        lambda z, t: np.logaddexp(0, -2 * t * z) + 7,  # constants do not matter
    ],
)
def test_tanh_cost_solutions(capsys, answer):
    assert passes(verdict(capsys, lecture.check_tanh_cost, answer))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            lambda z, t: (t - np.tanh(z)) ** 2 / 2,
            "it is a quadratic cost",
        ),  # the starter
        (lambda z, t: (t - np.tanh(z)) ** 2, "it is a quadratic cost"),
        (
            lambda z, t: -t * np.log(np.tanh(z)) - (1 - t) * np.log(1 - np.tanh(z)),
            "not a number for some z",
        ),
        (lambda z, t: 2 * tanh_entropy(z, t), "your gradient is 2 times"),
        (lambda z, t: -tanh_entropy(z, t), "your gradient is -1 times"),
        (lambda z, t: np.zeros_like(z), "your gradient is not y − t"),
        (lambda z, t: np.logaddexp(0, z) - t * z, "your gradient is not y − t"),
        (lambda z, t: tanh_entropy(z, t).sum(), "one number for each z"),
        (lambda z, t: None, "returns nothing"),
        (lambda z, t: {"cost": z}, "must return numbers"),
        (lambda z: z, "TypeError"),
        (raises, "ZeroDivisionError"),
        (np.pi, "must be a function"),
        (None, "must be a function"),
    ],
)
def test_tanh_cost_hints(capsys, answer, words):
    assert hint(verdict(capsys, lecture.check_tanh_cost, answer), words)


# --- all of them ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "answer"),
    [
        (lecture.check_stable_log_likelihood, naive),
        (lecture.check_matching_rate, lambda y: 0.15 / (y * (1 - y))),
        (lecture.check_tanh_cost, tanh_entropy),
    ],
)
@pytest.mark.filterwarnings("error")
def test_checks_warn_of_nothing(capsys, check, answer):
    """A warning would land in the notebook's stored outputs."""
    check(answer)
    assert not capsys.readouterr().err
