"""Checks and hints for the exercises of lecture 03.

Each function looks at what the reader's answer *does*, prints one line that begins
with "✓" or with "Not yet:", and returns nothing. It never raises for a wrong answer.
"""

import numpy as np

from course_utils.exercises.answers import call, done, kind, not_yet, numbers

__all__ = ["check_elastic_step", "check_pruned_neuron", "check_translation"]

EXAMPLES, BATCH = 50_000, 128
LAMBDA_1, LAMBDA_2 = 2.0, 5.0

ZEROS, ERROR = 0.9, 0.08  # what the pruned neuron must reach


def check_translation(l1, l2):
    """Exercise 1: the slide's L1 (λ = 2) and L2 (λ = 5) for 50,000 examples.

    Parameters
    ----------
    l1, l2 : keras.regularizers.Regularizer
        Called with weights, they must give λ/n·Σ|w| and λ/2n·Σw².
    """
    for name, regularizer, power, wanted, strength in (
        ("my_l1", l1, 1, LAMBDA_1 / EXAMPLES, LAMBDA_1),
        ("my_l2", l2, 2, LAMBDA_2 / (2 * EXAMPLES), LAMBDA_2),
    ):
        factor, problem = _factor(name, regularizer, power)
        hint = problem or _judge_factor(name, factor, power, wanted, strength)
        if hint:
            return not_yet(hint)
    return done("both penalties equal the slide's: λ/n·Σ|w| and λ/2n·Σw².")


def _factor(name, regularizer, power):
    """(a, None) of the penalty a·Σ|w|^power, or (None, a hint)."""
    if not callable(regularizer) or isinstance(regularizer, type):
        return None, (
            f"{name} must be a regularizer, such as keras.regularizers.L1(0.01), not "
            f"{kind(regularizer)}."
        )
    weights = np.array([[1.0], [2.0], [-2.0]], np.float32)
    try:
        one, two, minus_two = (float(regularizer(w)) for w in weights)
    except Exception as error:  # whatever a reader's object may raise
        return None, f"{name} stops with {type(error).__name__}: {error}"
    if not (np.isfinite([one, two, minus_two]).all() and one > 0 and two == minus_two):
        return None, (
            f"{name} must charge every weight that is not zero, alike for w and −w, so "
            "its factor is a positive number."
        )
    grows = {1: 2.0, 2: 4.0}
    if not np.isclose(two / one, grows[power], rtol=1e-4):
        return None, (
            f"{name} is not an L{power} penalty: a weight twice as large costs "
            f"{two / one:.3g} times as much, not {grows[power]:g} times."
        )
    return one, None


def _judge_factor(name, factor, power, wanted, strength):
    """A hint for a wrong factor, None for the right one."""

    def is_near(value):
        return np.isclose(factor, value, rtol=1e-4, atol=0)

    if is_near(wanted):
        return None
    if is_near(strength):
        return (
            f"{name} copies the slide's λ. Keras adds the penalty as it is to the "
            "mean cost; where does the slide's n come in?"
        )
    if is_near(strength / BATCH) or is_near(strength / (power * BATCH)):
        return (
            f"{name} divides by the batch size. Keras adds the penalty to each batch's "
            "mean cost, so batches of any size give the same sum; n counts the "
            "training examples."
        )
    if power == 2 and is_near(strength / EXAMPLES):
        return (
            f"{name} has the n but not the ½: the slide's L2 is λ/2n·Σw², and Keras' "
            "L2(a) is a·Σw²."
        )
    if power == 1 and is_near(strength / (2 * EXAMPLES)):
        return f"{name} has a ½ too many: only the slide's L2 is divided by 2n."
    if power == 2 and is_near(strength / 2):
        return f"{name} has the ½ but not the n: divide by the number of examples."
    if is_near(strength * EXAMPLES):
        return f"{name} multiplies by n. The slide divides by it."
    return (
        f"{name} has the factor {factor:.4g}. Put the slide's penalty and Keras' "
        "a·Σ… side by side and solve for a; every number you need is in the text."
    )


def check_elastic_step(step):
    """Exercise 2: one step of gradient descent under L1 and L2 together.

    Parameters
    ----------
    step : callable (w, gradient, eta, lambda_1, lambda_2, n) → new weights
        w and gradient are float64 arrays of shape (weights,).
    """
    rng = np.random.default_rng(0)
    w, gradient = rng.normal(size=(2, 6))
    settings = {"eta": 0.3, "lambda_1": 4.0, "lambda_2": 7.0, "n": 10}
    found, problem = call(step, w, gradient, *settings.values())
    if problem:
        return not_yet(problem)
    if found.shape != w.shape:
        return not_yet(
            f"for weights of shape {w.shape} your step returns {found.shape}; it must "
            "return one new weight for each."
        )
    if not np.isfinite(found).all():
        return not_yet("your step returns something that is not a finite number.")
    if np.allclose(found, w - 0.3 * _slope(w, gradient, **settings), atol=1e-6):
        return done("your step goes down the slope of C, measured numerically.")
    return not_yet(_elastic_hint(found, w, gradient, **settings))


