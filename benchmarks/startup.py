"""How long the course takes to start: four things that everybody waits for."""

import subprocess
import sys

from shared import ROOT, Row, alternate, middle, run_part, say, spread, target_table

TITLE = "Start-up"
ALTS = {}  # no figure: four numbers are a table
ROUNDS = 7

INSIDE = """\
import time
{before}
start = time.perf_counter()
{timed}
print(time.perf_counter() - start)
"""
#: Code whose time a new Python measures itself, and commands timed from outside.
STATEMENTS = {
    "import course_utils": ("", "import course_utils"),
    "load_digits()": ("from course_utils.data import load_digits", "load_digits()"),
}
COMMANDS = {"list": "list", "doctor": "doctor"}
TARGETS = {  # seconds
    "import course_utils": 0.05,
    "load_digits()": 0.05,
    "list": 0.3,
    "doctor": 5.0,
}
REFERENCES = {
    "import course_utils": "imports none of the libraries",
    "load_digits()": "5,000 digits: hash, unpack, float32",
    "list": "the whole command, with Python's own start",
    "doctor": "the whole command, with `import tensorflow`",
}
WHY = (
    "the command is a new Python on a machine that also has other work; see the spread."
)


def python(*arguments):
    """What a new Python prints; a command that prints nothing did not run."""
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    if not done.stdout:
        raise SystemExit(f"{' '.join(arguments)}: {done.stderr}")
    return done.stdout


def measure(quick):
    """Seconds of each, in turn."""
    rounds = 1 if quick else ROUNDS
    inside = {name: [] for name in STATEMENTS}

    def timed_inside(name, before, timed):
        code = INSIDE.format(before=before, timed=timed)
        inside[name].append(float(python("-c", code)))

    calls = {
        name: lambda name=name, code=code: timed_inside(name, *code)
        for name, code in STATEMENTS.items()
    }
    calls |= {
        name: lambda word=word: python("-m", "course_tools", word)
        for name, word in COMMANDS.items()
    }
    outside = alternate(calls, rounds, warm=not quick)
    say(f"{rounds} rounds done")
    return {**outside, **{name: times[-rounds:] for name, times in inside.items()}}


def report(data):
    """The rows against their targets."""
    rows = []
    for name, limit in TARGETS.items():
        unit, scale = ("ms", 1000) if limit < 1 else ("s", 1)
        target = f"≤ {limit * scale:g} {unit}"
        met = middle(data[name])[0] <= limit
        measured = spread(data[name], unit, scale)
        rows.append(Row(f"`{name}`", measured, REFERENCES[name], target, met, WHY))
    return target_table(rows)


def draw(data):
    """No figures."""
    return {}


if __name__ == "__main__":
    run_part(measure)
