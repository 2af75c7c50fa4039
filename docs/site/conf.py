"""How Sphinx makes the course's site; `python -m course_tools site` calls it."""

import re
from itertools import pairwise

import sphinx.search
from docutils import nodes
from sphinx.search.en import SearchEnglish

project = "Deep learning, lecture by lecture"
author = ""
copyright = ""
language = "en"
extensions = ["myst_nb"]
exclude_patterns = ["_static"]

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
myst_heading_slug_func = "course_tools.site.heading_anchor"

# --- pages

html_theme = "pydata_sphinx_theme"
html_title = project
html_static_path = ["_static"]
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
mathjax_path = "mathjax/tex-svg.js"

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


def setup(app):
    """Register the functions above."""
    for function in (describe_figures, mark_claims, mark_points):
        app.connect("doctree-read", function)
