"""The glossary of the site against the headings of the notebooks."""

import re
import tomllib

import pytest
from notebook_files import NOTEBOOKS, ROOT

from course_tools.notebook import headings, read
from course_tools.site import read_glossary

FILE = ROOT / "docs/site/glossary.toml"
TERMS = read_glossary(FILE)
ORDINARY = set(tomllib.loads(FILE.read_text("utf-8"))["ordinary_words"].split())
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
TITLES = [halves(headings(read(path), 1)[0].partition(" · ")[2]) for path in NOTEBOOKS]


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
    named = {place for entry in TERMS.values() for place in entry["see"]}
    there = {(book, english) for book, table in SECTIONS.items() for english in table}
    assert there - named == set()


def test_every_link_of_a_term_leads_to_a_section():
    for term, entry in TERMS.items():
        assert entry["see"], term
        for book, english in entry["see"]:
            assert english in SECTIONS[book], term


@pytest.mark.parametrize("kind", ["sections", "titles"])
def test_every_word_of_a_heading_belongs_to_a_term(kind):
    tables = {"sections": SECTIONS.values(), "titles": [dict(TITLES)]}[kind]
    known = {word for term in names() for word in words(term)}
    unknown = {
        word
        for table in tables
        for english in table
        for word in words(english)
        if word not in ORDINARY and not any(related(word, other) for other in known)
    }
    assert unknown == set(), "a term of docs/site/glossary.toml, or an ordinary word?"


def test_ordinary_words_are_those_of_headings():
    used = {
        word for table in SECTIONS.values() for text in table for word in words(text)
    }
    used |= {word for text, _ in TITLES for word in words(text)}
    assert ORDINARY - used == set()


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
