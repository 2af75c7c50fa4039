"""Checks and hints for the exercises of lecture 01.

Each function looks at what the reader's answer *does*, prints one line that begins
with "✓" or with "Not yet:", and returns nothing. It never raises for a wrong answer.
"""

import numpy as np

from course_utils.exercises.answers import call, done, not_yet, number

__all__ = [
    "check_fastest_point",
    "check_matching_rate",
    "check_stable_log_likelihood",
    "check_tanh_cost",
]

LEARNING_RATE = 0.15
STARTS = (0.5, 1.5, 4.0, 6.0)  # values of z = w·x + b


def check_fastest_point(z):
    """Exercise 1: where the quadratic cost's gradient is largest, for target 0.

    Parameters
    ----------
    z : float
        The reader's weighted input; right within 0.01 of ln 2.
    """
    z = number(z)
    if z is None:
        return not_yet("give best_z one finite number, such as 1.5.")
    share = _sigmoid(z) ** 2 * (1 - _sigmoid(z)) / (4 / 27)
    if abs(z - np.log(2)) <= 0.01:
        return done("the gradient is largest where y = 2/3: z = ln 2.")
    if abs(z) <= 0.01:
        return not_yet(
            "f′(z) is largest at z = 0, but the gradient is the product (y − t)·f′(z), "
            f"and there it has {share:.0%} of its greatest value. Which way does the "
            "error grow?"
        )
    if z < 0:
        return not_yet(
            "for negative z the output is already near its target 0, so the error, "
            "one of the two factors, is small. Look on the other side."
        )
    side = "larger" if z < np.log(2) else "smaller"
    return not_yet(
        f"the gradient there has {share:.1%} of its greatest value. Try a {side} z, or "
        "set the derivative of y²(1 − y) to zero and find y first."
    )


def check_stable_log_likelihood(function):
    """Exercise 2: the log-likelihood cost of softmax, finite for every logit.

    Parameters
    ----------
    function : callable (z, t) → cost
        z and t are float64 arrays of shape (n, classes), the cost has shape (n,).
    """
    z = np.random.default_rng(0).normal(scale=3, size=(6, 4))
    t = np.eye(4)[[0, 1, 2, 3, 0, 1]]
    cost, problem = call(function, z, t)
    if problem:
        return not_yet(problem)
    expected = _log_likelihood(z, t)
    if cost.shape != (6,):
        return not_yet(
            f"for 6 examples of 4 classes your cost has the shape {cost.shape}; it "
            "must be (6,), one number per example. Sum over the classes: axis=-1."
        )
    if np.allclose(cost, -expected):
        return not_yet("the sign is wrong: C = −Σ t·ln y is never negative.")
    if not np.allclose(cost, expected):
        return not_yet(
            "for small logits your cost differs from −Σ t·ln y with y = softmax(z). "
            "If you shift z, shift the numerator and the denominator alike, each "
            "example by its own largest logit (axis=-1, keepdims=True)."
        )
    return _large_logits(function)


def _large_logits(function):
    large = np.array([[1000.0, 0, -1000], [1000, 0, -1000], [-1000, -1001, -1002]])
    t = np.eye(3)[[0, 2, 0]]
    cost, problem = call(function, large, t)
    if problem:
        return not_yet(problem)
    if not np.isnan(cost[0]) and np.allclose(cost, _log_likelihood(large, t)):
        return done("equal to −Σ t·ln y, and finite at logits of ±1000.")
    shifted, _ = call(function, large - large.max(axis=-1, keepdims=True), t)
    if np.allclose(cost, shifted, equal_nan=True) and not np.isfinite(cost[:2]).all():
        return not_yet(
            "the shift keeps exp from overflowing, but the smallest y still rounds to "
            "0, and then ln y is −∞. Take the logarithm on paper first: "
            "ln y = z − max z − ln Σ exp(z − max z)."
        )
    if not np.isfinite(cost).all():
        return not_yet(
            "right for small logits, but exp(1000) overflows: the cost is "
            f"{', '.join(f'{value:g}' for value in cost)}. Subtract the largest logit "
            "of each example before exp; softmax does not change by that."
        )
    return not_yet(
        f"at logits of ±1000 the cost is finite but wrong: {cost[1]:.6g} where it is "
        "2000. Clipping y hides the overflow, and hides the error with it. Take the "
        "logarithm on paper first: ln y = z − max z − ln Σ exp(z − max z)."
    )


