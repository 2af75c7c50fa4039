"""The exercises of lecture 33."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_best_rate", "check_schedule", "check_stairs"]


# --- exercise 1 ----------------------------------------------------------------------


def _bowls(rng):
    """Matrices with curvatures of one to three orders of magnitude, turned."""

    def turned(*curvatures):
        Q, _ = np.linalg.qr(rng.normal(size=(len(curvatures), len(curvatures))))
        return Q @ np.diag(curvatures) @ Q.T

    shapes = [(1.0, 3.0), (2.0, 2.5, 9.0), (0.1, 40.0), (0.5, 0.6, 0.7, 8.0)]
    shapes += [tuple(rng.uniform(0.1, 9, 4)) for _ in range(4)]
    return [(turned(*curvatures),) for curvatures in shapes]


check_best_rate = Exercise(
    cases=_bowls,
    right=lambda H: 2 / np.linalg.eigvalsh(H)[[0, -1]].sum(),
    done=(
        "the flattest and the steepest direction then shrink equally fast.",
        "这时最平的方向与最陡的方向缩小得一样快。",
    ),
    mistakes=[
        (
            "at this rate the steepest direction swings for ever.",
            "取这个学习率，最陡的方向会永远摆动下去。",
            lambda H: 2 / np.linalg.eigvalsh(H)[-1],
        ),
        (
            "the steepest direction is done in one step; the flattest could be faster.",
            "最陡的方向一步就到了，但最平的方向还可以更快。",
            lambda H: 1 / np.linalg.eigvalsh(H)[-1],
        ),
        (
            "the mean of all curvatures does not count. Which two directions do?",
            "不是所有曲率的平均。起作用的是哪两个方向？",
            lambda H: 1 / np.linalg.eigvalsh(H).mean(),
        ),
        (
            "the entries of H are no curvatures, unless H is diagonal.",
            "H 的元素不是曲率，除非 H 是对角矩阵。",
            lambda H: 1 / np.max(H),
        ),
    ],
    otherwise=(
        "not yet. Draw |1 − αh| against α for the largest and the smallest curvature: "
        "where do the two lines meet?",
        "还不对。对最大和最小的曲率，各画出 |1 − αh| 随 α 变化的线：两条线在哪里相交？",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _stairs(rng):
    """r, N and a share that lies well between two stairs."""
    fixed = [(0.5, 100, 0.3), (0.7, 150, 0.01), (0.9, 550, 0.5), (0.3, 10, 0.5)]
    drawn = []
    for _ in range(6):
        r = round(float(rng.uniform(0.3, 0.95)), 2)
        share = r ** (rng.integers(1, 20) + rng.uniform(0.2, 0.8))
        drawn.append((r, int(rng.integers(20, 600)), float(share)))
    return fixed + drawn


def _count(r, N, share):
    return np.log(share) / np.log(r)


check_stairs = Exercise(
    cases=_stairs,
    right=lambda r, N, share: N * (int(np.floor(_count(r, N, share))) + 1),
    done=(
        "whole stairs only, and the next one below.",
        "只能是整级台阶，而且要到低于它的那一级。",
    ),
    mistakes=[
        (
            "right for the smooth rate. In stairs it changes at multiples of N only.",
            "对平滑的衰减是对的；阶梯衰减只在 N 的整数倍处变化。",
            lambda r, N, share: N * _count(r, N, share),
        ),
        (
            "one stair too few: there the rate is still above the share.",
            "少了一级：那里的学习率还高于要求。",
            lambda r, N, share: N * int(np.floor(_count(r, N, share))),
        ),
        (
            "that is a number of stairs. How many steps has a stair?",
            "这是台阶的级数。一级有多少步？",
            lambda r, N, share: int(np.floor(_count(r, N, share))) + 1,
        ),
    ],
    otherwise=(
        "for {case} you say {found}. How often must one multiply by r, and after how "
        "many steps is that?",
        "当 {case} 时，你算得 {found}。要乘几次 r？那是多少步以后？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------


def _look(policy, above_lowest):
    """The rates of 1,500 steps at a loss that falls, and where the policy ends."""
    seen = np.linspace(2.3, 0.8, 1500)
    rates = np.array([float(policy(n, seen[n])) for n in range(1500)])
    return rates, float(above_lowest(policy))


check_schedule = judge(
    (
        "less than 0.004 above the lowest in half the steps. How low can it get?",
        "一半的步数，高出最低值不到 0.004。还能更低吗？",
    ),
    (
        lambda found, _: np.all(found[0] > 0) and np.all(np.isfinite(found[0])),
        "a learning rate must be positive at every step.",
        "每一步的学习率都应当是正数。",
    ),
    (
        lambda found, _: np.ptp(found[0]) > 0,
        "the rate is constant. What keeps it from getting lower?",
        "学习率是固定的。是什么使损失不能再低？",
    ),
    (
        lambda found, _: found[0][-1] < found[0][0],
        "the rate is larger in the end than at the start. When does noise matter most?",
        "最后的学习率比开始的还大。噪声在什么时候影响最大？",
    ),
    (
        lambda found, _: found[1] < 0.004,
        "not low enough. Is the start too small to get there, or the end too large to "
        "settle?",
        "还不够低。是开始时太小，走不到？还是最后太大，停不稳？",
    ),
    see=(
        _look,
        "give a function of the step and of the last loss that returns a number.",
        "请给出一个函数：参数是步数和最近的损失，返回一个数。",
    ),
)
