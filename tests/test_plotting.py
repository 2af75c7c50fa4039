"""Figures: small PNGs with alt text, drawn from what they are given."""

import io
import os
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from notebook_files import NOTEBOOKS, calls
from PIL import Image

from course_tools.notebook import code_cells, read
from course_utils import plotting


@pytest.fixture(autouse=True)
def style():
    with plt.style.context("course_utils.course"):
        yield
    plt.close("all")


@pytest.fixture
def shown(monkeypatch):
    """What was displayed, as a list of (data, metadata)."""
    plt.close("all")  # what other tests have left open
    displayed = []
    monkeypatch.setattr(
        plotting,
        "display",
        lambda data, metadata, raw: displayed.append((data, metadata)),
    )
    return displayed


def test_show_displays_a_png_with_its_alt_text(shown):
    fig, ax = plt.subplots()
    ax.plot([0, 1])
    plotting.show(fig, alt="a rising line")
    (data, metadata), *more = shown
    assert not more
    assert Image.open(io.BytesIO(data["image/png"])).format == "PNG"
    assert data["text/plain"] == "[figure] a rising line"
    assert metadata["image/png"]["alt"] == "a rising line"
    assert plt.get_fignums() == []


@pytest.mark.parametrize("alt", ["", "  ", None])
def test_show_wants_alt_text(alt, shown):
    with pytest.raises(ValueError, match="alt"):
        plotting.show(plt.figure(), alt=alt)
    assert shown == []


def test_show_refuses_a_picture_that_is_too_large(shown):
    noise = np.random.default_rng(0).random((400, 500, 3))
    fig, ax = plt.subplots(figsize=(5, 4))
    ax.imshow(noise)
    with pytest.raises(ValueError, match="KB"):
        plotting.show(fig, alt="noise")
    assert shown == []


def test_explore_draws_both_ends_and_shows_the_default(shown):
    drawn = []

    def draw(rate, steps):
        drawn.append((rate, steps))
        return plt.figure()

    plotting.explore(draw, alt="curves", rate=(0.0, 1.0, 0.1, 0.5), steps=(1, 9, 1, 3))
    assert drawn == [(0.0, 1), (1.0, 9), (0.5, 3)]
    ((data, _),) = shown
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == "[figure] curves"
    assert plt.get_fignums() == []


@pytest.fixture
def widget(shown, monkeypatch):
    """Call `explore` and get the sliders, by name, and the picture."""
    import ipywidgets

    boxes = []
    original = ipywidgets.VBox
    monkeypatch.setattr(
        ipywidgets, "VBox", lambda parts: boxes.append(original(parts)) or boxes[-1]
    )

    def explore(draw, **options):
        plotting.explore(draw, **options)
        sheet, _, picture = boxes[-1].children
        return {slider.description: slider for slider in sheet.children}, picture

    return explore


def test_moving_a_slider_redraws_with_its_value(widget):
    drawn = []

    def draw(rate, steps):
        drawn.append((rate, steps))
        fig, ax = plt.subplots()
        ax.plot([0, rate], [0, steps])
        return fig

    sliders, picture = widget(
        draw, alt="a line", rate=(0.0, 1.0, 0.1, 0.5), steps=(1, 9, 1, 3)
    )
    pictures = [picture.value]
    for name, value in (("rate", 0.8), ("steps", 9), ("steps", 1)):
        sliders[name].value = value
        pictures.append(picture.value)
    assert drawn[3:] == [(0.8, 3), (0.8, 9), (0.8, 1)]
    assert len(set(pictures)) == 4
    assert plt.get_fignums() == []


def test_sliders_side_by_side(widget):
    drawn = []

    def draw(**numbers):
        drawn.append(tuple(numbers.values()))
        return plt.figure()

    spec = dict.fromkeys("abcdef", (-8, 8, 1, 1))
    sliders, _ = widget(draw, alt="nothing", columns=3, **spec)
    assert drawn == [(-8,) * 6, (8,) * 6, (1,) * 6]
    sliders["b"].value = 5
    assert drawn[-1] == (1, 5, 1, 1, 1, 1)


def test_sliders_keep_to_their_ends_and_kinds(widget):
    sliders, _ = widget(
        lambda first_rate, steps: plt.figure(),
        alt="nothing",
        first_rate=(0.0, 1.0, 0.1, 0.5),
        steps=(1, 9, 2, 3),
    )
    rate, steps = sliders["first rate"], sliders["steps"]
    assert (rate.min, rate.max, rate.step, rate.value) == (0.0, 1.0, 0.1, 0.5)
    assert (steps.min, steps.max, steps.step, steps.value) == (1, 9, 2, 3)
    steps.value = 40
    assert steps.value == 9
    assert isinstance(steps.value, int)


