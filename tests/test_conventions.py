"""Every notebook keeps the house style, and none can pass by comparing nothing."""

import ast
import base64
import json
import re
from urllib.parse import unquote

import pytest
from notebook_files import CLOSING, NOTEBOOKS, ROOT, calls, load, name_of, tree

from course_tools.notebook import (
    CHECK,
    EXERCISE_TAGS,
    IGNORED,
    SOLUTION,
    anchor,
    code_cells,
    headings,
    sections,
    tags,
)
from course_tools.notebook import prose as markdown

CHINESE = re.compile(r"[\u4e00-\u9fff]")
SLIDE_TYPES = {"slide", "subslide", "fragment", "skip", "notes"}
SEEDERS = {"seed_everything", "default_rng", "set_random_seed", "SeedGenerator"}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return load(path)


def outputs_of_kind(notebook, kind):
    return [o for c in code_cells(notebook) for o in c.outputs if o.output_type == kind]


def displayed(notebook):
    return outputs_of_kind(notebook, "display_data") + outputs_of_kind(
        notebook, "execute_result"
    )


def test_there_are_notebooks():
    assert NOTEBOOKS, "notebooks/ holds no notebook"


# --- stored as run -------------------------------------------------------------------


def test_no_formula_has_lost_its_backslash(notebook):
    """A script that writes "\\text" with one backslash too few leaves a tab."""
    for cell in notebook.cells:
        broken = [c for c in cell.source if c < " " and c != "\n"]
        assert not broken, f"{broken[0]!r} in: {cell.source[:80]}"


def test_cells_are_stored_as_run_from_top_to_bottom(notebook):
    code = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
    counts = [cell.execution_count for cell in code]
    assert counts == list(range(1, len(counts) + 1))


def test_no_error_is_stored(notebook):
    assert not outputs_of_kind(notebook, "error")


def test_nothing_is_stored_from_stderr(notebook):
    assert [o for o in outputs_of_kind(notebook, "stream") if o.name == "stderr"] == []


def test_most_outputs_are_compared(notebook):
    """A cell that is skipped or ignored proves nothing."""
    with_output = [cell for cell in code_cells(notebook) if cell.outputs]
    uncompared = {IGNORED, "nbval-skip"}
    compared = [cell for cell in with_output if not uncompared & set(tags(cell))]
    assert with_output
    assert len(compared) >= 0.6 * len(with_output)


def test_no_cell_is_skipped_or_expected_to_fail(notebook):
    forbidden = {"nbval-skip", "raises-exception", "nbval-raises-exception"}
    comments = re.compile(r"#\s*(NBVAL_|PYTEST_VALIDATE_)")
    for cell in code_cells(notebook):
        assert not forbidden & set(tags(cell)), cell.source
        assert not comments.search(cell.source), cell.source


def test_every_claim_left_its_line(notebook):
    """Each cell that calls `expect` stored what it printed, and is compared."""
    for cell in code_cells(notebook):
        if calls([cell], "expect"):
            assert IGNORED not in tags(cell), cell.source
            text = "".join(o.get("text", "") for o in cell.outputs)
            assert "✓ " in text, cell.source


def test_no_measured_number_is_compared(notebook):
    """The value of a cell's last line shows digits that differ between processors."""
    for cell in code_cells(notebook):
        if IGNORED not in tags(cell):
            for out in cell.outputs:
                shown = out.get("data", {}).get("text/plain", "")
                if out.output_type == "execute_result":
                    assert not re.search(r"\d\.\d{3}", shown), cell.source
            for line in "".join(o.get("text", "") for o in cell.outputs).splitlines():
                assert line.startswith("✓") or not re.search(r"\d\.\d{5}", line), line


def test_metadata_depends_on_no_machine(notebook):
    assert "widgets" not in notebook.metadata
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata.get("language_info", {})) <= {"name"}
    for cell in code_cells(notebook):
        assert "execution" not in cell.metadata
        for output in cell.outputs:
            assert "application/vnd.jupyter.widget-view+json" not in output.get(
                "data", {}
            )


# --- anatomy -------------------------------------------------------------------------


def test_title_cell(path, notebook):
    number = path.name[:2]
    title = "\n\n".join(cell.source for cell in notebook.cells[:2])
    first_line = title.splitlines()[0]
    assert re.match(rf"# {number} · .+ · .*[\u4e00-\u9fff]", first_line), first_line
    for needed in ("**Lecture section**", "**Needs**", "You will see", "要点"):
        assert needed in title
    stated = re.search(r"\*\*Time\*\*:? about (\d+) s on two CPU cores", title)
    assert stated, "the title cell says how long the notebook takes"
    assert int(stated.group(1)) <= 60


def test_setup_cell(notebook):
    """The first code cell imports and seeds; no later one has an import list."""
    setup, *rest = code_cells(notebook)
    assert calls([setup], "seed_everything"), "the setup cell seeds everything"
    for cell in rest:
        imports = [
            node
            for node in ast.walk(tree(cell.source))
            if isinstance(node, (ast.Import, ast.ImportFrom))
        ]
        assert len(imports) <= 1, cell.source


def test_headings_are_bilingual(notebook):
    for heading in headings(notebook):
        english, _, chinese = heading.partition(" · ")
        assert re.search("[A-Za-z]", english), heading
        assert CHINESE.search(chinese), heading


def test_sections_open_with_a_chinese_sentence(notebook):
    for heading, cells in sections(notebook).items():
        if not heading.startswith(CLOSING):
            first = cells[0].source.split("\n", 1)[1].strip().split("\n\n")[0]
            assert re.fullmatch(r"\*要点：.+\*", first, flags=re.DOTALL), heading


