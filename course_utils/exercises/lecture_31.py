"""The exercises of lecture 31."""

import numpy as np
from scipy.optimize import minimize

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_deletable", "check_growth", "check_smooth_hinge", "check_survivor"]


# --- exercise 1 ----------------------------------------------------------------------


def _margins(rng):
    """Margins on both sides of the two places where the pieces meet, and on them."""
    drawn = [
        (np.round(rng.normal(0, 2, int(rng.integers(3, 30))), 2),) for _ in "12345"
    ]
    return [(np.array([-3.0, -0.4, 0.3, 0.8, 2.5]),), (np.array([0.0, 1.0]),), *drawn]


def _smooth_slope(m):
    return np.clip(m - 1, -1, 0)


check_smooth_hinge = Exercise(
    cases=_margins,
    right=_smooth_slope,
    done=(
        "−1, then rising to 0 without a jump: a slope that gradient descent likes.",
        "从 −1 连续地升到 0，没有跳跃，梯度下降用起来很顺手。",
    ),
    mistakes=[
        (
            "that is the hinge's slope, with a jump at 1. Between 0 and 1 the loss is "
            "a parabola.",
            "这是铰链损失的斜率，在 1 处有跳跃。0 与 1 之间应当是抛物线的斜率。",
            lambda m: -1.0 * (m < 1),
        ),
        (
            "the parabola goes on below 0 in your slope. There the loss is a line.",
            "在 0 以下你仍用了抛物线的斜率；那里的损失是一条直线。",
            lambda m: np.minimum(m - 1, 0),
        ),
        (
            "the sign: as the margin grows, the loss falls.",
            "符号反了：间隔变大时，损失是减小的。",
            lambda m: -_smooth_slope(m),
        ),
        (
            "the ½ before the parabola was lost.",
            "漏了抛物线前面的 ½。",
            lambda m: np.where(m > 0, np.minimum(2 * (m - 1), 0), -1.0),
        ),
    ],
    otherwise=(
        "for {case} you give {found}. Take the slope of each of the three pieces; "
        "np.where or np.clip puts them together.",
        "当 {case} 时，你给出 {found}。先分别求三段的斜率，再用 np.where 或 np.clip "
        "拼起来。",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _streets(rng):
    """Margins of birds outside, on the edge, inside, on the wrong side."""
    ends = np.array([-1.5, -0.2, 0.4, 1.0, 1.0, 1.2, 3.0])
    return [
        (rng.permutation(np.append(ends, np.round(rng.normal(1, 2, size), 1))),)
        for size in (0, 3, 5, 10, 20, 40)
    ]


check_deletable = Exercise(
    cases=_streets,
    right=lambda m: m > 1,
    done=(
        "beyond the edge a bird has no loss and no slope; on it, it still holds.",
        "越过边线的鸟，损失和斜率都是 0；压在边线上的还撑着街道。",
    ),
    mistakes=[
        (
            "right side is not enough: between 0 and 1 the bird stands on the street, "
            "and its loss is not 0.",
            "站对一边还不够：0 与 1 之间的鸟站在街上，损失不为 0。",
            lambda m: m > 0,
        ),
        (
            "a bird just on the edge has no loss, but move the street a little and it "
            "has: it holds the edge.",
            "正好压在边线上的鸟损失为 0，但街道稍一移动就不是了：边线由它撑着。",
            lambda m: m >= 1,
        ),
        (
            "these are the birds that must stay.",
            "这些正是必须留下的鸟。",
            lambda m: m <= 1,
        ),
        (
            "far out on the wrong side is where a bird pulls, too.",
            "错到很远的鸟也在拉。",
            lambda m: np.abs(m) > 1,
        ),
    ],
    otherwise=(
        "for {case} you give {found}. For which margins is the slope of the hinge 0, "
        "and stays 0 if the street moves a little?",
        "当 {case} 时，你给出 {found}。间隔是多少时，铰链损失的斜率为 0，而且街道稍动"
        "也仍为 0？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------


def _errors(rng):
    return [
        (error,) for error in (0.2, 0.5, 0.05, *rng.uniform(0.01, 0.49, 6).tolist())
    ]


check_growth = Exercise(
    cases=_errors,
    right=lambda error: (1 - error) / error,
    done=(
        "e^(2α) = (1 − ε)/ε: the better the stump, the louder its mistakes.",
        "e^(2α) = (1 − ε)/ε：树桩越好，它的错误就被看得越重。",
    ),
    mistakes=[
        (
            "e^α is by how much the wrong one's weight is multiplied; the right one's "
            "shrinks too.",
            "e^α 只是判错的鸟要乘的倍数；判对的鸟的权重同时在缩小。",
            lambda error: np.sqrt((1 - error) / error),
        ),
        (
            "that is α. The weights are multiplied by powers of e.",
            "这是 α；权重乘的是 e 的幂。",
            lambda error: np.log((1 - error) / error) / 2,
        ),
        (
            "the other way round: wrong against right.",
            "反了：要的是判错的比判对的。",
            lambda error: error / (1 - error),
        ),
        (
            "with the ½ left out of α the weights grow by the square.",
            "漏了 α 里的 ½，倍数就成了平方。",
            lambda error: ((1 - error) / error) ** 2,
        ),
    ],
    otherwise=(
        "for {case} you give {found}. By what is a wrong bird's weight multiplied, by "
        "what a right one's? Divide; the sum that both are divided by drops out.",
        "当 {case} 时，你给出 {found}。判错的鸟乘以多少，判对的鸟乘以多少？两者相除，"
        "归一化的因子会约掉。",
    ),
)


# --- exercise 4 ----------------------------------------------------------------------

BIRDS = 219  # the first rows; the bad birds stand behind them


def _fit(loss, x, s):
    """The w of least mean loss and a small penalty, from starts in all directions."""

    def risk(w):
        return np.mean(loss(s * (x @ w))) + 5e-4 * w[:2] @ w[:2]

    turns = np.arange(8) * np.pi / 4
    starts = [[2 * np.cos(turn), 2 * np.sin(turn), -0.5] for turn in turns]
    options = {"xatol": 1e-3, "fatol": 1e-6, "maxiter": 600}
    found = [minimize(risk, w, method="Nelder-Mead", options=options) for w in starts]
    return min(found, key=lambda one: one.fun).x


def _survives(loss, x, s):
    """The loss of some margins, and the share of the birds judged wrongly."""
    some = np.linspace(-20, 20, 41)
    values = np.asarray(loss(some), dtype=float)
    assert values.shape == some.shape, "as many losses as margins"
    w = _fit(loss, np.asarray(x), np.asarray(s))
    return values, float(np.mean(s[:BIRDS] * (x[:BIRDS] @ w) <= 0))


check_survivor = judge(
    (
        "{found[1]:.1%} of the 219 are judged wrongly, with ten bad birds among them.",
        "混进十只标错的鸟，219 只里只有 {found[1]:.1%} 判错。",
    ),
    (
        lambda found, x, s: np.isfinite(found[0]).all() and found[0].min() >= 0,
        "a loss is a finite number and never negative.",
        "损失应当是有限的数，而且不为负。",
    ),
    (
        lambda found, x, s: found[0][:20].mean() > found[0][21:].mean(),
        "a bird on the right side must cost less than one on the wrong side.",
        "判对的鸟，损失应当比判错的小。",
    ),
    (
        lambda found, x, s: found[1] <= 0.05,
        "{found[1]:.0%} are judged wrongly. What pulls at the line is the slope: what "
        "should it be for a bird that is wrong by far?",
        "判错了 {found[1]:.0%}。拉动分界线的是斜率：错得很远的鸟，斜率应当是多少？",
    ),
    see=(
        _survives,
        "give a function of an array of margins that returns as many losses.",
        "请给出一个函数：参数是间隔的数组，返回同样多个损失。",
    ),
)
