"""The decks as a lecturer shows them: every slide of every deck, from the disk."""

import re
from types import SimpleNamespace

import nbformat
import pytest
from keyboard import tab_stops
from nbformat import v4

from course_tools import catalog, handout, places, report, slides
from course_tools.main import main
from course_tools.notebook import read

NOTEBOOKS = catalog.find(places.NOTEBOOKS)

WIDTH, FOOTER = 1280, 690  # below stand the progress bar and the slide's number
SMALLEST_TYPE = 18  # pixels, of a height of 720
SMALLEST_FIGURE = 0.66  # of its size, at which its type is 12 pixels high

READY = "window.Reveal && Reveal.isReady()"

# Shows each slide with all its fragments, and returns what is wrong, by cell.
VISIT = """
([width, footer, smallestType, smallestFigure]) => {
  const found = [];
  const unseen = "mjx-assistive-mml, aside, svg, pre *";
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
      if (!text && element.tagName !== "PRE") continue;
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
    """The folder of a small course's slides; without a browser, it is not made."""
    course = tmp_path_factory.mktemp("course")
    slope = "## Slope · 斜率\n\nIt is $f'(z)$, [of course](https://example.org/f)."
    prose = ("# 01 · Tiny · 小", slope, "## End")
    kinds = ("slide", "slide", "subslide")
    cells = [
        v4.new_markdown_cell(text, metadata={"slideshow": {"slide_type": kind}})
        for text, kind in zip(prose, kinds, strict=True)
    ]
    claim = v4.new_output("stream", text="✓ slope > 0\n")
    cells.append(v4.new_code_cell("expect(1)", outputs=[claim], execution_count=1))
    cells[-1].metadata.slideshow = {"slide_type": "skip"}
    nbformat.write(v4.new_notebook(cells=cells), course / "01_tiny.ipynb")
    folder = tmp_path_factory.mktemp("decks")
    assert main(["slides", "--folder", str(course), "--to", str(folder)]) == 0
    return folder


def name_cell(notebook, problem):
    """The problem, with number and heading of its cell in the notebook."""
    heading = ""
    for number, cell in enumerate(notebook.cells, start=1):
        found = re.match(r"#{2,3} (.+)", cell.source)
        heading = found[1] if found and cell.cell_type == "markdown" else heading
        if cell.id == (problem["cell"] or "").removesuffix("-output"):
            return f"cell {number} ({heading}), {problem['problem']}"
    return problem["problem"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_slide_can_be_shown(path, decks, shared_tab):
    deck = decks / f"{path.stem}.html"
    deck.write_text(slides.deck(path), "utf-8")
    page = shared_tab.page
    shared_tab.visit(deck.as_uri())
    page.wait_for_function(READY, timeout=60_000)
    limits = [WIDTH, FOOTER, SMALLEST_TYPE, SMALLEST_FIGURE]
    notebook = read(path)
    problems = [name_cell(notebook, found) for found in page.evaluate(VISIT, limits)]
    assert not problems, "\n".join([path.name, *problems])
    formulas = any("$" in c.source for c in notebook.cells if c.cell_type == "markdown")
    assert bool(page.query_selector("mjx-container svg")) == formulas
    assert page.evaluate("Reveal.getTotalSlides()") >= 15
    assert page.query_selector_all("aside.notes")
    assert_nothing_is_missing(shared_tab, decks)


def assert_nothing_is_missing(tab, folder):
    """No errors, and nothing loaded that does not lie in the folder."""
    assert tab.problems == []
    beside = (folder.as_uri() + "/", "data:")
    assert [url for url in tab.requests if not url.startswith(beside)] == []


def test_the_index_opens_a_deck(decks, shared_tab):
    shared_tab.visit((decks / "index.html").as_uri())
    shared_tab.page.get_by_text("Tiny · 小").click()
    shared_tab.page.wait_for_function(READY)
    assert shared_tab.page.title() == "01 · Tiny · 小"
    assert_nothing_is_missing(shared_tab, decks)


WHERE = "(({ h, v }) => [h, v])(Reveal.getIndices())"


def test_keys_move_through_a_deck(decks, tab):
    """A remote control sends some of these too."""
    keyboard, page = tab.page.keyboard, tab.page
    tab.visit((decks / "01_tiny.html").as_uri())
    page.wait_for_function(READY)
    for key, place in {
        "Space": [1, 0],
        "ArrowRight": [1, 1],
        "Shift+Space": [1, 0],
        "ArrowLeft": [0, 0],
        "ArrowDown": [1, 0],
        "PageDown": [1, 1],
        "PageUp": [1, 0],
        "Home": [0, 0],
        "End": [1, 0],
    }.items():
        keyboard.press(key)
        assert page.evaluate(WHERE) == place, key
    keyboard.press("Escape")
    assert page.evaluate("Reveal.isOverview()")
    assert page.get_by_role("link", name="of course").is_visible()
    for key in ("ArrowDown", "Escape"):
        keyboard.press(key)
    assert page.evaluate(WHERE) == [1, 1]
    assert not page.evaluate("Reveal.isOverview()")


def test_the_tab_key_stays_on_the_slide_that_is_shown(decks, tab):
    tab.visit((decks / "01_tiny.html").as_uri())
    tab.page.wait_for_function(READY)
    beside = ["previous slide", "next slide"]
    for links, number in (([], 1), (["of course"], 2), ([], 3)):
        stops = tab_stops(tab.page)
        assert all(stop["seen"] for stop in stops)
        texts = [stop["text"] for stop in stops]
        assert texts[: len(links) + 1] == [*links, f"{number} / 3"]
        assert set(texts[len(links) + 1 :]) <= set(beside)
        tab.page.keyboard.press("ArrowRight")
        tab.page.evaluate("document.activeElement.blur()")


def test_the_speaker_sees_notes(decks, tab):
    tab.visit((decks / "01_tiny.html").as_uri() + "#/1/1")
    tab.page.wait_for_function(READY)
    with tab.page.expect_popup() as popup:
        tab.page.keyboard.press("s")
    notes = popup.value.locator(".speaker-controls-notes .value")
    notes.get_by_text("✓ slope > 0").wait_for()
    assert tab.problems == []


def test_a_deck_prints_one_page_for_each_slide(decks, chromium):
    printed = handout.printed(chromium, decks / "01_tiny.html")
    assert len(re.findall(rb"/Type ?/Page\b", printed)) == 3


def test_executed_pages_set_their_formulas_without_network(tmp_path, shared_tab):
    """What ``run`` leaves behind can be read on a machine without network."""
    cells = [v4.new_markdown_cell("Slope $f'(z)$ and\n\n$$\\frac{1}{2}$$")]
    outcome = SimpleNamespace(name="01_page", notebook=v4.new_notebook(cells=cells))
    report.write_executed(outcome, tmp_path)
    shared_tab.visit((tmp_path / "01_page.html").as_uri())
    page = shared_tab.page
    page.wait_for_selector("mjx-container[display=true] svg", state="attached")
    assert page.locator("mjx-container").count() == 2
    assert_nothing_is_missing(shared_tab, tmp_path)