def test_closing_sections(notebook):
    names = [heading.partition(" · ")[0] for heading in headings(notebook)]
    assert names[-3:] == list(CLOSING)
    table = sections(notebook)
    slides = next(c for h, c in table.items() if h.startswith("On the slides"))
    assert re.search(r"^\|.+\|.+\|\s*$", slides[0].source, flags=re.MULTILINE)


def test_sections_have_a_claim_that_is_checked(notebook):
    for heading, cells in sections(notebook).items():
        if not heading.startswith(CLOSING):
            assert calls(cells, "expect"), f"nothing is checked under {heading!r}"


def test_exercises(path, notebook):
    """Starter, check, folded solution, in this order, at least three times."""
    exercises = [
        tag for cell in code_cells(notebook) for tag in tags(cell) if "exercise" in tag
    ]
    titles = re.findall(r"^### Exercise (\d+) · ", markdown(notebook), re.MULTILINE)
    assert [int(number) for number in titles] == list(range(1, len(titles) + 1))
    assert len(titles) >= 3
    assert exercises == list(EXERCISE_TAGS) * len(titles)
    for cell in code_cells(notebook):
        text = "".join(o.get("text", "") for o in cell.outputs)
        if CHECK in tags(cell):
            assert "✓" not in text, f"the starter passes already: {cell.source}"
            assert text.startswith("Not yet: "), cell.source
        if SOLUTION in tags(cell):
            assert "✓" in text, cell.source
            assert "Not yet" not in text, cell.source
            assert cell.metadata.get("jupyter", {}).get("source_hidden"), cell.source
    assert (ROOT / f"course_utils/exercises/lecture_{path.name[:2]}.py").is_file()


def test_every_cell_has_a_slide_type(notebook):
    for cell in notebook.cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        assert kind in SLIDE_TYPES, cell.source


# --- sizes, figures, links -----------------------------------------------------------


def test_lines_of_code_are_short(notebook):
    for cell in code_cells(notebook):
        assert max(map(len, cell.source.splitlines())) <= 88, cell.source


def test_notebook_is_small(path):
    assert path.stat().st_size <= 1_000_000


def test_figures_are_small_and_have_alt_text(notebook):
    pictures = [out for out in displayed(notebook) if "image/png" in out.data]
    assert pictures, "a notebook without a figure"
    for out in pictures:
        assert len(base64.b64decode(out.data["image/png"])) <= 100_000
        alt = out.metadata.get("image/png", {}).get("alt", "")
        assert len(alt) >= 30, f"alt text is missing or too short: {alt!r}"
        assert out.data["text/plain"] == f"[figure] {alt}"
    assert not [o for o in displayed(notebook) if "image/svg+xml" in o.data]


def test_figures_go_through_show(notebook):
    code = "\n".join(cell.source for cell in code_cells(notebook))
    assert "plt.show(" not in code
    assert "clear_output" not in code
    for call in calls(code_cells(notebook), "show"):
        assert "alt" in {keyword.arg for keyword in call.keywords}


def test_links_resolve(path, notebook):
    for target in re.findall(r"\]\(([^)\s]+)\)", markdown(notebook)):
        if re.match(r"https?://", target):
            continue
        name, _, fragment = unquote(target).partition("#")
        linked = (path.parent / name) if name else path
        assert linked.exists(), target
        if fragment and linked.suffix == ".ipynb":
            other = load(linked)
            found = headings(other) + headings(other, 3)
            assert fragment in map(anchor, found), target


def test_the_title_cell_links_how_to_read_checks(notebook):
    assert "](how_to_read.md)" in notebook.cells[0].source


def test_no_absolute_paths(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w.:/])/(home|root|Users|tmp|work|usr)/", text)
    assert not re.search(r"\b[A-Z]:\\\\", text)


# --- seeds and bounds ----------------------------------------------------------------


def test_one_line_governs_every_random_number(notebook):
    """Literal seeds stand in the setup cell only, so that a rerun can change them."""
    _, *rest = code_cells(notebook)
    assert not calls(rest, "seed_everything")
    for name in SEEDERS:
        for call in calls(rest, name):
            values = [*call.args, *(keyword.value for keyword in call.keywords)]
            assert values, f"{name}() draws from no seed"
            assert not isinstance(values[0], ast.Constant), ast.unparse(call)
    for cell in rest:
        for node in ast.walk(tree(cell.source)):
            if isinstance(node, ast.keyword) and node.arg in ("seed", "random_state"):
                assert not isinstance(node.value, ast.Constant), cell.source
            if isinstance(node, ast.Attribute) and node.attr == "random":
                owner = getattr(node.value, "id", "")
                assert owner != "tf", f"tf.random has no seed of its own: {cell.source}"
    legacy = re.compile(r"np\.random\.(?!default_rng|Generator|SeedSequence)\w+")
    assert not [c.source for c in code_cells(notebook) if legacy.search(c.source)]


def test_bounds_are_numbers(notebook):
    """A printed bound that was measured would differ from machine to machine."""
    for call in calls(code_cells(notebook), "expect"):
        for keyword in call.keywords:
            if keyword.arg in ("at_least", "at_most", "between", "tolerance"):
                ast.literal_eval(keyword.value)
        assert isinstance(call.args[0], ast.Constant), ast.unparse(call)


def test_expect_is_the_one_of_the_package(notebook):
    """No cell puts a milder function in its place."""
    for cell in code_cells(notebook):
        for node in ast.walk(tree(cell.source)):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                assert node.name not in ("expect", "show")
            if isinstance(node, ast.Assign):
                assert "expect" not in [name_of(target) for target in node.targets]


def test_notebook_json_is_as_nbformat_writes_it(path):
    text = path.read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"
