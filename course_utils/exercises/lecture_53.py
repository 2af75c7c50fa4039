"""The exercises of lecture 53."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_best_picture", "check_few_pixels", "check_receptive_field"]


# --- exercise 1 ----------------------------------------------------------------------


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


# --- exercise 2 ----------------------------------------------------------------------


def _kernels(rng):
    """Kernels with positive and negative weights."""
    fixed = [[0.5, -1.0, 2.0], [-0.1, 0.3, -0.4], [1.5, -2.0, 0.2]]
    drawn = [rng.normal(size=(5, 5)) for _ in range(6)]
    return [(np.array(kernel),) for kernel in (fixed, *drawn)]


check_best_picture = Exercise(
    cases=_kernels,
    right=lambda kernel: np.where(kernel > 0, 1.0, 0.0),
    done=(
        "full ink wherever the weight is positive, none elsewhere: the sign of a "
        "weight matters, its size does not.",
        "权值为正处涂满，其余留白：起作用的是权值的正负号，不是大小。",
    ),
    mistakes=[
        (
            "that is the kernel itself, and pixels lie between 0 and 1. What does a "
            "little more ink under a small positive weight do to the sum?",
            "这就是卷积核本身，而像素在 0 和 1 之间。在一个小的正权值下面再多涂一点，"
            "和会怎样变？",
            lambda kernel: kernel,
        ),
        (
            "gray where the weight is small: but each positive weight adds more the "
            "darker its pixel is, however small it is.",
            "你在权值小的地方涂了灰色；可是只要权值为正，像素越黑，和就越大，不论权值"
            "多小。",
            lambda kernel: np.clip(kernel, 0, None) / kernel.max(),
        ),
        (
            "ink under a negative weight makes the sum smaller.",
            "在负权值下面涂墨，和会变小。",
            lambda kernel: np.ones_like(kernel),
        ),
        (
            "that is the picture that it likes least: look at the sign.",
            "这是让和最小的图像：再看看正负号。",
            lambda kernel: np.where(kernel < 0, 1.0, 0.0),
        ),
    ],
    otherwise=(
        "for {case} you give {found}. The sum adds weight times pixel; each pixel may "
        "be chosen between 0 and 1 on its own. What is best for each?",
        "当 {case} 时，你给出 {found}。和是“权值乘像素”的总和，每个像素可以各自在 0 和"
        " 1 之间选：每一个该选多少？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

FEW = 12  # pixels


def _different(pixels, answer_without):
    """The pixels as pairs of ints, and how many there are."""
    pairs = sorted({(int(row), int(column)) for row, column in pixels})
    if not all(0 <= place < 28 for pair in pairs for place in pair):
        raise ValueError("outside the image")
    return {"pairs": pairs, "count": len(pairs)}


check_few_pixels = judge(
    (
        "the network now gives another answer. Pixels erased: {found[count]}.",
        "只擦 {found[count]} 个像素，网络的答案就变了。",
    ),
    (
        lambda found, answer_without: found["count"] <= FEW,
        "{found[count]} pixels are more than 12. Erase the most salient one, compute "
        "the saliency again, and go on like that.",
        "{found[count]} 个像素超过了 12 个。先擦最显著的一个，重新求显著图，再擦下一"
        "个。",
    ),
    (
        lambda found, answer_without: (
            answer_without(found["pairs"]) != answer_without([])
        ),
        "the answer is still the same. Pixels erased: {found[count]}. Which speak for "
        "it most, and which once the first ones are gone?",
        "擦掉这 {found[count]} 个像素，答案没有变。哪些像素对答案的贡献最大？擦掉前几个"
        "以后，又是哪些？",
    ),
    see=(
        _different,
        "my_pixels must be a list of pairs (row, column), from 0 to 27, such as "
        "[(14, 10), (15, 10)].",
        "my_pixels 应当是（行, 列）的列表，行和列都从 0 到 27，例如 [(14, 10), "
        "(15, 10)]。",
    ),
)