def test_what_fails_while_a_slider_moves_is_not_swallowed(widget):
    def draw(steps):
        fig, _ = plt.subplots()
        if steps == 4:
            raise ArithmeticError("nothing is drawn for 4")
        return fig

    sliders, picture = widget(draw, alt="nothing", steps=(1, 9, 1, 3))
    before = picture.value
    with pytest.raises(ArithmeticError, match="nothing is drawn for 4"):
        sliders["steps"].value = 4
    assert plt.get_fignums() == []  # the half-drawn one, too
    sliders["steps"].value = 5
    assert picture.value == before


@pytest.mark.parametrize("bad", [0, 3, 9])
def test_explore_passes_on_what_fails_at_an_end_or_the_default(bad, shown):
    def draw(rate):
        if rate == bad:
            raise ArithmeticError("cannot be drawn")
        return plt.figure()

    with pytest.raises(ArithmeticError, match="cannot be drawn"):
        plotting.explore(draw, alt="curves", rate=(0, 9, 1, 3))
    assert shown == []


def test_explore_checks_its_default():
    with pytest.raises(ValueError, match="rate: 3 is not between 0 and 1"):
        plotting.explore(lambda rate: None, alt="curves", rate=(0, 1, 1, 3))


#: What can be moved in which notebook.
SLIDERS = {
    "01": {"w", "b", "learning_rate"},
    "02": {"degree", "noise", "points"},
    "03": {"index", "lam"},
    "04": {"angle"},
    "05": {"doublings"},
    "06": {"position", "stride"},
    "07": {"gap"},
    "08": {"stop"},
    "09": {"digit"},
    "10": {"kilobyte"},
    "11": {"bit"},
    "12": {"module", "width"},
    "13": {"threshold", "size", "row", "column"},
    "14": {"pictures_per_class"},
    "21": {"angle"},
    "22": {"threshold", "steepness"},
    "23": {"power_of_four"},
    "24": {"skew"},
    "25": {"snapshot"},
    "26": {"trouble", "cure"},
    "31": {"distance", "rightly_labelled"},
    "32": {"right_class", "third_class", "delta"},
    "33": {"rate"},
    "34": {"decay", "rate_h", "gamma"},
    "35": {"n"},
    "36": {"circles", "time"},
    "37": {"radius"},
    "41": {"rank"},
    "42": {"power_of_ten"},
    "43": {"rate", "slope"},
    "44": {"previous"},
    "46": {"gain"},
    "47": {"first_rate", "half_life"},
    "51": {"w13", "x1", "k"},
    "53": {"count"},
}


@pytest.mark.parametrize("number", SLIDERS)
def test_notebooks_have_their_sliders_and_a_picture_without_them(number):
    """When such a cell is executed, `explore` draws the default and both ends."""
    (path,) = (path for path in NOTEBOOKS if path.name.startswith(number))
    found = set()
    for cell in code_cells(read(path)):
        for call in calls([cell], "explore"):
            found |= {keyword.arg for keyword in call.keywords}
            assert [1 for out in cell.outputs if "image/png" in out.get("data", {})]
    assert found - {"alt", "columns"} == SLIDERS[number]


def test_image_grid_draws_every_image_and_hides_the_rest():
    images = np.random.default_rng(0).random((7, 28, 28))
    fig = plotting.image_grid(images, titles=list("abcdefg"), columns=5)
    with_image = [ax for ax in fig.axes if ax.images]
    assert [ax.get_title() for ax in with_image] == list("abcdefg")
    np.testing.assert_array_equal(with_image[6].images[0].get_array(), images[6])
    assert len(fig.axes) == 10
    assert not any(ax.axison for ax in fig.axes)


def test_image_grid_takes_titles_as_an_array():
    fig = plotting.image_grid(np.zeros((3, 8, 8)), np.array([0, 1, 2]))
    assert [ax.get_title() for ax in fig.axes] == ["0", "1", "2"]
    fig = plotting.image_grid(np.zeros((2, 8, 8)), np.array(["a", "b"]))
    assert [ax.get_title() for ax in fig.axes] == ["a", "b"]


@pytest.mark.parametrize("titles", [None, [], np.array([])])
def test_image_grid_without_images_says_so(titles):
    """A perfect network has no mistakes to show."""
    (ax,) = plotting.image_grid(np.zeros((0, 28, 28)), titles).axes
    assert [text.get_text() for text in ax.texts] == ["none"]
    assert not ax.axison


def test_confusion_matrix_counts_like_tensorflow():
    import tensorflow as tf

    rng = np.random.default_rng(0)
    true, predicted = rng.integers(0, 4, (2, 200))
    (ax,) = plotting.confusion_matrix(true, predicted, "abcd").axes
    drawn = np.zeros((4, 4), int)
    for text in ax.texts:
        column, row = map(int, text.get_position())
        drawn[row, column] = int(text.get_text())
    np.testing.assert_array_equal(drawn, tf.math.confusion_matrix(true, predicted))


