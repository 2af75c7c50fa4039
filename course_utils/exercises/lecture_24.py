"""The exercises of lecture 24."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_code_length", "check_kl", "check_smaller_file"]


# --- exercise 1 ----------------------------------------------------------------------


def _messages(rng):
    """Messages of up to forty symbols, and probabilities that are not their own."""
    drawn = [
        (
            rng.integers(n, size=int(rng.integers(5, 40))).tolist(),
            rng.dirichlet([2] * n),
        )
        for n in (2, 3, 4, 5, 8, 26)
    ]
    return [([0, 0, 1, 2], np.array([0.5, 0.25, 0.25])), *drawn]


def _bits(message, q):
    return float(sum(-np.log2(q[symbol]) for symbol in message))


check_code_length = Exercise(
    cases=_messages,
    right=_bits,
    done=(
        "−log₂ of each symbol's probability, added up: −log₂ of the whole message's.",
        "每个符号的 −log₂ 概率相加，就是整段消息的 −log₂ 概率。",
    ),
    mistakes=[
        (
            "that is in nats. Bits have the base 2.",
            "这是以奈特为单位；比特的底数是 2。",
            lambda message, q: _bits(message, q) * np.log(2),
        ),
        (
            "that is the mean of a symbol. The whole message is asked.",
            "这是每个符号的平均；要的是整段消息。",
            lambda message, q: _bits(message, q) / len(message),
        ),
        (
            "that is what q itself would send: the entropy of q, times the length. The "
            "message has its own frequencies.",
            "这是假定各符号按 q 的频率出现：q 的熵乘以长度。消息里各符号有自己的频率。",
            lambda message, q: -len(message) * float(np.sum(q * np.log2(q))),
        ),
        (
            "each symbol as long as any other: that is the code for equal "
            "probabilities. Use q.",
            "每个符号一样长，是各符号等概率时的码；请用 q。",
            lambda message, q: len(message) * np.log2(len(q)),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. How many bits does a symbol of probability 1/8 "
        "need? And three of them?",
        "当 {case} 时，你算得 {found}。概率为 1/8 的符号要几比特？三个这样的符号呢？",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _pairs(rng):
    """Pairs of distributions, some with zeros in p, in q, in both."""
    drawn = [tuple(rng.dirichlet(np.ones(n), size=2)) for n in (2, 3, 5, 8)]
    half = np.array([0.5, 0.5, 0.0])
    return [
        (half, np.array([0.25, 0.25, 0.5])),
        (np.array([0.25, 0.25, 0.5]), half),
        (half, np.array([0.75, 0.25, 0.0])),
        *drawn,
    ]


def _kl(p, q, base=2):
    happens = p > 0
    if np.any(q[happens] == 0):
        return np.inf
    return float(np.sum(p[happens] * np.log(p[happens] / q[happens])) / np.log(base))


def _same_number(found, wanted):
    """Equal, infinity included."""
    return bool(np.ndim(found) == 0 and np.isclose(found, wanted))


def _wherever_both(p, q):
    both = (p > 0) & (q > 0)
    return float(np.sum(p[both] * np.log2(p[both] / q[both])))


check_kl = Exercise(
    cases=_pairs,
    right=_kl,
    same=_same_number,
    done=(
        "what never happens is left out, and the impossible that happens costs "
        "infinitely much.",
        "从不发生的不计；被认为不可能、却发生了的，代价无穷大。",
    ),
    mistakes=[
        (
            "zeros are treated well, but that is in nats.",
            "零处理得对，但单位是奈特，不是比特。",
            lambda p, q: _kl(p, q, np.e),
        ),
        (
            "you leave out what q calls impossible. It happens: what does it cost?",
            "你把 q 认为不可能的也略去了。它发生了：代价是多少？",
            _wherever_both,
        ),
        (
            "that is KL(q‖p). The average is over what happens, p.",
            "这是 KL(q‖p)。平均应当按实际发生的 p 来取。",
            lambda p, q: _kl(q, p),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Sum over the places where p > 0 only; and if q is "
        "0 at one of them?",
        "当 {case} 时，你算得 {found}。只对 p > 0 的位置求和；若其中某处 q = 0，"
        "又是多少？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------


def _sizes(answer, z, labels):
    """Scores, and bits for the labels: the answer's, the lecture's."""
    answer, z = np.asarray(answer, dtype=float), np.asarray(z, dtype=float)
    assert answer.shape == z.shape, "there are as many scores as in z"

    def bits(z):
        z = z - z.max(axis=1, keepdims=True)
        log_q = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return -log_q[np.arange(len(z)), labels].sum() / np.log(2)

    return answer, bits(answer), bits(z)


check_smaller_file = judge(
    (
        "a smaller file: {found[1]:.0f} bits instead of {found[2]:.0f}.",
        "文件变小了：{found[1]:.0f} 比特，原来是 {found[2]:.0f}。",
    ),
    (
        lambda found, z, labels: np.isfinite(found[1]),
        "some scores are no finite numbers.",
        "有的得分不是有限的数。",
    ),
    (
        lambda found, z, labels: np.mean(found[0].argmax(axis=1) == labels) < 0.999,
        "every label is right, which no honest model of these pictures reaches: do the "
        "scores know the labels?",
        "标签全部认对，凭这些图片做不到：得分里是不是用了要传的标签？",
    ),
    (
        lambda found, z, labels: found[1] <= 0.9 * found[2],
        "{found[1]:.0f} bits against {found[2]:.0f}: not yet a tenth less. More steps "
        "of a linear model make it surer, hardly better: what could bend its lines?",
        "{found[1]:.0f} 比特，原来是 {found[2]:.0f}，还没有少一成。线性模型多练几步，"
        "只是更自信，并没有好多少：怎样让分界线弯起来？",
    ),
    see=(
        _sizes,
        "give an array of scores, shape (1000, 10).",
        "请给出得分数组，形状为（1000, 10）。",
    ),
)
