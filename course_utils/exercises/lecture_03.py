"""The exercises of lecture 03."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = [
    "check_few_pixels",
    "check_half_life",
    "check_keras_factor",
]


# --- exercise 1 ----------------------------------------------------------------------


def _trainings(rng):
    """λ, number of examples, batch size."""
    drawn = rng.integers((1, 1000, 10), (20, 60_000, 500), (12, 3))
    return [(5.0, 2000, 100), *((float(lam), int(n), int(m)) for lam, n, m in drawn)]


check_keras_factor = Exercise(
    cases=_trainings,
    right=lambda lam, n, batch: lam / n,
    done=(
        "the cost divided by n: the mean of the examples, and λ/n·Σw².",
        "整个代价除以 n：前一项成为平均代价，后一项成为 λ/n·Σw²。",
    ),
    mistakes=[
        (
            "Keras takes the mean of the examples, the paper their sum. What must the "
            "paper's cost be divided by?",
            "Keras 对样本取平均，论文取总和。论文的代价要除以什么，两者才一样？",
            lambda lam, n, batch: lam,
        ),
        (
            "that is the factor for the slide's formula. This paper writes no ½.",
            "这是幻灯片公式的系数；这篇论文的公式里没有 ½。",
            lambda lam, n, batch: lam / (2 * n),
        ),
        (
            "the sum runs over all training examples, not over a batch.",
            "求和是对全部训练样本，不是对一批样本。",
            lambda lam, n, batch: lam / batch,
        ),
        (
            "you multiply by n. Does the penalty of a mean have to be larger than that "
            "of a sum, or smaller?",
            "你乘了 n。平均代价比总和小，与它相配的惩罚项应该更大还是更小？",
            lambda lam, n, batch: lam * n,
        ),
    ],
    otherwise=(
        "for {case} you say {found}. A cost may be multiplied by any number, and its "
        "minimum stays: which number makes the sum a mean?",
        "当 {case} 时，你算得 {found}。代价乘以任何正数，最小点都不变：乘以什么数，总和"
        "就变成平均？",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _steps(rng):
    """Learning rates, and λ/n; one of each that is large."""
    drawn = rng.uniform((0.05, 0.02), (0.9, 0.3), (12, 2))
    return [(1.0, 0.5), (0.1, 0.05), *((float(eta), float(a)) for eta, a in drawn)]


def _half_life(eta, a):
    return float(np.ceil(np.log(0.5) / np.log(1 - eta * a)))


check_half_life = Exercise(
    cases=_steps,
    right=_half_life,
    same=lambda found, wanted: np.ndim(found) == 0 and abs(found - wanted) <= 1,
    done=(
        "to within a step: log ½ over log(1 − ηλ/n), whatever the weight.",
        "与步数相差不超过一步：log ½ 除以 log(1 − ηλ/n)，与权值的大小无关。",
    ),
    mistakes=[
        (
            "that is so if every step takes the same amount, as under L1. Under L2 the "
            "amount becomes smaller with the weight.",
            "每步减去同样多时（L1）才是这样。L2 每步减去的量随权值一起变小。",
            lambda eta, a: 0.5 / (eta * a),
        ),
        (
            "after so many steps about 37 % is left. After how many is it one half?",
            "走这么多步，大约剩下 37 %。剩下一半要走多少步？",
            lambda eta, a: 1 / (eta * a),
        ),
        (
            "the learning rate η is missing: a step multiplies by 1 − ηa.",
            "漏了学习率 η：一步乘以 1 − ηa。",
            lambda eta, a: _half_life(1, a),
        ),
        (
            "the same number for all? Compare what you predicted with what is counted.",
            "不论 η 和 a 都是 10 步吗？把预测值和数出来的步数比一比。",
            lambda eta, a: 10,
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Each step multiplies by 1 − ηa: which power of "
        "it is one half?",
        "当 {case} 时，你算得 {found}。每步乘以 1 − ηa：它的几次方等于二分之一？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

ZEROS, ERROR = 0.9, 0.08


def _look(answer, x, t):
    """Pixels used, shares of weights that are 0 and nearly 0, held-out error."""
    w, b = (np.ravel(np.asarray(part, float)) for part in answer)
    if w.size != x.shape[1] or b.size != 1 or not np.isfinite([*w, *b]).all():
        raise ValueError("wrong sizes, or not finite")
    return {
        "pixels": np.sum(w != 0),
        "zeros": np.mean(w == 0),
        "near": np.mean(np.abs(w) < 1e-3),
        "error": np.mean((x @ w + b > 0) != t),
    }


check_few_pixels = judge(
    (
        "your neuron reads {found[pixels]} pixels, and {found[error]:.1%} are wrong.",
        "你的神经元只看 {found[pixels]} 个像素，错误率 {found[error]:.1%}。",
    ),
    (
        lambda found, x, t: found["pixels"] > 0,
        "every weight is 0: the neuron looks at no pixel. λ is far too large.",
        "所有权值都是 0：神经元一个像素也不看了。λ 太大。",
    ),
    (
        lambda found, x, t: not found["zeros"] < ZEROS <= found["near"],
        "most weights are below 0.001, too few exactly 0. Which step stops at 0?",
        "大部分权值小于 0.001，但恰好为 0 的太少。哪一种步法会停在零上？",
    ),
    (
        lambda found, x, t: found["zeros"] >= ZEROS,
        "only {found[zeros]:.0%} of the weights are exactly 0. Make λ larger, or set "
        "more of the small ones to 0 yourself.",
        "恰好为 0 的权值只占 {found[zeros]:.0%}。把 λ 调大，或者自己把小的权值设为 0。",
    ),
    (
        lambda found, x, t: found["error"] <= ERROR,
        "enough zeros, but {found[error]:.1%} of the digits are wrong: useful pixels "
        "are gone. Make λ smaller.",
        "零够多了，但有 {found[error]:.1%} 的数字判错：有用的像素被去掉了。把 λ 调小。",
    ),
    see=(
        _look,
        "give 784 weights and one bias, all finite numbers, as train_neuron does.",
        "请给出 784 个权值和一个偏置，都是有限的数，像 train_neuron 返回的那样。",
    ),
)