def check_matching_rate(rate):
    """Exercise 3: a learning rate that makes quadratic cost follow cross-entropy.

    Parameters
    ----------
    rate : callable y → learning rate
        y is the output, a float in (0, 1); target 0 and x = 1, as in the lecture.
    """
    ys = np.linspace(0.05, 0.99, 40)
    rates, problem = _each(rate, ys)
    if problem:
        return not_yet(problem)
    wanted = LEARNING_RATE / (ys * (1 - ys))
    ratio = rates / wanted
    if np.ptp(rates) <= 1e-9 * np.abs(rates).max():
        return not_yet(
            f"a constant rate of {rates[0]:g} can match cross-entropy at one output at "
            "most, for f′(z) changes during the run. Let the rate depend on y."
        )
    if np.ptp(ratio * wanted**2) <= 1e-6 * np.abs(ratio * wanted**2).max():
        return not_yet(
            "this makes the steps on the plateau even smaller: you multiply by f′(z) "
            "where the gradient already holds it. Which operation cancels a factor?"
        )
    if np.ptp(ratio) <= 1e-6 * np.abs(ratio).max() and not np.isclose(ratio[0], 1):
        return not_yet(
            f"the shape is right, but your rate is {ratio[0]:.3g} times what it should "
            f"be. Cross-entropy moves with the learning rate {LEARNING_RATE}."
        )
    own = [_descend(start, lambda y: y * y * (1 - y), rate) for start in STARTS]
    entropy = [
        _descend(start, lambda y: y, lambda _: LEARNING_RATE) for start in STARTS
    ]
    if not np.allclose(own, entropy, rtol=0, atol=1e-6):
        return not_yet(
            "the two neurons part ways. In one epoch z moves by −rate·(y − t)·f′(z)·2 "
            "under quadratic cost and by −0.15·(y − t)·2 under cross-entropy: make the "
            "two equal and solve for the rate."
        )
    return done(
        "with this rate both neurons take the same 300 steps, from "
        f"{len(STARTS)} starts: the costs differ by the factor f′(z) and nothing else."
    )


def check_tanh_cost(cost):
    """Exercise 4: a cost for tanh whose gradient with respect to z is y − t.

    Parameters
    ----------
    cost : callable (z, t) → cost
        z is a float64 array of shape (n,), t one of the floats −1 and 1.
    """
    z = np.linspace(-3, 3, 25)
    y = np.tanh(z)
    slopes, errors = [], []
    for t in (-1.0, 1.0):
        above, problem = call(cost, z + 1e-5, t)
        below, problem_below = call(cost, z - 1e-5, t)
        if problem or problem_below:
            return not_yet(problem or problem_below)
        if above.shape != z.shape:
            return not_yet(
                f"for z of shape {z.shape} your cost has the shape {above.shape}; it "
                "must give one number for each z."
            )
        slopes.append((above - below) / 2e-5)
        errors.append(y - t)
    return _judge_slopes(np.array(slopes), np.array(errors), 1 - y**2)


def _judge_slopes(slopes, errors, tanh_slope):
    if not np.isfinite(slopes).all():
        return not_yet(
            "the cost is not a number for some z. tanh runs from −1 to 1, so ln y and "
            "ln(1 − y) of the sigmoid's formula do not fit: (1 + y)/2 is the quantity "
            "that lies between 0 and 1."
        )
    if np.allclose(slopes, errors, atol=1e-6):
        return done("∂E/∂z = y − t for the tanh neuron: no factor tanh′(z) is left.")
    ratio = slopes / errors
    if _constant(ratio / tanh_slope):
        return not_yet(
            "this gradient is (y − t) times tanh′(z) = 1 − y², so it vanishes where "
            "the neuron is sure: it is a quadratic cost. Look for a cost whose "
            "derivative with respect to y has 1 − y² in its denominator."
        )
    if _constant(ratio):
        return not_yet(
            f"nearly: your gradient is {ratio.mean():.3g} times (y − t). Divide the "
            "cost by that number."
        )
    return not_yet(
        "your gradient is not y − t. Write ∂E/∂z = ∂E/∂y·(1 − y²) and ask which ∂E/∂y "
        "makes this y − t, for t = −1 and for t = 1; then integrate over y."
    )


def _constant(values):
    largest = np.abs(values).max()
    return largest > 0 and np.ptp(values) <= 1e-4 * largest


def _sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -700, 700)))


def _log_likelihood(z, t):
    shifted = z - z.max(axis=-1, keepdims=True)
    log_y = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -(t * log_y).sum(axis=-1)


def _descend(z, gradient, rate, epochs=300):
    """The outputs of the toy neuron (x = 1, target 0), started at z."""
    outputs = []
    for _ in range(epochs):
        y = float(_sigmoid(z))
        outputs.append(y)
        own_rate, problem = call(rate, y)
        if problem or own_rate.size != 1:
            own_rate = np.array(np.nan)
        # w and b take the same step when x = 1, so z takes it twice
        z = z - 2 * own_rate.item() * gradient(y)
    return outputs


def _each(function, values):
    """`call` for each value by itself; each result must be one positive number."""
    results = []
    for value in values.tolist():
        result, problem = call(function, value)
        if problem:
            return None, problem
        if result.size != 1 or not np.isfinite(result).all() or result.min() <= 0:
            return None, f"for y = {value:.2f} the rate must be one positive number."
        results.append(float(result.ravel()[0]))
    return np.array(results), None
