"""The decks as a lecturer shows them: every slide of every deck, from the disk."""

import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat import v4

from course_tools import catalog, report, slides

NOTEBOOKS = catalog.find(Path(__file__).resolve().parents[2] / "notebooks")

WIDTH, FOOTER = 1280, 690  # below stand the progress bar and the slide's number
SMALLEST_TYPE = 18  # pixels, of a height of 720
SMALLEST_FIGURE = 0.66  # of its size, at which its type is 12 pixels high

READY = "window.Reveal && Reveal.isReady()"

# Shows each slide with all its fragments, and returns what is wrong, by cell.
VISIT = """
([width, footer, smallestType, smallestFigure]) => {
  const found = [];
  const unseen = "mjx-assistive-mml, aside, svg";
  for (const slide of Reveal.getSlides()) {
    const { h, v } = Reveal.getIndices(slide);
    Reveal.slide(h, v, 999);
    const screen = slide.querySelector(".screen").getBoundingClientRect();
    const tell = (element, problem) => {
      const cell = element.closest("[data-cell]");
      const place = `slide ${h + 1}.${(v || 0) + 1}`;
      found.push({ cell: cell && cell.dataset.cell, problem: `${place}: ${problem}` });
    };
    if (Reveal.getCurrentSlide() !== slide) tell(slide, "cannot be reached");
    if (slide.querySelector(".fragment:not(.visible)")) tell(slide, "hides a fragment");
    if (!slide.innerText.trim() && !slide.querySelector("img")) tell(slide, "is empty");
    for (const element of slide.querySelectorAll("*")) {
      if (element.closest(unseen)) continue;
      const box = element.getBoundingClientRect();
      const down = box.bottom - screen.top - footer;
      const across = box.left - screen.left + element.scrollWidth - width;
      if (box.height && element.closest("[data-cell]")) {
        if (down > 0) tell(element, `${element.tagName} ends ${down} px too low`);
        if (across > 0) tell(element, `${element.tagName} is ${across} px too wide`);
      }
      if (element.tagName === "PRE" && element.scrollWidth > element.clientWidth)
        tell(element, "code is cut off at the right");
      const text = [...element.childNodes].filter(node => node.nodeType === 3)
        .map(node => node.data.trim()).join("");
      if (!text) continue;
      const size = parseFloat(getComputedStyle(element).fontSize);
      if (size < smallestType) tell(element, `type of ${size} px: ${text}`);
      if (text.includes("$") && !element.closest("pre, code"))
        tell(element, `a formula is not set: ${text}`);
    }
    for (const error of slide.querySelectorAll("[data-mjx-error], mjx-merror"))
      tell(error, `a formula is wrong: ${error.textContent}`);
    for (const image of slide.querySelectorAll("img")) {
      if (!image.complete || !image.naturalWidth) tell(image, "a picture is missing");
      const { width, height } = image.getBoundingClientRect();
      const scale = Math.min(width / image.naturalWidth, height / image.naturalHeight);
      if (scale < smallestFigure) tell(image, `a figure is shrunk to ${scale}`);
      if (image.alt.length < 20) tell(image, `alt text is ${image.alt}`);
    }
  }
  return found;
}
"""


@pytest.fixture(scope="module")
def decks(chromium, tmp_path_factory):
    """The folder with all decks, made once; without a browser, not at all."""
    folder = tmp_path_factory.mktemp("decks")
    slides.write(NOTEBOOKS, folder, NOTEBOOKS)
    return folder


