"""What came of grading a class, as a table, a page, and a page for each student."""

import csv
import hashlib
import io
import re
import shutil
from collections import Counter, defaultdict

import jinja2

from course_tools.grading.verdicts import REASONS
from course_tools.report import TEMPLATES
from course_utils import __version__
from course_utils.files import write_atomically

__all__ = ["write"]

COLUMNS = (
    *("student", "lecture", "exercise", "check", "verdict", "hint", "seconds"),
    *("judged", "says"),
)


NOT_TRIED = ("no notebook", "unreadable", "no answer", "untouched")
FAILED = [verdict for verdict in REASONS if verdict not in NOT_TRIED]
#: What hints have in common that name a student's own values.
KINDS = {
    "flaw": ("an error, no numbers, or another shape", "出错、不是数，或者形状不对"),
    "function": ("no function where one is asked for", "应当是函数的地方不是函数"),
    "otherwise": ("wrong, but in no usual way", "不属于常见的错误"),
    "ready-made": ("the course's own function", "用了课程里现成的函数"),
    "see": ("nothing that the check can look at", "检查看不懂的答案"),
    "stopped": ("it stops with an error", "运行时出错"),
}


def said(row):
    """What a wrong answer is counted as, in both languages."""
    return KINDS.get(row.hint) or REASONS.get(row.verdict) or (row.en, row.zh)


def write(found, tasks, folder):
    """Write all files; `found` maps students to their rows."""
    write_atomically(folder / "grades.csv", table(found))
    facts = summary(found, tasks)
    write_atomically(folder / "index.html", _render("grades.html.j2", facts))
    feedback = folder / "feedback"
    shutil.rmtree(feedback, ignore_errors=True)
    titles = {(task.lecture, task.number): task for task in tasks}
    for student, rows in found.items():
        page = _render(
            "feedback.html.j2", {"student": student, "rows": rows} | {"tasks": titles}
        )
        write_atomically(feedback / file_name(student), page)


def table(found):
    """All rows as CSV that a spreadsheet may open: no cell is taken for a formula."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for student, rows in found.items():
        for row in rows:
            cells = (student, row.lecture, row.exercise, row.check, row.verdict)
            cells += (row.hint, row.seconds, row.judged, row.en)
            writer.writerow(map(harmless, cells))
    return "\ufeff" + file.getvalue()  # by which Excel knows UTF-8


def harmless(cell):
    """A cell that no spreadsheet computes."""
    if isinstance(cell, str):
        cell = re.sub(r"[\x00-\x1f\u200e\u200f\u202a-\u202e\u2066-\u2069]", " ", cell)
        if cell.lstrip().startswith(("=", "+", "-", "@")):
            return f"'{cell}"
    return cell


def file_name(student):
    """A file name that nothing in a student's name can lead elsewhere."""
    plain = re.sub(r"[^\w-]+", "_", student)[:60]
    return f"{plain}-{hashlib.sha256(student.encode()).hexdigest()[:8]}.html"


def summary(found, tasks):
    """What the class got right and wrong, exercise by exercise."""
    by_task = defaultdict(list)
    for student, rows in found.items():
        for row in rows:
            by_task[row.lecture, row.exercise].append((student, row))
    exercises = []
    for task in tasks:
        rows = by_task[task.lecture, task.number]
        verdicts = Counter(row.verdict for _, row in rows)
        tried = len(rows) - sum(verdicts[verdict] for verdict in NOT_TRIED)
        wrong = [row for _, row in rows if row.verdict in ("not yet", *FAILED)]
        # one hint may name numbers of the one who got it: the first stands for all
        texts = {(row.verdict, row.hint): said(row) for row in reversed(wrong)}
        hints = Counter((row.verdict, row.hint) for row in wrong)
        exercises.append(
            {
                "task": task,
                "judged": rows[0][1].judged if rows else "",
                "passed": verdicts["passed"],
                "tried": tried,
                "students": len(rows),
                "others": [
                    (*REASONS[v], verdicts[v]) for v in NOT_TRIED if verdicts[v]
                ],
                "hints": [(texts[key], n) for key, n in hints.most_common()],
                "alike": _alike(rows),
                "as_solution": [s for s, row in rows if row.as_solution],
            }
        )
    return {
        "exercises": exercises,
        "students": {
            student: (sum(row.verdict == "passed" for row in rows), len(rows))
            for student, rows in found.items()
        },
        "version": __version__,
        "pages": {student: file_name(student) for student in found},
    }


def _alike(rows):
    """Groups of students whose wrong answers are the same, up to names and layout."""
    groups = defaultdict(list)
    for student, row in rows:
        if row.verdict == "not yet" and row.shape:
            groups[row.shape].append(student)
    return sorted((g for g in groups.values() if len(g) > 1), key=len, reverse=True)


def _render(template, facts):
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / "grading"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(template).render(facts)
