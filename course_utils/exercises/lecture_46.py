"""The exercises of lecture 46."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_fold", "check_growth", "check_start"]


# --- exercise 1 ----------------------------------------------------------------------


def _layers(rng):
    """W, b, and of each unit mean, variance, γ, β; ε."""
    cases = []
    for eps in (1e-5, 1e-3, 0.1, 0.5, 1e-3, 0.2):
        variance = rng.uniform(0.2, 3, 3)
        others = rng.uniform(0.5, 2, (4, 3)) * rng.choice([-1.0, 1.0], (4, 3))
        b, mean, gamma, beta = others
        cases.append((rng.normal(size=(3, 3)), b, mean, variance, gamma, beta, eps))
    return cases


def _folded(W, b, mean, variance, gamma, beta, eps):
    scale = gamma / np.sqrt(variance + eps)
    return W * scale, (b - mean) * scale + beta


check_fold = Exercise(
    cases=_layers,
    right=_folded,
    done=(
        "one layer in place of two: after training, batch norm costs nothing.",
        "两层合成一层：训练以后，批归一化不再花时间。",
    ),
    mistakes=[
        (
            "the bias goes through the division and γ, too.",
            "偏置也要经过除法和 γ。",
            lambda W, b, mean, variance, gamma, beta, eps: (
                W * gamma / np.sqrt(variance + eps),
                b - mean * gamma / np.sqrt(variance + eps) + beta,
            ),
        ),
        (
            "the mean is taken off before the division, so it is divided, too.",
            "均值是在除法之前减去的，所以也要除。",
            lambda W, b, mean, variance, gamma, beta, eps: (
                W * gamma / np.sqrt(variance + eps),
                b * gamma / np.sqrt(variance + eps) - mean + beta,
            ),
        ),
        (
            "divide by the deviation, not by the variance.",
            "除以标准差，而不是方差。",
            lambda W, b, mean, variance, gamma, beta, eps: (
                W * gamma / (variance + eps),
                (b - mean) * gamma / (variance + eps) + beta,
            ),
        ),
        (
            "a unit is a column of W; you scaled the rows.",
            "一个单元对应 W 的一列，你乘的是行。",
            lambda W, b, mean, variance, gamma, beta, eps: (
                (W.T * gamma / np.sqrt(variance + eps)).T,
                (b - mean) * gamma / np.sqrt(variance + eps) + beta,
            ),
        ),
    ],
    otherwise=(
        "return a pair (W, b). Write batch norm of x @ W + b, and sort it: what is "
        "multiplied by x, and what is left?",
        "请返回一对 (W, b)。把 x @ W + b 代入批归一化的公式再整理：哪些乘在 x 上，"
        "剩下的是什么？",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------

FACTOR = np.pi / (np.pi - 1)

check_growth = Exercise(
    cases=lambda rng: [
        (k,) for k in (2, 10, 100, 1000, *map(float, rng.uniform(3, 500, 4)))
    ],
    right=lambda k: 2 * np.log(k) / np.log(FACTOR),
    same=lambda found, wanted: np.shape(found) == () and abs(found / wanted - 1) < 0.01,
    done=(
        "twelve layers for a factor of 10, twenty-four for 100.",
        "放大 10 倍要 12 层，放大 100 倍要 24 层。",
    ),
    mistakes=[
        (
            "this is how the squared gradient grows. Its length is the root.",
            "这是梯度平方的增长；长度是它的平方根。",
            lambda k: np.log(k) / np.log(FACTOR),
        ),
        (
            "factors multiply: not a share of k a layer, but a power.",
            "倍数是相乘的：不是每层加一点，而是乘方。",
            lambda k: k / np.sqrt(FACTOR),
        ),
        (
            "two logarithms of different bases; take the same for both.",
            "两个对数的底不同；请用同一个底。",
            lambda k: 2 * np.log10(k) / np.log(FACTOR),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. For which n is the factor of a layer to the power "
        "n the square of k?",
        "当 {case} 时，你算得 {found}。每层的倍数的 n 次方等于 k 的平方时，n 是多少？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------


def _thirty(start):
    """What thirty ReLU layers of 48 units with these weights do to vectors."""
    draw, n = np.random.default_rng(46), 48
    first, second = (np.asarray(start(draw, n), float) for _ in range(2))
    assert first.shape == (n, n), f"shape {first.shape}"
    assert np.isfinite(first).all(), "not all numbers"
    x = values = np.maximum(draw.normal(size=(60, n)), 0)
    for _ in range(30):
        values = np.maximum(values @ np.asarray(start(draw, n), float), 0)
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    return {
        "apart": np.linalg.norm(first - second) / np.linalg.norm(first),
        "size": np.sqrt(np.mean(values**2) / np.mean(x**2)),
        "cosine": (unit @ unit.T)[np.triu_indices(60, 1)].mean(),
    }


check_start = judge(
    (
        "size and differences come through 30 layers. Now train with it.",
        "30 层以后，大小和差别都还在。现在用它训练试试。",
    ),
    (
        lambda seen: seen["apart"] >= 0.1,
        "two draws are nearly the same: each weight should have a random part.",
        "两次抽取几乎一样：每个权值都应当有随机的部分。",
    ),
    (
        lambda seen: 0.1 <= seen["size"] <= 10,
        "after 30 layers the values are not within a factor of 10 of the input's.",
        "30 层以后，数值的大小与输入相差超过 10 倍。",
    ),
    (
        lambda seen: seen["cosine"] <= 0.8,
        "the size is right, but all inputs have become alike.",
        "大小合适，但所有输入都变得差不多了。",
    ),
    see=(
        _thirty,
        "my_start(draw, n) should return an n × n array of finite numbers.",
        "my_start(draw, n) 应当返回一个 n × n 的数组，元素都是有限的数。",
    ),
)
