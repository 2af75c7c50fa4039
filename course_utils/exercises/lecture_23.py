"""The exercises of lecture 23."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_batch", "check_starts", "check_step"]


# --- exercise 1 ----------------------------------------------------------------------


def _batches(rng):
    """(w, X, y, eta): batches of one to thirty rows."""

    def case(rows, p, eta):
        X = rng.normal(size=(rows, p))
        return rng.normal(size=p), X, rng.normal(size=rows), eta

    sizes = [(1, 1), (1, 3), (5, 2), (30, 4), (8, 8), (3, 6)]
    return [case(*size, float(rng.uniform(0.01, 0.5))) for size in sizes]


def _step(w, X, y, eta, mean=True, sign=1, two=2):
    rows = len(y) if mean else 1
    return w - sign * eta * two * X.T @ (X @ w - y) / rows


check_step = Exercise(
    cases=_batches,
    right=_step,
    done=(
        "the mean of the gradients 2(x·w − y)x, times the rate, subtracted.",
        "各样本梯度 2(x·w − y)x 的平均，乘以学习率，再从 w 中减去。",
    ),
    mistakes=[
        (
            "you walk uphill: for a small rate the loss rises. Look at the sign.",
            "这是往上走：学习率很小时误差反而变大。检查符号。",
            lambda w, X, y, eta: _step(w, X, y, eta, sign=-1),
        ),
        (
            "your step grows with the number of rows. The loss is a mean.",
            "样本越多，你的步子越大。损失是平均值，不是总和。",
            lambda w, X, y, eta: _step(w, X, y, eta, mean=False),
        ),
        (
            "the direction is right, the length half of it. What does a square leave "
            "when it is differentiated?",
            "方向对，长度只有一半。平方求导会多出什么？",
            lambda w, X, y, eta: _step(w, X, y, eta, two=1),
        ),
        (
            "that is a step on the first row only; the batch has more.",
            "这只用了第一个样本；这一批里还有别的。",
            lambda w, X, y, eta: _step(w, X[:1], y[:1], eta),
        ),
    ],
    otherwise=(
        "not a step of gradient descent on this loss. Differentiate (x·w − y)² with "
        "respect to w for one row; then take the mean.",
        "这不是该损失函数上的一步梯度下降。先对一个样本求 (x·w − y)² 关于 w 的"
        "梯度，再取平均。",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------

check_batch = Exercise(
    cases=lambda rng: [
        (B, times) for B in (1, 20, int(rng.integers(30, 99))) for times in (2, 3, 10)
    ],
    right=lambda B, times: B * times**2,
    done=(
        "B·times²: ten times less error costs a hundred times the work.",
        "B·times²：误差缩小到十分之一，计算量要一百倍。",
    ),
    mistakes=[
        (
            "the error falls more slowly than the batch grows. Look at the slope of "
            "the line in the figure.",
            "误差下降得比批量增长慢。看图中直线的斜率。",
            lambda B, times: B * times,
        ),
        (
            "the root goes the other way: it turns the batch into the error.",
            "开方的方向反了：是由批量开方得到误差。",
            lambda B, times: B * times**0.5,
        ),
        (
            "a smaller batch has a larger error.",
            "批量变小，误差会变大。",
            lambda B, times: B / times**2,
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Four times the batch, half the error: and three "
        "times less error?",
        "当 {case} 时，你算得 {found}。批量四倍，误差减半；误差要缩小到三分之一呢？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

DECK = np.array(
    [[0.98, -1.3, -3.5, -7.7], [1.8, 0.2, 3.4, 7.4], [0.67, 1.3, -3.5, -7.6]]
)
GRID = np.stack(np.meshgrid(np.linspace(-4, 6, 12), np.linspace(-4, 4, 12)), axis=-1)


def _outputs(w):
    """Outputs of networks (…, units, 4) at the 144 points."""
    points = np.column_stack([GRID.reshape(-1, 2), np.ones(144)])
    a = 0.5 * (1 + np.tanh(w[..., :3] @ points.T / 2))
    return (w[..., 3:] * a).sum(axis=-2)


def _share(answer):
    """The networks, and the share of them with a loss below 0.05."""
    w = np.asarray(answer, dtype=float)
    assert w.shape[1:] == (w.shape[-2], 4), f"its shape is {w.shape}"
    losses = np.mean((_outputs(w) - _outputs(DECK)) ** 2, axis=-1)
    return w, np.mean(losses < 0.05)


check_starts = judge(
    (
        "most starts succeed. Spare units help more than rate or steps: a net with "
        "units to spare seldom has all of them stuck.",
        "大多数起点成功了。多给几个单元，比调学习率、加步数更有用：单元有富余，就很少会全部卡住。",
    ),
    (
        lambda found: len(found[0]) == 100 and found[0].shape[1] <= 8,
        "100 networks of at most 8 units each, please.",
        "请给出 100 个网络，每个至多 8 个单元。",
    ),
    (
        lambda found: len(np.unique(found[0].round(6), axis=0)) == 100,
        "some of the networks are the same. Draw 100 starts at random.",
        "有的网络完全相同。请随机取 100 个起点。",
    ),
    (
        lambda found: found[1] >= 0.5 or found[0].shape[1] > 3,
        "three units and few below 0.05. A local minimum stays one, whatever the rate: "
        "what else could be changed?",
        "三个单元，低于 0.05 的很少。停在局部极小，调学习率没有用；还能改什么？",
    ),
    (
        lambda found: found[1] >= 0.8,
        "better, but fewer than 80 below 0.05. Go on with what helped most.",
        "有进步，但低于 0.05 的还不到 80 个。最有用的那一项，再加一些。",
    ),
    see=(
        _share,
        "give the array that `descend` returns, of shape (100, units, 4).",
        "请给出 `descend` 返回的数组，形状是（100, 单元数, 4）。",
    ),
)
