"""Marks Chinese in pages that are otherwise English, for voices, fonts and browsers."""

import re

from bs4 import BeautifulSoup

HAN = r"[\u4e00-\u9fff]"
#: A formula; or from a Chinese character on, over digits and signs, to the last one
#: before other letters.
FORMULA_OR_RUN = re.compile(
    r"\$\$.*?\$\$|\$[^$\n]+\$|"
    r"[\u4e00-\u9fff“《（](?:[^a-zA-Z\u0370-\u03ff$<>\n]*[\u4e00-\u9fff，。；：？！、”》）])?",
    flags=re.DOTALL,
)
#: Code stays as it is; a heading's Chinese half is marked by what makes the page.
APART = ("code", "pre", "script", "style", "h1", "h2", "h3", "h4")


def parts(text):
    """The text in pieces, each with whether it is Chinese; formulas stay whole."""
    place = 0
    for found in FORMULA_OR_RUN.finditer(text):
        if re.match(r"\$", found[0]) or not re.search(HAN, found[0]):
            continue
        if found.start() > place:
            yield text[place : found.start()], False
        yield found[0], True
        place = found.end()
    if place < len(text):
        yield text[place:], False


def mark(fragment):
    """A piece of HTML with its Chinese in elements that say so."""
    soup = BeautifulSoup(fragment, "html.parser")
    for text in soup.find_all(string=re.compile(HAN)):
        if text.find_parent(APART) or text.find_parent(lang=True):
            continue
        new = []
        for piece, is_chinese in parts(text):
            if is_chinese:
                span = soup.new_tag("span", lang="zh")
                span.string = piece
            new.append(span if is_chinese else piece)
        text.replace_with(*new)
    return str(soup)
