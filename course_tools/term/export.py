"""The course's questions for Moodle, and its glossary as cards for Anki.

Questions are those that the lectures ask before a figure (先猜一猜), and what an
exercise's right answer gives for one case, with what its usual mistakes give as the
other answers; a mistake's hint is the feedback.
"""

import html
import importlib
import re

import numpy as np

from course_tools import catalog, lectures, notebook
from course_tools.places import NOTEBOOKS
from course_utils.exercises.core import Exercise
from course_utils.exercises.results import text as shown
from course_utils.files import write_atomically

__all__ = ["cards", "quiz"]

#: Markdown to HTML, in this order.
FORMS = [
    (re.compile(r"\$\$(.+?)\$\$", re.DOTALL), r"\\[\1\\]"),
    (re.compile(r"\$([^$\n]+)\$"), r"\\(\1\\)"),
    (re.compile(r"\*\*(.+?)\*\*"), r"<b>\1</b>"),
    (re.compile(r"`([^`\n]+)`"), r"<code>\1</code>"),
    (re.compile(r"\[([^\]\n]+)\]\([^)\n]+\)"), r"\1"),  # links lead nowhere there
    (re.compile(r"\n+"), "<br>"),
]
SPECIAL = re.compile(r"([~=#{}:\\])")  # what GIFT takes for its own signs


def quiz(options):
    """Write the questions of lectures as a GIFT file; 0."""
    paths = catalog.select(catalog.find(NOTEBOOKS), options.notebooks)
    questions = [question for path in paths for question in questions_of(path)]
    write_atomically(options.to, "\n".join(questions))
    print(f"{options.to}: {len(questions)} questions")
    return 0


def questions_of(path):
    """The questions of a lecture, in its order, in Moodle's GIFT format."""
    book, number = notebook.read(path), path.stem[:2]
    found = [
        _question(f"{number} guess {k}", _asked(cell), *_options(cell))
        for k, cell in enumerate(filter(_guess, book.cells), start=1)
    ]
    module = importlib.import_module(f"course_utils.exercises.lecture_{number}")
    for exercise in notebook.exercises(book):
        check = getattr(module, _check(exercise))
        if isinstance(check, Exercise) and callable(check.right):
            found += _from_table(
                f"{number} exercise {exercise.number}", exercise, check
            )
    return found


def _guess(cell):
    return cell["metadata"].get("guess")


def _asked(cell):
    """What stands behind "Guess first"."""
    return notebook.source(cell).rpartition("先猜一猜**")[2].strip()


def _options(cell):
    guess = _guess(cell)
    texts = [f"{en} · {zh}" if en != zh else en for en, zh in guess["options"]]
    return texts, guess["answer"], [""] * len(texts)


def _check(exercise):
    return re.match(r"\w+", notebook.source(exercise.cells[notebook.CHECK]))[0]


def _from_table(name, exercise, check):
    """A question on a case for which right and mistakes all differ; none, or one."""
    with np.errstate(all="ignore"):  # some mistakes divide by 0
        cases, results = check._draw(np.random.default_rng(0))
    hints = ["", *(f"{en} · {zh}" for en, zh, _ in check.mistakes)]
    for case, *given in zip(cases, *results, strict=True):
        texts = list(map(shown, given))
        if len(set(texts)) == len(texts) > 1 and max(map(len, texts)) < 60:
            asked = (
                f"{exercise.title}\n\n{_statement(exercise)}\n\n{check._named(case)}"
            )
            return [_question(name, asked, texts, 0, hints)]
    return []


def _statement(exercise):
    """The exercise's text without its heading."""
    return exercise.statement.partition("\n")[2].strip()


def _question(name, asked, texts, right, hints):
    lines = [f"::{_escaped(name)}::[html]{_escaped(_html(asked))} {{"]
    for k, (text, hint) in enumerate(zip(texts, hints, strict=True)):
        feedback = f"#{_escaped(_html(hint))}" if hint else ""
        lines.append(f"{'=' if k == right else '~'}{_escaped(_html(text))}{feedback}")
    return "\n".join([*lines, "}", ""])


def _html(markdown):
    r"""The little Markdown of a question as HTML, formulas as ``\(…\)``."""
    text = html.escape(markdown.strip(), quote=False)
    for pattern, becomes in FORMS:
        text = pattern.sub(becomes, text)
    return text


def _escaped(text):
    return SPECIAL.sub(r"\\\1", text)


def cards(options):
    """Write the glossary as a tab-separated file that Anki imports; 0."""
    found = lectures.terms(lectures.read())
    lines = ["#separator:tab", "#html:false", "#columns:Front\tBack\tLecture"]
    for english, term in found.items():
        lecture, title = term["see"][0]
        row = (
            f"{english} · {term['zh']}",
            term["means"],
            f"{lecture.number} · {title}",
        )
        lines.append("\t".join(re.sub(r"\s+", " ", part) for part in row))
    write_atomically(options.to, "\n".join(lines) + "\n")
    print(f"{options.to}: {len(found)} cards")
    return 0
