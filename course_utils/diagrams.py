"""Drawings of networks and graphs: boxes, and wires between them."""

import matplotlib.pyplot as plt

from course_utils.plotting import COLORS

__all__ = ["plot_graph", "plot_lstm_cell", "plot_unrolled"]

BOX = "round,pad=0.35"
BLUE, ORANGE = "#DCEBF7", "#FBE3C0"


def plot_unrolled():
    """A simple recurrent network: one cell and its loop, and four steps in a row."""
    (fig, ax), red = plt.subplots(figsize=(10, 3)), COLORS["red"]
    for x, step in zip((0, 2.8, 4.3, 5.8, 7.3), "t1234", strict=True):
        _wire(ax, (x, 0.2), (x, 0.75))
        _wire(ax, (x, 1.25), (x, 1.8))
        _node(ax, x, 1, "tanh", BLUE, BOX)
        state = (x - 1, x - 0.38) if x else (0.4, 0.9)
        _wire(ax, (state[0], 1), (state[1], 1), color=red, head="-|>" if x else "-")
        names = {f"$x_{step}$": (x, 0), f"$h_{step}$": (x, 2), "$W$": (x + 0.2, 0.45)}
        for name, place in (names | {"$U$": (sum(state) / 2, 1.2)}).items():
            ax.text(*place, name, size=17, ha="center", va="center")
    _wire(ax, (0.9, 1), (0.9, 1.55), (-0.8, 1.55), (-0.8, 1), (-0.38, 1), color=red)
    ax.text(1.2, 0.93, "=", size=26)
    ax.axis((-1, 8.2, -0.2, 2.2))
    ax.set_axis_off()
    return fig


def plot_lstm_cell():
    """An LSTM: the cell along the top, the gates below it."""
    fig, ax = plt.subplots(figsize=(11, 5))
    ax.add_patch(plt.Rectangle((0.4, 0.4), 8.7, 4.2, fc="#F4F4F4", ec="gray"))
    _wire(ax, (-0.3, 4), (9.9, 4), color=COLORS["red"], wide=5)
    _wire(ax, (-0.3, 0.8), (6.6, 0.8), head="-")
    _wire(ax, (0.9, -0.1), (0.9, 0.8), head="-")
    for x in (1.7, 3.4, 5, 6.6):
        _wire(ax, (x, 0.8), (x, 1.48))
    for x in (3.4, 5):
        _wire(ax, (x, 2.12), (x, 3), (4.2 + (x - 4.2) * 0.3, 3))
    for x, low, high in ((1.7, 2.12, 3.75), (4.2, 3, 3.75), (7.8, 4, 2.07)):
        _wire(ax, (x, low), (x, high))
    _wire(ax, (6.9, 1.8), (7.53, 1.8))
    _wire(ax, (8, 1.8), (9.9, 1.8))
    for x, y, sign in ((1.7, 4, "×"), (4.2, 4, "+"), (4.2, 3, "×"), (7.8, 1.8, "×")):
        _node(ax, x, y, sign)
    for x, y in ((5, 1.8), (7.8, 3.25)):
        _node(ax, x, y, "tanh", BLUE, BOX)
    for x, gate in ((1.7, "forget"), (3.4, "input"), (6.6, "output")):
        _node(ax, x, 1.8, r"$\sigma$", ORANGE, BOX)
        ax.text(x + 0.12, 1.15, gate, size=15, va="center")
    names = {"$c_{t-1}$": (-0.75, 4), "$c_t$": (10.3, 4), "$h_{t-1}$": (-0.75, 0.8)}
    names |= {"$x_t$": (0.9, -0.4), "$h_t$": (10.3, 1.8), "$f_t$": (1.35, 2.7)}
    names |= {"$i_t$": (3.1, 2.7), r"$\tilde c_t$": (5.35, 2.7), "$o_t$": (7.2, 2.15)}
    for name, place in names.items():
        ax.text(*place, name, size=21, ha="center", va="center")
    ax.axis((-1.2, 10.7, -0.7, 4.7))
    ax.set_axis_off()
    return fig


def plot_graph(last, names, messages=False):
    """A computation graph: what a node was computed from, with values or messages.

    Nodes have `value`, `op`, `parents`, `pulls` and `message` as in lecture 51; `names`
    holds the given ones. Edges show the messages by width, and by colour their sign.
    """
    fig, ax = plt.subplots(figsize=(14, 6.4))
    spots, shown = _spots(last), {node: name for name, node in names.items()}
    for node, (x, y) in spots.items():
        for parent, pull in zip(node.parents, node.pulls, strict=True):
            m = float(pull(node.message)) if messages else 0.0
            tint = COLORS["blue" if m > 0 else "red"] if m else "0.7"
            look = {"arrowstyle": "<|-" if messages else "-|>", "color": tint}
            look |= {"lw": 1.5 + 12 * min(abs(m), 0.5), "mutation_scale": 14}
            look |= {"shrinkA": 12, "shrinkB": 14}
            ax.annotate("", xy=(x, y), xytext=spots[parent], arrowprops=look)
        box = {"boxstyle": "round,pad=0.2", "ec": "black"}
        box["fc"] = "#EEEEEE" if node in shown else BLUE
        text = shown.get(node, node.op)
        ax.text(x, y, text, size=14, ha="center", va="center", bbox=box, zorder=3)
        number = f"{float(node.message if messages else node.value):.2f}"
        ax.text(x, y + 0.3, number, size=12, ha="center", va="bottom", zorder=4)
    across, up = zip(*spots.values(), strict=True)
    ax.axis((-0.5, max(across) + 0.5, min(up) - 0.6, max(up) + 0.9))
    ax.set_axis_off()
    return fig


def _spots(last):
    """Right of its parents and between them; what is given, left of its first use."""
    left, up = {}, {}

    def visit(node):
        for parent in node.parents:
            if parent not in left:
                visit(parent)
        left[node] = 1 + max((left[p] for p in node.parents), default=-1)
        rows = [up[p] for p in node.parents] or [-sum(not n.parents for n in up)]
        up[node] = sum(rows) / len(rows)

    visit(last)
    for given in [node for node in left if not node.parents]:
        left[given] = min(left[n] for n in left if given in n.parents) - 1
    lowest = {}  # in each column, top to bottom: no node covers another
    for node in sorted(left, key=up.get, reverse=True):
        column = left[node]
        up[node] = lowest[column] = min(up[node], lowest.get(column, 9) - 1)
    return {node: (left[node], up[node]) for node in left}


def _node(ax, x, y, text, color="white", form="circle,pad=0.12"):
    box = {"boxstyle": form, "fc": color, "ec": "black", "lw": 1.5}
    ax.text(x, y, text, ha="center", va="center", size=19, bbox=box, zorder=3)


def _wire(ax, *points, color="black", wide=2, head="-|>"):
    ax.plot(*zip(*points, strict=True), "-", color=color, lw=wide)
    look = {"arrowstyle": head, "mutation_scale": 22, "lw": wide, "color": color}
    ends = {"xy": points[-1], "xytext": points[-2]}
    ax.annotate("", arrowprops=look | {"shrinkA": 0, "shrinkB": 0}, **ends)