def name_cell(notebook, problem):
    """The problem, with number and heading of its cell in the notebook."""
    heading = ""
    for number, cell in enumerate(notebook.cells, start=1):
        found = re.match(r"#{2,3} (.+)", cell.source)
        heading = found[1] if found and cell.cell_type == "markdown" else heading
        if cell.id == problem["cell"]:
            return f"cell {number} ({heading}), {problem['problem']}"
    return problem["problem"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_slide_can_be_shown(path, decks, tab):
    tab.page.goto((decks / f"{path.stem}.html").as_uri())
    tab.page.wait_for_function(READY, timeout=60_000)
    limits = [WIDTH, FOOTER, SMALLEST_TYPE, SMALLEST_FIGURE]
    notebook = nbformat.read(path, as_version=4)
    problems = [
        name_cell(notebook, found) for found in tab.page.evaluate(VISIT, limits)
    ]
    assert not problems, "\n".join([path.name, *problems])
    formulas = any("$" in c.source for c in notebook.cells if c.cell_type == "markdown")
    assert bool(tab.page.query_selector("mjx-container svg")) == formulas
    assert tab.page.evaluate("Reveal.getTotalSlides()") >= 15
    assert tab.page.query_selector_all("aside.notes")
    assert tab.problems == []
    beside = decks.as_uri() + "/"
    assert [url for url in tab.requests if not url.startswith((beside, "data:"))] == []


def test_the_speaker_sees_notes(decks, tab):
    path = NOTEBOOKS[0]
    tab.page.goto((decks / f"{path.stem}.html").as_uri())
    tab.page.wait_for_function(READY)
    place = tab.page.evaluate(
        "(notes => Reveal.getIndices(notes.closest('section')))"
        "(document.querySelector('aside.notes'))"
    )
    tab.page.evaluate("({ h, v }) => Reveal.slide(h, v)", place)
    with tab.page.expect_popup() as popup:
        tab.page.keyboard.press("s")
    notes = popup.value.locator(".speaker-controls-notes .value")
    popup.value.wait_for_function(
        "document.querySelector('.speaker-controls-notes .value').innerText.length > 9"
    )
    assert "✓" in notes.inner_text()
    assert tab.problems == []


def test_a_deck_prints_one_page_for_each_slide(decks, tab):
    deck = decks / f"{NOTEBOOKS[0].stem}.html"
    tab.page.goto(deck.as_uri() + "?print-pdf")
    tab.page.wait_for_function(READY)
    tab.page.wait_for_selector(".pdf-page")
    printed = tab.page.pdf(prefer_css_page_size=True, print_background=True)
    pages = len(re.findall(rb"/Type ?/Page\b", printed))
    assert pages == tab.page.evaluate("Reveal.getTotalSlides()")
    assert tab.problems == []


def test_the_index_opens_every_deck(decks, tab):
    tab.page.goto((decks / "index.html").as_uri())
    links = tab.page.locator("ol a")
    assert links.count() == len(NOTEBOOKS)
    for path, shown in zip(NOTEBOOKS, links.all_inner_texts(), strict=True):
        about = catalog.describe(path)
        assert shown == f"{about.title} · {about.title_zh}"
    links.first.click()
    tab.page.wait_for_function(READY)
    assert tab.page.title() == "01 · " + shown_title(NOTEBOOKS[0])
    assert tab.problems == []
    assert all(url.startswith(decks.as_uri()) for url in tab.requests)


def shown_title(path):
    about = catalog.describe(path)
    return f"{about.title} · {about.title_zh}"


def test_executed_pages_set_their_formulas_without_network(tmp_path, tab):
    """What ``run`` leaves behind can be read on a machine without network."""
    cells = [v4.new_markdown_cell("Slope $f'(z)$ and\n\n$$\\frac{1}{2}$$")]
    outcome = SimpleNamespace(name="01_page", notebook=v4.new_notebook(cells=cells))
    report.write_executed(outcome, tmp_path)
    tab.page.goto((tmp_path / "01_page.html").as_uri())
    tab.page.wait_for_selector("mjx-container[display=true] svg", state="attached")
    assert tab.page.locator("mjx-container").count() == 2
    assert tab.problems == []
    assert all(url.startswith(tmp_path.as_uri()) for url in tab.requests)
