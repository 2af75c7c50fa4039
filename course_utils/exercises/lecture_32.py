"""The exercises of lecture 32."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_same_lambda", "check_squared", "check_start", "check_temperature"]


# --- exercise 1 ----------------------------------------------------------------------


def _starts(rng):
    drawn = zip(
        rng.integers(3, 2000, 6).tolist(), rng.uniform(0.2, 20, 6).tolist(), strict=True
    )
    return [(10, 1.0), (2, 1.0), (10, 5.0), *drawn]


check_start = Exercise(
    cases=_starts,
    right=lambda K, delta: ((K - 1) * delta, float(np.log(K))),
    done=(
        "(K − 1)·Δ and ln K: 9 and 2.30 for ten classes. A first loss that is far from "
        "it means a bug.",
        "(K − 1)·Δ 和 ln K：十类时是 9 和 2.30。第一个损失若差得远，程序就有错。",
    ),
    mistakes=[
        (
            "the hinge's sum leaves out the right class.",
            "铰链损失求和时不含正确类别。",
            lambda K, delta: (K * delta, float(np.log(K))),
        ),
        (
            "softmax loss in nats: the natural logarithm.",
            "softmax 损失以奈特为单位，应取自然对数。",
            lambda K, delta: ((K - 1) * delta, float(np.log2(K))),
        ),
        (
            "equal scores are no reason for a loss of 0: the right class must lead, "
            "and its probability is not 1.",
            "得分相等并不等于损失为 0：正确类别还没有领先，它的概率也不是 1。",
            lambda K, delta: (0.0, 0.0),
        ),
        (
            "a loss is not negative: minus the logarithm of 1/K.",
            "损失不为负：是 1/K 的对数的相反数。",
            lambda K, delta: ((K - 1) * delta, -float(np.log(K))),
        ),
    ],
    otherwise=(
        "for {case} you give {found}. How many classes come closer than Δ? Which "
        "probability has the right class?",
        "当 {case} 时，你给出 {found}。有几个类别离得不到 Δ？正确类别的概率是多少？",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _scores(rng):
    """The slide's scores, and drawn ones in which some classes come too close."""
    drawn = [
        (
            np.round(rng.normal(0, 3, size), 1),
            int(rng.integers(size)),
            float(np.round(rng.uniform(1, 5), 1)),
        )
        for size in (3, 4, 6, 10, 10, 10)
    ]
    return [(np.array([13.0, -7.0, 11.0]), 0, 10.0), *drawn]


def _squared(f, y, delta, factor=2.0):
    pull = factor * np.maximum(0, f - f[y] + delta)
    pull[y] = 0
    pull[y] = -pull.sum()
    return pull


def _without_right(f, y, delta):
    pull = _squared(f, y, delta)
    pull[y] = 0
    return pull


def _counted(f, y, delta):
    pull = (f - f[y] + delta > 0).astype(float)
    pull[y] = 0
    pull[y] = -pull.sum()
    return pull


check_squared = Exercise(
    cases=_scores,
    right=_squared,
    done=(
        "twice what each class lacks, and minus the sum of it at the right one.",
        "每个类别取“差额”的两倍，正确类别取它们之和的相反数。",
    ),
    mistakes=[
        (
            "the right score stands in every term: its gradient is not 0.",
            "正确类别的得分出现在每一项里，它的梯度不为 0。",
            _without_right,
        ),
        (
            "the derivative of a square has a factor 2.",
            "平方的导数有因子 2。",
            lambda f, y, delta: _squared(f, y, delta, 1.0),
        ),
        (
            "that is the gradient of the hinge itself: 1 for each class too close. "
            "Squared, it depends on by how much.",
            "这是铰链损失本身的梯度：靠得太近就是 1。平方以后，与差多少有关。",
            _counted,
        ),
        (
            "the sign is the other way round: a higher wrong score costs more.",
            "符号反了：错误类别的得分越高，损失越大。",
            lambda f, y, delta: -_squared(f, y, delta),
        ),
    ],
    otherwise=(
        "for {case} you give {found}. Take one term j and derive it, by f_j and by "
        "f_y; then add up.",
        "当 {case} 时，你给出 {found}。先取一项 j，分别对 f_j 和 f_y 求导，再相加。",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------


def _units(rng):
    low = np.log([0.5, 1e-5, 0.5])
    drawn = np.exp(rng.uniform(low, np.log([50, 0.1, 50]), (6, 3))).tolist()
    return [(10.0, 0.001, 1.0), (1.0, 0.01, 5.0), *map(tuple, drawn)]


check_same_lambda = Exercise(
    cases=_units,
    right=lambda delta, lam, new_delta: lam * delta / new_delta,
    same=lambda found, wanted: bool(np.ndim(found) == 0 and np.isclose(found, wanted)),
    done=(
        "λ·Δ is all that counts: it stays the same.",
        "真正起作用的只有 λ·Δ，保持它不变即可。",
    ),
    mistakes=[
        (
            "with another unit the same λ is another penalty.",
            "换了单位，同一个 λ 的惩罚就不一样重了。",
            lambda delta, lam, new_delta: lam,
        ),
        (
            "that is the other way round.",
            "比例取反了。",
            lambda delta, lam, new_delta: lam * new_delta / delta,
        ),
        (
            "the penalty has the square, but the hinge term has a factor of its own: "
            "one of the two is left.",
            "正则项是平方，但铰链项自己也有一个因子，约掉以后只剩一次方。",
            lambda delta, lam, new_delta: lam * (delta / new_delta) ** 2,
        ),
        (
            "that is right if the new Δ is 1.",
            "这只在新的 Δ 为 1 时成立。",
            lambda delta, lam, new_delta: lam * delta,
        ),
    ],
    otherwise=(
        "for {case} you give {found}. Go by way of Δ = 1: which λ goes with it?",
        "当 {case} 时，你给出 {found}。先换到 Δ = 1：与它相配的 λ 是多少？",
    ),
)


# --- exercise 4 ----------------------------------------------------------------------


def _calibration(T, z, y):
    """The number, and the ECE of softmax of z/T over ten bins."""
    T = float(T)
    z = np.asarray(z, float) / T
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    sure, hit = p.max(axis=1), p.argmax(axis=1) == y
    which = np.minimum((10 * sure).astype(int), 9)
    gaps = [np.sum(sure[which == k]) - np.sum(hit[which == k]) for k in range(10)]
    return T, float(np.abs(gaps).sum() / len(y))


check_temperature = judge(
    (
        "one number, no answer changed, and an ECE of {found[1]:.2f}.",
        "只用一个数，答案一个没变，ECE 降到 {found[1]:.2f}。",
    ),
    (
        lambda found, z, y: 0 < found[0] < np.inf,
        "T must be a positive number: a negative one turns the ranking round.",
        "T 应当是正数：取负数会把排名倒过来。",
    ),
    (
        lambda found, z, y: found[1] <= 0.06,
        "the ECE is {found[1]:.2f}. Look at the diagram: is the classifier more often "
        "right than it is sure, or the reverse? Which way must T move it?",
        "ECE 是 {found[1]:.2f}。看可靠性图：它是说得太保守还是太自信？T 该往哪边改？",
    ),
    see=(
        _calibration,
        "give one number, as 1.5.",
        "请给出一个数，例如 1.5。",
    ),
)
