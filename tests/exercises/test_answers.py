"""A reader's answer may be anything; what the checks see of it is safe to judge."""

import numpy as np
import pytest

from course_utils.exercises.answers import call, done, kind, not_yet, number, numbers


def test_the_two_answers_a_check_gives(capsys):
    done("right")
    not_yet("think again.")
    assert capsys.readouterr().out == "✓ right\nNot yet: think again.\n"


@pytest.mark.parametrize("value", [3, "3", np.float32(3), np.array([[3]]).item()])
def test_number(value):
    assert number(value) == 3.0


@pytest.mark.parametrize("value", [None, "x", [1, 2], float("nan"), float("inf"), {}])
def test_no_number(value):
    assert number(value) is None


def test_numbers_keep_their_shape():
    np.testing.assert_array_equal(numbers([[1, 2], [3, 4]]), [[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    "value", [None, "x", [], [1, None], [[1], [2, 3]], [1, float("nan")]]
)
def test_no_numbers(value):
    assert numbers(value) is None


def test_call_returns_the_result_as_an_array():
    result, hint = call(lambda a, b: a + b, [1], b=[2])
    assert hint is None
    np.testing.assert_array_equal(result, [1.0, 2.0])


def test_call_gives_copies():
    given = np.zeros(3)

    def greedy(array):
        array += 1
        return array

    result, _ = call(greedy, given)
    assert result.sum() == 3
    assert given.sum() == 0


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (None, "must be a function"),
        (3.0, "must be a function"),
        (lambda: 1, "your function stops with TypeError"),
        (lambda x: 1 / 0, "your function stops with ZeroDivisionError"),
        (lambda x: None, "returns nothing"),
        (lambda x: "text", "must return numbers"),
        (lambda x: [[1], [2, 3]], "must return numbers"),
    ],
)
def test_call_turns_trouble_into_a_hint(function, hint):
    result, said = call(function, 1.0)
    assert result is None
    assert hint in said


@pytest.mark.filterwarnings("error")
def test_call_is_silent_about_overflow():
    result, hint = call(lambda x: np.exp(x), np.array(1e6))
    assert hint is None
    assert np.isinf(result)


def test_kind():
    assert kind(None) == "nothing"
    assert kind([1]) == "a list"
