"""The exercises of lecture 06."""

import math
from numbers import Integral

from course_utils.exercises.core import Exercise, judge

__all__ = [
    "check_output_size",
    "check_receptive_field",
    "check_shifting_kernel",
    "check_small_lenet",
]


# --- exercise 1 ----------------------------------------------------------------------


def _windows(rng):
    """Strides that divide and that do not, windows as large as the plane."""
    kernels, more, strides = rng.integers((1, 0, 1), (8, 30, 5), (12, 3)).T
    drawn = zip(kernels + more, kernels, strides, strict=True)
    edges = [(5, 3, 2), (3, 2, 2), (28, 5, 1), (11, 3, 3), (7, 7, 1), (9, 2, 4)]
    sizes = [tuple(map(int, size)) for size in (*edges, *drawn)]
    return [(*size, padding) for size in sizes for padding in ("VALID", "SAME")]


def _side(n, k, s, padding):
    return math.ceil((n if padding == "SAME" else n - k + 1) / s)


check_output_size = Exercise(
    cases=_windows,
    right=_side,
    done=(
        "the sides that TensorFlow gives, SAME and VALID, for any stride.",
        "与 TensorFlow 给出的边长一致：SAME、VALID，任何步长都对。",
    ),
    mistakes=[
        (
            "right for stride 1 only; of the windows, only every s-th is left.",
            "只有步长为 1 时才对；步长为 s 时，每 s 个窗口只留一个。",
            lambda n, k, s, padding: _side(n, k, 1, padding),
        ),
        (
            "not a whole number where the stride does not divide. Which way must VALID "
            "round, which way SAME?",
            "步长除不尽时，结果不是整数。VALID 应当向哪边取整？SAME 呢？",
            lambda n, k, s, padding: n / s if padding == "SAME" else (n - k) / s + 1,
        ),
        (
            "VALID is right. SAME fills up with zeros, so what is left over at the "
            "edge gets a window too.",
            "VALID 对了。SAME 会补零，所以边上剩下的部分也要占一个窗口。",
            lambda n, k, s, padding: n // s if padding == "SAME" else (n - k) // s + 1,
        ),
        (
            "SAME is right. VALID has no zeros: a window that would stick out at the "
            "edge is left out.",
            "SAME 对了。VALID 不补零，超出边界的窗口就舍去。",
            lambda n, k, s, padding: (
                math.ceil(n / s) if padding == "SAME" else math.ceil((n - k) / s) + 1
            ),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Draw the plane and count the windows; the first "
        "one counts too.",
        "当 {case} 时，你算得 {found}。把平面画出来，数一数窗口；第一个窗口也要算。",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------

check_shifting_kernel = Exercise(
    right=[[1, 0, 0], [0, 0, 0], [0, 0, 0]],
    done=(
        "the picture moves one pixel right and one down.",
        "图像向右、向下各移动了一个像素。",
    ),
    mistakes=[
        (
            "this kernel changes nothing: each pixel becomes itself.",
            "这个卷积核什么也没有改变：每个像素还是它自己。",
            [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
        ),
        (
            "the picture moves left and up. Conv2D does not turn the kernel: ask where "
            "each pixel's new value must come from.",
            "图像向左上移动了。Conv2D 不翻转卷积核：每个像素的新值应当从哪里来？",
            [[0, 0, 0], [0, 0, 0], [0, 0, 1]],
        ),
        (
            "the picture moves down, but not to the right.",
            "图像只向下移动，没有向右移动。",
            [[0, 1, 0], [0, 0, 0], [0, 0, 0]],
        ),
        (
            "the picture moves to the right, but not down.",
            "图像只向右移动，没有向下移动。",
            [[0, 0, 0], [1, 0, 0], [0, 0, 0]],
        ),
    ],
    otherwise=(
        "{found} does something else to the picture. To move it, each pixel must take "
        "over the value of exactly one neighbour, no brighter and no darker.",
        "{found} 得到的不是这样的移动。要移动图像，每个像素都应当取一个邻居的值，只取"
        "一个，而且不变亮，也不变暗。",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------


def _stacks(rng):
    """Lists of (kernel side, stride), from the image upwards; also the empty one."""
    edges = [[(5, 1)], [(3, 1), (3, 1)], [(2, 2), (2, 2)], [(5, 1), (2, 2), (5, 1)], []]
    drawn = [rng.integers(1, (6, 4), (length, 2)) for length in (2, 3, 3, 4, 4, 5)]
    return [
        (stack,) for stack in (*edges, *(list(map(tuple, d.tolist())) for d in drawn))
    ]


def _field(layers, grow=lambda k, s, jump: (k - 1) * jump):
    field, jump = 1, 1
    for kernel, stride in layers:
        field += grow(kernel, stride, jump)
        jump *= stride
    return field


check_receptive_field = Exercise(
    cases=_stacks,
    right=_field,
    done=(
        "the receptive field of any stack of layers.",
        "任意多层叠起来，感受野都算对了。",
    ),
    mistakes=[
        (
            "right for stride 1. After a stride of 2, neighbouring units are two "
            "pixels apart, and so each further step of a kernel counts twice.",
            "步长为 1 时是对的。经过步长 2 之后，相邻单元相隔两个像素，此后卷积核每走"
            "一格，就要算两个像素。",
            lambda layers: _field(layers, lambda k, s, jump: k - 1),
        ),
        (
            "how many steps does a kernel of side k take from its first pixel to its "
            "last? You count one too many.",
            "边长为 k 的卷积核，从第一个像素走到最后一个，要走几步？你多算了一步。",
            lambda layers: _field(layers, lambda k, s, jump: k * jump),
        ),
        (
            "a layer's own stride sets its units further apart; it widens the field of "
            "the layers *above* it only.",
            "一层自己的步长只是拉开本层单元之间的距离；它扩大的，是*上面*各层的感受野。",
            lambda layers: _field(layers, lambda k, s, jump: (k - 1) * jump * s),
        ),
        (
            "the strides of all layers *below* count, multiplied, and not the layer's "
            "own.",
            "起作用的是*下面*所有各层步长的乘积，而不是本层的步长。",
            lambda layers: _field(layers, lambda k, s, jump: (k - 1) * s),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Without any layer a unit is its own pixel. Go "
        "upwards from there, and keep track of how far neighbouring units are apart.",
        "当 {case} 时，你算得 {found}。一层也没有时，单元就是那个像素自己。从这里逐层"
        "往上算，并记住相邻单元相隔几个像素。",
    ),
)


# --- exercise 4 ----------------------------------------------------------------------


def _count(widths, validate):
    """How many weights and biases there are, and which layer has the most."""
    c1, c3, c5, f6 = widths
    if not all(isinstance(w, Integral) and w > 0 and w is not True for w in widths):
        raise ValueError("not four whole numbers, 1 or more")
    layers = {
        "C1": (25 + 1) * c1,
        "C3": (25 * c1 + 1) * c3,
        "C5": (25 * c3 + 1) * c5,
        "F6": (c5 + 1) * f6,
        "output": (f6 + 1) * 10,
    }
    name = max(layers, key=layers.get)
    counts = {"all": sum(layers.values()), "name": name, "most": layers[name]}
    return counts | {"widths": tuple(map(int, widths))}


check_small_lenet = judge(
    (
        "{found[all]:,} weights and biases, and at least 94% of the validation digits.",
        "{found[all]:,} 个参数，验证集准确率不低于 94%。",
    ),
    (
        lambda found, validate: found["all"] <= 15_000,
        "{found[all]:,} weights and biases, more than 15,000; {found[name]} has "
        "{found[most]:,} of them.",
        "共 {found[all]:,} 个参数，超过了 15,000；其中 {found[name]} 层就有 "
        "{found[most]:,} 个。",
    ),
    (
        lambda found, validate: validate(found["widths"]) >= 0.94,
        "small enough, with {found[all]:,} weights and biases, but it reads fewer than "
        "94% of the validation digits. Where is a map or a unit missed most? Fewer "
        "than ten units squeeze ten classes through too few numbers.",
        "参数够少了，共 {found[all]:,} 个，但验证集准确率不到 94%。哪一层最缺特征图或"
        "单元？一层不足十个单元，十个类别的信息就挤不过去。",
    ),
    see=(
        _count,
        "my_widths must be four whole numbers, 1 or more, for C1, C3, C5 and F6, such "
        "as (6, 16, 120, 84).",
        "my_widths 应当是四个正整数，依次属于 C1、C3、C5、F6，例如 (6, 16, 120, 84)。",
    ),
)