def _slope(w, gradient, eta, lambda_1, lambda_2, n, width=1e-6):
    """∂C/∂w by central differences of the elastic net's cost, C₀ being linear."""

    def cost(v):
        penalties = lambda_1 / n * np.abs(v) + lambda_2 / (2 * n) * v**2
        return gradient * v + penalties

    return (cost(w + width) - cost(w - width)) / (2 * width)


def _elastic_hint(found, w, gradient, eta, lambda_1, lambda_2, n):
    """What the step does wrong, by comparing it with the usual mistakes."""
    one, two = lambda_1 / n * np.sign(w), lambda_2 / n * w

    def is_step(*terms):
        return np.allclose(found, w - eta * sum(terms), atol=1e-9)

    if np.allclose(found, w):
        return "the weights do not move at all."
    if is_step(gradient):
        return (
            "this is the step without a penalty. Add what Σ|w| and Σw² contribute to "
            "∂C/∂w."
        )
    if is_step(gradient, one):
        return "L1 is right; L2 is missing."
    if is_step(gradient, two):
        return "L2 is right; L1 is missing."
    if is_step(gradient, one, two / 2) or is_step(gradient, one, 2 * two):
        return "L1 is right; for L2, the derivative of λ₂/2n·w² is λ₂/n·w."
    if is_step(gradient, lambda_1 / n * np.abs(w), two) or is_step(
        gradient, lambda_1 / n, two
    ):
        return (
            "L2 is right; L1 pulls negative weights further down. The derivative of "
            "|w| is +1 for positive w and −1 for negative w: np.sign(w)."
        )
    if is_step(gradient, n * one, n * two):
        return "both penalties are n times too strong: the slide divides by n."
    if is_step(gradient, -one, -two):
        return "the penalties have the wrong sign: they must pull towards zero."
    if np.allclose(found, w - eta * gradient - one - two):
        return "the penalties are part of the gradient: they need the factor η too."
    if np.allclose(found, w + eta * (gradient + one + two)):
        return "your step goes up the slope; gradient descent subtracts."
    return (
        "your step does not follow the slope of C. Differentiate its three terms one "
        "by one, add them up, multiply by η and subtract from w."
    )


def check_pruned_neuron(w, b, x, t):
    """Exercise 3: a neuron with at least 90 % exact zeros and at most 8 % errors.

    Parameters
    ----------
    w : array_like, shape (pixels,)
    b : float
        The reader's weights and bias; class 1 where w·x + b is positive.
    x : numpy.ndarray, shape (n, pixels)
    t : numpy.ndarray of 0 and 1, shape (n,)
        Held-out digits and their targets.
    """
    w, b = numbers(w), numbers(b)
    if w is None or b is None:
        return not_yet("my_w and my_b must be numbers, none of them NaN or infinite.")
    if w.shape != (x.shape[1],) or b.size != 1:
        return not_yet(
            f"my_w has the shape {w.shape} and my_b the shape {b.shape}; they must be "
            f"({x.shape[1]},) and one number. train_neuron returns both."
        )
    wrong = np.mean((x @ w + b.item() > 0) != t)
    zeros, near = np.mean(w == 0), np.mean(np.abs(w) < 1e-3)
    if not w.any():
        return not_yet(
            "every weight is 0: the neuron does not look at the picture any more. λ is "
            "far too large."
        )
    if zeros < ZEROS <= near:
        return not_yet(
            "most weights are smaller than 0.001, but too few are exactly 0. A "
            "sub-gradient step hops around zero; which step stops there?"
        )
    if zeros < ZEROS and wrong > ERROR:
        return not_yet(
            "too many weights are left, and too many digits are wrong. Start again "
            "from a neuron that works, such as train_neuron(proximal_step)."
        )
    if zeros < ZEROS:
        return not_yet(
            "the neuron works, but fewer than 90 % of its weights are exactly 0. Make "
            "L1's λ larger, or set more of the small weights to zero yourself."
        )
    if wrong > ERROR:
        return not_yet(
            "enough zeros, but more than 8 % of the held-out digits are wrong: useful "
            "pixels are gone. Make λ smaller."
        )
    return done("90 % of the weights are exactly 0, and at most 8 % of digits wrong.")
