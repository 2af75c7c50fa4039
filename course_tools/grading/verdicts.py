"""What is said of a student's answers to the exercises of one lecture.

Where an exercise is a table, the sandbox gets fresh cases and returns values; the right
answer and the usual mistakes stay here, and are compared here. Where it is a ladder of
conditions, the lecture's check runs in the sandbox: its verdict is the student's own
process speaking, and is marked as self-reported.
"""

import contextlib
import importlib
import io
import secrets
from dataclasses import dataclass

import numpy as np

from course_tools.grading import values
from course_tools.grading.answers import shape, untouched
from course_utils.exercises.core import Exercise

#: What a verdict can be, besides "passed" and "not yet", and what is said of it.
REASONS = {
    "no notebook": (
        "no notebook of this lecture was handed in",
        "没有交这一讲的笔记本",
    ),
    "unreadable": ("the file cannot be read", "文件无法读取"),
    "no answer": ("the cell for the answer is missing", "找不到答案所在的单元格"),
    "untouched": ("the starter was not changed", "起始代码没有改动"),
    "syntax": ("this is no Python", "代码有语法错误"),
    "time": ("it did not come to an end in time", "运行超时"),
    "memory": ("it wanted more memory than there is", "内存不足"),
    "ended": ("it ended Python itself", "它让 Python 提前退出了"),
    "output": ("what it sent back cannot be read", "返回的内容无法读取"),
}


@dataclass
class Row:
    """What came of one exercise of one student."""

    lecture: str
    exercise: int
    check: str
    verdict: str  # "passed", "not yet", or a key of REASONS
    hint: str = ""  # which one: "mistake 2"
    en: str = ""
    zh: str = ""
    seconds: float = 0.0  # of processor
    judged: str = "compared"  # or "self-reported"
    shape: str = ""  # equal for equal answers
    as_solution: bool = False  # the same code as the lecturer's own


def grade(tasks, found, sandbox, seconds):
    """A row for each task; `found` maps numbers of exercises to code, or None."""
    rows, programs = {}, {False: [], True: []}
    for task in tasks:
        row = Row(task.lecture, task.number, task.check, "no answer")
        rows[task.number] = row
        source, ladder = found[task.number], not isinstance(_check(task), Exercise)
        if ladder:
            row.judged = "self-reported"
        if source is None:
            continue
        row.shape = shape(source)
        row.as_solution = bool(row.shape) and row.shape == shape(task.solution)
        if untouched(source, task):
            row.verdict = "untouched"
            continue
        try:
            programs[ladder].append((task, task.program(source, judge=ladder)))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            row.verdict, row.en = "syntax", f"{type(error).__name__}: {error}"[:200]
    for ladder, jobs in programs.items():
        _run(jobs, rows, sandbox, ladder, seconds)
    for row in rows.values():
        if row.verdict in REASONS and not row.en:
            row.en, row.zh = REASONS[row.verdict]
    return list(rows.values())


def _check(task):
    module = f"course_utils.exercises.lecture_{task.lecture}"
    return getattr(importlib.import_module(module), task.check)


def _run(jobs, rows, sandbox, ladder, seconds):
    """Run answers until each has its verdict; one that ends the process ends alone."""
    while jobs:
        drawn = [secrets.randbits(64) for _ in jobs]
        orders = [
            _order(task, program, ladder, draw)
            for (task, program), draw in zip(jobs, drawn, strict=True)
        ]
        done = 0
        for report in sandbox.run(orders, judge=ladder, seconds=seconds):
            task, _ = jobs[done]
            _judge(rows[task.number], task, report, drawn[done])
            done += 1
            if "failed" in report and "number" not in report:
                break
        jobs = jobs[done:]


def _order(task, program, ladder, draw):
    order = {"number": task.number, "program": program, "answer": task.answer}
    if ladder:
        name = f"course_utils.exercises.lecture_{task.lecture}"
        order["program"] += f"\nfrom {name} import {task.check}"
        return order | {"check": task.call}
    with np.errstate(all="ignore"):  # some mistakes divide by 0
        cases, _ = _check(task)._draw(np.random.default_rng(draw))
    return order | {"cases": [list(map(values.encode, case)) for case in cases]}


def _judge(row, task, report, draw):
    """Fill in a row from what the sandbox reported."""
    row.verdict = "output"
    seconds = report.get("seconds")
    row.seconds = seconds if isinstance(seconds, (int, float)) else 0.0
    with contextlib.suppress(ValueError, TypeError, KeyError):
        if report.get("failed") in REASONS:
            row.verdict = report["failed"]
        elif "stopped" in report:
            name, message = map(str, report["stopped"])
            row.verdict, row.hint = "not yet", "stopped"
            row.en = f"it stops with {name}: {message}"[:300]
            row.zh = f"运行时出错：{name}: {message}"[:300]
        elif row.judged == "self-reported":
            hint, en, zh = map(str, report["verdict"])
            row.hint, row.en, row.zh = hint[:40], en[:500], zh[:500]
            row.verdict = "passed" if report["passed"] is True else "not yet"
        elif "ready_made" in report:
            row.verdict, row.hint = "not yet", "ready-made"
            row.en, row.zh = "this comes with the course", "这是课程里现成的函数"
        else:
            _compare(row, _check(task), report, draw)


def _compare(row, check, report, draw):
    """Let the exercise's table judge values, as if the answer were here."""
    if "value" in report:
        answer = values.decode(report["value"])
    else:
        found = iter([values.decode(one) for one in report["found"]])

        def answer(*_):
            result = next(found, None)
            if isinstance(result, Exception):
                raise result
            return result

    with contextlib.redirect_stdout(io.StringIO()):
        verdict = check(answer, np.random.default_rng(draw))
    row.verdict = "passed" if verdict.passed else "not yet"
    row.hint, row.en, row.zh = verdict.hint, verdict.en, verdict.zh
