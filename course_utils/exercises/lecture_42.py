"""The exercises of lecture 42."""

import numpy as np

from course_utils.data import load_table
from course_utils.exercises.core import Exercise, judge

__all__ = ["check_columns", "check_month", "check_rank"]


# --- exercise 1 ----------------------------------------------------------------------


def _sizes(rng):
    """Numbers of values of one to four names."""
    fixed = [([6],), ([6, 2],), ([6, 2, 10],), ([2, 2, 2],)]
    return fixed + [(rng.integers(2, 9, k).tolist(),) for k in (1, 2, 3, 4)]


check_rank = Exercise(
    cases=_sizes,
    right=lambda sizes: 1 + sum(d - 1 for d in sizes),
    done=(
        "each name loses one: its columns add up to the column of ones.",
        "每个属性都少一列：它的各列加起来就是那一列 1。",
    ),
    mistakes=[
        (
            "that is how many columns there are. Add up the six columns of the site: "
            "which column comes out?",
            "这是列数。把地点的六列加起来，得到哪一列？",
            lambda sizes: sum(sizes) + 1,
        ),
        (
            "right for one name. With two, both sets of columns add up to the same.",
            "只有一个属性时才对。有两个时，两组列加起来得到同一列。",
            sum,
        ),
        (
            "that is the number of combinations, each with a column of its own.",
            "这是组合数，相当于每种组合各有一列。",
            lambda sizes: int(np.prod(sizes)),
        ),
        (
            "the column of ones counts too; no name gives it any more.",
            "还要算上那一列 1。",
            lambda sizes: sum(d - 1 for d in sizes),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Which columns add up to a column that is there "
        "already?",
        "当 {case} 时，你的答案是 {found}。哪几列加起来，得到的是已经有的列？",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _distances(answer):
    """Distances of the months' codes from each other, 12 × 12."""
    codes = [np.asarray(answer(month), float).ravel() for month in range(1, 13)]
    assert all(np.isfinite(code).all() and code.size for code in codes), "no numbers"
    codes = np.array(codes)
    return np.linalg.norm(codes[:, None] - codes, axis=-1)


def _apart(found, months):
    """Distance of each month from the one so many months later."""
    return found[np.arange(12), (np.arange(12) + months) % 12]


check_month = judge(
    (
        "the year is closed: a model can learn a season, with no jump at New Year.",
        "一年首尾相接：模型可以学到季节，新年时没有跳变。",
    ),
    (
        lambda found: found[~np.eye(12, dtype=bool)].min() > 0.01 * found.max() > 0,
        "two months get the same numbers, or nearly so: compare January and May.",
        "有两个月的编码相同或几乎相同：比一比一月和五月。",
    ),
    (
        lambda found: _apart(found, 1).max() <= 1.05 * _apart(found, 1).min(),
        "not every month is as far from the next: look at December and January.",
        "相邻两个月的距离不全相等：看看十二月和一月。",
    ),
    (
        lambda found: _apart(found, 6).min() >= 2 * _apart(found, 1).max(),
        "half a year is no farther than a month. Put the months on a line that closes.",
        "相隔半年并不比相隔一个月远多少。想想首尾相接的一条线。",
    ),
    see=(
        _distances,
        "my_month(m) must give a list of numbers, equally many for every month.",
        "my_month(m) 应当返回一个数的列表，每个月的个数相同。",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------


def _left_out(answer):
    """Root mean square error of the yields, each predicted from all others."""
    table = load_table("barley")
    codes = [np.unique(table[k], return_inverse=True)[1] for k in _NAMES]
    columns = np.asarray(answer(*codes), float)
    assert columns.shape == (120, columns.size // 120), f"shape {columns.shape}"
    assert np.isfinite(columns).all(), "not all are numbers"
    A = np.column_stack([columns, np.ones(120)])
    inverse, y = np.linalg.pinv(A), table["yield"]
    others = 1 - np.sum(A * inverse.T, axis=1)  # share of the others in a prediction
    if others.min() < 1e-8:
        return np.inf
    return float(np.sqrt(np.mean(((y - A @ (inverse @ y)) / others) ** 2)))


_NAMES = ("site", "year", "variety")

check_columns = judge(
    (
        "{found:.2f} bushels for yields that the model has not seen.",
        "模型没见过的产量，误差是 {found:.2f}。",
    ),
    (
        np.isfinite,
        "a field has a column of its own: when its yield is left out, nothing is "
        "known of it.",
        "有一块田独占一列：它的产量一旦留出，模型对它就一无所知。",
    ),
    (
        lambda found: found < 9,
        "{found:.2f}: hardly better than the mean. Is the number of a site a quantity?",
        "误差 {found:.2f}，比只用均值好不了多少。地点的编号是数量吗？",
    ),
    (
        lambda found: found < 6.5,
        "{found:.2f}: the sites are told apart. Did the year change every site alike?",
        "误差 {found:.2f}：地点分开了。年份对每个地点的影响都一样吗？",
    ),
    (
        lambda found: found <= 5.3,
        "{found:.2f}: not there yet. Which name is not used, or is split too finely?",
        "误差 {found:.2f}，还不够。还有哪个属性没有用上，或者分得太细了？",
    ),
    see=(
        _left_out,
        "my_columns must give an array of 120 rows of finite numbers.",
        "my_columns 应当返回一个 120 行的数组，元素都是有限的数。",
    ),
)
