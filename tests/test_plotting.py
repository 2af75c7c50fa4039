"""Figures: small PNGs with alt text, drawn from what they are given."""

import io

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from course_utils import plotting


@pytest.fixture(autouse=True)
def style():
    with plt.style.context("course_utils.course"):
        yield
    plt.close("all")


@pytest.fixture
def shown(monkeypatch):
    """What was displayed, as a list of (data, metadata)."""
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
    noise = np.random.default_rng(0).random((900, 1200, 3))
    fig, ax = plt.subplots(figsize=(12, 9))
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


def test_moving_a_slider_redraws_with_its_value(monkeypatch):
    import ipywidgets

    boxes = []
    original = ipywidgets.VBox
    monkeypatch.setattr(
        ipywidgets, "VBox", lambda parts: boxes.append(original(parts)) or boxes[-1]
    )
    monkeypatch.setattr(plotting, "display", lambda *args, **options: None)
    drawn = []

    def draw(rate):
        drawn.append(rate)
        fig, ax = plt.subplots()
        ax.plot([0, rate])
        return fig

    plotting.explore(draw, alt="a line", rate=(0.0, 1.0, 0.1, 0.5))
    slider, picture = boxes[0].children
    before = picture.value
    slider.value = 0.8
    assert drawn[-1] == 0.8
    assert picture.value != before


def test_explore_passes_on_what_fails_at_an_end(shown):
    def draw(rate):
        return 1 / rate

    with pytest.raises(ZeroDivisionError):
        plotting.explore(draw, alt="curves", rate=(0, 1, 1, 1))
    assert shown == []


def test_explore_checks_its_default():
    with pytest.raises(ValueError, match="rate: 3 is not between 0 and 1"):
        plotting.explore(lambda rate: None, alt="curves", rate=(0, 1, 1, 3))


def test_learning_curves_draw_the_histories():
    histories = {
        "plain": {"accuracy": [0.1, 0.2], "val_accuracy": [0.1, 0.15]},
        "longer": {"accuracy": [0.3, 0.4, 0.5], "val_accuracy": [0.2, 0.3, 0.4]},
    }
    left, right = plotting.learning_curves(histories).axes
    assert [line.get_ydata().tolist() for line in left.lines] == [
        [0.1, 0.2],
        [0.3, 0.4, 0.5],
    ]
    assert left.lines[1].get_xdata().tolist() == [1, 2, 3]
    assert right.get_title(loc="left") == "validation accuracy"
    assert left.get_title(loc="left") == "training accuracy"


def test_image_grid_draws_every_image_and_hides_the_rest():
    images = np.random.default_rng(0).random((7, 28, 28))
    fig = plotting.image_grid(images, titles=list("abcdefg"), columns=5)
    with_image = [ax for ax in fig.axes if ax.images]
    assert [ax.get_title() for ax in with_image] == list("abcdefg")
    np.testing.assert_array_equal(with_image[6].images[0].get_array(), images[6])
    assert len(fig.axes) == 10
    assert not any(ax.axison for ax in fig.axes)


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
