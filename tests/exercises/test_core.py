"""What the core does with an answer, whatever it is."""

import functools
import json
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from course_utils.checks import expect
from course_utils.exercises.core import Exercise, close, judge
from course_utils.exercises.results import ready_made, text

TEXTS = {
    "done": ("done.", "完成。"),
    "otherwise": ("{case}: {found}?", "{case}：{found}？"),
}


def doubled(x):
    return 2 * x


def exercise(**changes):
    known = {
        "cases": lambda rng: [
            (0,),
            (1,),
            *((n,) for n in rng.integers(9, 99, 3).tolist()),
        ],
        "right": lambda x: 2 * x,
        "mistakes": [("half.", "一半。", lambda x: x / 2)],
    }
    return Exercise(**TEXTS | known | changes)


ladder = judge(
    ("{found} is right.", "{found} 对了。"),
    (lambda found, bound: found > 0, "{found} is negative.", "{found} 是负数。"),
    (lambda found, bound: found < bound(), "too large.", "太大了。"),
    see=(lambda answer, bound: float(answer), "give a number.", "请给一个数。"),
)


def never():
    raise AssertionError("asked although the answer was not in order")


# --- what is said --------------------------------------------------------------------


def test_a_verdict_is_printed_in_both_languages_and_returned(capsys):
    verdict = exercise()(doubled)
    assert (verdict.passed, verdict.hint, verdict.en) == (True, "", "done.")
    assert capsys.readouterr().out == "✓ done.\n正确：完成。\n"
    verdict = exercise()(lambda x: x / 2)
    assert (verdict.passed, verdict.hint, verdict.zh) == (False, "mistake 1", "一半。")
    assert capsys.readouterr().out == "Not yet: half.\n提示：一半。\n"
    with pytest.raises(FrozenInstanceError):
        verdict.passed = True


def test_the_last_hint_names_case_and_found():
    verdict = exercise()(lambda x: x + 5)
    assert (verdict.hint, verdict.en) == ("otherwise", "x = 0: 5?")


@pytest.mark.parametrize(
    ("answer", "hint", "words"),
    [
        (None, "function", "must be a function"),
        (7, "function", "must be a function"),
        (lambda: 1, "flaw", "for x = 0, your answer stops with TypeError"),
        (lambda x: 1 / 0, "flaw", "stops with ZeroDivisionError: division by zero"),
        (lambda x: None, "flaw", "returns nothing"),
        (lambda x: "2", "flaw", "gives '2', no numbers"),
        (lambda x: [[1], [2, 3]], "flaw", "no numbers"),
        (lambda x: [x, x], "flaw", "of shape (2,)"),
        (lambda x: np.nan, "flaw", "no finite number"),
        (lambda x: 2 * x if x < 5 else np.inf, "flaw", "no finite number"),
    ],
)
def test_trouble_is_told_whatever_was_asked(answer, hint, words):
    verdict = exercise()(answer)
    assert verdict.hint == hint
    assert words in verdict.en


@pytest.mark.parametrize(
    ("answer", "bound", "hint", "en"),
    [
        (3, 5, "", "3.0 is right."),
        (-1, None, "condition 1", "-1.0 is negative."),
        (9, 5, "condition 2", "too large."),
        ("many", None, "see", "give a number. (ValueError: could not convert"),
        (9, "x", "condition 2", "too large. (TypeError: "),
    ],
)
def test_conditions_are_tried_in_order_and_the_later_ones_only_if_needed(
    answer, bound, hint, en
):
    verdict = ladder(answer, (lambda: bound) if bound else never)
    assert verdict.hint == hint
    assert verdict.en.startswith(en)


def test_numpy_is_silent_and_interruptions_pass_through(recwarn):
    assert exercise()(lambda x: 2 * x + 0 * np.float64(1e308) * 10).passed
    assert not recwarn.list

    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exercise()(interrupted)


# --- who reads it --------------------------------------------------------------------


def test_a_notebook_displays_nothing_besides():
    verdict = exercise()(doubled)
    assert InteractiveShell().display_formatter.format(verdict) == ({}, {})


def test_verdicts_are_recorded_apart_from_claims(tmp_path, monkeypatch):
    file = tmp_path / "results.jsonl"
    monkeypatch.setenv("COURSE_RESULTS", str(file))
    expect("x", 1, at_least=0)
    exercise()(lambda x: x / 2)
    claim, verdict = map(json.loads, file.read_text("utf-8").splitlines())
    assert "kind" not in claim
    assert (verdict.pop("en"), verdict.pop("zh")) == ("half.", "一半。")
    named = {"kind": "verdict", "exercise": "", "hint": "mistake 1"}
    assert verdict == named | {"passed": False}


# --- what an author gets wrong -------------------------------------------------------


def test_more_than_four_mistakes_are_refused():
    with pytest.raises(ValueError, match="at most four mistakes"):
        exercise(mistakes=[("a.", "一。", doubled)] * 5)


def test_a_mistake_that_is_none_is_refused():
    with pytest.raises(ValueError, match="two mistakes give the same"):
        exercise(mistakes=[("a.", "一。", lambda x: x + x)])(doubled)


def test_cases_are_drawn_again_until_they_tell_mistakes_apart():
    draws = []

    def cases(rng):
        draws.append(0 if len(draws) < 3 else 1)  # 0/2 and 2·0 are the same
        return [(draws[-1],)]

    assert exercise(cases=cases)(doubled).passed
    assert draws == [0, 0, 0, 1]


# --- comparing -----------------------------------------------------------------------


def test_close():
    assert close(3.0, 3)
    assert close(np.float32(0.1), 0.1)
    assert close((np.ones(2), 3), (np.ones(2), 3))
    assert close("SAME", "SAME")
    assert not close(10**9 + 1, 10**9)
    assert not close(0.1001, 0.1)
    assert not close([3], 3)
    assert not close("3", 3)
    assert not close(np.nan, np.nan)
    assert not close((1, 2, 3), (1, 2))


def test_what_counts_as_ready_made():
    @functools.wraps(expect)
    def wrapped(*arguments):
        return expect(*arguments)

    twice = functools.partial(functools.partial(expect), 1)
    for answer in (
        expect,
        twice,
        wrapped,
        functools.partial(wrapped),
        [doubled, expect],
    ):
        assert ready_made(answer)
    calling_it = lambda *arguments: expect(*arguments)  # noqa: E731
    for answer in (doubled, np.mean, functools.partial(doubled), calling_it):
        assert not ready_made(answer)


def test_text():
    assert text(0.1 + 0.2) == "0.3"
    assert text([(5, 1), (2, 2)]) == "[[5, 1], [2, 2]]"
    assert text(np.zeros((9, 9))) == "array (9, 9)"
    assert text("SAME") == "'SAME'"
