"""The exercises of lecture 04."""

import math

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_gain", "check_port", "check_ravine"]


# --- exercise 1 ----------------------------------------------------------------------


def _shares(rng):
    """Momentum as lectures and papers set it, and a few others."""
    drawn = map(float, rng.uniform(0.1, 0.95, 4))
    return [(beta,) for beta in (0.0, 0.5, 0.9, 0.99, *drawn)]


check_gain = Exercise(
    cases=_shares,
    right=lambda beta: (1 / (1 - beta), 1 / (1 + beta)),
    done=(
        "a steady slope adds up, a changing one cancels, for every β.",
        "方向不变的梯度越积越大，方向反复的梯度互相抵消：对任何 β 都成立。",
    ),
    mistakes=[
        (
            "these numbers hold for one β. In the long run v no longer changes: put "
            "the same v on both sides of v = βv − ηg.",
            "这两个数只对一个 β 成立。时间长了，v 不再变化：在 v = βv − ηg 的两边代入同"
            "一个 v。",
            lambda beta: (10, 1 / 1.9),
        ),
        (
            "the first is right. For the second, v changes its sign at every step: put "
            "v on one side and −v on the other.",
            "第一个对了。求第二个时，v 每步都变号：一边代入 v，另一边代入 −v。",
            lambda beta: (1 / (1 - beta), 1 / (1 - beta)),
        ),
        (
            "the two are in the wrong order: the steady gradient comes first.",
            "两个数的次序反了：先写方向不变的梯度。",
            lambda beta: (1 / (1 + beta), 1 / (1 - beta)),
        ),
        (
            "that would be an average, whose weights add up to 1. Momentum adds ηg "
            "itself, not (1 − β)ηg.",
            "这是加权平均，权重之和为 1。动量每步加上的是 ηg 本身，而不是 (1 − β)ηg。",
            lambda beta: (1, (1 - beta) / (1 + beta)),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Take g = 1 at every step, and write down the "
        "first few steps as powers of β; then with g = 1, −1, 1, …",
        "当 {case} 时，你算得 {found}。先设每步 g = 1，把前几步写成 β 的幂之和；再设 "
        "g = 1、−1、1……",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _settings(optimizers):
    """Class and settings of each of three optimizers."""
    if len(optimizers) != 3:
        raise ValueError(f"{len(optimizers)} entries")
    return [(type(one).__name__, one.get_config()) for one in optimizers]


def _has(line, kind, **settings):
    """Whether a line is of this class and has these settings."""

    def condition(found):
        name, config = found[line]
        near = (math.isclose(config[k], v, rel_tol=1e-6) for k, v in settings.items())
        return name == kind and all(near)

    return condition


check_port = judge(
    ("three lines ported, old defaults included.", "三行都移植对了，旧的默认值也在。"),
    (
        _has(0, "SGD", learning_rate=0.05, momentum=0.9),
        "line 1: TensorFlow 1's second argument was the momentum; in Keras it is 0 "
        "unless it is named.",
        "第 1 行：TensorFlow 1 的第二个参数是动量；在 Keras 里不写明就是 0。",
    ),
    (
        _has(0, "SGD", nesterov=True),
        "line 1: momentum is there; one word of the old line is still missing.",
        "第 1 行：动量有了，旧代码里还有一个参数没有写上。",
    ),
    (
        _has(1, "RMSprop", learning_rate=0.001, rho=0.95),
        "line 2: which class is it, and what is `decay` called today?",
        "第 2 行：今天是哪个类？`decay` 今天叫什么？",
    ),
    (
        _has(1, "RMSprop", epsilon=1e-10),
        "line 2: the old line names no epsilon, so it had the old default. Look it up "
        "in the table.",
        "第 2 行：旧代码没有写 epsilon，用的是旧的默认值。请查上面的表。",
    ),
    (
        _has(2, "Adagrad", learning_rate=0.3, initial_accumulator_value=0.5),
        "line 3: the rate, or the value at which G starts, is another one.",
        "第 3 行：学习率或 G 的初值与旧代码不同。",
    ),
    (
        _has(2, "Adagrad", epsilon=0.0),
        "line 3: TensorFlow 1's Adagrad had no epsilon under the root.",
        "第 3 行：TensorFlow 1 的 Adagrad 根号里没有 epsilon。",
    ),
    see=(
        _settings,
        "my_optimizers must be a list of three optimizers, such as SGD(0.05).",
        "my_optimizers 应当是由三个优化器组成的列表，例如 SGD(0.05)。",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

CURVATURES = np.array([1.0, 40.0])
GOAL, STEPS = 1e-6, 60


def _tried(pair):
    """Rate, momentum, and the cost after 60 steps from (−4.5, 1)."""
    rate, beta = (float(value) for value in pair)
    w, v = np.array([-4.5, 1.0]), np.zeros(2)
    for _ in range(STEPS):
        v = beta * v - rate * CURVATURES * w
        w = w + v
    return {"rate": rate, "beta": beta, "cost": float(CURVATURES @ w**2 / 2)}


check_ravine = judge(
    (
        "below 1e-06 in 60 steps: {found[cost]:.1e}.",
        "60 步之内，代价降到了 {found[cost]:.1e}。",
    ),
    (
        lambda found: found["rate"] > 0 and 0 <= found["beta"] < 1,
        "the rate must be positive; β is a share of the velocity, from 0 up to but "
        "not including 1.",
        "学习率应为正数；β 是速度保留的比例，从 0 到 1（不含 1）。",
    ),
    (
        lambda found: found["rate"] * CURVATURES.max() < 2 * (1 + found["beta"]),
        "the steep direction runs away. Which of its steps is too long?",
        "陡的方向发散了：这个方向上的步子太长。",
    ),
    (
        lambda found: found["beta"] > 0 or found["cost"] < GOAL,
        "the cost is still {found[cost]:.1e}. Without momentum each rate that the "
        "steep direction allows is too small for the flat one.",
        "代价还有 {found[cost]:.1e}。没有动量时，陡的方向允许的学习率，对平的方向都太"
        "小。",
    ),
    (
        lambda found: found["cost"] < GOAL,
        "the cost is still {found[cost]:.1e}. Does the path swing to and fro (less "
        "momentum), or creep along the floor (a larger rate)?",
        "代价还有 {found[cost]:.1e}。路径是来回摆动（减小动量），还是沿谷底慢慢爬（增大"
        "学习率）？",
    ),
    see=(
        _tried,
        "the answer must be a pair of numbers: the rate and β.",
        "答案应当是两个数：学习率和 β。",
    ),
)
