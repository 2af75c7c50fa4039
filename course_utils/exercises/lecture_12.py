"""The exercises of lecture 12."""

import math

import numpy as np

from course_utils.exercises.core import Exercise, close, judge

__all__ = ["check_cheap_module", "check_multiply_adds", "check_split_kernel"]


# --- exercise 1 ----------------------------------------------------------------------


def _convolutions(rng):
    """Strides that divide and that do not; square and other numbers of channels."""
    sides, kernels = rng.integers(9, 40, 12), rng.integers(1, 6, 12)
    channels, filters = rng.integers(2, 9, (2, 12))
    drawn = zip(sides, channels, filters, kernels, [1, 2, 3] * 4, strict=True)
    sizes = [(10, 2, 7, 4, 3), (36, 288, 384, 3, 2), *drawn]
    paddings = ("valid", "same")
    return [(*map(int, size), padding) for size in sizes for padding in paddings]


def _multiply_adds(side, channels, filters, kernel, stride, padding):
    windows = side if padding == "same" else side - kernel + 1
    return math.ceil(windows / stride) ** 2 * kernel**2 * channels * filters


check_multiply_adds = Exercise(
    cases=_convolutions,
    right=_multiply_adds,
    done=(
        "the multiply-adds of any square convolution, from its sizes.",
        "任何正方形卷积的乘加次数，都能由尺寸直接算出。",
    ),
    mistakes=[
        (
            "those are the weights. Each is used once at every place of the output.",
            "这是权值的个数。输出的每个位置上，每个权值都要用一次。",
            lambda side, channels, filters, kernel, *_: kernel**2 * channels * filters,
        ),
        (
            "twice too many: a multiplication and the addition after it count as one.",
            "多了一倍：一次乘法和随后的一次加法，合起来算一次乘加。",
            lambda *sizes: 2 * _multiply_adds(*sizes),
        ),
        (
            "you count the places of the input. With a stride, or without padding, the "
            "output has fewer.",
            "你数的是输入的位置。步长大于 1 或不补零时，输出的位置更少。",
            lambda *sizes: _multiply_adds(*sizes[:4], 1, "same"),
        ),
        (
            "right without padding; what changes when zeros are added?",
            "不补零时是对的；补零以后，输出的边长有什么变化？",
            lambda *sizes: _multiply_adds(*sizes[:5], "valid"),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. How many places has the output, in rows and in "
        "columns (a whole number)? What does one place cost one filter, and how many "
        "filters are there?",
        "当 {case} 时，你算得 {found}。输出有几行几列（都是整数）？在一个位置上，一个"
        "滤波器要算多少次？一共有几个滤波器？",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _kernels(rng):
    """Of rank one: smoothing, edges (rows add up to 0), zeros first, and any."""
    a, b = rng.uniform(1, 2, 2)
    pairs = [
        ([a, 2, 1], [1, 2, b]),
        ([1, 2, a], [-b, 0, b]),
        *rng.normal(size=(8, 2, 5)),
    ]
    zeros_first = [0, a, -1, 0, 2], [0, 1, -2, b, 0]
    return [(np.outer(*pair),) for pair in (*pairs, zeros_first)]


def _column_and_row(kernel, divided=True):
    i, j = np.unravel_index(np.abs(kernel).argmax(), kernel.shape)
    return kernel[:, j], kernel[i] / (kernel[i, j] if divided else 1)


def _same_product(found, wanted):
    return np.shape(found) == np.shape(wanted) and close(
        np.outer(*found), np.outer(*wanted)
    )


check_split_kernel = Exercise(
    cases=_kernels,
    right=_column_and_row,
    same=_same_product,  # a factor may stand in either
    done=(
        "column times row gives every kernel back.",
        "列乘以行，正好还原每一个卷积核。",
    ),
    mistakes=[
        (
            "adding up the entries gives another scale, and for an edge kernel, whose "
            "entries add up to 0, nothing at all. Take a row itself instead of a sum.",
            "把元素相加，大小就变了；边缘检测核的元素之和为 0，相加后什么也不剩。不要"
            "求和，直接取其中一行试试。",
            lambda kernel: (kernel.sum(axis=1), kernel.sum(axis=0)),
        ),
        (
            "exchange the two: the column first, then the row.",
            "两者的次序反了：先列，后行。",
            lambda kernel: _column_and_row(kernel)[::-1],
        ),
        (
            "the pattern is right, the scale is not: the entry where column and row "
            "cross is in both. Divide one of the two by it.",
            "形状对了，大小不对：列与行交叉处的元素被乘了两次，把其中一个除以它。",
            lambda kernel: _column_and_row(kernel, divided=False),
        ),
    ],
    otherwise=(
        "for {case} column times row is another kernel. In a kernel of rank one every "
        "row is a multiple of every other: take one row, and look for the multiples.",
        "当 {case} 时，列乘以行得到的是另一个核。秩为 1 的核，各行互为倍数：先取一行，"
        "再看其他各行是它的几倍。",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

GRID, CHANNELS = (17, 17), 768  # of the module to be made cheaper
MIXED4 = 374_063_104  # its multiply-adds


def _examine(branches, build):
    """Shape, percent of mixed4's multiply-adds, height and width of what is seen."""
    module = build((*GRID, CHANNELS), branches)
    work = sum(
        math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1])
        for layer in module.layers
        if hasattr(layer, "kernel")
    )
    shape, (height, width) = tuple(module.output.shape[1:]), _seen(module)
    percent = 100 * work / MIXED4
    return {"shape": shape, "percent": percent, "height": height, "width": width}


def _seen(module):
    """Height and width of the inputs that move the output in the middle."""
    import tensorflow as tf

    shape = (1, *module.input.shape[1:])
    picture = tf.constant(np.random.default_rng(0).random(shape), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(picture)
        middle = tf.reduce_sum(module(picture)[0, GRID[0] // 2, GRID[1] // 2])
    slope = tape.gradient(middle, picture, unconnected_gradients="zero")
    moved = np.abs(slope[0]).sum(axis=-1) > 0
    return moved.any(axis=1).sum(), moved.any(axis=0).sum()


check_cheap_module = judge(
    (
        "as far as mixed4 sees, for {found[percent]:.0f} % of its multiply-adds.",
        "看得和 mixed4 一样远，乘加次数只有它的 {found[percent]:.0f} %。",
    ),
    (
        lambda found, build: found["shape"] == (*GRID, CHANNELS),
        "your module gives {found[shape]}; it must be (17, 17, 768). The channels of "
        "the last step of each branch add up.",
        "你的模块输出 {found[shape]}，应为 (17, 17, 768)。输出的通道数是各支路最后一步"
        "的通道数之和。",
    ),
    (
        lambda found, build: found["percent"] <= 40,
        "your module takes {found[percent]:.0f} % of mixed4's multiply-adds. Where are "
        "most of them? Put a narrower 1×1 before what is expensive.",
        "你的模块要做 mixed4 乘加次数的 {found[percent]:.0f} %。大部分花在哪里？在最"
        "费计算的一步之前，加一个通道更少的 1×1。",
    ),
    (
        lambda found, build: min(found["height"], found["width"]) >= 13,
        "cheap enough, but an output sees only {found[height]}×{found[width]} places. "
        "n×n after n×n sees 2n − 1; 1×n and n×1 together see n×n.",
        "计算够省了，但一个输出只看得到 {found[height]}×{found[width]} 个位置。两个 "
        "n×n 相接能看到 2n − 1；1×n 与 n×1 相接能看到 n×n。",
    ),
    see=(
        _examine,
        "no module can be built from this. A recipe is a list of branches, a branch is "
        "a list of steps (filters, kernel).",
        "按这个配方搭不成模块。配方是支路的列表，一条支路是若干步 (filters, kernel)。",
    ),
)
