"""The lecture map against the notebooks; what it is made of, and what may be wrong."""

import re
from urllib.parse import unquote

import pytest
from notebook_files import NOTEBOOKS, ROOT, calls

from course_tools import lectures
from course_tools.catalog import UnknownNotebook
from course_tools.lectures import glossary, lecture_map, read, terms
from course_tools.main import main
from course_tools.notebook import anchor, sections
from course_tools.notebook import read as read_notebook
from course_tools.places import UserError

FILE = "docs/lectures/{}.toml"
MAP = (ROOT / "notebooks/README.md").read_text("utf-8")
LINK = re.compile(
    r"(?P<named>named in )?\[(?P<heading>.+)\]\((?P<file>[^#)]+)#(?P<anchor>[^)]+)\)"
)


def rows(page=MAP):
    """Rows (topic, where, match of a link or None) of the map's tables."""
    found = re.findall(r"^\| ([^|]+?) +\| ([^|]+?) +\|$", page, flags=re.MULTILINE)
    found = [row for row in found if row[0] != "Topic" and set(row[0]) - set("-:")]
    return [(topic, where, LINK.fullmatch(where)) for topic, where in found]


def test_the_page_is_what_the_lectures_files_say():
    assert lecture_map(read()) == MAP, "run: python -m course_tools map"


def test_topics_have_their_section_and_its_claim():
    """A section that only names a topic claims nothing of it."""
    linked = [row for row in rows() if row[2]]
    assert linked
    for topic, _, link in linked:
        table = sections(read_notebook(ROOT / "notebooks" / link["file"]))
        assert link["heading"] in table, f"{topic}: no section {link['heading']!r}"
        assert unquote(link["anchor"]) == anchor(link["heading"]), topic
        assert link["named"] or calls(table[link["heading"]], "expect"), topic


def test_the_map_is_complete():
    """A notebook that exists is linked; what is not linked says it is planned."""
    linked = {row[2]["file"] for row in rows() if row[2]}
    assert linked == {path.name for path in NOTEBOOKS}
    for topic, where, link in rows():
        assert link or where.startswith("planned: "), topic
        if not link:
            number = where.removeprefix("planned: ")
            assert not list((ROOT / "notebooks").glob(f"{number}_*")), topic


def test_every_row_is_on_the_map():
    """No lecture's file lies outside of the map's parts."""
    said = [row["topic"] for one in read() for row in one.table["map"]]
    assert [topic for topic, _, link in rows() if link] == said


@pytest.mark.parametrize("lecture", read(), ids=lambda lecture: lecture.number)
def test_a_lectures_file_says_nothing_that_nobody_reads(lecture):
    assert set(lecture.table) <= {"ordinary_words", "map", "terms", "see"}
    for row in lecture.table["map"]:
        assert set(row) <= {"topic", "heading", "named"}
        assert "|" not in row["topic"]


# --- what a lecture's author may write


@pytest.fixture
def folder(tmp_path):
    """An author's folder, with a map of one part; lecture 01 is there as a notebook."""
    (tmp_path / "common.toml").write_text(
        'opening = "# Map"\n'
        '[[parts]]\nheading = "## One"\nlectures = ["01", "03"]\n'
        '[parts.planned]\n01 = ["a plan"]\n03 = ["b", "c"]\n',
        "utf-8",
    )
    return tmp_path


def write(folder, number, text):
    (folder / f"{number}.toml").write_text(text, "utf-8")
    return read(folder)


ROW = '[[map]]\ntopic = "T"\nheading = "Cross-entropy cancels the slope"\n'
TERM = '[terms."Sigmoid"]\nzh = "S"\nmeans = "M."\n'
TERM += 'see = ["Cross-entropy cancels the slope"]\n'


def test_a_plan_stands_until_the_lecture_has_a_file(folder):
    before = rows(lecture_map(read(folder), folder))
    assert [row[:2] for row in before] == [
        ("a plan", "planned: 01"),
        ("b", "planned: 03"),
        ("c", "planned: 03"),
    ]
    after = rows(lecture_map(write(folder, "01", ROW), folder))
    assert [row[0] for row in after] == ["T", "b", "c"]
    assert (
        after[0][2]["heading"] == "Cross-entropy cancels the slope · 交叉熵约去了 f′(z)"
    )


def test_a_topic_may_be_named_only(folder):
    page = lecture_map(write(folder, "01", ROW + "named = true\n"), folder)
    topic, where, link = rows(page)[0]
    assert topic == "T"
    assert where.startswith("named in [Cross-entropy cancels the slope · ")
    assert link["named"]


def test_a_term_is_added_to_from_another_lectures_file(folder):
    write(folder, "01", TERM)
    found = write(folder, "02", '[see]\n"Sigmoid" = ["Early stopping"]\n')
    places = [(one.number, title) for one, title in terms(found)["Sigmoid"]["see"]]
    assert places == [
        ("01", "Cross-entropy cancels the slope"),
        ("02", "Early stopping"),
    ]


@pytest.mark.parametrize(
    ("number", "text", "told"),
    [
        ("01", "[[map]\n", "Expected"),
        ("01", '[[map]]\ntopic = "T"\n', "heading is missing in {'topic': 'T'}"),
        ("01", '[terms."A"]\nzh = "S"\n', "means, see is missing in "),
        (
            "01",
            ROW.replace("slope", "scope"),
            "no section 'Cross-entropy cancels the scope'",
        ),
        ("02", '[see]\n"Nonsense" = ["Early stopping"]\n', "no lecture introduces"),
        ("02", TERM, "'Sigmoid' is a term of 01.toml: use [see]"),
        (
            "02",
            TERM.replace("Sigmoid", "A"),
            "no section 'Cross-entropy cancels the slope'",
        ),
    ],
)
def test_what_is_wrong_is_one_line_with_the_files_name(number, text, told, folder):
    def both():
        found = write(folder, number, text)
        return lecture_map(found, folder), glossary(found)

    write(folder, "01", TERM)
    with pytest.raises(UserError) as caught:
        both()
    message = str(caught.value)
    assert message.startswith(FILE.format(number) + ": ")
    assert told in message
    assert "\n" not in message


def test_a_number_that_no_notebook_has_is_named(folder):
    with pytest.raises(UnknownNotebook, match="no notebook '99'"):
        write(folder, "99", ROW)


def test_the_command_writes_the_page(monkeypatch, tmp_path, capsys):
    for path in NOTEBOOKS:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(lectures, "NOTEBOOKS", tmp_path)
    assert main(["map"]) == 0
    assert (tmp_path / "README.md").read_text("utf-8") == MAP
    assert capsys.readouterr().out == f"{tmp_path / 'README.md'}\n"
