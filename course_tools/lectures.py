"""The lecture map and the glossary, put together from docs/lectures.

One file there belongs to each lecture; ``common.toml`` says how they look. All raise
`UserError`, with the file's name, where one is no TOML, lacks something, or names what
is not there.
"""

import tomllib
from dataclasses import dataclass

from course_tools import catalog, notebook
from course_tools.places import NOTEBOOKS, ROOT, UserError
from course_utils.files import write_atomically

__all__ = ["Lecture", "command", "glossary", "lecture_map", "read", "terms"]

FOLDER = ROOT / "docs" / "lectures"
#: What a row of the map, and a term of the glossary, cannot do without.
ROW = ("topic", "heading")
TERM = ("zh", "means", "see")


@dataclass(frozen=True)
class Lecture:
    """What a lecture's file says (`table`), and of which notebook.

    `headings` gives for the English half of each section's heading the whole of it.
    """

    number: str
    notebook: str
    headings: dict
    table: dict

    def link(self, english, text, folder=""):
        """A link to a section, in Markdown."""
        if english not in self.headings:
            raise self.problem(f"{self.notebook} has no section {english!r}")
        anchor = notebook.anchor(self.headings[english])
        anchor = anchor.replace("(", "%28").replace(")", "%29")  # they end a link
        return f"[{text}]({folder}{self.notebook}#{anchor})"

    def problem(self, text):
        """An error that names the lecture's file."""
        return UserError(f"docs/lectures/{self.number}.toml: {text}")


def command(options):
    """Write the lecture map, notebooks/README.md, anew; 0."""
    page = NOTEBOOKS / "README.md"
    write_atomically(page, lecture_map(read()))
    print(page)
    return 0


def read(folder=FOLDER):
    """The `Lecture` of every file ``NN.toml``, by number.

    UnknownNotebook if no notebook has the number, or if several have it.
    """
    paths, lectures = catalog.find(NOTEBOOKS), []
    for file in sorted(folder.glob("[0-9][0-9].toml")):
        table = _table(file)
        (path,) = catalog.select(paths, [file.stem])
        whole = notebook.headings(notebook.read(path))
        headings = {heading.partition(" · ")[0]: heading for heading in whole}
        lectures.append(Lecture(file.stem, path.name, headings, table))
    return lectures


def _table(file):
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise UserError(f"docs/lectures/{file.name}: {error}") from None
    entries = [(entry, ROW) for entry in table.get("map", ())]
    entries += [(entry, TERM) for entry in table.get("terms", {}).values()]
    for entry, needed in entries:
        if missing := [key for key in needed if key not in entry]:
            raise UserError(
                f"docs/lectures/{file.name}: {', '.join(missing)} is missing in {entry}"
            )
    return table


def lecture_map(lectures, folder=FOLDER):
    """The page notebooks/README.md, with the parts that ``common.toml`` names."""
    common = _table(folder / "common.toml")
    blocks = [common["opening"].strip()]
    for part in common["parts"]:
        blocks.append(part["heading"])
        if "lectures" in part:
            rows = ["| Topic | Where |", "| --- | --- |", *_rows(part, lectures)]
            blocks.append("\n".join(rows))
    return "\n\n".join(blocks) + "\n"


def _rows(part, lectures):
    first, last = part["lectures"]
    rows = {
        number: [f"| {topic} | planned: {number} |" for topic in topics]
        for number, topics in part.get("planned", {}).items()
    }
    for lecture in lectures:
        if first <= lecture.number <= last:
            entries = lecture.table.get("map", ())
            rows[lecture.number] = [_row(lecture, entry) for entry in entries]
    return [row for number in sorted(rows) for row in rows[number]]


def _row(lecture, entry):
    english = entry["heading"]
    link = lecture.link(english, lecture.headings.get(english))
    named = "named in " if entry.get("named") else ""
    return f"| {entry['topic']} | {named}{link} |"


def terms(lectures):
    """The glossary's terms by English name, in the order of the alphabet.

    Each has ``zh``, ``means``, perhaps ``also``, and ``see``: pairs of a lecture and
    the English half of a heading, those of the lecture that introduces the term first.
    """
    found = {}
    for lecture in lectures:
        for name, entry in lecture.table.get("terms", {}).items():
            if name in found:
                other = found[name]["see"][0][0].number
                raise lecture.problem(f"{name!r} is a term of {other}.toml: use [see]")
            found[name] = entry | {"see": [(lecture, title) for title in entry["see"]]}
    for lecture in lectures:
        for name, titles in lecture.table.get("see", {}).items():
            if name not in found:
                raise lecture.problem(f"no lecture introduces {name!r}")
            found[name]["see"] += [(lecture, title) for title in titles]
    return dict(sorted(found.items(), key=lambda term: _place(term[0])))


def _place(name):
    """Where a term stands in the alphabet."""
    return name.lstrip(".").lower().replace("λ", "lambda")


def glossary(lectures):
    """MyST: every term under its letter, with links to the sections that teach it."""
    letters = {}
    for english, entry in terms(lectures).items():
        links = [
            lecture.link(title, f"{lecture.number} · {title}", "notebooks/")
            for lecture, title in entry["see"]
        ]
        names = dict.fromkeys([english, *entry.get("also", ()), entry["zh"]])
        lines = [*names, f"  {entry['means']}", "", f"  → {' · '.join(links)}", ""]
        letters.setdefault(_place(english)[0].upper(), []).extend(lines)
    blocks = [" ".join(f"[{letter}](#{letter})" for letter in letters)]
    for letter, lines in letters.items():
        blocks += [f"## {letter}", "\n".join(["```{glossary}", *lines, "```"])]
    return "\n\n".join(blocks)
