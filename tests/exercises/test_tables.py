"""Every exercise that is a table, found by itself and tried: a lecture adds no test.

What a table says is tried on several draws of its cases; what the notebook says, its
starter and its solution, is run as a student runs it. Only the conditions of `judge`
need answers that fail them, in ``rows_NN.py`` beside this file.
"""

import ast
import copy
import functools
import importlib
import re
from pathlib import Path
from string import Formatter

import numpy as np
import pytest

import course_utils
from course_tools import catalog, notebook, places
from course_tools.excerpt import names, needed
from course_utils.checks import expect
from course_utils.exercises.core import Exercise, Verdict, judge
from course_utils.exercises.results import text

HERE = Path(__file__).parent
SEEDS = range(4)


def tables_of(path):
    """The checks in a lecture's module, by name."""
    module = importlib.import_module(f"course_utils.exercises.{path.stem}")
    assert set(module.__all__) == {n for n in vars(module) if n.startswith("check_")}
    return {name: getattr(module, name) for name in module.__all__}


MODULES = sorted(Path(course_utils.__file__).parent.glob("exercises/lecture_*.py"))
LECTURES = {path.stem[-2:]: tables_of(path) for path in MODULES}
CHECKS = {f"{n}-{k}": c for n, found in LECTURES.items() for k, c in found.items()}
TABLES = {name: check for name, check in CHECKS.items() if isinstance(check, Exercise)}
LADDERS = {name: check for name, check in CHECKS.items() if isinstance(check, judge)}

each_check = pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
each_table = pytest.mark.parametrize("check", TABLES.values(), ids=TABLES)


def own(rule):
    """A right or wrong answer as a reader's own."""
    return (lambda *case: rule(*case)) if callable(rule) else rule


# --- what a table says ---------------------------------------------------------------


@each_table
@pytest.mark.parametrize("seed", SEEDS)
def test_right_passes_and_each_mistake_gets_its_own_hint(check, seed):
    assert check(own(check.right), np.random.default_rng(seed)).passed
    for number, (en, zh, rule) in enumerate(check.mistakes, start=1):
        verdict = check(own(rule), np.random.default_rng(seed))
        assert (verdict.hint, verdict.en, verdict.zh) == (f"mistake {number}", en, zh)


@each_table
def test_cases_are_drawn_and_plain(check):
    draws = [check.cases(np.random.default_rng(seed)) for seed in SEEDS]
    assert all(map(is_plain, draws[0])), draws[0]
    if callable(check.right):
        assert len({repr(draw) for draw in draws}) == len(draws)
        assert len(draws[0]) >= 6


def is_plain(value):
    """Numbers, strings and arrays, and lists of them, as a reader would write them."""
    if isinstance(value, (list, tuple)):
        return all(map(is_plain, value))
    return type(value) in (int, float, bool, str, np.ndarray)


@each_table
def test_an_answer_may_change_its_arguments(check):
    if not callable(check.right):
        return

    def greedy(*case):
        result = copy.deepcopy(check.right(*case))
        for part in case:
            if isinstance(part, list):
                part.clear()
            elif isinstance(part, np.ndarray):
                part[...] = 0
        return result

    assert check(greedy).passed


@each_table
def test_the_last_hint_does_not_tell(check):
    rng = np.random.default_rng(0)
    _, (wanted, *_) = check._draw(rng)
    for words in check.otherwise:
        fields = {field for _, field, _, _ in Formatter().parse(words) if field}
        assert fields <= {"case", "found"}
        said = words.format(case="", found="")
        assert not any(text(value) in said for value in wanted if len(text(value)) > 1)


@each_check
def test_every_text_is_in_both_languages(check):
    pairs = [check.done]
    if isinstance(check, Exercise):
        pairs += [check.otherwise, *((en, zh) for en, zh, _ in check.mistakes)]
    else:
        rungs = [*check.conditions, *([check.see] if check.see else [])]
        pairs += [(en, zh) for _, en, zh in rungs]
    for en, zh in pairs:
        assert not re.search("[\u4e00-\u9fff]", en), en
        assert len(re.findall("[\u4e00-\u9fff]", zh)) >= 5, zh
    assert len({en for en, _ in pairs}) == len({zh for _, zh in pairs}) == len(pairs)


