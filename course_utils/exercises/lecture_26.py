"""The exercises of lecture 26."""

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_count", "check_name", "check_small"]


# --- exercise 1 ----------------------------------------------------------------------


def _networks(rng):
    """Numbers of networks with each of the troubles, some near the borders."""
    fixed = [
        (0.1, 0.1, 3e-6),
        (0.98, 0.75, 1.2),
        (0.7, 0.69, 0.8),
        (0.97, 0.93, 0.5),
        (0.85, 0.6, 1e-5),
        (0.95, 0.94, 1e-4),
        (0.89, 0.88, 0.002),
    ]
    trained = rng.uniform(0.2, 1, 12).round(3)
    new = (trained - rng.uniform(0, 0.09, 12)).round(3)
    ratios = 10 ** rng.uniform(-6, 0.5, 12)
    drawn = zip(trained, new, ratios, strict=True)
    return fixed + [tuple(map(float, numbers)) for numbers in drawn]


def _name(trained, new, ratio):
    if trained - new >= 0.1:
        return "overfitting"
    if trained >= 0.9:
        return "healthy"
    return "gradient" if ratio < 0.001 else "slow"


check_name = Exercise(
    cases=_networks,
    right=_name,
    done=(
        "the three numbers together tell the trouble; accuracy alone does not.",
        "三个数合起来才能说明问题，只看正确率不行。",
    ),
    mistakes=[
        (
            "low accuracy on new digits is not yet overfitting: how well are the "
            "training digits read?",
            "新数字的正确率低，还不一定是过拟合：训练数字认得怎样？",
            lambda trained, new, ratio: "overfitting" if new < 0.9 else "healthy",
        ),
        (
            "a small gradient alone is no trouble: a network may have learnt already.",
            "只看梯度小还不够：网络可能已经学会了。",
            lambda trained, new, ratio: (
                "gradient" if ratio < 0.001 else _name(trained, new, 1)
            ),
        ),
        (
            "which number tells a vanishing gradient from slow training?",
            "用哪个数来区分梯度消失和训练慢？",
            lambda trained, new, ratio: _name(trained, new, 1),
        ),
        (
            "you look at low accuracy first. What if both are low and far apart?",
            "你先看正确率是否低。如果两个都低，又相差很多呢？",
            lambda trained, new, ratio: (
                _name(trained, trained, ratio)
                if trained < 0.9
                else _name(trained, new, ratio)
            ),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Take the questions in the order of the text.",
        "当 {case} 时，你的答案是 {found}。请按题目里的顺序逐个判断。",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _layers(rng):
    fixed = [(1, 1, 1), (8, 5, 1), (16, 5, 8), (64, 3, 32), (7, 2, 3)]
    drawn = rng.integers(1, 20, size=(4, 3))
    return fixed + [tuple(map(int, numbers)) for numbers in drawn]


check_count = Exercise(
    cases=_layers,
    right=lambda filters, size, channels: filters * (size * size * channels + 1),
    done=(
        "kernels and biases; the size of the picture does not enter.",
        "核的权值加上偏置；与图像的大小无关。",
    ),
    mistakes=[
        (
            "the biases are missing: how many are there?",
            "漏了偏置：一共有几个偏置？",
            lambda filters, size, channels: filters * size * size * channels,
        ),
        (
            "a kernel reaches through all channels of its input.",
            "每个核要跨过输入的所有通道。",
            lambda filters, size, channels: filters * (size * size + 1),
        ),
        (
            "a kernel has two directions.",
            "卷积核有两个方向，不止一个。",
            lambda filters, size, channels: filters * (size * channels + 1),
        ),
        (
            "one bias for each filter, not one for all.",
            "每个核各有一个偏置，不是共用一个。",
            lambda filters, size, channels: filters * size * size * channels + 1,
        ),
    ],
    otherwise=(
        "for {case} you say {found}. How many numbers has one kernel, and how many "
        "kernels are there?",
        "当 {case} 时，你算得 {found}。一个核有多少个数？一共有几个核？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

check_small = judge(
    (
        "3,000 weights are enough, with fewer connections or shared weights.",
        "减少连接，或者共享权值，3,000 个权值就够了。",
    ),
    (
        lambda found: found[0] <= 3000,
        "more than 3,000 weights. Which layer holds most of them?",
        "权值超过 3,000 个了。大部分在哪一层？",
    ),
    (
        lambda found: 0.85 <= found[1] <= 1,
        "fewer than 85 % are read right. Where can weights be used at many places?",
        "没有认对 85%。哪里可以让同一组权值用在许多位置上？",
    ),
    see=(
        lambda pair: (int(pair[0]), float(pair[1])),
        "give the number of weights and the accuracy.",
        "请给出权值个数和正确率这两个数。",
    ),
)
