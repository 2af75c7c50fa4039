"""Drawings of recurrent networks: every symbol of the equations is in its picture."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import pytest

from course_utils import diagrams

UNROLLED = {"$x_t$", "$h_t$", "$W$", "$U$", "$x_1$", "$h_4$", "tanh"}
LSTM = {"$c_{t-1}$", "$c_t$", "$h_{t-1}$", "$h_t$", "$x_t$", "$f_t$", "$i_t$", "$o_t$"}
LSTM |= {r"$\tilde c_t$", "forget", "input", "output"}


@pytest.mark.parametrize(
    ("draw", "wanted"),
    [(diagrams.plot_unrolled, UNROLLED), (diagrams.plot_lstm_cell, LSTM)],
)
def test_every_symbol_is_inside_the_picture(draw, wanted):
    fig = draw()
    (ax,) = fig.axes
    inside = [
        text.get_text()
        for text in ax.texts
        if ax.get_xlim()[0] <= text.get_position()[0] <= ax.get_xlim()[1]
        and ax.get_ylim()[0] <= text.get_position()[1] <= ax.get_ylim()[1]
    ]
    assert wanted <= set(inside)
    assert inside.count("tanh") == {True: 5, False: 2}[draw is diagrams.plot_unrolled]
    plt.close(fig)
