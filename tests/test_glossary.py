"""The glossary of the site against the headings of the notebooks."""

import re
import tomllib

import pytest
from notebook_files import NOTEBOOKS

from course_tools.lectures import FOLDER, terms
from course_tools.lectures import read as read_lectures
from course_tools.notebook import headings, read

LECTURES = {lecture.number: lecture for lecture in read_lectures()}
TERMS = terms(LECTURES.values())
COMMON = tomllib.loads((FOLDER / "common.toml").read_text("utf-8"))
CLOSING = {"On the slides", "Exercises", "Summary"}


def halves(heading):
    english, _, chinese = heading.partition(" · ")
    return english.strip(), chinese.strip()


#: Number of the notebook → English half → Chinese half, of its teaching sections.
SECTIONS = {
    path.name[:2]: {
        english: chinese
        for english, chinese in map(halves, headings(read(path)))
        if english not in CLOSING
    }
    for path in NOTEBOOKS
}
#: Number of the notebook → English half of its title.
TITLES = {
    path.name[:2]: halves(headings(read(path), 1)[0].partition(" · ")[2])[0]
    for path in NOTEBOOKS
}


def words(text):
    """Its words of two letters or more."""
    return [word for word in re.findall(r"[^\W\d_]+", text.lower()) if len(word) > 1]


def related(one, other):
    """The same word, or another form of it: noise, noisy; vanish, vanishing."""
    short, long = sorted((one, other), key=len)
    stem = short[: max(4, len(short) - 2)]
    return (
        one == other
        or (len(short) >= 3 and long in (short + "s", short + "es"))
        or (len(short) > 4 and long.startswith(stem))
    )


def plain(chinese):
    """Without what may be left out, blanks and capitals."""
    return re.sub(r"（[^）]*）|\s", "", chinese).lower()


def test_every_section_is_named_by_a_term():
    named = {(one.number, title) for e in TERMS.values() for one, title in e["see"]}
    there = {(book, english) for book, table in SECTIONS.items() for english in table}
    assert there - named == set()


def test_every_link_of_a_term_leads_to_a_section():
    for term, entry in TERMS.items():
        assert entry["see"], term
        for lecture, english in entry["see"]:
            assert english in SECTIONS[lecture.number], term


def ordinary(table):
    return set(table.get("ordinary_words", "").split())


def words_of_headings(book):
    return {w for text in (*SECTIONS[book], TITLES[book]) for w in words(text)}


@pytest.mark.parametrize("book", SECTIONS)
def test_every_word_of_a_heading_belongs_to_a_term(book):
    """Or is ordinary: of this lecture, or of several; never of another one alone."""
    known = {word for term in names() for word in words(term)}
    listed = ordinary(COMMON) | ordinary(LECTURES[book].table)
    unknown = {
        word
        for word in words_of_headings(book) - listed
        if not any(related(word, other) for other in known)
    }
    assert unknown == set(), (
        f"a term, or an ordinary word, of docs/lectures/{book}.toml?"
    )


def test_ordinary_words_are_those_of_headings():
    used = set().union(*map(words_of_headings, SECTIONS))
    assert ordinary(COMMON) - used == set()
    for book, lecture in LECTURES.items():
        listed = ordinary(lecture.table)
        assert listed - words_of_headings(book) == set(), book
        assert listed & ordinary(COMMON) == set(), book


def names():
    for term, entry in TERMS.items():
        yield from (term, *entry.get("also", ()))


def test_a_term_has_the_same_chinese_name_in_every_heading():
    for term, entry in TERMS.items():
        named = re.compile(
            rf"(?<![\w.]){re.escape(term)}(e?s)?(?![\w-])", re.IGNORECASE
        )
        for book, table in SECTIONS.items():
            for english, chinese in table.items():
                if named.search(english):
                    assert plain(entry["zh"]) in plain(chinese), (term, book, english)


def test_no_two_terms_share_a_name():
    for column in (list(names()), [entry["zh"] for entry in TERMS.values()]):
        lowered = [name.lower() for name in column]
        assert sorted(set(lowered)) == sorted(lowered)


@pytest.mark.parametrize("term", TERMS)
def test_an_entry_is_one_sentence(term):
    entry = TERMS[term]
    assert set(entry) <= {"zh", "also", "means", "see"}
    assert re.match(r"[A-Z0-9]", entry["means"]), "begins like a sentence"
    assert entry["means"].endswith(".")
    assert not re.search(r"[.?!] [A-Z]", entry["means"]), "one sentence"
    assert len(entry["means"]) <= 260
