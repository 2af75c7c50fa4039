"""Figures: one style, alt text for every picture, small files.

The style is the matplotlib style sheet ``course_utils.course``; a notebook's setup
cell switches it on with ``plt.style.use("course_utils.course")``.
"""

import io
import itertools
import math

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from PIL import Image

__all__ = [
    "COLORS",
    "confusion_matrix",
    "decision_regions",
    "explore",
    "image_grid",
    "label_line",
    "show",
]

#: Okabe-Ito colours by name: distinguishable with any colour vision.
COLORS = {
    "blue": "#0072B2",
    "red": "#D55E00",
    "green": "#009E73",
    "pink": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "black": "#000000",
}

MAX_PNG_BYTES = 100_000


def show(fig, alt):
    """Display a figure as a small PNG with alt text, and close it.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    alt : str
        What the figure shows, for those who cannot see it: axes, lines and what they
        argue. It is compared when the notebook is tested, so state no measured number.

    Raises
    ------
    ValueError
        If `alt` is empty, or the picture is larger than 100 KB.
    """
    if not alt or not alt.strip():
        raise ValueError("say what the figure shows: show(fig, alt='…')")
    png = _png(fig)
    plt.close(fig)
    _display_png(png, alt)


def _display_png(png, alt, also=None):
    width = Image.open(io.BytesIO(png)).width
    display(
        {"image/png": png, "text/plain": f"[figure] {alt}"} | (also or {}),
        metadata={"image/png": {"alt": alt, "width": width}},
        raw=True,
    )


def _png(fig):
    """The figure as PNG bytes, with as few colours as its look allows."""
    raw = io.BytesIO()
    fig.savefig(raw, format="png", bbox_inches="tight", pad_inches=0.1)
    picture = Image.open(raw).convert("RGB")
    for colors in (256, 128, 64):
        small = io.BytesIO()
        picture.quantize(colors, dither=Image.Dither.NONE).save(
            small, format="png", optimize=True
        )
        if small.tell() <= MAX_PNG_BYTES:
            return small.getvalue()
    raise ValueError(
        f"the figure takes {small.tell() / 1000:.0f} KB as PNG, more than "
        f"{MAX_PNG_BYTES // 1000} KB: draw fewer points or make it smaller"
    )


def explore(draw, *, alt, columns=1, **sliders):
    """Sliders over a drawing function, with a static figure where none can show.

    `draw` is first called with every slider at its low end and at its high end, so that
    no end fails for the first time in front of a class, then at the defaults. That
    last figure is what GitHub, slides and print show. What `draw` raises later, or
    prints, appears below the sliders.

    Parameters
    ----------
    draw : callable
        Takes the sliders' values by name and returns a matplotlib figure.
    alt : str
        As in `show`, for the figure at the defaults.
    columns : int
        How many sliders stand side by side, row by row.
    **sliders : tuple (low, high, step, default)
        Whole numbers give an integer slider.

    Raises
    ------
    ValueError
        If a default is not between its ends.
    """
    for name, (low, high, _, default) in sliders.items():
        if not low <= default <= high:
            raise ValueError(f"{name}: {default} is not between {low} and {high}")
    for end in (0, 1):
        plt.close(draw(**{name: spec[end] for name, spec in sliders.items()}))
    figure = draw(**{name: spec[3] for name, spec in sliders.items()})
    png = _png(figure)
    plt.close(figure)
    _display_png(png, alt, also=_widget_view(draw, png, sliders, columns))


def _widget_view(draw, png, sliders, columns):
    """The widget's MIME bundle: sliders above a picture that follows them."""
    import ipywidgets

    picture = ipywidgets.Image(value=png, format="png")
    trouble = ipywidgets.Output()  # else an error goes to a log that nobody opens
    controls = {}

    @trouble.capture(clear_output=True)
    def redraw(_):
        try:
            figure = draw(**{name: control.value for name, control in controls.items()})
            picture.value = _png(figure)
        finally:
            plt.close("all")  # one half drawn, too

    for name, (low, high, step, default) in sliders.items():
        whole = all(isinstance(number, int) for number in (low, high, step, default))
        controls[name] = (ipywidgets.IntSlider if whole else ipywidgets.FloatSlider)(
            default,
            min=low,
            max=high,
            step=step,
            description=name.replace("_", " "),
            continuous_update=False,
            style={"description_width": "9em" if columns == 1 else "initial"},
            layout={"width": "32em" if columns == 1 else "15em"},
        )
        controls[name].observe(redraw, names="value")
    grid = {"grid_template_columns": f"repeat({columns}, max-content)"}
    sheet = ipywidgets.GridBox(list(controls.values()), layout=grid)
    model = ipywidgets.VBox([sheet, trouble, picture]).model_id
    view = {"version_major": 2, "version_minor": 0, "model_id": model}
    return {"application/vnd.jupyter.widget-view+json": view}


