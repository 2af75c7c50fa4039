"""Goes through a class: ``python -m course_tools grade SUBMISSIONS --lectures 04``.

Each student's rows are one line of ``verdicts-1-of-1.jsonl``, written when they are
there: what was interrupted goes on where it stopped, and parts of a class graded on
other machines (``--shard 1/4``) are put together by ``--merge``.
"""

import hashlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from itertools import islice

from course_tools import catalog, notebook
from course_tools.grading import page
from course_tools.grading.answers import answers, belongs, tasks
from course_tools.grading.sandbox import Sandbox
from course_tools.grading.submissions import Unreadable, students
from course_tools.grading.verdicts import REASONS, Row, grade
from course_tools.places import NOTEBOOKS, UserError

__all__ = ["command"]


def command(options):
    """Grade, and write ``grades.csv``, ``index.html`` and a page for each student."""
    lectures = [
        tasks(path)
        for path in catalog.select(catalog.find(NOTEBOOKS), options.lectures)
    ]
    options.to.mkdir(parents=True, exist_ok=True)
    if not options.merge:
        if options.submissions is None:
            raise UserError("name the folder or zip of what was handed in")
        _grade_all(options, lectures)
    found = _verdicts(options.to, lectures)
    if not found:
        raise UserError(f"in {options.to} there are no verdicts to put together")
    page.write(found, [task for chosen in lectures for task in chosen], options.to)
    print(f"{len(found)} students: {options.to / 'index.html'}, grades.csv, feedback/")
    return 0


def _grade_all(options, lectures):
    part, parts = options.shard
    mine = dict(islice(students(options.submissions).items(), part - 1, None, parts))
    path = options.to / f"verdicts-{part}-of-{parts}.jsonl"
    known = {entry["student"]: entry["key"] for entry in _lines(path)}
    jobs = {}
    with (
        Sandbox(options.unsafe) as sandbox,
        path.open("a", encoding="utf-8") as file,
        ThreadPoolExecutor(options.jobs) as pool,
    ):
        if path.read_bytes()[-1:] not in (b"", b"\n"):
            file.write("\n")  # ends the line that was cut off
        try:
            for student, files in mine.items():
                jobs[
                    pool.submit(
                        _one, files, lectures, sandbox, options, known.get(student)
                    )
                ] = student
            for count, job in enumerate(as_completed(jobs), start=1):
                entry = job.result()
                if entry is not None:
                    line = {"student": jobs[job]} | entry
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
                    file.flush()
                _say(count, len(jobs), jobs[job], entry)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _say(count, total, student, entry):
    if entry is None:
        print(f"[{count}/{total}] {student}: graded before")
        return
    rows = entry["rows"]
    passed = sum(row["verdict"] == "passed" for row in rows)
    print(f"[{count}/{total}] {student}: {passed} of {len(rows)}", flush=True)


def _one(files, lectures, sandbox, options, known):
    """A student's rows with a key of what they were made from; None if it is known."""
    books, problems = _notebooks(files)
    chosen = [_chosen(books, lecture) for lecture in lectures]
    key = hashlib.sha256(repr([chosen, problems, _version(lectures)]).encode())
    if key.hexdigest() == known:
        return None
    rows = []
    for lecture, found in zip(lectures, chosen, strict=True):
        if found is None:
            rows += _without_notebook(lecture, problems)
        else:
            rows += grade(lecture, found, sandbox, options.timeout)
    return {"key": key.hexdigest(), "rows": [asdict(row) for row in rows]}


def _version(lectures):
    """What else verdicts depend on: the lectures' code and their exercises."""
    return [
        (task.call, task.starter, task.solution)
        for chosen in lectures
        for task in chosen
    ]


def _notebooks(files):
    """(cells of the notebooks that can be read, newest first; why others cannot)."""
    books, problems = [], []
    for file in sorted(files, key=lambda file: -file.changed):
        try:
            books.append(notebook.parse(file.read(), file.path)["cells"])
        except Unreadable as error:
            problems.append(f"{file.path}: {error}")
        except notebook.UnreadableNotebook as error:
            problems.append(str(error))
    return books, problems


def _chosen(books, lecture):
    """A lecture's answers in the notebook that has most of its exercises; or None."""
    best = max(books, key=lambda cells: belongs(cells, lecture), default=None)
    if best is None or not belongs(best, lecture):
        return None
    return answers(best, lecture)


def _without_notebook(lecture, problems):
    verdict = "unreadable" if problems else "no notebook"
    en, zh = REASONS[verdict]
    en = f"{en}: {problems[0]}"[:300] if problems else en
    return [
        Row(task.lecture, task.number, task.check, verdict, en=en, zh=zh)
        for task in lecture
    ]


def _lines(path):
    """The entries of a file of verdicts; what was cut off while written is left out."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            print(f"{path}: a line that was cut off is left out", file=sys.stderr)


def _verdicts(folder, lectures):
    """The last rows of each student in all files of verdicts, in the order of names."""
    wanted = {task.lecture for chosen in lectures for task in chosen}
    found = {}
    for path in sorted(folder.glob("verdicts-*-of-*.jsonl")):
        for entry in _lines(path):
            rows = [Row(**row) for row in entry["rows"] if row["lecture"] in wanted]
            found[entry["student"]] = rows
    return dict(sorted(found.items()))
