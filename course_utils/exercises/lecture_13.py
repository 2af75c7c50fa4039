"""The exercises of lecture 13."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_ask_twice", "check_scaling", "check_temperature", "check_window"]


# --- exercise 1 ----------------------------------------------------------------------


def _colours(rng):
    """Means and deviations of red, green and blue; the first are ImageNet's own."""
    known = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    means, deviations = rng.uniform(0.2, 0.6, (7, 3)), rng.uniform(0.1, 0.4, (7, 3))
    return [known, *zip(means, deviations, strict=True)]


check_scaling = Exercise(
    cases=_colours,
    right=lambda mean, deviation: (1 / (255 * deviation), -mean / deviation),
    done=(
        "one multiplication and one addition a colour: what a Rescaling layer does.",
        "每种颜色只要一次乘法和一次加法，这正是 Rescaling 层做的事。",
    ),
    mistakes=[
        (
            "mean and deviation belong to pixels from 0 to 1. What happens to v first?",
            "均值和标准差是对 0…1 的像素说的。v 首先要怎样处理？",
            lambda mean, deviation: (1 / deviation, -mean / deviation),
        ),
        (
            "the deviation divides the mean, too: multiply the bracket out.",
            "标准差除的是整个括号，均值也要除：把括号展开看看。",
            lambda mean, deviation: (1 / (255 * deviation), -mean),
        ),
        (
            "the mean is subtracted: look at the sign of b.",
            "均值是要减去的：检查 b 的符号。",
            lambda mean, deviation: (1 / (255 * deviation), mean / deviation),
        ),
        (
            "255 stands below v only; the mean is between 0 and 1 already.",
            "只有 v 要除以 255；均值本来就在 0 与 1 之间。",
            lambda mean, deviation: (1 / (255 * deviation), -mean / 255 / deviation),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Write (v/255 − mean)/deviation as a·v + b: what "
        "stands before v, and what is left at v = 0?",
        "当 {case} 时，你的答案是 {found}。把 (v/255 − 均值)/标准差 写成 a·v + b：v "
        "前面的系数是什么？v = 0 时剩下什么？",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _ask(images):
    """Five made-up probabilities for each image, which depend on where things are."""
    rows = []
    for image in map(np.asarray, images):
        if image.dtype != np.uint8 or image.shape != (6, 8, 3):
            raise ValueError(f"an image is {image.dtype} of shape {image.shape}")
        weights = np.random.default_rng(1).normal(size=(image.size, 5))
        row = np.exp(image.ravel() / 255 @ weights / 3)
        rows.append(row / row.sum())
    return np.array(rows)


_IMAGE = np.random.default_rng(2).integers(0, 256, (6, 8, 3), dtype=np.uint8)
_ALONE, _MIRROR, _DOWN, _TURNED, _BLUE = _ask(
    [
        _IMAGE,
        _IMAGE[:, ::-1],
        _IMAGE[::-1],
        _IMAGE[::-1, ::-1],
        _IMAGE[..., ::-1],
    ]
)


def _is_none_of(*rows):
    return lambda found: not any(np.allclose(found, row) for row in rows)


check_ask_twice = judge(
    (
        "one picture, asked twice, and the mean of both answers.",
        "一张图片问两次，取两次答案的平均。",
    ),
    (
        lambda found: found.shape == _ALONE.shape,
        "your answer has the shape {found.shape}; it must be one row, (classes,). Over "
        "which axis are the two pictures?",
        "你的答案形状是 {found.shape}，应当是一行 (classes,)。两张图片排在哪个轴上？",
    ),
    (
        _is_none_of(_ALONE, _MIRROR),
        "that is the answer for one of the two pictures. Ask about both.",
        "这只是其中一张图片的答案；原图和镜像都要问。",
    ),
    (
        lambda found: np.isclose(found.sum(), 1),
        "these do not add up to 1, so they are no probabilities: not the sum, not the "
        "larger one, not a product.",
        "加起来不等于 1，就不是概率了：不是求和，不是取大的，也不是相乘。",
    ),
    (
        _is_none_of((_ALONE + _DOWN) / 2, (_ALONE + _TURNED) / 2),
        "your second picture stands on its head. Which axis holds left and right?",
        "你的第二张图片头朝下了。左右在哪个轴上？",
    ),
    (
        _is_none_of((_ALONE + _BLUE) / 2),
        "the last axis holds the colours: red and blue changed places, not the sides.",
        "最后一个轴是颜色：你交换的是红和蓝，不是左和右。",
    ),
    (
        lambda found: np.allclose(found, (_ALONE + _MIRROR) / 2),
        "that is not the mean of the two answers. Ask about each picture as it is, and "
        "average the answers, not the pictures.",
        "这不是两次答案的平均。两张图片分别问，平均的是答案，不是图片。",
    ),
    see=(
        lambda answer: np.asarray(answer(_ask, _IMAGE.copy())) * 1.0,
        "no answer came back. ask takes a list of uint8 images, all of one size.",
        "没有得到答案。ask 接收由 uint8 图片组成的列表，大小都相同。",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------


def _rows(rng):
    """Probabilities and temperatures below and above 1."""
    temperatures = [0.5, 2.0, 10.0, *map(float, rng.uniform(0.3, 4, 9))]
    return [(rng.dirichlet(np.ones(6)), T) for T in temperatures]


def _softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


check_temperature = Exercise(
    cases=_rows,
    right=lambda p, T: p ** (1 / T) / np.sum(p ** (1 / T)),
    done=(
        "T changes how sure the answers are, and never which one is the best.",
        "T 只改变把握的大小，从不改变哪个答案最好。",
    ),
    mistakes=[
        (
            "p/T, divided by its sum, is p again. It is the scores that are divided "
            "by T; how does p depend on a score?",
            "p/T 再除以总和，又变回了 p。除以 T 的是得分；p 与得分是什么关系？",
            lambda p, T: p / T / np.sum(p / T),
        ),
        (
            "that is the temperature 1/T: sharper where it should be flatter.",
            "这相当于温度 1/T：该变平缓的地方反而变尖了。",
            lambda p, T: p**T / np.sum(p**T),
        ),
        (
            "you take the probabilities for scores. Which scores belong to p?",
            "你把概率当成了得分。与 p 对应的得分是什么？",
            lambda p, T: _softmax(p / T),
        ),
        (
            "right but for the last step: they must add up to 1.",
            "只差最后一步：各项之和应当等于 1。",
            lambda p, T: p ** (1 / T),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. The scores are ln p, up to a number added to all: "
        "divide them by T, then take softmax.",
        "当 {case} 时，你的答案是 {found}。得分就是 ln p（可以同加一个常数）：先除以 "
        "T，再做 softmax。",
    ),
)


# --- exercise 4 ----------------------------------------------------------------------


def _covered(window, probability):
    """Whether the window lies in the picture, its area, and what is left of p."""
    top, left, height, width = map(float, window)
    inside = min(top, left) >= 0 < min(height, width)
    inside = inside and max(top + height, left + width) <= 1 + 1e-9
    left_over = probability(top, left, height, width) if inside else 1.0
    percent = 100 * height * width
    return {"inside": inside, "percent": percent, "p": float(left_over)}


check_window = judge(
    (
        "{found[percent]:.0f} % of the picture covered, and espresso falls to "
        "{found[p]:.2f}.",
        "只遮住图片的 {found[percent]:.0f} %，espresso 就降到 {found[p]:.2f}。",
    ),
    (
        lambda found, probability: found["inside"],
        "the window must lie within the picture: all numbers are shares, from 0 to 1.",
        "窗口要落在图片之内：四个数都是占边长的比例，从 0 到 1。",
    ),
    (
        lambda found, probability: found["percent"] < 8.01,
        "your window covers {found[percent]:.0f} % of the picture; 8 % are allowed.",
        "你的窗口遮住了图片的 {found[percent]:.0f} %，最多只能遮 8 %。",
    ),
    (
        lambda found, probability: found["p"] < 0.5,
        "espresso still has {found[p]:.2f}. Where is the map darkest? Try another "
        "place there, or another shape of the same area.",
        "espresso 还有 {found[p]:.2f}。遮挡图哪里最暗？在那一带换个位置，或者面积不"
        "变，换个形状。",
    ),
    see=(
        _covered,
        "a window is four numbers: top, left, height, width.",
        "一个窗口是四个数：上、左、高、宽。",
    ),
)
