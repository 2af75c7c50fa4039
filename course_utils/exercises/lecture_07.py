"""The exercises of lecture 07."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = [
    "check_counter",
    "check_forget_bias",
    "check_from_tf1",
]


def _sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


# --- exercise 1 ----------------------------------------------------------------------


def _gate(steps):
    """The forget gate that leaves one half after so many steps."""
    return 0.5 ** (1 / steps)


check_forget_bias = Exercise(
    cases=lambda rng: [(n,) for n in (1, 5, 40, *map(int, rng.integers(2, 200, 8)))],
    right=lambda steps: float(np.log(_gate(steps) / (1 - _gate(steps)))),
    done=(
        "one half is left. For many steps the bias is about ln(steps / ln 2): ten "
        "times the steps need 2.3 more.",
        "正好剩下一半。步数很多时，偏置约为 ln(步数 / ln 2)：步数变成十倍，偏置只要增加"
        " 2.3。",
    ),
    mistakes=[
        (
            "this is the value of the gate. Which bias makes the sigmoid give it?",
            "这是门的取值。偏置取多少，sigmoid 才会给出这个值？",
            _gate,
        ),
        (
            "the sign: a forget gate near 1 keeps, and that takes a large bias.",
            "符号反了：忘记门接近 1 才能保留，这需要较大的偏置。",
            lambda steps: float(np.log((1 - _gate(steps)) / _gate(steps))),
        ),
        (
            "this inverts exp. The gate is a sigmoid: solve f = 1 / (1 + exp(−b)).",
            "这是 exp 的反函数。门用的是 sigmoid：请解 f = 1 / (1 + exp(−b))。",
            lambda steps: float(np.log(_gate(steps))),
        ),
        (
            "one bias for any number of steps? Compare the shares that are printed.",
            "不论多少步都用同一个偏置吗？比较一下打印出来的比例。",
            lambda steps: 1.0,
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Solve σ(b)^steps = 0.5, first for σ(b), then for "
        "b.",
        "当 {case} 时，你算得 {found}。解方程 σ(b)^steps = 0.5：先求 σ(b)，再求 b。",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _old_cells(rng):
    """kernel, bias and number of inputs of cells of TensorFlow 1."""
    sizes = [(3, 2), (1, 1), (2, 4), *rng.integers(1, 5, (5, 2)).tolist()]
    return [
        (rng.normal(size=(m + n, 4 * n)), rng.normal(size=4 * n), m) for m, n in sizes
    ]


def _converted(order=(0, 2, 1, 3), added=(0, 1, 0, 0), above="inputs"):
    """A function that makes these choices; the right ones by default."""

    def convert(kernel, bias, inputs):
        units = len(bias) // 4
        kernel, bias = (
            np.concatenate([np.split(a, 4, axis=-1)[k] for k in order], axis=-1)
            for a in (kernel, bias)
        )
        bias = bias + np.repeat(added, units)
        if above == "units":
            return kernel[units:], kernel[:units], bias
        return kernel[:inputs], kernel[inputs:], bias

    return convert


check_from_tf1 = Exercise(
    cases=_old_cells,
    right=lambda kernel, bias, inputs: _converted()(kernel, bias, inputs),
    done=(
        "Keras' equations with your arrays give the old cell's outputs.",
        "用你给出的数组，Keras 的公式与旧单元的输出相同。",
    ),
    mistakes=[
        (
            "the arrays are only cut. In which order does Keras keep the four blocks?",
            "只是把数组切开了。Keras 的四块按什么顺序排？",
            _converted(order=(0, 1, 2, 3), added=(0, 0, 0, 0)),
        ),
        (
            "the blocks are in the old order still; that of Keras stands in the table.",
            "四块还是旧的顺序；Keras 的顺序见正文的表。",
            _converted(order=(0, 1, 2, 3)),
        ),
        (
            "the order is right. What did the old cell add by itself?",
            "顺序对了。旧单元自己还加了什么？",
            _converted(added=(0, 0, 0, 0)),
        ),
        (
            "the order is right, but the old cell's addition went to another block.",
            "顺序对了，但旧单元自己加的那个数放错了块。",
            _converted(added=(0, 0, 1, 0)),
        ),
    ],
    otherwise=(
        "the arrays differ from Keras'. Cut the rows into W and U, put the blocks in "
        "Keras' order, and think of what the old cell added by itself.",
        "数组与 Keras 的不同。把各行分成 W 和 U，把四块排成 Keras 的顺序，再想想旧单元"
        "自己加了什么。",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

COUNT_WITHIN, LONGEST = 0.3, 30  # how far the counter may be off; steps


def _cells(bits, w, u, b):
    """The cell of one unit after every step: (n, steps)."""
    h = c = np.zeros(len(bits))
    cells = []
    for x in bits.T:
        i, f, new, o = (x * w[k] + h * u[k] + b[k] for k in range(4))
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(new)
        h = _sigmoid(o) * np.tanh(c)
        cells.append(c)
    return np.stack(cells, axis=1)


def _count_ones(answer):
    """What the reader's unit does with zeros, with a single one, and with many."""
    weights = [np.asarray(answer[name], float) for name in ("W", "U", "b")]
    if any(w.shape != (4,) or not np.isfinite(w).all() for w in weights):
        raise ValueError("four finite numbers each")
    rng = np.random.default_rng(0)
    bits = (rng.uniform(size=(200, LONGEST)) < rng.uniform(size=(200, 1))).astype(float)
    bits[0], bits[1], bits[2] = 0, 1, np.arange(LONGEST) == 0
    cells = _cells(bits, *weights)
    return {
        "zeros": abs(cells[0]).max(),
        "one": cells[2, 0],
        "left": cells[2, -1],
        "fed back": np.any(weights[1] != 0),
        "off": np.abs(cells - bits.cumsum(axis=1)).max(),
    }


