"""The exercises of lecture 25."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_saddle", "check_softmax_delta", "check_step_size", "check_update"]


def _logistic(v):
    return 0.5 * (1 + np.tanh(v / 2))


# --- exercise 1 ----------------------------------------------------------------------


def _networks(rng):
    """Batches, weights and a learning rate: inputs, hidden units, outputs, examples."""
    cases = []
    for n, m, k, count in [(2, 3, 1, 5), (3, 4, 2, 8), (1, 2, 3, 4), (4, 5, 2, 10)] * 2:
        data = rng.normal(size=(count, n)), rng.normal(size=(count, k))
        first = rng.normal(size=(m, n)), rng.normal(size=(1, m))
        second = rng.normal(size=(k, m)), rng.normal(size=(1, k))
        cases.append((*data, *first, *second, float(rng.uniform(0.2, 0.8))))
    return cases


def _update(x, t, W1, b1, W2, b2, rate, mistake=""):
    h = _logistic(x @ W1.T + b1)
    delta_2 = (h @ W2.T + b2 - t) / (1 if mistake == "sum" else len(x))
    new_W2 = W2 - rate * delta_2.T @ h
    slope = _logistic(h) * (1 - _logistic(h)) if mistake == "slope" else h * (1 - h)
    delta_1 = delta_2 @ (new_W2 if mistake == "order" else W2) * slope
    change = rate * delta_1.T @ x, rate * delta_1.sum(axis=0, keepdims=True)
    if mistake == "sign":
        change = -change[0], -change[1]
    new_b2 = b2 - rate * delta_2.sum(axis=0, keepdims=True)
    return W1 - change[0], b1 - change[1], new_W2, new_b2


def _with(mistake):
    return lambda x, t, W1, b1, W2, b2, rate: _update(
        x, t, W1, b1, W2, b2, rate, mistake
    )


def _same_arrays(found, wanted):
    """Whether all four arrays have the same shape and the same numbers."""
    parts = list(zip(found, wanted, strict=True))
    return all(np.shape(f) == np.shape(w) and np.allclose(f, w) for f, w in parts)


check_update = Exercise(
    cases=_networks,
    right=lambda x, t, W1, b1, W2, b2, rate: _update(x, t, W1, b1, W2, b2, rate),
    same=_same_arrays,
    done=(
        "both Δ are made with the weights of the forward pass; then all are updated.",
        "两个 Δ 都用前向时的权值来算，算完再一起更新。",
    ),
    mistakes=[
        (
            "W2 and b2 are right. Which W2 does the hidden Δ see: that of the forward "
            "pass?",
            "W2 和 b2 对了。算隐藏层的 Δ 时用的是哪一个 W2，还是前向时的那个吗？",
            _with("order"),
        ),
        (
            "the derivative is taken at h. At which number does f′ belong?",
            "导数取在 h 处了。f′ 应当取在哪个数上？",
            _with("slope"),
        ),
        (
            "this is the gradient of the sum over examples, not of the mean.",
            "这是各样本之和的梯度，不是平均值的梯度。",
            _with("sum"),
        ),
        (
            "the hidden layer goes uphill: look at the signs.",
            "隐藏层在往上走，看一看正负号。",
            _with("sign"),
        ),
    ],
    otherwise=(
        "not the step of gradient descent. Compare each array with differences of the "
        "loss.",
        "这不是梯度下降的一步。把每个数组与损失的差商比较一下。",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _softmax(v):
    y = np.exp(v - np.max(v))
    return y / y.sum()


def _scores(rng):
    """Inputs of 2 to 6 classes; targets: one class, or shares that add up to 1."""
    cases = []
    for n in (2, 3, 4, 5, 6, 3, 4):
        cases.append((rng.normal(size=n) * 2, np.eye(n)[rng.integers(n)]))
        cases.append((rng.normal(size=n) * 2, rng.dirichlet(np.ones(n))))
    return cases


def _with_slope(v, y_true):
    y = _softmax(v)
    return (y - y_true) * y * (1 - y)


check_softmax_delta = Exercise(
    cases=_scores,
    right=lambda v, y_true: _softmax(v) - y_true,
    done=(
        "y − y_true: the slope of softmax cancels against that of the logarithm.",
        "y − y_true：softmax 的导数与对数的导数正好约掉。",
    ),
    mistakes=[
        (
            "that is the Δ of the squared loss with logistic outputs. Does a flat end "
            "remain for this loss?",
            "这是平方损失配 logistic 输出时的 Δ。换成这个损失，平坦的两端还在吗？",
            _with_slope,
        ),
        (
            "the direction is the opposite: Δ is the derivative, not the step.",
            "方向反了：Δ 是偏导数，不是要走的那一步。",
            lambda v, y_true: y_true - _softmax(v),
        ),
        (
            "that is the derivative by y. v comes before softmax.",
            "这是对 y 的偏导数；v 在 softmax 之前。",
            lambda v, y_true: -y_true / _softmax(v),
        ),
        (
            "v is compared with the target. What are the outputs?",
            "拿 v 与目标相减了。网络的输出是什么？",
            lambda v, y_true: v - y_true,
        ),
    ],
    otherwise=(
        "not the derivatives. Write the loss as ln Σ exp(v) − Σ y_true·v, and "
        "differentiate that.",
        "不是偏导数。把损失写成 ln Σ exp(v) − Σ y_true·v，再求导。",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------


def _about(found, wanted):
    """Within a factor of 2.5."""
    return abs(np.log(found / wanted)) < np.log(2.5)


check_step_size = Exercise(
    cases=lambda rng: [
        (float(2.0**-bits),) for bits in (10, 23, 30, 40, 52, *rng.uniform(24, 60, 3))
    ],
    right=lambda eps: (eps / 2) ** (1 / 3),
    same=_about,
    done=(
        "about the third root of ε: there h² and ε/h are equally large.",
        "大约是 ε 的立方根：在那里 h² 与 ε/h 一样大。",
    ),
    mistakes=[
        (
            "the square root belongs to one-sided differences, whose error grows as h.",
            "平方根是单边差商的答案，那里的截断误差与 h 成正比。",
            lambda eps: eps**0.5,
        ),
        (
            "at h = ε the rounding is as large as the slope itself.",
            "h 等于 ε 时，舍入误差和导数一样大了。",
            lambda eps: eps,
        ),
        (
            "one number for all ε. Set h² against ε/h: where do they meet?",
            "对所有 ε 都用同一个数。比较 h² 与 ε/h：它们在哪里相等？",
            lambda eps: 1e-5,
        ),
        (
            "the fourth root is too large: there h² is still far above ε/h.",
            "四次方根太大：在那里 h² 还远大于 ε/h。",
            lambda eps: eps**0.25,
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Where does h² + ε/h have derivative 0?",
        "当 {case} 时，你算得 {found}。h² + ε/h 的导数在哪里为 0？",
    ),
)


# --- exercise 4 ----------------------------------------------------------------------


def _look(answer):
    """Number of units, and the share of the saddle that is explained."""
    W, b, v = (np.asarray(part, dtype=float) for part in answer)
    side = np.linspace(-2, 2, 41)
    x = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    assert W.shape == (len(v), 2), "W has another shape than (units, 2)"
    assert b.shape == v.shape == (len(v),), "b or v has another shape than (units,)"
    surface = _logistic(x @ W.T + b) @ v
    assert np.isfinite(surface).all(), "the sum is no finite number somewhere"
    saddle = x[:, 0] ** 2 - x[:, 1] ** 2
    covariance = np.mean((surface - surface.mean()) * saddle)
    spread = surface.var() * saddle.var()
    return len(v), covariance, covariance**2 / spread if spread > 0 else 0.0


check_saddle = judge(
    (
        "a saddle of four ridges, two up and two down.",
        "四道坡合成了马鞍面：两道向上，两道向下。",
    ),
    (lambda found: found[0] <= 4, "at most four units.", "最多四个单元。"),
    (
        lambda found: found[2] > 0.3,
        "most of the saddle is missing. Which way do the units' lines lie, and which "
        "must lift, which lower?",
        "马鞍面的大部分还没有。各单元的直线朝哪个方向？哪些该抬高，哪些该压低？",
    ),
    (
        lambda found: found[1] > 0,
        "a saddle, upside down.",
        "是马鞍面，但上下颠倒了。",
    ),
    (
        lambda found: found[2] >= 0.99,
        "near, not yet 99 %. Are the slopes too steep or too flat for a parabola?",
        "接近了，还不到 99 %。与抛物线相比，坡是太陡还是太平？",
    ),
    see=(
        _look,
        "give W of shape (units, 2), b and v of shape (units,).",
        "请给出 W（单元数, 2）、b 和 v（单元数,）。",
    ),
)
