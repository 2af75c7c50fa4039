"""The exercises of lecture 12."""

import operator

import numpy as np

from course_utils.exercises.core import Exercise, close, judge

__all__ = ["check_cheap_module", "check_split_kernel", "check_width"]


# --- exercise 1 ----------------------------------------------------------------------


def _convolutions(rng):
    """Channels, filters, side of the kernel; for (64, 64, 1) two ways cost the same."""
    drawn = rng.integers((9, 9), (600, 600), (12, 2))
    sizes = [(*map(int, pair), 1 + 2 * (i % 4)) for i, pair in enumerate(drawn)]
    return [*sizes, (192, 64, 5), (64, 64, 1), (768, 192, 3)]


def _width(channels, filters, kernel):
    alone = kernel**2 * channels * filters
    return (alone - 1) // (channels + kernel**2 * filters)


check_width = Exercise(
    cases=_convolutions,
    right=_width,
    done=(
        "with a larger kernel the limit rises, towards all the channels: then the 1×1 "
        "costs nearly nothing beside it.",
        "卷积核越大，这个上限越高，趋向全部通道：与大卷积核相比，1×1 几乎不花计算。",
    ),
    mistakes=[
        (
            "half the channels, whatever the kernel? Compute it for 1×1 and for 7×7, "
            "and compare with what you predicted.",
            "不论卷积核多大都是一半吗？对 1×1 和 7×7 各算一次，和你的预测比一比。",
            lambda channels, filters, kernel: channels // 2,
        ),
        (
            "that is so if the 1×1 cost nothing. It costs channels × m at each place.",
            "1×1 不花计算时才是这样。它在每个位置上要算 channels × m 次。",
            lambda channels, filters, kernel: channels - 1,
        ),
        (
            "a kernel × kernel convolution has kernel² places, not kernel.",
            "kernel × kernel 的卷积核有 kernel² 个位置，不是 kernel 个。",
            lambda channels, filters, kernel: (
                (kernel * channels * filters - 1) // (channels + kernel * filters)
            ),
        ),
        (
            "nearly: look at the case in which both ways cost exactly the same.",
            "差一点：看看两种做法计算恰好相等的情形。",
            lambda channels, filters, kernel: (
                kernel**2 * channels * filters // (channels + kernel**2 * filters)
            ),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Write down the multiply-adds at one place, with "
        "the 1×1 and without. For which m is the first number smaller?",
        "当 {case} 时，你算得 {found}。写出一个位置上的乘加次数，有 1×1 和没有 1×1 各是"
        "多少？m 取哪些值时前者更小？",
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

SIDE, CHANNELS = 17, 768  # of the module to be made cheaper
MIXED4 = 374_063_104  # its multiply-adds


def _examine(branches):
    """Channels, percent of mixed4's multiply-adds, height and width of what is seen."""
    ends = [_follow(steps) for steps in branches]
    channels, weights, heights, widths = zip(*ends, strict=True)
    percent = 100 * SIDE**2 * sum(weights) / MIXED4
    seen = {"height": max(heights), "width": max(widths)}
    return {"channels": sum(channels), "percent": percent} | seen


def _follow(steps):
    """Of one branch: channels at its end, weights, height and width of what it sees."""
    channels, weights, height, width = CHANNELS, 0, 1, 1
    for filters, kernel in steps:
        sides = kernel if np.ndim(kernel) else (kernel, kernel)
        filters, h, w = map(operator.index, (filters, *sides))
        if filters < 0 or min(h, w) < 1:
            raise ValueError("filters and kernels are positive")
        if filters:  # pooling, written as 0 filters, has none and keeps the channels
            weights += h * w * channels * filters
            channels = filters
        height, width = height + h - 1, width + w - 1
    return channels, weights, height, width


check_cheap_module = judge(
    (
        "as far as mixed4 sees, for {found[percent]:.0f} % of its multiply-adds.",
        "看得和 mixed4 一样远，乘加次数只有它的 {found[percent]:.0f} %。",
    ),
    (
        lambda found: found["channels"] == CHANNELS,
        "your module gives {found[channels]} channels; it must be 768. The channels of "
        "the last step of each branch add up.",
        "你的模块输出 {found[channels]} 个通道，应为 768 个。输出的通道数是各支路最后"
        "一步的通道数之和。",
    ),
    (
        lambda found: found["percent"] <= 40,
        "your module takes {found[percent]:.0f} % of mixed4's multiply-adds. Where are "
        "most of them? Put a narrower 1×1 before what is expensive.",
        "你的模块要做 mixed4 乘加次数的 {found[percent]:.0f} %。大部分花在哪里？在最"
        "费计算的一步之前，加一个通道更少的 1×1。",
    ),
    (
        lambda found: min(found["height"], found["width"]) >= 13,
        "cheap enough, but an output sees only {found[height]}×{found[width]} places. "
        "n×n after n×n sees 2n − 1; 1×n and n×1 together see n×n.",
        "计算够省了，但一个输出只看得到 {found[height]}×{found[width]} 个位置。两个 "
        "n×n 相接能看到 2n − 1；1×n 与 n×1 相接能看到 n×n。",
    ),
    see=(
        _examine,
        "this is no recipe: a list of branches, each of them a list of steps "
        "(filters, kernel), in whole numbers.",
        "这不是配方。配方是支路的列表，一条支路是若干步 (filters, kernel)，都是整数。",
    ),
)