def _or_counts(condition):
    """Whatever it looks like, a unit that counts is right."""
    return lambda found: found["off"] <= COUNT_WITHIN or condition(found)


check_counter = judge(
    (
        "the cell counts the ones, in 200 sequences and after every step.",
        "在 200 个序列里，每一步之后记忆单元都等于 1 的个数。",
    ),
    (
        _or_counts(lambda found: found["zeros"] <= COUNT_WITHIN),
        "the cell moves although it reads only zeros. For x = 0 input gate times "
        "candidate must be almost nothing.",
        "读到的全是 0，记忆单元却在变。x = 0 时，输入门乘以候选值应当几乎为零。",
    ),
    (
        _or_counts(lambda found: abs(found["one"] - 1) <= 0.05),
        "a single one makes the cell {found[one]:.2f}, not 1: open the input gate and "
        "push the candidate's tanh to its end.",
        "读到一个 1 之后，记忆单元是 {found[one]:.2f}，不是 1：打开输入门，再让候选值的"
        " tanh 接近 1。",
    ),
    (
        _or_counts(lambda found: not found["fed back"]),
        "a single one is counted, then the output comes back through U and disturbs "
        "the gates. Do you need U at all?",
        "一个 1 数对了，但输出经过 U 传回来，干扰了各个门。真的需要 U 吗？",
    ),
    (
        _or_counts(lambda found: abs(found["left"] - found["one"]) <= 0.1),
        "the cell forgets: of a single one too little is left in the end. Which bias "
        "keeps the forget gate near 1?",
        "记忆单元忘得太快：一个 1 到最后剩得太少。哪个偏置能让忘记门接近 1？",
    ),
    (
        lambda found: found["off"] <= COUNT_WITHIN,
        "the count is off by up to {found[off]:.2f}. Each one adds a little too much "
        "or too little; make the gates more decided.",
        "计数最多差 {found[off]:.2f}。每个 1 加得略多或略少；让各个门更接近 0 或 1。",
    ),
    see=(
        _count_ones,
        'my_counter must be a dictionary of "W", "U" and "b", four numbers each.',
        'my_counter 应当是字典，含 "W"、"U"、"b" 三项，每项四个数。',
    ),
)
