"""The exercises of lecture 51."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_maximum", "check_power", "check_stops"]


# --- exercise 1 ----------------------------------------------------------------------

check_power = Exercise(
    cases=lambda rng: [
        (float(x), n) for n in (2, 3, 4, 5, 7) for x in rng.uniform(1.2, 2, 2)
    ],
    right=lambda x, n: x ** (n - 1),
    done=(
        "each use of x sends the same message, and only the last one is left.",
        "x 的每次使用都传回同样的消息，只有最后一条留了下来。",
    ),
    mistakes=[
        (
            "this is the true derivative, for which all messages are added.",
            "这是真正的导数，要把所有消息加起来才得到。",
            lambda x, n: n * x ** (n - 1),
        ),
        (
            "right for n = 2. What does the message meet on the way to the first "
            "product?",
            "n = 2 时对。消息传到第一个乘积以前，还乘上了哪些数？",
            lambda x, n: x,
        ),
        (
            "this arrives at the first product; it must still pass it.",
            "这是传到第一个乘积的消息，它还要再过这个乘积。",
            lambda x, n: x ** (n - 2),
        ),
        (
            "the first product sends two messages to x; count again how many are left.",
            "第一个乘积给 x 传了两条消息；再数一数留下几条。",
            lambda x, n: 2 * x ** (n - 1),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Write down the messages to x in the order of "
        "their arrival, for n = 3.",
        "当 {case} 时，你算得 {found}。取 n = 3，按到达的次序写出传给 x 的各条消息。",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _pairs(rng):
    """Two arrays without equal elements, and a message."""
    return [tuple(rng.normal(size=(3, *shape))) for shape in [(4,), (3, 2), (2, 3)] * 2]


def _both(found, wanted):
    return len(found) == 2 and all(
        np.shape(a) == np.shape(b) and np.allclose(a, b)
        for a, b in zip(found, wanted, strict=True)
    )


check_maximum = Exercise(
    cases=_pairs,
    right=lambda a, b, m: (m * (a > b), m * (b > a)),
    same=_both,
    done=(
        "the message goes to the winner alone; with b = 0 this is ReLU.",
        "消息只传给较大的那个；取 b = 0 就是 ReLU。",
    ),
    mistakes=[
        (
            "both get the whole message. If the smaller one changes a little, what "
            "happens to the result?",
            "两边都得到了全部消息。较小的那个变一点，结果变不变？",
            lambda a, b, m: (m, m),
        ),
        (
            "the message goes to the wrong one of the two.",
            "消息传给了不该传的那一个。",
            lambda a, b, m: (m * (a < b), m * (b < a)),
        ),
        (
            "this compares each with 0; compare them with each other.",
            "这是各自与 0 比较；应当互相比较。",
            lambda a, b, m: (m * (a > 0), m * (b > 0)),
        ),
        (
            "a slope is wanted, not the value.",
            "要乘的是斜率，不是数值本身。",
            lambda a, b, m: (m * a * (a > b), m * b * (b > a)),
        ),
    ],
    otherwise=(
        "return two arrays of the shape of m. For one element: by how much does the "
        "result change if a changes a little?",
        "请返回两个与 m 形状相同的数组。只看一个元素：a 变一点，结果变多少？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------


def _held(stops, L):
    """Layers held at most: kept ones and the segment that is computed again."""
    edges = [0, *stops, L]
    assert all(isinstance(n, (int, np.integer)) for n in edges), "not all whole numbers"
    assert all(np.diff(edges) > 0), f"not rising from 1 to {L - 1}"
    return max(k + edges[k] - edges[k - 1] for k in range(1, len(edges)))


def _shares(stops):
    """Layers held over √L, for three depths."""
    return [_held(list(stops(L)), L) / np.sqrt(L) for L in (64, 100, 400)]


check_stops = judge(
    (
        "segments that become shorter: about √(2L) layers, for the same work.",
        "越往后的段越短：大约 √(2L) 层，工作量不变。",
    ),
    (
        lambda shares: max(shares) <= 2.3,
        "that is more than every √L-th layer holds.",
        "比每 √L 层存一层还要多。",
    ),
    (
        lambda shares: max(shares) <= 1.65,
        "as many as with equal segments, or nearly. How many checkpoints are held "
        "while the first segment is computed again, how many while the last?",
        "与等长的段差不多。重算第一段时还存着几个检查点？重算最后一段时呢？",
    ),
    see=(
        _shares,
        "my_stops(L) should return whole numbers that rise, each from 1 to L − 1.",
        "my_stops(L) 应当返回递增的整数，每个都在 1 到 L − 1 之间。",
    ),
)
