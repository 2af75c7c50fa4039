"""Grading a class: time and memory as the number of students grows."""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shared import ROOT, Row, number, run_part, say, table, target_table

TITLE = "Grading"
ALTS = {"grading": "Minutes that grading took against the number of students: a line."}
CLASSES = (10, 100, 300)
LECTURES = {"04": "with an exercise that needs TensorFlow", "34": "NumPy only"}
WHY_LINEAR = "other programs ran on this machine beside it."
WHY_TIME = "each process imports TensorFlow, which takes most of it."


def hand_in(lecture, count, folder):
    """A class: a third all right, a third with mistakes, a third untouched."""
    from course_tools import catalog, notebook
    from course_tools.grading.answers import tasks
    from course_tools.places import NOTEBOOKS

    (path,) = catalog.select(catalog.find(NOTEBOOKS), [lecture])
    exercises = tasks(path)
    for student in range(count):
        book = notebook.read(path)
        for cell in book.cells:
            for task in exercises:
                if cell.id == task.starter_id and student % 3:
                    cell.source += f"\n{task.solution}"
                if cell.id == task.starter_id and student % 3 == 2:
                    cell.source += f"\n{task.answer} = {student}"
        place = folder / f"student {student:03d}"
        place.mkdir(parents=True)
        notebook.write(book, place / path.name)


def graded(lecture, count):
    """Seconds, processor seconds and memory of grading so many, two at a time."""
    with tempfile.TemporaryDirectory(prefix="course-bench-") as folder:
        place, to = Path(folder, "in"), Path(folder, "out")
        hand_in(lecture, count, place)
        command = [sys.executable, "-m", "course_tools", "grade", str(place)]
        command += ["--lectures", lecture, "--to", str(to)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        taken = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        lines = (to / "verdicts-1-of-1.jsonl").read_text("utf-8").splitlines()
        rows = [row for line in lines for row in json.loads(line)["rows"]]
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "lecture": lecture,
        "students": count,
        "seconds": taken,
        "processor": used,
        "passed": sum(row["verdict"] == "passed" for row in rows),
        "rows": len(rows),
    }


def measure(quick):
    """All sizes with lecture 04, the middle one with a lecture of NumPy alone."""
    runs = []
    sizes = CLASSES[:1] if quick else CLASSES
    for lecture, count in [*(("04", n) for n in sizes), ("34", sizes[-1] // 3)]:
        runs.append(graded(lecture, count))
        say(f"lecture {lecture}, {count} students: {runs[-1]['seconds']:.0f} s")
    return runs


def report(runs):
    """Targets, and a line for each class."""
    with_tf = [run for run in runs if run["lecture"] == "04"]
    small, large = with_tf[0], with_tf[-1]
    each = large["seconds"] / large["students"]
    growth = each / (small["seconds"] / small["students"])
    alone = runs[-1]["processor"] / runs[-1]["students"]
    processor = large["processor"] / large["students"]
    rows = [
        Row(
            f"Minutes for 300 submissions of lecture 04, from {large['students']}",
            number(each * 300 / 60),
            "–",
            "≤ 25",
            each * 300 / 60 <= 25,
            WHY_TIME,
        ),
        Row(
            "Seconds of processor a submission, lecture 04",
            number(processor),
            "–",
            "≤ 8",
            processor <= 8,
            WHY_TIME,
        ),
        Row(
            "Seconds of processor a submission, lecture 34 (NumPy only)",
            number(alone),
            "–",
            "≤ 3",
            alone <= 3,
            WHY_LINEAR,
        ),
        Row(
            f"Time a submission, {large['students']} against {small['students']}",
            number(growth),
            "1",
            "≤ 1.2",
            growth <= 1.2,
            WHY_LINEAR,
        ),
    ]
    lines = [
        (
            run["lecture"],
            run["students"],
            number(run["seconds"]),
            number(run["processor"] / run["students"]),
            f"{run['passed']} of {run['rows']}",
        )
        for run in runs
    ]
    heads = ("Lecture", "Students", "Seconds", "Processor s each", "Exercises passed")
    return f"{target_table(rows)}\n\n{table(heads, lines)}"


def draw(runs):
    """Minutes against students, lecture 04."""
    import matplotlib.pyplot as plt

    with_tf = [run for run in runs if run["lecture"] == "04"]
    fig, ax = plt.subplots(figsize=(7, 3.6))
    ax.plot(
        [run["students"] for run in with_tf],
        [run["seconds"] / 60 for run in with_tf],
        "o-",
    )
    ax.set(xlabel="students", ylabel="minutes", xlim=(0, None), ylim=(0, None))
    return {"grading": fig}


if __name__ == "__main__":
    run_part(measure)
