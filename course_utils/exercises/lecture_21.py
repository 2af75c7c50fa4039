"""The exercises of lecture 21."""

import numpy as np

from course_utils.data import load_table
from course_utils.exercises.core import Exercise, judge

__all__ = ["check_loss_of_signs", "check_parted", "check_width"]


# --- exercise 1 ----------------------------------------------------------------------


def _weights_and_chances(rng):
    """Weights of one to five inputs, and probabilities above one half."""
    drawn = [(rng.normal(size=n) * 3, rng.uniform(0.55, 0.99)) for n in range(1, 6)] * 2
    return [(np.array([0.6, -0.8]), 0.9), *((w, float(p)) for w, p in drawn)]


check_width = Exercise(
    cases=_weights_and_chances,
    right=lambda w, p: 2 * np.log(p / (1 - p)) / np.linalg.norm(w),
    done=(
        "the two lines lie at z = ±ln(p/(1 − p)), and z grows by ‖w‖ a unit of length.",
        "两条线在 z = ±ln(p/(1 − p)) 处；每走单位长度，z 增加 ‖w‖。",
    ),
    mistakes=[
        (
            "that is the width in z. How fast does z grow along w?",
            "这是 z 的宽度。沿 w 走单位长度，z 增加多少？",
            lambda w, p: 2 * np.log(p / (1 - p)),
        ),
        (
            "that is the way from one half to p. The strip lies on both sides.",
            "这只是从 ½ 到 p 的距离；带子在分界线两侧都有。",
            lambda w, p: np.log(p / (1 - p)) / np.linalg.norm(w),
        ),
        (
            "you divide the difference of the outputs. The curve is no straight line: "
            "which z gives the output p?",
            "你用的是输出之差。曲线不是直线：输出等于 p 时，z 等于多少？",
            lambda w, p: (2 * p - 1) / np.linalg.norm(w),
        ),
        (
            "you divide by ‖w‖². The position along w is wᵀx/‖w‖.",
            "你除以了 ‖w‖²。x 在 w 方向上的位置是 wᵀx/‖w‖。",
            lambda w, p: 2 * np.log(p / (1 - p)) / np.sum(np.square(w)),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Solve y = p for z first, then ask how long a way "
        "along w changes z by so much.",
        "当 {case} 时，你算得 {found}。先由 y = p 解出 z，再想沿 w 走多远，"
        "z 才变化这么多。",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _outputs_and_signs(rng):
    """Arrays of z and of targets −1 or 1; one where eᶻ overflows."""
    drawn = [(rng.normal(size=6) * 4, rng.choice([-1.0, 1.0], 6)) for _ in range(8)]
    return [(np.array([-1000.0, 1000, 0.5]), np.array([1.0, -1, -1])), *drawn]


check_loss_of_signs = Exercise(
    cases=_outputs_and_signs,
    right=lambda z, s: np.logaddexp(0, -s * z),
    done=(
        "ln(1 + e^(−sz)): it depends on the product sz alone, which is the margin of "
        "lecture 31.",
        "ln(1 + e^(−sz))：它只与乘积 sz 有关，这就是第 31 讲的间隔。",
    ),
    mistakes=[
        (
            "with s in the place of t the term is right for s = 1 only. Which t "
            "belongs to s = −1?",
            "直接把 s 当作 t，只有 s = 1 时才对。s = −1 对应的 t 是多少？",
            lambda z, s: np.logaddexp(0, z) - s * z,
        ),
        (
            "the loss should be small where z has the sign of s: look at the sign in "
            "the exponent.",
            "z 与 s 同号时损失应当小：看看指数的正负号。",
            lambda z, s: np.logaddexp(0, s * z),
        ),
        (
            "s = −1 is t = 0: t = (s + 1)/2, not s/2.",
            "s = −1 对应的是 t = 0：应当是 t = (s + 1)/2，不是 s/2。",
            lambda z, s: np.logaddexp(0, z) - s / 2 * z,
        ),
        (
            "one number for each example is asked, no mean.",
            "要的是每个样本一个数，不要取平均。",
            lambda z, s: np.mean(np.logaddexp(0, -s * z)),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Write the probability of the true class as a "
        "function of z, once for s = 1, once for s = −1: what do both have in common?",
        "当 {case} 时，你算得 {found}。分别写出 s = 1 和 s = −1 时正确类别的概率，它们"
        "有什么共同的形式？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

KINDS = {"Adelie", "Chinstrap", "Gentoo"}
MEASURES = {"bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"}


def _look(answer):
    """Species and twice two measures, as sets."""
    return [set(names) for names in answer]


def _separable(kinds, measures):
    """Whether a line separates two species by two measures."""
    from scipy.optimize import linprog

    birds = load_table("penguins")
    x = np.column_stack([birds[name] for name in sorted(measures)])
    first, second = (birds["species"] == kind for kind in sorted(kinds))
    chosen = (first | second) & ~np.isnan(x).any(axis=1)
    x, side = x[chosen], np.where(first[chosen], 1, -1)[:, None]
    A = np.column_stack([np.ones(len(x)), (x - x.mean(axis=0)) / x.std(axis=0)])
    options = {"b_ub": -np.ones(len(x)), "bounds": (None, None)}
    return linprog(np.zeros(3), A_ub=-side * A, **options).status == 0


check_parted = judge(
    (
        "the same species: whether they are told apart without a mistake depends on "
        "what is measured.",
        "同样的两种鸟，能不能完全分开，取决于测量什么。",
    ),
    (
        lambda found: len(found) == 3 and found[0] <= KINDS and len(found[0]) == 2,
        "name two of the species Adelie, Chinstrap and Gentoo.",
        "请写出 Adelie、Chinstrap、Gentoo 中的两种。",
    ),
    (
        lambda found: all(len(two) == 2 and two <= MEASURES for two in found[1:]),
        "choose two of the four measures each time, by their names.",
        "每次从四项测量中选两项，写出它们的名称。",
    ),
    (
        lambda found: (
            found[0] != {"Adelie", "Gentoo"}
            or found[1] != {"bill_length_mm", "bill_depth_mm"}
        ),
        "this is the lecture's own example. Find another.",
        "这是讲义里的例子，请另找一个。",
    ),
    (
        lambda found: _separable(found[0], found[1]),
        "no line separates these two species by the first two measures. Which measure "
        "differs most between them?",
        "用前两项测量，没有直线能把这两种鸟完全分开。想一想：它们在哪一项上差别最大？",
    ),
    (
        lambda found: not _separable(found[0], found[2]),
        "a line does separate them by the last two measures as well: choose those in "
        "which the two species are alike.",
        "用后两项测量，也有直线能把它们分开：请选两种鸟比较接近的测量。",
    ),
    see=(
        _look,
        "give three lists of names: species, two measures, two measures.",
        "请给出三个列表：种类、两项测量、两项测量。",
    ),
)
