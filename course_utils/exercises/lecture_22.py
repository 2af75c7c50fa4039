"""The exercises of lecture 22."""

from itertools import pairwise
from math import comb

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_collapse", "check_island", "check_regions"]


# --- exercise 1 ----------------------------------------------------------------------


def _networks(rng):
    """Layers (W, b) without activation functions: two to five of them."""

    def layers(*sizes):
        pairs = pairwise(sizes)
        return [(rng.normal(size=(m, n)), rng.normal(size=m)) for n, m in pairs]

    shapes = [(2, 3, 1), (3, 3, 3, 3, 3), (4, 2, 5, 1), (2, 6, 6, 6, 6, 2), (1, 4, 1)]
    shapes += [tuple(rng.integers(1, 6, 4)) for _ in range(3)]
    return [(layers(*sizes),) for sizes in shapes]


def _collapse(layers, keep_all=True, keep_any=True):
    W, b = layers[0]
    for W_k, b_k in layers[1:]:
        W, b = W_k @ W, (W_k @ b if keep_all else b[:1] * 0) + b_k
    return W, b if keep_any else 0 * b


def _same_pair(found, wanted):
    """Whether both are the same matrix and the same vector."""
    parts = list(zip(found, wanted, strict=True))
    return all(np.shape(f) == np.shape(w) and np.allclose(f, w) for f, w in parts)


check_collapse = Exercise(
    cases=_networks,
    right=_collapse,
    same=_same_pair,
    done=(
        "W is the product of all matrices, and each bias goes through what follows it.",
        "W 是所有矩阵的乘积；每个偏置都要经过它后面的各层。",
    ),
    mistakes=[
        (
            "the weights are right, the biases are missing: what comes out for x = 0?",
            "权值是对的，漏了偏置：x = 0 时输出是什么？",
            lambda layers: _collapse(layers, keep_any=False),
        ),
        (
            "you keep the last bias only. What do the later layers do to the first?",
            "只保留了最后一个偏置。前面的偏置经过后面各层，会变成什么？",
            lambda layers: (_collapse(layers)[0], layers[-1][1]),
        ),
        (
            "that is the first layer. Put its output into the second.",
            "这只是第一层。把它的输出送进第二层。",
            lambda layers: layers[0],
        ),
    ],
    otherwise=(
        "not the same function. Write W₂(W₁x + b₁) + b₂ out: what stands before x, and "
        "what does not?",
        "不是同一个函数。把 W₂(W₁x + b₁) + b₂ 展开：x 前面是什么，其余的是什么？",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------

check_regions = Exercise(
    cases=lambda rng: [(int(n),) for n in (1, 2, 3, 4, 5, *rng.integers(6, 60, 3))],
    right=lambda n: 1 + n + comb(n, 2),
    done=(
        "1 + n + C(n, 2): line k is cut k − 1 times and adds k regions.",
        "1 + n + C(n, 2)：第 k 条线被切 k − 1 次，多出 k 块。",
    ),
    mistakes=[
        (
            "2ⁿ counts patterns. From three lines on some of them occur nowhere.",
            "2ⁿ 是开关组合的个数；从三条线起，有的组合哪里都不出现。",
            lambda n: 2**n,
        ),
        (
            "right for parallel lines. Here each line crosses all others.",
            "直线互相平行时才对。这里每条线与其他各条都相交。",
            lambda n: n + 1,
        ),
        (
            "right for lines that all meet in one point. Here no three do.",
            "所有直线交于一点时才对。这里没有三条线交于一点。",
            lambda n: 2 * n,
        ),
    ],
    otherwise=(
        "for {case} you say {found}. How many pieces do the earlier lines cut line k "
        "into, and how many regions does each piece add?",
        "当 {case} 时，你算得 {found}。第 k 条线被前面的线切成几段？每一段多出几块？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

DECK = np.array([[0.98, -1.3], [1.8, 0.2], [0.67, 1.3]])


def _look(answer):
    """Weights, and the surface above its level, on a square of 201 × 201 points."""
    W, b, v, level = (np.asarray(part, dtype=float) for part in answer)
    side = np.linspace(-5, 5, 201)
    points = np.stack(np.meshgrid(side, side), axis=-1)
    surface = 0.5 * (1 + np.tanh((points @ W.T + b) / 2)) @ v
    assert surface.shape == (201, 201), "the surface is no single number a point"
    return W, surface > level


def _is_island(above):
    """Whether some region that is above does not touch the edge."""
    from scipy.ndimage import label

    regions, _ = label(above)
    edge = [regions[0], regions[-1], regions[:, 0], regions[:, -1]]
    return bool(set(np.unique(regions)) - set(np.concatenate(edge)) - {0})


check_island = judge(
    (
        "an island. Three units are enough; with two the level lines never close.",
        "造出了一座岛。三个单元就够；只有两个时，等高线总不会闭合。",
    ),
    (
        lambda found: found[0].shape != DECK.shape or not np.allclose(found[0], DECK),
        "these are the deck's weights. Choose your own.",
        "这是幻灯片里的权值，请自己选。",
    ),
    (
        lambda found: len(found[0]) <= 4,
        "at most four units.",
        "最多四个单元。",
    ),
    (
        lambda found: found[1].any() and not found[1].all(),
        "the level is above or below the whole surface. Between which heights does it "
        "lie?",
        "阈值高于或低于整张曲面。曲面的高度在哪两个数之间？",
    ),
    (
        lambda found: _is_island(found[1]),
        "what is above the level runs to the edge. Which side is still open, and which "
        "unit could close it?",
        "高于阈值的区域通到了边上。还有哪一侧没有围住？用哪个单元可以围住它？",
    ),
    see=(
        _look,
        "give W of shape (units, 2), b and v of shape (units,), and a number.",
        "请给出 W（单元数, 2）、b 和 v（单元数,），以及一个数。",
    ),
)
