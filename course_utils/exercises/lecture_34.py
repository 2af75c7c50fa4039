"""The exercises of lecture 34."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_ball", "check_calm", "check_first_step", "check_shadow"]


# --- exercise 1 ----------------------------------------------------------------------


def _still(rng):
    """A start, a value, a decay and a number of updates."""
    fixed = [(1.0, 3.0, 0.9, 1), (-2.0, 4.0, 0.5, 3), (5.0, 0.5, 0.99, 40)]
    drawn = [
        (*map(float, rng.uniform(-4, 4, 2)), float(rng.uniform(0.5, 0.95)), n)
        for n in (2, 5, 9, 14, 20)
    ]
    return fixed + drawn


check_shadow = Exercise(
    cases=_still,
    right=lambda start, value, d, n: value + d**n * (start - value),
    done=(
        "after n updates dⁿ of the distance to the start is left.",
        "更新 n 次以后，与初值的差距还剩 dⁿ。",
    ),
    mistakes=[
        (
            "what becomes of the start? It is not forgotten at once.",
            "初值到哪里去了？它不会一下子就被忘掉。",
            lambda start, value, d, n: (1 - d**n) * value,
        ),
        (
            "right for one update. The shadow goes on from where it is.",
            "更新一次时才对。以后每次都从影子现在的值出发。",
            lambda start, value, d, n: d * start + (1 - d) * value,
        ),
        (
            "start and value have changed places: d keeps the old.",
            "初值和新值的位置反了：d 保留的是旧值。",
            lambda start, value, d, n: start + d**n * (value - start),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. By which factor does one update change the "
        "distance between shadow and value?",
        "当 {case} 时，你算得 {found}。更新一次，影子与变量的差距变成几倍？",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _first(d):
    return int(np.ceil((10 * d - 1) / (1 - d) - 1e-6))


check_first_step = Exercise(
    cases=lambda rng: [
        (d,)
        for d in (
            0.9,
            0.99,
            0.999,
            0.5,
            0.95,
            *(round(float(d), 3) for d in rng.uniform(0.6, 0.998, 4)),
        )
    ],
    right=_first,
    done=(
        "about 9/(1 − d) steps: 890 for 0.99, and 8,990 for 0.999.",
        "大约 9/(1 − d) 步：0.99 是 890 步，0.999 是 8,990 步。",
    ),
    mistakes=[
        (
            "that is about a shadow's mean age. Set (1 + n)/(10 + n) equal to d.",
            "这大约是影子的平均年龄。令 (1 + n)/(10 + n) 等于 d。",
            lambda d: round(1 / (1 - d)),
        ),
        (
            "nearly. Solve 1 + n = d·(10 + n) for n, and leave nothing out.",
            "差一点。从 1 + n = d·(10 + n) 解出 n，不要漏项。",
            lambda d: int(np.ceil(10 * d / (1 - d) - 1e-6)),
        ),
        (
            "at this n the fraction is still below d, unless it comes out whole.",
            "除非正好整除，否则这个 n 处的分数还小于 d。",
            lambda d: int(np.floor((10 * d - 1) / (1 - d) + 1e-6)),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. For which n is (1 + n)/(10 + n) = d?",
        "当 {case} 时，你算得 {found}。n 取多少时 (1 + n)/(10 + n) = d？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

check_calm = Exercise(
    cases=lambda rng: [
        (k,) for k in (2, 3, 10, 30, *map(float, rng.uniform(1.5, 40, 4)))
    ],
    right=lambda k: (k**2 - 1) / (k**2 + 1),
    done=(
        "for a tenth of the noise 0.98: ten times as calm, a hundred times the past.",
        "噪声降到十分之一，要 0.98：平稳十倍，要用一百倍长的过去。",
    ),
    mistakes=[
        (
            "right for the variance. The standard deviation is its root.",
            "对方差是对的；标准差是方差的平方根。",
            lambda k: (k - 1) / (k + 1),
        ),
        (
            "1 − d is how much of the new value comes in, not how much noise is left.",
            "1 − d 是新值所占的份额，不是剩下的噪声。",
            lambda k: 1 - 1 / k,
        ),
        (
            "1 − d alone is not the share of the variance. What stands below it?",
            "方差剩下的比例不只是 1 − d。分母是什么？",
            lambda k: 1 - 1 / k**2,
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Set (1 − d)/(1 + d) equal to the share of the "
        "variance that may be left.",
        "当 {case} 时，你算得 {found}。令 (1 − d)/(1 + d) 等于允许剩下的方差比例。",
    ),
)


# --- exercise 4 ----------------------------------------------------------------------


def _factors(answer):
    """γ, and the factor of a step on the flat and on the steep side, by eigenvalues."""
    rate, gamma = map(float, answer)
    assert 0 < rate < np.inf, "the rate is not positive"
    sides = [[[1 - rate * h, -gamma], [rate * h, gamma]] for h in (1, 400)]
    flat, steep = np.abs(np.linalg.eigvals(np.array(sides))).max(axis=1)
    return {"gamma": gamma, "flat": flat, "steep": steep}


check_ball = judge(
    (
        "both directions shrink to 0.91 or less. The least is 19/21, about 0.905.",
        "两个方向都缩到 0.91 倍以下。最小是 19/21，约 0.905。",
    ),
    (
        lambda found: found["steep"] < 1,
        "the steep direction flies off. What is the limit of α·h at this γ?",
        "陡的方向飞出去了。在这个 γ 下，α·h 的上限是多少？",
    ),
    (
        lambda found: found["gamma"] > 0,
        "without momentum 0.995 is the best there is.",
        "没有动量，最好也只有 0.995。",
    ),
    (
        lambda found: found["flat"] <= 0.91,
        "the flat direction is too slow. Which of the two numbers moves it?",
        "平的方向太慢。两个数里，改哪一个能让它快起来？",
    ),
    (
        lambda found: found["steep"] <= 0.91,
        "the flat direction is fast enough; the steep one swings too long.",
        "平的方向够快了，但陡的方向摆得太久。",
    ),
    see=(
        _factors,
        "give a positive rate and a γ, two numbers.",
        "请给出两个数：一个正的学习率和一个 γ。",
    ),
)
