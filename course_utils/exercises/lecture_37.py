"""The exercises of lecture 37."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_mask", "check_restore", "check_shift"]


# --- exercise 1 ----------------------------------------------------------------------


def _mask(n, period, points=((0, 1), (0, -1))):
    mask = np.ones((n, n))
    for down, right in points:
        mask[down * n // period, right * n // period] = 0
    return mask


def _columns(n, period):
    mask = np.ones((n, n))
    mask[:, [n // period, -n // period]] = 0
    return mask


check_mask = Exercise(
    cases=lambda rng: [
        (int(k * period), int(period))
        for k, period in [(25, 8), (4, 5), (10, 10), (3, 4), (7, 3), (2, 16)]
        + [tuple(rng.integers((2, 3), (9, 12))) for _ in range(3)]
    ],
    right=_mask,
    done=(
        "two points, one the mirror image of the other.",
        "两个点，互相对称。",
    ),
    mistakes=[
        (
            "half of each stripe is still there: a cosine has two points.",
            "条纹还剩一半：一个余弦在频谱里有两个点。",
            lambda n, period: _mask(n, period, ((0, 1),)),
        ),
        (
            "these are stripes that change from row to row. Which index counts the "
            "periods along a row?",
            "这是沿着列变化的条纹。沿着一行有几个周期，由哪个下标来数？",
            lambda n, period: _mask(n, period, ((1, 0), (-1, 0))),
        ),
        (
            "the right place for one of the two, but the axis is the other one; and it "
            "has a mirror image.",
            "方向弄反了；而且它还有一个对称点。",
            lambda n, period: _mask(n, period, ((1, 0),)),
        ),
        (
            "the stripes are gone, and much of the picture too: how many periods do "
            "they have downwards?",
            "条纹没了，图像也损失了不少：条纹在竖直方向上有几个周期？",
            _columns,
        ),
    ],
    otherwise=(
        "not this mask for {case}. How many periods do the stripes have along a row, "
        "and how many along a column?",
        "当 {case} 时，掩模不对。条纹沿一行有几个周期，沿一列有几个周期？",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _pictures(rng):
    """A picture and a shift each; pictures that are no squares among them."""
    moves = [(5, 0), (0, 3), (2, -7), (-4, 1), (0, 0), (11, 30), (-3, -3)]
    sizes = [(16, 16), (12, 20), (20, 12), (9, 14), (8, 8), (15, 15), (30, 10)]
    pairs = zip(sizes, moves, strict=True)
    return [(rng.uniform(size=size), *move) for size, move in pairs]


check_shift = Exercise(
    cases=_pictures,
    right=lambda picture, down, right: np.roll(picture, (down, right), (0, 1)),
    done=(
        "each wave has moved by the same number of pixels, not by the same phase.",
        "每个波移动的像素数相同，相位的变化却各不相同。",
    ),
    mistakes=[
        (
            "moved, but the wrong way.",
            "移动了，但方向反了。",
            lambda picture, down, right: np.roll(picture, (-down, -right), (0, 1)),
        ),
        (
            "rows and columns have changed places: what is counted downwards?",
            "行和列弄反了：向下数的是哪一个？",
            lambda picture, down, right: np.roll(picture, (right, down), (0, 1)),
        ),
        (
            "only the rows have moved.",
            "只移动了行。",
            lambda picture, down, right: np.roll(picture, down, 0),
        ),
        (
            "only the columns have moved.",
            "只移动了列。",
            lambda picture, down, right: np.roll(picture, right, 1),
        ),
    ],
    otherwise=(
        "not this picture. By which phase does a wave with u periods a pixel turn when "
        "it moves by one pixel?",
        "图像不对。每个像素有 u 个周期的波，移动一个像素，相位变化多少？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------


def _gain(answer, blurred, H, original):
    """By how many decibels the answer is nearer to the original than the blurred."""
    found = np.asarray(answer(blurred.copy(), H.copy()))
    assert found.shape == blurred.shape, "not a picture of the same size"
    assert np.isrealobj(found), "complex numbers"
    assert np.isfinite(found).all(), "not all of it is finite"
    errors = [np.mean((picture - original) ** 2) for picture in (blurred, found)]
    return float(10 * np.log10(errors[0] / errors[1]))


check_restore = judge(
    (
        "{found:.1f} dB nearer to the original than the blurred picture.",
        "比模糊的图像提高了 {found:.1f} 分贝。",
    ),
    (
        lambda gain, *given: abs(gain) > 0.01,
        "that is the blurred picture.",
        "这就是那张模糊的图像。",
    ),
    (
        lambda gain, *given: gain > 3,
        "a gain of {found:.1f} dB. By how much is the noise multiplied where |H| is "
        "smallest?",
        "提高了 {found:.1f} 分贝。|H| 最小的地方，噪声被放大了多少倍？",
    ),
    (
        lambda gain, *given: gain >= 9,
        "a gain of {found:.1f} dB. Try other limits, and a change that is not abrupt "
        "from one to the other.",
        "提高了 {found:.1f} 分贝。换几个界限试试，也可以不突然截断，而是逐渐过渡。",
    ),
    see=(
        _gain,
        "my_restore takes the blurred picture and H, and gives a real picture of the "
        "same size.",
        "my_restore 的输入是模糊的图像和 H，输出是同样大小的实数图像。",
    ),
)
