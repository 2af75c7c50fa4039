"""README.md and README.zh-CN.md say the same, and what they say is so."""

import re

import pytest
from notebook_files import NOTEBOOKS, ROOT

ENGLISH = (ROOT / "README.md").read_text("utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text("utf-8")

#: The sections, in their order.
SECTIONS = {
    "Deep learning, lecture by lecture": "深度学习课程笔记本",
    "Start": "开始使用",
    "Lectures": "课程内容",
    "For lecturers": "给教师",
    "For a class of 300": "三百人的课堂",
    "When something does not work": "遇到问题",
    "Write or change a notebook": "编写和修改笔记本",
    "Licences": "许可",
}


def sections(text):
    """Heading → the text below it, in the order of the file."""
    without_code = re.sub(
        r"```.*?```", lambda m: m[0].replace("#", "♯"), text, flags=re.S
    )
    parts = re.split(r"^#+ (.+)$", without_code, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


PAIRS = [
    (sections(ENGLISH).get(english, ""), sections(CHINESE).get(chinese, ""))
    for english, chinese in SECTIONS.items()
]
both = pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=list(SECTIONS))


def test_both_have_the_same_sections():
    assert list(sections(ENGLISH)) == list(SECTIONS)
    assert list(sections(CHINESE)) == list(SECTIONS.values())
    assert re.findall("^#+", ENGLISH, re.M) == re.findall("^#+", CHINESE, re.M)


def commands(text):
    """What the code blocks tell to type, without the comments."""
    blocks = re.findall(r"```(\w+)\n(.*?)```", text, flags=re.DOTALL)
    return [
        (language, [line.partition("♯")[0].strip() for line in block.splitlines()])
        for language, block in blocks
    ]


@both
def test_both_tell_the_same_commands(english, chinese):
    assert commands(english) == commands(chinese)


def links(text):
    return [
        target
        for target in re.findall(r"\]\(([^)\s]+)\)", text)
        if target not in ("README.md", "README.zh-CN.md")
    ]


@both
def test_both_link_to_the_same_places(english, chinese):
    assert links(english) == links(chinese)


def code(text):
    """Words set as code, outside of code blocks."""
    return set(re.findall(r"`([^`\n]+)`", re.sub("```.*?```", "", text, flags=re.S)))


@both
def test_both_name_the_same_files_commands_and_settings(english, chinese):
    assert code(english) == code(chinese)


def shape(text):
    """What the lines of a section are: rows of tables, items of lists."""
    starts = [
        re.match(r"(\| *`[^`]*`|\| *\[\d\d\]|\||- )", x) for x in text.split("\n")
    ]
    return [match[0] for match in starts if match]


@both
def test_both_have_the_same_tables_and_lists(english, chinese):
    assert shape(english) == shape(chinese)
    assert len(re.findall(r"\*\*[^*]+\*\*", english)) == len(
        re.findall(r"\*\*[^*]+\*\*", chinese)
    )


def test_each_leads_to_the_other():
    assert ENGLISH.splitlines()[2] == "English · [简体中文](README.zh-CN.md)"
    assert CHINESE.splitlines()[2] == "[English](README.md) · 简体中文"


def test_the_chinese_one_is_chinese():
    """No paragraph was left in English; digits and names may be."""
    prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "x", CHINESE, flags=re.DOTALL)
    for line in prose.splitlines():
        if line.strip(" |-x") and not line.startswith(("[", "|---")):
            assert re.search("[\u4e00-\u9fff]", line), line
            assert not re.search("[\u4e00-\u9fff][,;:?!]", line), line
            assert "  " not in line, line


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["English", "Chinese"])
def test_all_lectures_are_listed(text):
    listed = re.findall(r"^\| \[(\d\d)\]\(notebooks/([^)]+)\)", text, re.MULTILINE)
    assert listed == [(path.name[:2], path.name) for path in NOTEBOOKS]


def test_no_picture_comes_from_elsewhere():
    """Reading the page asks no other host for anything."""
    for text in (ENGLISH, CHINESE):
        assert re.findall(r"!\[[^\]]*\]\((\w+://[^)]*)", text) == []
        assert "<img" not in text


# --- the values for a JupyterHub


@pytest.fixture
def hub():
    """The values; Jupyter brings the library that reads them."""
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load((ROOT / "docs/jupyterhub.yaml").read_text("utf-8"))


#: What a notebook may take at most.
LECTURE_GB = 1.5


def gigabytes(text):
    return float(re.fullmatch(r"([\d.]+)G", text)[1])


def test_a_seat_has_the_memory_that_a_lecture_may_take(hub):
    memory = hub["singleuser"]["memory"]
    assert gigabytes(memory["guarantee"]) >= LECTURE_GB
    assert gigabytes(memory["limit"]) >= 2 * LECTURE_GB + 0.5


def test_a_seat_reads_the_shared_data_where_it_is_mounted(hub):
    seat = hub["singleuser"]
    (mount,) = seat["storage"]["extraVolumeMounts"]
    (volume,) = seat["storage"]["extraVolumes"]
    assert mount["readOnly"] is True
    assert mount["name"] == volume["name"]
    assert seat["extraEnv"]["COURSE_DATA_DIR"] == mount["mountPath"]
    assert seat["extraEnv"]["COURSE_OFFLINE"] == "1"
    assert f"COURSE_DATA_DIR={mount['mountPath']} " in ENGLISH


def test_the_image_is_the_one_that_the_readme_builds(hub):
    image = hub["singleuser"]["image"]
    assert f"--image-name {image['name']}:{image['tag']} " in ENGLISH


def test_idle_seats_are_given_back_after_an_hour(hub):
    assert hub["cull"]["enabled"] is True
    assert hub["cull"]["timeout"] == 3600
    assert hub["cull"]["every"] < 3600