def test_a_confusion_matrix_of_many_classes_does_not_grow():
    some, many = (
        plotting.confusion_matrix(np.arange(k), np.arange(k), [*map(str, range(k))])
        for k in (30, 200)
    )
    assert many.get_size_inches().tolist() == some.get_size_inches().tolist()
    assert [len(figure.axes[0].texts) for figure in (some, many)] == [30, 0]
    labels = [text.get_text() for text in many.axes[0].get_xticklabels()]
    assert labels == [str(k) for k in range(0, 200, 7)]


def test_decision_regions_ask_the_model_over_the_whole_plane():
    points = np.array([[0.0, 0.0], [2.0, 4.0]])
    asked = []

    def predict(grid):
        asked.append(grid)
        return (grid[:, 0] > 1).astype(float)

    _, ax = plt.subplots()
    plotting.decision_regions(ax, predict, points, [0, 1], resolution=30)
    (grid,) = asked
    assert grid.shape == (900, 2)
    np.testing.assert_allclose(grid.min(axis=0), [-0.3, -0.3])
    np.testing.assert_allclose(grid.max(axis=0), [2.3, 4.3])
    boundary = np.concatenate([path.vertices for path in ax.collections[1].get_paths()])
    np.testing.assert_allclose(boundary[:, 0], 1, atol=0.1)


def test_label_line_takes_the_colour_and_height_of_the_line():
    _, ax = plt.subplots()
    (line,) = ax.plot([0, 2], [0, 4], color="C1")
    plotting.label_line(ax, line, "w=2", 1.5)
    (text,) = ax.texts
    assert text.get_position() == (1.5, 3.0)
    assert text.get_color() == line.get_color()


# --- the style -----------------------------------------------------------------------

#: Draws with lines, points, bars, text, contours and an image; prints the picture.
DRAW = """
import sys
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np

plt.style.use("course_utils.course")
x = np.linspace(0.1, 2, 30)
fig, ((a, b, c), (d, e, f)) = plt.subplots(2, 3, figsize=(12, 7))
for k in range(1, 5):
    a.plot(x, x**k, label=f"$x^{k}$")
a.set(title="powers", xlabel="$x_1$", ylabel="value", yscale="log")
a.legend(fancybox=True, frameon=True)
b.scatter(x, x)
b.errorbar(x, x + 1, 0.2)
b.grid(True)
c.imshow(np.arange(16).reshape(4, 4))
d.hist(x)
d.bar([1, 2], [3, 4], hatch="/")
d.annotate("here", (1, 1), (1.5, 3), arrowprops={"arrowstyle": "->"})
e.contour(-np.add.outer(x, x), colors="black")
e.fill_between(x, x, alpha=0.2)
f.plot(x * 1e6, -x, "o-")
f.minorticks_on()
fig.suptitle("figures")
fig.savefig(sys.stdout.buffer, format="png")
"""

LATEX = """
text.usetex: True
text.color: red
font.family: serif
figure.autolayout: True
axes.grid: True
path.sketch: 1, 100, 2
savefig.transparent: True
lines.marker: o
"""


def drawn_with(matplotlibrc, tmp_path):
    file = tmp_path / "matplotlibrc"
    file.write_text(matplotlibrc, encoding="utf-8")
    environment = os.environ | {"MATPLOTLIBRC": str(file)}
    command = [sys.executable, "-c", DRAW]
    return subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, check=True
    ).stdout


def test_a_matplotlibrc_changes_no_figure(tmp_path):
    """Neither LaTeX and a few colours, nor all that Matplotlib 1 had otherwise."""
    classic = Path(mpl.get_data_path(), "stylelib/classic.mplstyle").read_text()
    never_set = ("_internal", "text.hinting", "hatch.", "date.", "animation.")
    lines = [x for x in classic.splitlines() if not x.startswith(never_set)]
    plain = drawn_with("", tmp_path)
    assert Image.open(io.BytesIO(plain)).size == (1200, 700)
    assert drawn_with(LATEX, tmp_path) == plain
    assert drawn_with("\n".join(lines), tmp_path) == plain


@pytest.mark.parametrize("deficiency", ["red", "green"])
def test_palette_is_told_apart_without_red_or_green(deficiency):
    """Viénot et al. 1999: what a dichromat sees, for every pair of colours."""
    to_lms = np.array(
        [[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.03, 0.184, 1.467]]
    )
    loss = {
        "red": np.array([[0, 2.02344, -2.52581], [0, 1, 0], [0, 0, 1]]),
        "green": np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]]),
    }[deficiency]
    rgb = np.array([mpl.colors.to_rgb(color) for color in plotting.COLORS.values()])
    seen = rgb @ (np.linalg.inv(to_lms) @ loss @ to_lms).T
    for i in range(len(seen)):
        for j in range(i):
            assert np.linalg.norm(seen[i] - seen[j]) > 0.1
