"""The exercises of lecture 47."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_filters", "check_plan", "check_reach"]


# --- exercise 1 ----------------------------------------------------------------------


def _ways(rng):
    """A first rate, and how far it is to the lowest point."""
    fixed = [(0.5, 20.0), (0.1, 5.0), (1.0, 2.0)]
    drawn = zip(rng.uniform(0.05, 0.9, 6), rng.uniform(2, 50, 6), strict=True)
    return fixed + [(float(first), float(way)) for first, way in drawn]


check_reach = Exercise(
    cases=_ways,
    right=lambda first, way: 1 - first / way,
    same=lambda found, wanted: np.shape(found) == () and abs(found - wanted) < 1e-6,
    done=(
        "the sum of all rates is just the way; a smaller factor stops before it.",
        "所有学习率之和正好等于路程；衰减系数再小一点，就停在半路。",
    ),
    mistakes=[
        (
            "this is what the rate loses with each step; asked is what it keeps.",
            "这是每步减少的比例；要的是每步留下的比例。",
            lambda first, way: first / way,
        ),
        (
            "after way/first steps at the first rate one would be there; but the rate "
            "falls. Add up all of them.",
            "用开始的学习率走 way/first 步就到了；可是学习率在变小。请把它们全加起来。",
            lambda first, way: way / first,
        ),
        (
            "the first step has the rate `first` itself, not `first` times the factor.",
            "第一步的学习率就是 first，还没有乘过衰减系数。",
            lambda first, way: way / (first + way),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. What is first + first·r + first·r² + … for ever?",
        "当 {case} 时，你算得 {found}。first + first·r + first·r² + … 一直加下去，"
        "等于多少？",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _kernels(rng):
    """Kernels (height, width, inputs, filters), and a bound between their lengths."""
    cases = []
    for shape in 2 * ((3, 3, 2, 4), (1, 2, 3, 5), (2, 2, 1, 3), (3, 2, 2, 6)):
        kernel = rng.normal(size=shape)
        kernel *= np.geomspace(0.3, 3, shape[-1])  # short filters, and long ones
        lengths = np.sqrt(np.sum(kernel**2, axis=(0, 1, 2)))
        cases.append((kernel, float(np.median(lengths) * 1.01)))
    return cases


def _shortened(kernel, c, axis, inside=True):
    length = np.sqrt(np.sum(kernel**2, axis=axis, keepdims=True))
    factor = c / length
    return kernel * (np.minimum(1, factor) if inside else factor)


check_filters = Exercise(
    cases=_kernels,
    right=lambda kernel, c: _shortened(kernel, c, (0, 1, 2)),
    done=(
        "each filter has its own wall: MaxNorm(c, axis=[0, 1, 2]) in Keras.",
        "每个卷积核各有自己的墙；Keras 里写作 MaxNorm(c, axis=[0, 1, 2])。",
    ),
    mistakes=[
        (
            "you shorten along the height alone. What is one filter's whole input?",
            "你只沿高度方向计算长度。一个卷积核的全部输入是什么？",
            lambda kernel, c: _shortened(kernel, c, 0),
        ),
        (
            "one length for the whole kernel: each filter is a unit of its own.",
            "你给整个数组算了一个长度；每个卷积核是一个单独的单元。",
            lambda kernel, c: _shortened(kernel, c, (0, 1, 2, 3)),
        ),
        (
            "filters inside the wall must stay as they are.",
            "墙内的卷积核应当保持不变。",
            lambda kernel, c: _shortened(kernel, c, (0, 1, 2), inside=False),
        ),
        (
            "max-norm shortens a vector as a whole; you cut single weights.",
            "最大范数是把整个向量缩短，你却是逐个截断权值。",
            lambda kernel, c: np.clip(kernel, -c, c),
        ),
    ],
    otherwise=(
        "return an array of the kernel's shape: the last axis counts the filters, and "
        "each of them is shortened to length c if it is longer.",
        "请返回形状相同的数组：最后一个轴是卷积核的序号，长度超过 c 的卷积核缩短到 c。",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------


def _expected(plan):
    """The rates of 1,000 steps, and what is expected in the end of both directions."""
    rates = np.asarray([float(plan(n, 1000)) for n in range(1000)])
    loss = 0.0
    for h in (1.0, 0.05):
        mean, variance = 20.0, 0.0
        for rate in rates:
            mean = (1 - rate * h) * mean
            variance = (1 - rate * h) ** 2 * variance + rate**2
        loss += h / 2 * (mean**2 + variance)
    return rates, loss


check_plan = judge(
    (
        "both directions have arrived, and are at rest. How low can it get?",
        "两个方向都走到了，也停稳了。还能更低吗？",
    ),
    (
        lambda found: np.all(found[0] >= 0) and np.all(np.isfinite(found[0])),
        "a learning rate must be a finite number, and not negative.",
        "学习率应当是有限的数，不能是负数。",
    ),
    (
        lambda found: found[0][-10:].mean() < found[0][:10].mean(),
        "the rate does not fall. What then becomes of the noise?",
        "学习率没有变小。那噪声怎么办？",
    ),
    (
        lambda found: found[1] < 0.025,
        "not low enough. Is it the way that is left in the flat direction, or the "
        "noise in the steep one?",
        "还不够低。是平的方向没有走到，还是陡的方向晃得太大？",
    ),
    see=(
        _expected,
        "my_plan(n, T) should return a number for each step.",
        "my_plan(n, T) 应当对每一步返回一个数。",
    ),
)
