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


class Given:
    """A node as in lecture 51."""

    parents, pulls, op, value, message = (), (), "", 1.0, 2.0

    def __init__(self, *parents):
        self.parents, self.pulls = parents, (lambda m: -m,) * len(parents)
        self.op = "+" * bool(parents)


def test_a_computation_graph_shows_each_node_once_and_apart():
    a, b, c = Given(), Given(), Given()
    once, twice = Given(a, b), Given(b, c)
    last = Given(once, twice)
    for messages, number in ((False, "1.00"), (True, "2.00")):
        fig = diagrams.plot_graph(last, {"a": a, "b": b, "c": c}, messages)
        texts = [text for text in fig.axes[0].texts if text.get_text()]
        shown = [text.get_text() for text in texts]
        assert sorted(shown) == ["+"] * 3 + [number] * 6 + ["a", "b", "c"]
        spots = [text.get_position() for text in texts]
        assert len(set(spots)) == 12
        assert max(texts, key=lambda text: text.get_position()[0]).get_text() != "a"
        plt.close(fig)
