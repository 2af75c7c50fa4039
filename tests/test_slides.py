"""Decks and their index, as far as it shows without a browser."""

import json
import os
import re
import tomllib

import nbformat
import pytest
from nbformat import v4
from notebook_files import NOTEBOOKS, ROOT

from course_tools import slides
from course_tools.main import main
from course_tools.notebook import EXERCISE_TAGS, read, tags

ASSETS = ROOT / "course_tools" / "assets"
#: The smallest picture: one pixel.
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmM"
    "IQAAAABJRU5ErkJggg=="
)


def prose(source, kind):
    return v4.new_markdown_cell(source, metadata={"slideshow": {"slide_type": kind}})


def code(source, kind, printed="", alt="", tags=()):
    """An executed cell, with what it printed and a figure if there is an `alt`."""
    cell = v4.new_code_cell(source, execution_count=1)
    cell.metadata |= {"slideshow": {"slide_type": kind}, "tags": list(tags)}
    if printed:
        cell.outputs.append(v4.new_output("stream", text=printed))
    if alt:
        data = {"image/png": PNG, "application/vnd.jupyter.widget-view+json": {}}
        about = {"image/png": {"alt": alt}}
        cell.outputs.append(v4.new_output("display_data", data, metadata=about))
    return cell


def notebook(*cells):
    title = prose("# 01 · Tiny & <b>small</b> · 小", "slide")
    return v4.new_notebook(cells=[title, *cells])


@pytest.fixture
def course(tmp_path):
    """Two notebooks: one with something of everything, one that did not run."""
    folder = tmp_path / "course"
    folder.mkdir()
    whole = notebook(
        code("import secret_setup", "skip"),
        prose("## Slope · 斜率\n\nWith $a<b$, see [next](02_two.ipynb#A).", "slide"),
        code("model = 1", "fragment", alt="A <line>"),
        code("plt.subplots()", "fragment", alt="B", tags=["hide-input"]),
        code("expect('steep', True)", "skip", "✓ steep & true\nnoise\n"),
        prose("Ask the class first: $c^2$?", "notes"),
        prose("### Exercise 1 · 练习", "skip"),
        code("starter = ...", "skip", tags=["exercise-starter"]),
        code("check()", "skip", "✓ of the check\n", tags=["exercise-check"]),
    )
    nbformat.write(whole, folder / "01_one.ipynb")
    two = notebook(prose("## A · 甲", "slide"))
    two.cells.append(v4.new_code_cell("1", metadata={"slideshow": {"slide_type": "-"}}))
    nbformat.write(two, folder / "02_two.ipynb")
    return folder


def test_a_deck_shows_what_its_cells_are_typed_for(course):
    page = slides.deck(course / "01_one.ipynb")
    assert "<title>01 · Tiny &amp; &lt;b&gt;small&lt;/b&gt; · 小</title>" in page
    for absent in ("secret_setup", "noise", "starter", "of the check", "subplots"):
        assert absent not in page
    assert "model" in page
    assert 'alt="B"' in page
    assert 'alt="A &lt;line&gt;"' in page
    assert "widget-view" not in page
    assert '<span lang="zh">斜率</span>' in page
    assert 'href="02_two.html#A"' in page


def test_notes_and_claims_go_to_the_speaker(course):
    page = slides.deck(course / "01_one.ipynb")
    (notes,) = re.findall(r'<aside class="notes">(.*?)</aside>', page, flags=re.DOTALL)
    assert "✓ steep &amp; true" in notes
    assert "Ask the class first: $c^2$?" in notes
    assert page.count("Ask the class") == 1


