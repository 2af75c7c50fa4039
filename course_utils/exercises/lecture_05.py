"""The exercises of lecture 05."""

import math
from itertools import pairwise

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_factor", "check_small_network", "check_warm_up"]


# --- exercise 1 ----------------------------------------------------------------------


def _classes(rng):
    return [(K,) for K in (2, 10, 100, 1000, *map(int, rng.integers(3, 500, 6)))]


check_factor = Exercise(
    cases=_classes,
    right=lambda K: K**2 / 2,
    done=(
        "K enters twice, through the mean and through softmax: a thousand classes "
        "need 500,000 times the rate.",
        "K 出现了两次：一次来自取平均，一次来自 softmax。一千类时，学习率要取 50 万"
        "倍。",
    ),
    mistakes=[
        (
            "50 is right for ten classes only. Where does K stand in (2/K)·S·δ, and "
            "where in the outputs at the start?",
            "50 只对十类成立。想一想：(2/K)·S·δ 中哪里有 K？起点的输出里又有没有 K？",
            lambda K: 50,
        ),
        (
            "5·K is right at K = 10 and nowhere else: a straight line through one "
            "point. K enters twice.",
            "5·K 只在 K = 10 时碰巧正确。K 出现了两次，所以倍数并不与 K 成正比。",
            lambda K: 5 * K,
        ),
        (
            "you lost the 2 that comes from the derivative of the square.",
            "漏了平方求导得到的那个 2。",
            lambda K: K**2,
        ),
        (
            "that is by how much the gradient shrinks. The rate must make up for it.",
            "这是梯度缩小的倍数；学习率要反过来把它补上。",
            lambda K: 2 / K**2,
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Two factors shrink the gradient: the mean over "
        "the outputs, and softmax's slope where they are equal. The rate makes up for "
        "both.",
        "当 {case} 时，你算得 {found}。有两个因子使梯度变小：对各输出取平均，以及各输出"
        "相等时 softmax 的斜率。学习率要把两个都补回来。",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------

PEAK, WARM_UP, TOTAL = 0.008, 40, 320  # rate, steps, steps


def _steps(rng):
    edges = (0, 20, 39, 40, 41, 180, 319, 320)
    return [(step,) for step in (*edges, *map(int, rng.integers(1, 320, 8)))]


def _half_cosine(share):
    return PEAK / 2 * (1 + math.cos(math.pi * share))


def _warmed_up(fall):
    """`fall` of the share of the way down, after the warm-up."""

    def rate(step):
        if step <= WARM_UP:
            return PEAK * step / WARM_UP
        return fall((step - WARM_UP) / (TOTAL - WARM_UP))

    return rate


check_warm_up = Exercise(
    cases=_steps,
    right=lambda step: _warmed_up(_half_cosine)(step),
    done=(
        "up in a line, down in a half cosine, and zero at the end.",
        "直线上升，按半个余弦下降，最后正好到零。",
    ),
    mistakes=[
        (
            "there is no warm-up yet. Which rates belong to step 0 and to step 40?",
            "还没有预热。第 0 步和第 40 步的学习率应当是多少？",
            lambda step: _half_cosine(step / TOTAL),
        ),
        (
            "the rise is right, but then the rate drops by a jump: your cosine began "
            "at step 0. Let it begin where the warm-up ends.",
            "上升部分对了，但随后突然掉了一截：你的余弦从第 0 步就开始了。它应当从预热"
            "结束的地方开始。",
            lambda step: (
                PEAK * step / WARM_UP if step <= WARM_UP else _half_cosine(step / TOTAL)
            ),
        ),
        (
            "the rise is right; your quarter cosine is steepest at the end. A half "
            "cosine arrives gently.",
            "上升部分对了；你用的是四分之一个余弦，末尾最陡。半个余弦到终点时是平缓的。",
            _warmed_up(lambda share: PEAK * math.cos(math.pi / 2 * share)),
        ),
        (
            "the rise is right; the way down is a line. Bend it to a half cosine.",
            "上升部分对了；下降部分是直线，应当改成半个余弦。",
            _warmed_up(lambda share: PEAK * (1 - share)),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Draw the rate over all steps: a line up, then a "
        "cosine from its highest to its lowest point.",
        "当 {case} 时，你给出 {found}。把整条学习率曲线画出来看看：先是一段上升的直线，"
        "然后余弦从最高点落到最低点。",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

WEIGHTS, ACCURACY = 60_000, 0.92


def _count(hidden, run):
    """Sizes of the hidden layers and all weights and biases, of a tuple of ints."""
    sizes = [int(units) for units in hidden]
    if isinstance(hidden, str) or list(hidden) != sizes or not all(sizes):
        raise ValueError("whole numbers of units, 1 or more")
    if min(sizes, default=1) < 1 or len(sizes) > 10:
        raise ValueError("up to ten layers of 1 unit or more")
    weights = sum((m + 1) * n for m, n in pairwise([784, *sizes, 10]))
    return {"sizes": tuple(sizes), "weights": weights}


check_small_network = judge(
    (
        "{found[weights]:,} weights and biases, and at least 92 % of the digits.",
        "共 {found[weights]:,} 个权值和偏置，准确率不低于 92 %。",
    ),
    (
        lambda found, run: len(found["sizes"]) > 0,
        "without a hidden layer this is softmax regression again.",
        "没有隐藏层，就又是 softmax 回归了。",
    ),
    (
        lambda found, run: found["weights"] <= WEIGHTS,
        "{found[weights]:,} weights and biases are more than 60,000. A layer costs "
        "(inputs + 1)·units: which of yours costs most?",
        "共 {found[weights]:,} 个权值和偏置，超过了 60,000。一层有（输入数 + 1）× "
        "单元数个：你的哪一层最多？",
    ),
    (
        lambda found, run: np.mean(run(found["sizes"])) >= ACCURACY,
        "small enough, with {found[weights]:,} weights and biases, but it reads fewer "
        "than 92 % of the digits. Does a layer squeeze ten classes through too few "
        "units?",
        "够小了（{found[weights]:,} 个权值和偏置），但准确率不到 92 %。是不是有一层的"
        "单元太少，十个类别挤不过去？",
    ),
    see=(
        _count,
        "my_hidden must be a tuple of whole numbers, such as (64, 32) or (64,).",
        "my_hidden 应当是由整数组成的元组，例如 (64, 32) 或 (64,)。",
    ),
)
