"""The exercises of lecture 43."""

import numpy as np

from course_utils.exercises.core import Exercise, close, judge

__all__ = ["check_count", "check_fair", "check_same_net", "check_slope"]


# --- exercise 1 ----------------------------------------------------------------------


def _outputs(rng):
    """Outputs of ELU, some on each side of 0, and α."""
    cases = [(np.array([-0.2, 1.5]), 0.5), (np.array([-0.9, 0.3]), 1.0)]
    for alpha in rng.uniform(0.3, 2.5, 6):
        z = rng.normal(size=7)
        z[:2] = -1.5, 1.5
        cases.append((np.where(z > 0, z, alpha * np.expm1(z)), float(alpha)))
    return cases


check_slope = Exercise(
    cases=_outputs,
    right=lambda a, alpha: np.where(a > 0, 1.0, a + alpha),
    done=(
        "the output is enough: no exponential on the way back.",
        "有输出就够了：往回传时不用再算指数。",
    ),
    mistakes=[
        (
            "that is ReLU's slope. Below 0 ELU is not flat.",
            "这是 ReLU 的斜率。ELU 在 0 以下并不是平的。",
            lambda a, alpha: np.where(a > 0, 1.0, 0.0),
        ),
        (
            "right for α = 1 only. Where does α stand in the output?",
            "只有 α = 1 时才对。输出里的 α 在什么位置？",
            lambda a, alpha: np.where(a > 0, 1.0, a + 1),
        ),
        (
            "a is the output, not z; and no exponential is needed.",
            "a 是输出，不是 z；而且用不着指数。",
            lambda a, alpha: np.where(a > 0, 1.0, alpha * np.exp(a)),
        ),
        (
            "right on the left side. On the right, what is the slope of z?",
            "左边对了。右边，z 的斜率是多少？",
            lambda a, alpha: a + alpha,
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Write the slope for z < 0 with e^z, then e^z "
        "with the output.",
        "当 {case} 时，你的答案是 {found}。先用 e^z 写出 z < 0 时的斜率，再用输出表示 "
        "e^z。",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _nets(rng):
    """Weights and biases of small networks: n inputs, m units, k outputs."""
    sizes = [(1, 1, 1), (1, 2, 1), (2, 1, 3), (2, 3, 1), (3, 2, 2), (4, 5, 3)]
    return [
        (
            rng.normal(size=(n, m)),
            rng.normal(size=m),
            rng.normal(size=(m, k)),
            rng.normal(size=k),
        )
        for n, m, k in sizes
    ]


check_same_net = Exercise(
    cases=_nets,
    right=lambda W1, b1, W2, b2: (2 * W1, 2 * b1, 2 * W2, b2 - W2.sum(axis=0)),
    same=lambda found, wanted: close(tuple(map(np.asarray, found)), wanted),
    done=(
        "what the one can compute, so can the other; only training is different.",
        "一个网络能算的，另一个也能算；不同的只是训练。",
    ),
    mistakes=[
        (
            "the weights are right. Each unit's output is now in (0, 1), not (−1, 1): "
            "by how much does that move the sum?",
            "权值对了。现在每个单元的输出在 (0, 1)，不在 (−1, 1)：加权和移动了多少？",
            lambda W1, b1, W2, b2: (2 * W1, 2 * b1, 2 * W2, b2),
        ),
        (
            "the outer part is right. What stands inside σ besides x·W1?",
            "外面一层对了。σ 里面除了 x·W1 还有什么？",
            lambda W1, b1, W2, b2: (2 * W1, b1, 2 * W2, b2 - W2.sum(axis=0)),
        ),
        (
            "the shift of the bias has the wrong size: look at the 1 once more.",
            "偏置移动的大小不对：再看看公式里的那个 1。",
            lambda W1, b1, W2, b2: (2 * W1, 2 * b1, 2 * W2, b2 - 2 * W2.sum(axis=0)),
        ),
        (
            "the bias moves for each output by itself. Over what do you sum?",
            "每个输出的偏置各自移动。应当对哪个下标求和？",
            lambda W1, b1, W2, b2: (2 * W1, 2 * b1, 2 * W2, b2 - W2.sum()),
        ),
    ],
    otherwise=(
        "put 2σ(2z) − 1 in the place of tanh z and multiply out: what stands at x, "
        "what at σ, what at neither?",
        "把 tanh z 换成 2σ(2z) − 1 再展开：哪些乘在 x 上，哪些乘在 σ 上，哪些都不是？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

check_count = Exercise(
    cases=lambda rng: [
        (n, units, k)
        for n, units, k in (
            (196, 50, 2),
            (196, 50, 5),
            (1, 1, 4),
            *rng.integers(2, 60, (5, 3)).tolist(),
        )
    ],
    right=lambda n, units, k: (n + 1) * units * k,
    done=(
        "k times a dense layer: each line has weights and a bias.",
        "是全连接层的 k 倍：每条线都有自己的权值和偏置。",
    ),
    mistakes=[
        (
            "the weights are right. How many biases has a unit of k lines?",
            "权值数对了。k 条线的单元有几个偏置？",
            lambda n, units, k: n * units * k + units,
        ),
        (
            "that is a dense layer, with one line a unit.",
            "这是普通的全连接层，每个单元只有一条线。",
            lambda n, units, k: (n + 1) * units,
        ),
        (
            "you counted no biases.",
            "没有算偏置。",
            lambda n, units, k: n * units * k,
        ),
        (
            "each unit has its own lines: k is multiplied, not added.",
            "每个单元都有自己的 k 条线：k 是乘上去的，不是加上去的。",
            lambda n, units, k: (n + 1) * (units + k),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. How many numbers has one line of n inputs?",
        "当 {case} 时，你的答案是 {found}。n 个输入的一条“线”有几个数？",
    ),
)


# --- exercise 4 ----------------------------------------------------------------------


def _sides(answer):
    """Both sides' accuracies, rates × runs in order of the rate, and the verdict."""
    *sides, verdict = answer
    first, second = sides
    found = {"verdict": verdict}
    for name, runs in (("first", first), ("second", second)):
        rates = sorted(runs)
        found[f"{name} rates"] = [float(rate) for rate in rates]
        table = np.array([np.asarray(runs[rate], float) for rate in rates])
        assert table.ndim == 2, "not as many runs at each rate"
        found[name] = table
    assert verdict in ("better", "worse", "no difference"), f"verdict {verdict!r}"
    return found


def _inside(found):
    """Whether both sides' best rates have neighbours on both sides."""
    means = [found[name].mean(axis=1) for name in ("first", "second")]
    return all(0 < m.argmax() < len(m) - 1 for m in means)


def _verdict(found):
    best = [found[k][found[k].mean(axis=1).argmax()] for k in ("first", "second")]
    lead = best[1].mean() - best[0].mean()
    if abs(lead) < max(map(np.ptp, best)):
        return "no difference"
    return "better" if lead > 0 else "worse"


check_fair = judge(
    (
        "each side at its own best rate, several runs, and a verdict that they bear.",
        "双方各用自己最好的学习率，各训练几次，结论也站得住。",
    ),
    (
        lambda found: found["first rates"] == found["second rates"],
        "the two sides did not have the same rates to choose from.",
        "双方可选的学习率不一样。",
    ),
    (
        lambda found: min(found["first"].shape[1], found["second"].shape[1]) >= 5,
        "fewer than five runs: how would you know what chance does?",
        "不到五次：怎么知道偶然的影响有多大？",
    ),
    (
        lambda found: len(found["first rates"]) >= 4 and _inside(found),
        "a best rate lies at the edge, or there are too few: perhaps a better one is "
        "outside.",
        "最好的学习率在边上，或者试得太少：外面也许还有更好的。",
    ),
    (
        lambda found: found["verdict"] == _verdict(found),
        "the verdict does not follow: compare the lead at the best rates with the "
        "runs' differences.",
        "结论和数据不符：把最好学习率下的领先幅度，和各次之间的差比一比。",
    ),
    see=(
        _sides,
        "give two dicts, rate → accuracies, and a verdict of the three.",
        "请给出两个字典（学习率 → 正确率）和三个结论之一。",
    ),
)
