"""The exercises of lecture 06."""

from numbers import Integral

from course_utils.exercises.core import Exercise, judge

__all__ = [
    "check_larger_image",
    "check_shifting_kernel",
    "check_small_lenet",
]


# --- exercise 1 ----------------------------------------------------------------------


def _sides(rng):
    """Multiples of 4, from the smallest of which S4 has anything."""
    return [(n,) for n in (28, 12, 56, 112, *map(int, 4 * rng.integers(3, 60, 6)))]


def _seeing(side):
    """Weights and biases of 120 units that see 16 maps of this side."""
    return (side**2 * 16 + 1) * 120


check_larger_image = Exercise(
    cases=_sides,
    right=lambda n: _seeing((n // 2 - 4) // 2),
    done=(
        "two halves and the border that C3 takes off: 276,600 weights at n = 56 are "
        "nearly six times as many, not four.",
        "两次减半，再去掉 C3 的边：n = 56 时有 276,600 个，接近六倍，不是四倍。",
    ),
    mistakes=[
        (
            "right for n = 28 only. These are not shared weights: how large is S4 now?",
            "只有 n = 28 时才对。这些权值不共享：现在 S4 有多大？",
            lambda n: _seeing(5),
        ),
        (
            "you let the number grow with the area of the image. C3 takes four rows "
            "off, however large the map is: work out the side of S4.",
            "你让个数随图像面积增长。可是不论图有多大，C3 都只去掉四行：先算出 S4 的"
            "边长。",
            lambda n: round(48_000 * (n / 28) ** 2) + 120,
        ),
        (
            "a quarter of n would be the side of S4 if C3 had SAME padding.",
            "只有 C3 用 SAME 填充时，S4 的边长才是 n 的四分之一；这里没有填充。",
            lambda n: _seeing(n // 4),
        ),
        (
            "the weights are right; each unit has a bias, too.",
            "权值对了；每个单元还有一个偏置。",
            lambda n: _seeing((n // 2 - 4) // 2) - 120,
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Follow the side from layer to layer: C1 keeps it, "
        "S2 halves it, C3 takes 4 off, S4 halves it again.",
        "当 {case} 时，你算得 {found}。逐层算边长：C1 不变，S2 减半，C3 减 4，S4 再"
        "减半。",
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
        "94% of the validation digits. Where is a map or a unit missed most? A layer "
        "of very few units may squeeze ten classes through too few numbers.",
        "参数够少了，共 {found[all]:,} 个，但验证集准确率不到 94%。哪一层最缺特征图或"
        "单元？一层的单元太少，十个类别的信息就可能挤不过去。",
    ),
    see=(
        _count,
        "my_widths must be four whole numbers, 1 or more, for C1, C3, C5 and F6, such "
        "as (6, 16, 120, 84).",
        "my_widths 应当是四个正整数，依次属于 C1、C3、C5、F6，例如 (6, 16, 120, 84)。",
    ),
)