def test_the_index_lists_every_lecture_and_links_decks(course, tmp_path, capsys):
    to = tmp_path / "new" / "slides"
    assert main(["slides", "1", "--folder", str(course), "--to", str(to)]) == 0
    assert capsys.readouterr().out == f"slides of 1 notebook: {to / 'index.html'}\n"
    page = (to / "index.html").read_text("utf-8")
    assert re.findall(r'<a href="([^"]+)"', page) == ["01_one.html"]
    assert page.count("Tiny &amp; &lt;b&gt;small&lt;/b&gt; · 小") == 2
    assert "make slides NB=02" in page
    there = {path.relative_to(to).as_posix() for path in to.rglob("*")}
    copied = {path.relative_to(ASSETS).as_posix() for path in ASSETS.glob("*/*")}
    assert {"01_one.html", "assets/slides.css"} <= there
    assert {f"assets/{name}" for name in copied} <= there


def test_pages_name_nothing_outside_their_folder(course, tmp_path):
    to = tmp_path / "slides"
    assert main(["slides", "1", "--folder", str(course), "--to", str(to)]) == 0
    for page in [*to.glob("*.html"), to / "assets" / "slides.css"]:
        text = page.read_text("utf-8")
        for word in ("http:", "https:", 'src="//', "@import", "url("):
            assert word not in text, page
        for source in re.findall(r'(?:src|link rel="stylesheet" href)="([^"]+)"', text):
            assert source.startswith("data:") or (to / source).is_file(), source


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        (["2"], "02_two.ipynb holds code that was not executed"),
        (["1", "2"], "02_two.ipynb holds code that was not executed"),
        (["9"], "there is no notebook '9'"),
        (["3"], "03_three.ipynb: no notebook can be read from it"),
        (["4"], "04_four.ipynb shows nothing on slides"),
        (["5"], "05_five.ipynb: no notebook can be read from it"),
        (["6"], "06_six.ipynb: no notebook can be read from it"),
    ],
)
def test_what_cannot_be_shown_is_one_clear_line(
    course, tmp_path, capsys, wanted, complaint
):
    (course / "03_three.ipynb").write_text("{", "utf-8")
    (course / "05_five.ipynb").write_text("{}", "utf-8")
    (course / "06_six.ipynb").write_text("[]", "utf-8")
    empty = v4.new_notebook(cells=[prose("all skipped", "skip")])
    nbformat.write(empty, course / "04_four.ipynb")
    to = tmp_path / "slides"
    assert main(["slides", *wanted, "--folder", str(course), "--to", str(to)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert complaint in err
    assert err.count("\n") == 1
    assert not to.exists()


def test_a_folder_that_cannot_be_made_is_one_clear_line(course, tmp_path, capsys):
    (tmp_path / "file").write_text("", "utf-8")
    to = str(tmp_path / "file" / "slides")
    assert main(["slides", "1", "--folder", str(course), "--to", to]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert "file" in err
    assert err.count("\n") == 1


def slides_of(course, *cells):
    """The text of each slide of a notebook with these cells, the title's left out."""
    nbformat.write(notebook(*cells), course / "03_three.ipynb")
    page = slides.deck(course / "03_three.ipynb")
    found = re.findall(r'<div class="screen".*?(?=</section>)', page, flags=re.DOTALL)
    return [re.sub(r"<[^>]+>", "", slide) for slide in found[1:]]


def test_of_a_cell_with_folded_code_only_what_it_shows_is_shown(course):
    claim = "✓ steep\n✓ and steady\n"
    fragment = code("expect(steep)", "fragment", claim, tags=["hide-input"])
    nothing = code("def draw(): ...", "subslide", tags=["hide-input"])
    (slide,) = slides_of(course, prose("## A", "slide"), fragment, nothing)
    assert claim in slide
    page = slides.deck(course / "03_three.ipynb")
    assert page.count("✓ steep") == 1
    assert 'class="printed claims"' in page
    assert "expect" not in page
    assert "draw" not in page


def test_output_gets_the_next_slide_where_a_tag_says_so(course):
    cell = code("a = 1\n\n\nb = 2", "slide", "printed", tags=["output-slide"])
    first, second = slides_of(course, cell)
    assert "a = 1\n\nb = 2" in first
    assert "printed" not in first
    assert "printed" in second
    cell.metadata.tags = []
    assert len(slides_of(course, cell)) == 1
    cell.metadata.tags = ["output-slide", "hide-input"]
    assert len(slides_of(course, cell)) == 1


def test_of_a_training_log_first_and_last_lines_are_shown(course):
    log = "".join(f"epoch {number}\n" for number in range(9))
    cell = code("fit()", "slide", log, tags=["nbval-ignore-output"])
    (slide,) = slides_of(course, cell)
    assert "epoch 0\nepoch 1\n…\nepoch 8" in slide
    assert "epoch 2" not in slide


def test_code_in_prose_is_left_as_it_is(course):
    source = "## A · 甲\n\n```\n# a · 乙 [b](02_two.ipynb)\n```\n\n[b](02_two.ipynb)"
    (slide,) = slides_of(course, prose(source, "slide"))
    assert "# a · 乙 [b](02_two.ipynb)" in slide
    assert 'href="02_two.html"' in slides.deck(course / "03_three.ipynb")


def test_a_comment_is_no_heading(course):
    cells = [prose("## A", "slide"), code("# b\n1", "slide"), code("2", "slide")]
    *_, last = slides_of(course, *cells)
    assert last.split() == ["A", "2"]


def test_names_are_kept_whole_and_links_are_quoted(tmp_path, capsys):
    """Names with dots, and with what means something else in an address."""
    names = ("15_tf2.20_tour", "15_tf2.21_tour", "16_50% off #1")
    folder, to = tmp_path / "course", tmp_path / "slides"
    folder.mkdir()
    links = "[a](15_tf2.20_tour.ipynb) [b](15_tf2.21_tour.ipynb#B) [c](../16_x.ipynb)"
    for name in names:
        nbformat.write(notebook(prose(links, "slide")), folder / f"{name}.ipynb")
    assert main(["slides", "--folder", str(folder), "--to", str(to)]) == 0
    decks = {path.stem for path in to.glob("*.html")}
    assert decks == {"index", *names}
    page = (to / "index.html").read_text("utf-8")
    linked = re.findall(r'<a href="([^"]+)\.html"', page)
    assert linked == ["15_tf2.20_tour", "15_tf2.21_tour", "16_50%25%20off%20%231"]
    page = (to / "15_tf2.20_tour.html").read_text("utf-8")
    for link in ("15_tf2.20_tour.html", "15_tf2.21_tour.html#B", "../16_x.ipynb"):
        assert f'href="{link}"' in page


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_exercises_and_setup_are_not_on_slides(path):
    """What a student is to write, and its solution, is nothing for the screen."""
    for cell in read(path).cells:
        if set(EXERCISE_TAGS) & set(tags(cell)) or "seed_everything(" in cell.source:
            assert cell.metadata.slideshow.slide_type == "skip", cell.source


def test_vendored_files_have_their_licence_and_are_installed():
    readme = (ASSETS / "README.md").read_text("utf-8")
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = pyproject["tool"]["setuptools"]["package-data"]["course_tools"]
    package = ROOT / "course_tools"
    installed = {path for pattern in patterns for path in package.glob(pattern)}
    for folder in filter(os.path.isdir, ASSETS.iterdir()):
        assert f"`{folder.name}`" in readme
        assert (folder / "LICENSE").read_text("utf-8").strip()
    for path in ASSETS.rglob("*"):
        assert path.is_dir() or path in installed, path
    assert sum(path.stat().st_size for path in installed) < 3_000_000


def test_what_other_programs_wrote_makes_a_deck(course):
    """Without slide types, without cell ids, with the empty cell that is left last."""
    path = course / "01_one.ipynb"
    data = json.loads(path.read_text("utf-8"))
    data["nbformat_minor"] = 0
    data["cells"].append(v4.new_code_cell("  \n"))
    for cell in data["cells"]:
        cell.pop("id")
        cell["metadata"].pop("slideshow", None)
    data["cells"][3]["metadata"]["tags"] = ["output-slide"]
    path.write_text(json.dumps(data), "utf-8")
    page = slides.deck(path)
    assert "secret_setup" in page
    assert 'data-cell="cell-4-output"' in page
