"""The exercises of lecture 01."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = [
    "check_fastest_point",
    "check_stable_log_likelihood",
    "check_sure_starts",
]


# --- exercise 1 ----------------------------------------------------------------------

check_fastest_point = Exercise(
    right=np.log(2),
    same=lambda found, wanted: abs(float(found) - wanted) <= 0.01,
    done=(
        "there the output is 2/3, and the gradient is largest.",
        "此处输出为 2/3，梯度最大。",
    ),
    mistakes=[
        (
            "f′(z) is largest at z = 0, but the gradient is the product (y − t)·f′(z). "
            "Which way does the error grow?",
            "z = 0 处 f′(z) 最大，但梯度是乘积 (y − t)·f′(z)。误差朝哪一边变大？",
            0.0,
        ),
        (
            "that is the output y at the point you look for; which z gives this y?",
            "这是所求处的输出 y；哪个 z 给出这个 y？",
            2 / 3,
        ),
        (
            "the right distance from 0, on the wrong side: there the output is "
            "already nearer to its target.",
            "到 0 的距离对了，方向反了：那一边的输出离目标值更近。",
            -np.log(2),
        ),
    ],
    otherwise=(
        "at z = {found} the gradient still grows to one side. Compare the three "
        "numbers that were printed, or set the derivative of y²(1 − y) to zero.",
        "在 z = {found} 处，朝某一边走梯度还会变大。比较打印出的三个数，或者令 "
        "y²(1 − y) 的导数为零。",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _logits(rng):
    """Small ones, far ones that a shift alone can save, and ±1000; every class true."""
    small = [(rng.normal(scale=3, size=(2, 3)), np.eye(3)[[0, 2]]) for _ in range(5)]
    between = np.array([[800.0, 700.0, 790.0]]), np.eye(3)[[1]]
    far = np.array([[1000.0, 0.0, -1000.0], [-1000.0, -1001.0, -1002.0]])
    return [*small, between, (far, np.eye(3)[[2, 0]])]


def _log_likelihood(z, t):
    shifted = z - z.max(axis=-1, keepdims=True)
    log_y = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -(t * log_y).sum(axis=-1)


def _as_written(z, t, shift=False, least=0.0):
    z = z - z.max(axis=-1, keepdims=True) if shift else z
    y = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    return -(t * np.log(np.maximum(y, least))).sum(axis=-1)


def _alike(found, wanted):
    """Equal, where NaN and infinity count as equal: they are mistakes of their own."""
    found = np.asarray(found, float)
    return found.shape == wanted.shape and np.allclose(found, wanted, equal_nan=True)


check_stable_log_likelihood = Exercise(
    cases=_logits,
    right=_log_likelihood,
    same=_alike,
    done=(
        "equal to −Σ t·ln y, and finite at logits of ±1000.",
        "与 −Σ t·ln y 相等，logit 取 ±1000 时也不溢出。",
    ),
    mistakes=[
        (
            "right for small logits, but exp(1000) overflows. What may be subtracted "
            "from all logits of an example without changing softmax?",
            "logit 较小时是对的，但 exp(1000) 会溢出。每个样本的各个 logit 同时减去什么"
            "数，softmax 不变？",
            _as_written,
        ),
        (
            "exp overflows no more, but the smallest y still rounds to 0, and ln 0 is "
            "−∞. Take the logarithm of the quotient on paper first.",
            "exp 不再溢出了，但最小的 y 仍被舍入为 0，而 ln 0 是 −∞。先在纸上对这个商"
            "取对数。",
            lambda z, t: _as_written(z, t, shift=True),
        ),
        (
            "the sign is wrong: a cost −Σ t·ln y is never negative.",
            "符号反了：代价 −Σ t·ln y 不会是负数。",
            lambda z, t: -_log_likelihood(z, t),
        ),
        (
            "finite, but wrong where y is tiny: a lower limit for y hides the error "
            "too. Take the logarithm of the quotient on paper instead.",
            "不溢出了，但 y 极小时结果不对：给 y 设下限，把误差也一起掩盖了。应先在纸上"
            "对这个商取对数。",
            lambda z, t: _as_written(z, t, shift=True, least=1e-12),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. If you shift z, shift numerator and denominator "
        "alike, each example by its own number (axis=-1, keepdims=True).",
        "当 {case} 时，你算得 {found}。若平移 z，分子、分母要一起平移，每个样本各用"
        "自己的数（axis=-1, keepdims=True）。",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

LEARNED, FAILED = 0.8, 0.3  # accuracies


def _sorted(reached):
    """Factors in order, and the accuracy reached from each."""
    table = {float(factor): float(best) for factor, best in reached.items()}
    return np.array(sorted(table.items())).T


check_sure_starts = judge(
    (
        "you found where quadratic cost stops learning, and between which factors.",
        "你找到了二次代价从哪里开始学不动，它夹在哪两个倍数之间。",
    ),
    (
        lambda found: len(found[0]) >= 4 and np.isfinite(found).all(),
        "try at least four factors, each with the best accuracy over the rates.",
        "至少试四个倍数，每个都给出各学习率下最好的准确率。",
    ),
    (
        lambda found: found[1].max() >= LEARNED,
        "none of your factors lets it reach 80 %. Go nearer to the ordinary start.",
        "你试的倍数都没有让它达到 80 %。换一些更接近普通起点的倍数。",
    ),
    (
        lambda found: found[1].min() <= FAILED,
        "from all of your factors it learns. Begin surer.",
        "你试的倍数它都能学会。让起点更“自信”些。",
    ),
    (
        lambda found: (
            found[0][found[1] <= FAILED].min()
            <= 10 * found[0][found[1] >= LEARNED].max()
        ),
        "between the factor where it learns and the one where it fails lies more than "
        "a factor of 10. Try some in between.",
        "学得会的倍数与学不动的倍数之间相差 10 倍以上，中间再试几个。",
    ),
    see=(
        _sorted,
        "give a dict: factor → best accuracy.",
        "请给出一个字典：倍数 → 最好的准确率。",
    ),
)