def label_line(ax, line, text, x, *, dy=0.0):
    """Write a line's name beside it, in its own colour, instead of in a legend.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    line : matplotlib.lines.Line2D
    text : str
    x : float
        Where along the line, in data units.
    dy : float
        Shift upwards, in data units.
    """
    xs, ys = (np.asarray(data, float) for data in line.get_data())
    y = np.interp(x, xs, ys) + dy
    ax.text(x, y, text, color=line.get_color(), ha="left", va="bottom")


def image_grid(images, titles=None, *, columns=10, size=1.2, cmap="gray_r"):
    """Images side by side, with an optional title each.

    Parameters
    ----------
    images : array_like, shape (n, height, width) or (n, height, width, channels)
        Gray images are scaled each to its own range by matplotlib, unless in [0, 1].
    titles : sequence of str, length n, optional
    columns : int
    size : float
        Inches per image.
    cmap : str
        Colour map of gray images.

    Returns
    -------
    matplotlib.figure.Figure
        Without images, one that says "none": a good network may make no mistakes.
    """
    images = np.asarray(images)
    if not len(images):
        fig, ax = plt.subplots(figsize=(2 * size, size))
        ax.axis("off")
        ax.text(0.5, 0.5, "none", ha="center", va="center")
        return fig
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    height = size * (1.35 if titles is not None else 1.05)
    fig, axes = plt.subplots(
        rows, columns, figsize=(size * columns, height * rows), squeeze=False
    )
    unit = images.min() >= 0 and images.max() <= 1
    limits = {"vmin": 0, "vmax": 1} if unit else {}
    titles = () if titles is None else titles
    for ax, image, title in itertools.zip_longest(axes.flat, images, titles):
        ax.axis("off")
        if image is not None:
            ax.imshow(np.squeeze(image), cmap=cmap, **limits)
            ax.set_title(title, fontsize=12, fontweight="normal", loc="center")
    return fig


def confusion_matrix(true, predicted, names):
    """Counts of true class against predicted class; the diagonal is what went right.

    More than 30 classes have no numbers in the cells, and not every name on the axes:
    the figure grows no further.

    Parameters
    ----------
    true, predicted : array_like of int, shape (n,)
        Class indices in 0 … len(names) - 1.
    names : sequence of str

    Returns
    -------
    matplotlib.figure.Figure
    """
    k, most = len(names), 30
    counts = np.zeros((k, k), int)
    np.add.at(counts, (np.asarray(true), np.asarray(predicted)), 1)
    errors = counts * (1 - np.eye(k, dtype=int))
    side = 0.6 * min(k, most)
    fig, ax = plt.subplots(figsize=(side + 1.5, side + 1))
    ax.imshow(errors, cmap="Oranges", vmin=0, vmax=max(1, errors.max()))
    for row, column in np.argwhere(counts) if k <= most else ():
        style = {"weight": "bold"} if row == column else {}
        dark = errors[row, column] > errors.max() / 2
        style |= {"color": "white" if dark else "black", "ha": "center", "va": "center"}
        ax.text(column, row, counts[row, column], **style)
    shown = range(0, k, math.ceil(k / most))
    ax.set(xlabel="predicted", ylabel="true")
    ax.set_xticks(shown, [names[i] for i in shown])
    ax.set_yticks(shown, [names[i] for i in shown])
    return fig


def decision_regions(ax, predict, points, labels, *, resolution=200):
    """Shade where a two-class model says 1, draw its boundary and the points.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    predict : callable
        Array of shape (m, 2) to the probability of class 1, shape (m,) or (m, 1).
    points : array_like, shape (n, 2)
    labels : array_like of 0 and 1, shape (n,)
    resolution : int
        Grid points per axis.
    """
    points, labels = np.asarray(points), np.asarray(labels)
    low, high = points.min(axis=0) - 0.3, points.max(axis=0) + 0.3
    xs, ys = (np.linspace(*ends, resolution) for ends in zip(low, high, strict=True))
    grid = np.stack(np.meshgrid(xs, ys), axis=-1)
    values = np.asarray(predict(grid.reshape(-1, 2))).reshape(resolution, resolution)
    colors = [COLORS["blue"], COLORS["red"]]
    ax.contourf(xs, ys, values, [-np.inf, 0.5, np.inf], colors=colors, alpha=0.15)
    ax.contour(xs, ys, values, [0.5], colors="black", linewidths=2)
    for label, color, marker in zip((0, 1), colors, "o^", strict=True):
        of_class = points[labels == label]
        ax.scatter(*of_class.T, s=22, c=color, marker=marker, linewidths=0)
    ax.set(xlabel="$x_1$", ylabel="$x_2$", xlim=low[:1].tolist() + high[:1].tolist())