@each_check
def test_what_the_package_brings_is_no_answer(check):
    brought = [
        expect,
        functools.partial(expect),
        Verdict,
        course_utils,
        check,
        [expect],
    ]
    if callable(right := getattr(check, "right", None)):
        brought += [right, functools.wraps(right)(lambda *case: right(*case))]
    for answer in brought:
        assert check(answer).hint == "ready-made", answer


# --- what the notebook says ----------------------------------------------------------


class Stage:
    """An exercise of a notebook, with what its cells need of the lecture."""

    def __init__(self, lecture, cells):
        self.cells, self.space = cells, {}
        code = [ast.parse(notebook.source(cell)) for cell in cells.values()]
        reads = {name for tree in code for part in tree.body for name in names(part)[1]}
        for statement in needed(notebook.statements(lecture), reads, {}):
            self.run(ast.unparse(statement))
        self.play(notebook.STARTER)

    def run(self, source):
        exec(compile(source, "lecture", "exec"), self.space)

    def play(self, tag):
        self.run(notebook.source(self.cells[tag]))


def call_of(cells):
    """``check_x(my_x, …)`` of an exercise, as a syntax tree."""
    return ast.parse(notebook.source(cells[notebook.CHECK])).body[0].value


PLAYED = {
    f"{path.stem[:2]}-{call_of(exercise.cells).func.id}": (lecture, exercise.cells)
    for path in notebook.find(places.NOTEBOOKS)
    for lecture in [notebook.read(path)]
    for exercise in notebook.exercises(lecture)
}


@pytest.fixture(scope="module", params=PLAYED.values(), ids=PLAYED)
def stage(request):
    return Stage(*request.param)


def test_every_check_is_called_by_one_exercise():
    assert sorted(PLAYED) == sorted(CHECKS)


def test_the_starter_fails_and_the_solution_passes(stage, capsys):
    """Neither depends on the draw: what is printed is what is stored."""
    for tag in (notebook.CHECK, notebook.CHECK, notebook.SOLUTION):
        cell = stage.cells[tag]
        assert {output["output_type"] for output in cell.outputs} == {"stream"}
        stored = notebook.printed(cell)
        assert stored.count("\n提示：" if tag == notebook.CHECK else "\n正确：") == 1
        if notebook.IGNORED in notebook.tags(cell):
            continue  # it trains a network, and says how far it has come
        capsys.readouterr()
        stage.play(tag)
        assert capsys.readouterr().out == stored


def fail(*_, **__):
    raise RuntimeError("多行\n{found} {case} {0}")


JUNK = {
    "none": None,
    "number": -12345.678,
    "text": "answer",
    "empty": [],
    "object": object(),
    "class": int,
    "print": lambda *case, **options: print("found it"),
    "takes nothing": lambda: 1,
    "raises": fail,
    "text back": lambda *case, **options: "many",
    "nan": lambda *case, **options: np.nan,
    "other shape": lambda *case, **options: np.ones((2, 3, 4, 5)),
    "ragged": lambda *case, **options: [[1], [2, 3]],
    "object back": lambda *case, **options: object(),
    "nan array": np.full((3, 3), np.nan),
}


def test_junk_gets_a_hint(stage):
    call = call_of(stage.cells)
    check, _, *given = (
        eval(ast.unparse(part), stage.space) for part in (call.func, *call.args)
    )
    for name, junk in JUNK.items():
        verdict = check(junk, *given)
        assert not verdict.passed, name
        assert verdict.exercise.endswith(f".{call.func.id}")


# --- what tables cannot say ----------------------------------------------------------


@pytest.mark.parametrize("path", sorted(HERE.glob("rows_*.py")), ids=lambda p: p.stem)
def test_rows(path):
    """Other right answers pass; each condition has an answer that fails just there."""
    reached = {check: set() for check in LECTURES[path.stem[-2:]].values()}
    for row in importlib.import_module(path.stem).rows():
        hint, check, *answer = row
        assert check(*answer).hint == hint, row
        reached[check].add(hint)
    for check in reached:
        if isinstance(check, judge):
            rungs = {f"condition {k + 1}" for k in range(len(check.conditions))}
            assert reached[check] >= rungs | ({"see"} if check.see else set())


def test_no_lecture_is_left_out():
    """A lecture with conditions has rows, and each notebook has its tables."""
    with_conditions = {name[:2] for name in LADDERS}
    assert with_conditions <= {path.stem[-2:] for path in HERE.glob("rows_*.py")}
    numbers = {path.stem[:2] for path in catalog.find(places.NOTEBOOKS)}
    assert numbers == set(LECTURES)
