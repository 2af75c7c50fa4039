"""Chinese in pages and slides says that it is Chinese."""

import re

import pytest
from bs4 import BeautifulSoup
from notebook_files import NOTEBOOKS

from course_tools import chinese, slides
from course_tools.chinese import mark

HAN = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("Guess first · 先猜一猜 At the rate 0.1", ["先猜一猜"]),
        ("二次代价在 $z=4$ 处更大（饱和）。Then", ["二次代价在", "处更大（饱和）。"]),
        ("softmax 与对数似然代价", ["与对数似然代价"]),
        ("“自信而错误”的起点，共 10 个", ["“自信而错误”的起点，共 10 个"]),
        ("η 是学习率", ["是学习率"]),
        (r"即 $$\text{权值 a} = 1$$ 与 $x_{中}$ 相等", ["即", "与", "相等"]),
        ("at z = 4 (of 5)", []),
    ],
)
def test_runs_of_chinese(text, marked):
    pieces = list(chinese.parts(text))
    assert "".join(piece for piece, _ in pieces) == text
    assert [piece for piece, is_chinese in pieces if is_chinese] == marked


def test_a_fragment_keeps_its_meaning():
    html = '<p>a &lt; b, $x&lt;1$ <b>中文</b> <code>中</code> <img alt="中文"/></p>'
    assert mark(html) == html.replace(
        "<b>中文</b>", '<b><span lang="zh">中文</span></b>'
    )
    assert mark("<h2>Cost · 代价</h2>") == "<h2>Cost · 代价</h2>"


def test_no_chinese_of_a_deck_is_unmarked():
    page = BeautifulSoup(slides.deck(NOTEBOOKS[0]), "html.parser")
    screens = page.select(".screen")
    assert len(screens) >= 15
    for text in (text for one in screens for text in one.find_all(string=HAN.search)):
        known = text.find_parent(lang="zh") or text.find_parent(["pre", "code"])
        assert known, text
