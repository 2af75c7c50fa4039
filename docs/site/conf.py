"""How Sphinx makes the course's site; `python -m course_tools site` calls it."""

import re
import shutil
from itertools import pairwise
from pathlib import Path

import sphinx.search
from docutils import nodes
from sphinx.search.en import SearchEnglish

from course_tools import catalog, chinese, lectures, notebook
from course_tools.places import ASSETS, NOTEBOOKS, ROOT

project = "Deep learning, lecture by lecture"
author = ""
copyright = ""
language = "en"
extensions = ["myst_nb"]

# --- where pages come from

#: Shown as they are; what a reader of the page on data can click on is among them.
SHOWN = (
    "notebooks/[0-9][0-9]_*.ipynb",
    "notebooks/how_to_read.md",
    "data/README.md",
    "data/MANIFEST.json",
    "data/objects/index.csv",
)


def gather(app):
    """Fill Sphinx's source folder, which lies elsewhere: the clone stays as it is."""
    source = Path(app.srcdir)
    for path in (path for pattern in SHOWN for path in ROOT.glob(pattern)):
        copy = source / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    entries = [catalog.describe(path) for path in catalog.find(NOTEBOOKS)]
    files = lectures.read()
    pages = {
        "index.md": filled("index.md", lecture_table(entries)),
        "glossary.md": filled("glossary.md", lectures.glossary(files)),
        "notebooks/README.md": lectures.lecture_map(files) + lecture_menu(entries),
    }
    for name, text in pages.items():
        (source / name).write_text(text, "utf-8")


def filled(name, text):
    """A page of this folder, with text in the place of its comment."""
    page = Path(__file__).with_name(name).read_text("utf-8")
    return re.sub("<!-- .* -->", lambda _: text, page)


def lecture_table(entries):
    """The lectures as the first page lists them."""
    rows = [
        f"| {one.number} | [{one.title}](notebooks/{one.path.name}) | {one.title_zh} |"
        for one in entries
    ]
    return "\n".join(["| No. | Lecture | 课程 |", "|---|---|---|", *rows])


def lecture_menu(entries):
    """What puts the lectures into the menu, in English to keep it narrow."""
    lines = [f"{one.number} · {one.title} <{one.path.stem}>" for one in entries]
    return "\n".join(["\n```{toctree}", ":hidden:", "", *lines, "```\n"])


# --- notebooks and Markdown

nb_execution_mode = "off"  # what is shown is what the tests compare
nb_merge_streams = True
# A slider needs a running kernel; the figure beside it does not.
nb_mime_priority_overrides = [
    ("html", "application/vnd.jupyter.widget-view+json", None),
    ("html", "image/png", 0),
]
nb_ipywidgets_js = {}
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 3
myst_heading_slug_func = "course_tools.notebook.anchor"

# --- pages

html_theme = "pydata_sphinx_theme"
html_title = project
html_static_path = ["_static", str(ASSETS / "mathjax")]
html_css_files = ["course.css"]
html_js_files = ["offline.js"]
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}
html_show_sourcelink = False
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_use_index = False
html_sidebars = {"index": [], "glossary": [], "data/README": []}
html_theme_options = {
    "logo": {"text": "Deep learning · 深度学习"},
    "search_bar_text": "Search · 搜索",
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "footer_start": [],
    "footer_end": [],
    "back_to_top_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
mathjax_path = "tex-svg.js"

# --- search in two languages


class BilingualSearch(SearchEnglish):
    """English words as ever; Chinese, which has no blanks, by pairs of characters."""

    _han = re.compile(r"[\u4e00-\u9fff]+")

    def split(self, text):
        """Words of the Latin alphabet, then single and paired Chinese characters."""
        words = super().split(self._han.sub(" ", text))
        for run in self._han.findall(text):
            words += run
            words += map("".join, pairwise(run))
        return words

    js_splitter_code = r"""
var splitQuery = (query) => {
  const han = /[\u4e00-\u9fff]+/g;
  const words = query
    .replace(han, " ")
    .split(/[^\p{Letter}\p{Number}_\p{Emoji_Presentation}]+/gu)
    .filter((word) => word);
  for (const run of query.match(han) || []) {
    if (run.length === 1) words.push(run);
    for (let i = 1; i < run.length; i++) words.push(run.slice(i - 1, i + 1));
  }
  return words;
};
"""


sphinx.search.languages["bilingual"] = BilingualSearch
html_search_language = "bilingual"

# --- what notebooks know and MyST-NB does not show


def describe_figures(app, doctree):
    """Give each figure the alt text that stands for it where no picture can be."""
    for bundle in doctree.findall(nodes.container):
        if bundle.get("nb_element") == "mime_bundle":
            texts = [
                part.astext()
                for part in bundle.children
                if part.get("mime_type") == "text/plain"
            ]
            for image in bundle.findall(nodes.image):
                image["alt"] = "".join(texts).removeprefix("[figure] ")


def mark_claims(app, doctree):
    """Mark printed lines that say ✓, which the tests check on every machine."""
    for block in doctree.findall(nodes.literal_block):
        if "stream" in block["classes"] and block.astext().startswith("✓ "):
            block["classes"].append("claims")


def mark_points(app, doctree):
    """Mark the Chinese sentence that opens a section; Chinese has no italics."""
    for sentence in doctree.findall(nodes.emphasis):
        if sentence.astext().startswith("要点"):
            sentence["classes"].append("point")


def mark_chinese(app, doctree):
    """Say of Chinese that it is Chinese, for voices and fonts."""
    for text in list(doctree.findall(nodes.Text)):
        pieces = list(chinese.parts(text.astext()))
        fixed = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block)
        if any(marked for _, marked in pieces) and not isinstance(text.parent, fixed):
            new = [
                nodes.inline("", piece, classes=["language-zh"])
                if marked
                else nodes.Text(piece)
                for piece, marked in pieces
            ]
            text.parent.replace(text, new)


def fit_cells(app, doctree):
    """Leave out the cell that installs the course; offer a solution as a solution."""
    for cell in list(doctree.findall(nodes.container)):
        if f"tag_{notebook.COLAB}" in cell["classes"]:
            cell.parent.remove(cell)
        elif f"tag_{notebook.SOLUTION}" in cell["classes"]:
            cell["prompt_show"] = "Show the solution"
            cell["prompt_hide"] = "Hide the solution"


def setup(app):
    """Register the functions above."""
    app.connect("builder-inited", gather)
    for function in (
        describe_figures,
        mark_claims,
        mark_points,
        mark_chinese,
        fit_cells,
    ):
        app.connect("doctree-read", function)
