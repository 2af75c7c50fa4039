"""The exercises of lecture 44."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_head", "check_level", "check_robust"]


# --- exercise 1 ----------------------------------------------------------------------

_HEADS = {
    "price change": "linear",
    "genres": "sigmoids",
    "letter": "softmax",
    "visitors": "exp",
    "rain": "sigmoids",
    "two roads": "mixture",
}

check_head = Exercise(
    cases=lambda rng: [(str(task),) for task in rng.permutation(list(_HEADS))],
    right=lambda task: _HEADS[task],
    done=(
        "the answer decides: any number, a positive one, one of K, any of K, or two "
        "answers at once.",
        "由答案决定：任意的数、非负的数、K 选一、各自是或否，或者有两种答案。",
    ),
    mistakes=[
        (
            "a film may have several genres at once. What do the outputs of your layer "
            "add up to?",
            "一部电影可以同时属于几种类型。你选的输出层，各输出之和是多少？",
            lambda task: {**_HEADS, "genres": "softmax"}[task],
        ),
        (
            "can the number of visitors be negative? What can your layer give?",
            "人数会是负的吗？你选的输出层会给出哪些值？",
            lambda task: {**_HEADS, "visitors": "linear"}[task],
        ),
        (
            "at the fork the mean of left and right is straight on.",
            "岔路口上，左和右的平均就是直行。",
            lambda task: {**_HEADS, "two roads": "linear"}[task],
        ),
        (
            "one layer for all tasks? Look at which values each answer can take.",
            "六个任务用同一种输出层？看看每个答案能取哪些值。",
            lambda task: "linear",
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Which values can the answer take, and can several "
        "hold at once?",
        "当 {case} 时，你选了 {found}。答案能取哪些值？能不能同时成立几个？",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------

check_level = Exercise(
    cases=lambda rng: [
        (1.0, 1.0),
        (3.0, 1.0),
        (1.0, 4.0),
        *(tuple(map(float, pair)) for pair in rng.uniform(0.2, 9, size=(6, 2))),
    ],
    right=lambda a, b: a / (a + b),
    done=(
        "a/(a + b): this loss asks for a quantile; with a = b it is the median.",
        "a/(a + b)：这种损失要的是分位数；a = b 时就是中位数。",
    ),
    mistakes=[
        (
            "right for a = b only. If bread too few costs more, bake more or fewer?",
            "只在 a = b 时正确。少烤损失更大时，应该多烤还是少烤？",
            lambda a, b: 0.5,
        ),
        (
            "the other way round: a large loss for too few asks for more bread.",
            "方向反了：少烤的损失大，就该多烤。",
            lambda a, b: b / (a + b),
        ),
        (
            "that is a ratio, which may exceed 1. A share is asked.",
            "这是比值，可能大于 1；问的是比例。",
            lambda a, b: a / b,
        ),
        (
            "that belongs to squared losses. Here each loaf counts the same.",
            "那是损失按平方算的情形；这里每一个面包的损失都相同。",
            lambda a, b: np.sqrt(a) / (np.sqrt(a) + np.sqrt(b)),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. One loaf more saves a on some days and costs b on "
        "the others: when do these balance?",
        "当 {case} 时，你算得 {found}。多烤一个，有时省 a，有时赔 b；何时相抵？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------


def _probe(answer):
    """The loss at a few r, and the ratios that tell its shape."""
    r = np.array([0.0, 0.005, 0.01, 0.1, 0.5, 1.0, 3.0, 500.0, 1000.0])
    loss, turned = (np.asarray(answer(side * r), dtype=float) for side in (1, -1))
    assert loss.shape == r.shape, "one number for each r"
    assert np.isfinite(loss).all(), "not finite"
    return {"loss": loss - loss[0], "turned": turned - loss[0]}


check_robust = judge(
    (
        "smooth at 0, and one wrong zero cannot pull the output far away.",
        "在 0 处光滑；多打的一个零，拉不走输出了。",
    ),
    (
        lambda found: np.all(np.diff(found["loss"][:7]) > 0),
        "the loss must grow with |r|, from 0 to 3 at least.",
        "损失应随 |r| 增大，至少在 0 到 3 之间要如此。",
    ),
    (
        lambda found: np.allclose(found["loss"], found["turned"]),
        "r and −r must cost the same.",
        "r 和 −r 的损失应当相同。",
    ),
    (
        lambda found: found["loss"][8] <= 2.05 * found["loss"][7],
        "from r = 500 to 1,000 the loss more than doubles: the error still wins.",
        "r 从 500 到 1000，损失超过了两倍：录入错误仍然说了算。",
    ),
    (
        lambda found: found["loss"][2] >= 3.5 * found["loss"][1],
        "near 0 it is no parabola: is there a kink at 0?",
        "在 0 附近不像抛物线：是不是在 0 处有个尖角？",
    ),
    see=(
        _probe,
        "give a function of an array r that returns one number for each.",
        "请给出一个函数：输入数组 r，对每个 r 返回一个数。",
    ),
)
