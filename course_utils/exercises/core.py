"""Exercises as tables: what an answer is compared with, and what is then said.

How to write one (``lecture_12.py`` has three):

- ``check_x = Exercise(…)`` where the right answer can be written down. `cases` draws
  the arguments: every edge case always, a dozen more at random, so that what is wrong
  fails in each draw. `mistakes` are the usual ones, as functions that make them. Where
  several answers are right, `same` compares what they have in common.
- ``check_x = judge(…)`` where it cannot: conditions, tried in order.
- The core alone calls a reader's code: leave it to conditions and `see`, catch nothing.
- Texts are pairs, English and Chinese. A hint says what to think about, never what is
  right. `otherwise` may name {case} and {found}, the texts of `judge` {found}.
- ``tests/exercises/test_tables.py`` finds and tries every table. Answers that stop at
  the conditions of `judge`, one for each, stand in ``tests/exercises/rows_NN.py``.
- What an exercise asks for is `right` in its table, and nowhere else in
  ``course_utils``: a function that notebooks can import is refused as an answer.
"""

import copy
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np

from course_utils.checks import write_record
from course_utils.exercises.results import (
    attempt,
    close,
    flaw,
    ready_made,
    reason,
    text,
)

__all__ = ["Exercise", "Verdict", "close", "judge"]


@dataclass(frozen=True)
class Verdict:
    """What a check found: printed already, so a notebook does not display it again.

    `exercise` is "lecture_12.check_split_kernel"; `hint` says which one was given,
    "mistake 2", "condition 1", "otherwise", …, and is "" for an answer that passes.
    """

    exercise: str
    passed: bool
    hint: str
    en: str
    zh: str

    def _ipython_display_(self):
        pass


@dataclass(frozen=True, eq=False, kw_only=True)
class Exercise:
    """A check that compares an answer with the right one and with usual mistakes.

    Parameters
    ----------
    right : callable or value
        The right answer: a function of a case's arguments, or a value if one is asked.
    done, otherwise : tuple of two str
        What is said of a right answer, and of one that is wrong in no usual way.
    mistakes : sequence of (hint, 提示, callable or value)
        At most four. ValueError if there are more, or if no case tells two apart.
    cases : callable (numpy.random.Generator) → list of tuple
        Arguments: numbers, strings, arrays, lists of these.
    same : callable (found, wanted) → bool
    """

    right: object
    done: tuple
    otherwise: tuple
    mistakes: Sequence = ()
    cases: Callable = lambda rng: [()]
    same: Callable = close

    def __post_init__(self):
        if len(self.mistakes) > 4:
            raise ValueError("at most four mistakes; `otherwise` is for the others")

    def __call__(self, answer, rng=None):
        """Print, record and return the `Verdict`; `rng` draws the cases."""
        rng = np.random.default_rng() if rng is None else rng
        return _say(self, answer, lambda: self._hint(answer, rng))

    def _hint(self, answer, rng):
        cases, (wanted, *wrong) = self._draw(rng)
        if callable(self.right) and not callable(answer):
            en = "the answer must be a function; keep the line that begins with def."
            return "function", en, "答案应当是一个函数；请保留以 def 开头的那一行。"
        found = [attempt(self._result, answer, case) for case in cases]
        if self._agree(found, wanted):
            return "", *self.done
        for k, (en, zh, _) in enumerate(self.mistakes):
            if self._agree(found, wrong[k]):
                return f"mistake {k + 1}", en, zh
        missed = [k for k in range(len(cases)) if not self._equal(found[k], wanted[k])]
        for k in missed:
            if flawed := flaw(found[k], wanted[k]):
                en, zh = f"your answer {flawed[0]}", f"你的答案{flawed[1]}"
                if case := self._named(cases[k]):
                    en, zh = f"for {case}, {en}", f"当 {case} 时，{zh}"
                return "flaw", en, zh
        facts = {"case": self._named(cases[missed[0]]), "found": text(found[missed[0]])}
        return "otherwise", *(words.format(**facts) for words in self.otherwise)

    def _draw(self, rng):
        """Cases that tell right and mistakes apart, and what each gives for them."""
        rules = [self.right, *(rule for _, _, rule in self.mistakes)]
        for _ in range(100):
            cases = self.cases(rng)
            results = [[self._result(rule, case) for case in cases] for rule in rules]
            if not any(self._agree(*pair) for pair in combinations(results, 2)):
                return cases, results
        raise ValueError(f"{_name(self)}: two mistakes give the same for every case")

    def _result(self, rule, case):
        return rule(*copy.deepcopy(case)) if callable(self.right) else rule

    def _equal(self, found, wanted):
        return attempt(lambda: bool(self.same(found, wanted))) is True

    def _agree(self, found, wanted):
        return all(map(self._equal, found, wanted))

    def _named(self, case):
        names = inspect.signature(self.right).parameters if case else ()
        return ", ".join(f"{n} = {text(v)}" for n, v in zip(names, case, strict=False))


class judge:
    """A check by conditions, tried in order: a later one runs if all before it held.

    Parameters
    ----------
    done : tuple of two str
        What is said of a right answer.
    *conditions : tuple (callable (found, *given) → bool, hint, 提示)
        One that raises does not hold; the hint then says with what.
    see : tuple (callable (answer, *given) → found, hint, 提示), optional
        What the conditions look at, else the answer itself; the hint if this raises.
    """

    def __init__(self, done, *conditions, see=None):
        self.done, self.conditions, self.see = done, conditions, see

    def __call__(self, answer, *given):
        """Print, record and return the `Verdict`; functions are passed `given` too."""
        return _say(self, answer, lambda: self._hint(answer, given))

    def _hint(self, found, given):
        if self.see:
            look, *hint = self.see
            seen = attempt(look, found, *given)
            if isinstance(seen, Exception):
                return "see", *_filled(hint, found, seen)
            found = seen
        for number, (condition, *hint) in enumerate(self.conditions, start=1):
            held = attempt(lambda holds=condition: bool(holds(found, *given)))
            if held is not True:
                return f"condition {number}", *_filled(hint, found, held)
        return "", *_filled(self.done, found)


def _filled(texts, found, error=None):
    """English and Chinese with what they name; with the error, if one is the reason."""
    en, zh = (words.format(found=found) for words in texts)
    if isinstance(error, Exception):
        return f"{en} ({reason(error)})", f"{zh}（{reason(error)}）"
    return en, zh


def _say(check, answer, judgement):
    """Print, record and return what comes of an answer."""
    if attempt(ready_made, answer) is True:
        en = "this comes ready-made with the course; the answer must be your own."
        hint, zh = "ready-made", "这是课程里现成的；答案应当是你自己写的。"
    else:
        with np.errstate(all="ignore"):
            hint, en, zh = judgement()
    print(f"Not yet: {en}\n提示：{zh}" if hint else f"✓ {en}\n正确：{zh}")
    verdict = Verdict(_name(check), not hint, hint, en, zh)
    write_record({"kind": "verdict"} | asdict(verdict))
    return verdict


def _name(check):
    """The lecture's module and the name under which it holds the check."""
    for path, module in list(sys.modules.items()):
        if path.startswith(f"{__package__}.lecture_"):
            for name, value in vars(module).items():
                if value is check:
                    return f"{path.rpartition('.')[2]}.{name}"
    return ""
