"""The exercises of lecture 41."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_determinant", "check_lift", "check_tests"]


# --- exercise 1 ----------------------------------------------------------------------


def _lists(rng):
    """Lengths and probabilities of lists, the shortest and the surest too."""
    fixed = [(1, 0.3), (2, 0.5), (10, 0.5), (50, 0.1), (5, 1.0)]
    drawn = zip(rng.integers(3, 40, 6), rng.uniform(0.02, 0.9, 6).round(2), strict=True)
    return fixed + [(int(n), float(p)) for n, p in drawn]


check_tests = Exercise(
    cases=_lists,
    right=lambda n, p: (1 - (1 - p) ** n) / p,
    done=(
        "the k-th question is asked if all before it were no: a geometric sum.",
        "前面的都答“否”，才会问第 k 个：几何级数之和。",
    ),
    mistakes=[
        (
            "1/p holds for a list without end. What if the list is over first?",
            "1/p 只对没有尽头的列表成立；如果先问完了呢？",
            lambda n, p: 1 / p,
        ),
        (
            "half of the list: that would need every length to be equally frequent.",
            "取一半，就等于认为每种长度同样常见。真是这样吗？",
            lambda n, p: n / 2,
        ),
        (
            "one question too many: with n = 1, how many are asked?",
            "多算了一个：n = 1 时问几个？",
            lambda n, p: (1 - (1 - p) ** (n + 1)) / p,
        ),
        (
            "n·p is the number of yes if all questions are asked.",
            "n·p 是全部问完时“是”的个数，不是问了几个。",
            lambda n, p: n * p,
        ),
    ],
    otherwise=(
        "for {case} you say {found}. With which probability is the k-th one asked?",
        "当 {case} 时，你的答案是 {found}。第 k 个问题被问到的概率是多少？",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _layers(rng):
    """Square matrices, one of them singular, and values of tanh."""
    cases = [
        (np.array([[1.0, 2.0], [0.0, 3.0]]), np.array([0.5, -0.1])),
        (np.array([[1.0, 2.0], [2.0, 4.0]]), np.array([0.5, -0.1])),
        (np.array([[2.0]]), np.array([0.9])),
    ]
    for n in (1, 2, 2, 3, 3, 4):
        cases.append((rng.normal(size=(n, n)), np.tanh(rng.normal(size=n))))
    return cases


check_determinant = Exercise(
    cases=_layers,
    right=lambda W, h: float(np.linalg.det(W) * np.prod(1 - h**2)),
    done=(
        "det W times the slopes 1 − h²: it is 0 only if W cannot be inverted.",
        "det W 乘以各个斜率 1 − h²；只有 W 不可逆时才为 0。",
    ),
    mistakes=[
        (
            "that is what W does. What does tanh do after it?",
            "这只是 W 的作用；后面的 tanh 呢？",
            lambda W, h: float(np.linalg.det(W)),
        ),
        (
            "1 − h is no slope of tanh: derive it once more.",
            "1 − h 不是 tanh 的导数，请再求一次导。",
            lambda W, h: float(np.linalg.det(W) * np.prod(1 - h)),
        ),
        (
            "every unit has its own slope, and the determinant multiplies them.",
            "每个单元各有自己的斜率；行列式是把它们乘起来。",
            lambda W, h: float(np.linalg.det(W) * np.mean(1 - h**2)),
        ),
        (
            "h(1 − h) is the slope of another function.",
            "h(1 − h) 是另一个激活函数的导数。",
            lambda W, h: float(np.linalg.det(W) * np.prod(h * (1 - h))),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Write ∂h/∂x as a product of two matrices first.",
        "当 {case} 时，你算得 {found}。先把 ∂h/∂x 写成两个矩阵的乘积。",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------


def _seen(answer):
    """Largest z in the disc, smallest on the ring, and the number of units."""
    W, b, v, c = (np.asarray(part, float) for part in answer)
    units = W.shape[1]
    if (W.shape, b.shape, v.shape, c.shape) != ((2, units), (units,), (units,), ()):
        raise ValueError("W (2, n), b (n,), v (n,) and one number c")
    turns = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    around = np.column_stack([np.cos(turns), np.sin(turns)])
    disc, ring = (
        np.concatenate([r * around for r in radii])
        for radii in (np.linspace(0, 0.525, 12), np.linspace(1.05, 1.5, 12))
    )
    inside, outside = (np.tanh(x @ W + b) @ v + c for x in (disc, ring))
    found = float(inside.max()), float(outside.min()), units
    if not np.isfinite(found).all():
        raise ValueError("numbers only")
    return found


check_lift = judge(
    (
        "the disc below the plane, the ring above it: three units are enough.",
        "圆盘在平面之下，圆环在平面之上：三个单元就够了。",
    ),
    (
        lambda found: found[2] <= 3,
        "more than three units.",
        "单元超过三个了。",
    ),
    (
        lambda found: found[0] < 0,
        "z is not negative in the whole disc: at which points are units on too early?",
        "z 在圆盘里没有处处为负：哪些点上单元打开得太早？",
    ),
    (
        lambda found: found[1] > 0,
        "z is not positive on the whole ring: which direction lies between two units?",
        "z 在圆环上没有处处为正：哪个方向夹在两个单元之间？",
    ),
    see=(
        _seen,
        "give W of shape (2, 3), b and v of three numbers each, and one number c.",
        "请给出形状为 (2, 3) 的 W，各三个数的 b 和 v，以及一个数 c。",
    ),
)
