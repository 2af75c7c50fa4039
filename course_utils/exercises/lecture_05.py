"""Checks and hints for the exercises of lecture 05.

Each function looks at what the reader's answer *does*, prints one line that begins
with "✓" or with "Not yet:", and returns nothing. It never raises for a wrong answer.
"""

import numbers as number_types
from itertools import pairwise

import numpy as np

from course_utils.exercises.answers import call, done, kind, not_yet

__all__ = [
    "check_paired_gain",
    "check_shifted",
    "check_small_network",
    "check_warm_up",
]

# Accuracies of five runs: hard validation digits make run 2 low both times.
BEFORE = np.array([0.941, 0.952, 0.915, 0.948, 0.933])
AFTER = np.array([0.950, 0.957, 0.926, 0.951, 0.943])

# (right, down); 28 and more leave nothing in view.
SHIFTS = ((3, 0), (2, -3), (0, 2), (-1, 0), (0, -4), (0, 0), (-28, 40))

PEAK, WARM_UP, TOTAL = 0.008, 40, 320

WEIGHTS, ACCURACY = 60_000, 0.92  # what the small network may have and must reach


# --- exercise 1 ----------------------------------------------------------------------


def check_paired_gain(function):
    """Exercise 1: the mean of the paired gains and its standard error.

    Parameters
    ----------
    function : callable (before, after) → (mean, standard error)
        Both arguments are float64 arrays of shape (runs,).
    """
    result, problem = call(function, BEFORE, AFTER)
    if problem:
        return not_yet(problem)
    if result.shape != (2,):
        return not_yet(
            "return two numbers, the mean gain and its standard error, as mean, error."
        )
    gains, n = AFTER - BEFORE, len(BEFORE)
    mean, error = result
    if np.isclose(mean, -gains.mean()):
        return not_yet(
            "the sign is wrong: a gain is after − before, positive where the change "
            "helps."
        )
    if not np.isclose(mean, gains.mean()):
        return not_yet("the first number is not the mean of after − before.")
    if hint := _error_hint(error, gains, n):
        return not_yet(hint)
    result, problem = call(function, BEFORE[:3], AFTER[:3])
    right = [gains[:3].mean(), gains[:3].std(ddof=1) / np.sqrt(3)]
    if problem or result.shape != (2,) or not np.allclose(result, right):
        return not_yet("right for five runs, wrong for three: use len(before).")
    return done("mean and standard error of the paired gains, for any number of runs.")


def _error_hint(error, gains, n):
    """What is wrong with the standard error; None if it is right."""
    if np.isclose(error, gains.std(ddof=1) / np.sqrt(n)):
        return None
    unpaired = np.sqrt((BEFORE.var(ddof=1) + AFTER.var(ddof=1)) / n)
    if np.isclose(error, unpaired) or np.isclose(error, unpaired * np.sqrt(n)):
        return (
            "this error is that of two independent groups. The runs are paired: "
            "subtract run by run first, then take the spread of the differences."
        )
    if np.isclose(error, gains.std(ddof=1)) or np.isclose(error, gains.std()):
        return (
            "that is the spread of a single gain. The mean of n gains is less "
            "uncertain, by √n."
        )
    if np.isclose(error, gains.std() / np.sqrt(n)):
        return (
            "nearly: NumPy's std divides by n. The mean was estimated from the same "
            "numbers, so divide by n − 1: std(ddof=1)."
        )
    return "the mean is right; the second number must be s/√n of the paired gains."


# --- exercise 2 ----------------------------------------------------------------------


def check_shifted(function):
    """Exercise 2: an image shifted by whole pixels, with background moving in.

    Parameters
    ----------
    function : callable (image, right, down) → image
        image is a float64 array of shape (28, 28); right and down are integers of
        either sign, and 0.
    """
    image = np.random.default_rng(0).uniform(0.1, 1, (28, 28))
    given = image.copy()
    for right, down in SHIFTS:
        result, problem = call(function, image, right, down)
        if problem:
            return not_yet(f"for right={right}, down={down}: {problem}")
        hint = _shift_hint(result, image, right, down)
        if hint:
            return not_yet(f"for right={right}, down={down}: {hint}")
    try:
        function(image, 1, 1)
    except Exception:  # it worked on copies above
        return not_yet("your function does not work twice; what does it keep?")
    if not np.array_equal(image, given):
        return not_yet(
            "your function changes the image that it is given, so the training digits "
            "would wander off the page. Fill a new array: np.zeros_like(image)."
        )
    return done("the digit moves, background moves in, and the original stays.")


def _shift_hint(result, image, right, down):
    """What is wrong with a shifted image; None if it is right."""
    if result.shape != image.shape:
        return f"the result has the shape {result.shape}, not (28, 28)."
    if np.allclose(result, _shifted(image, right, down)):
        return None
    rolled = np.roll(image, (down, right), axis=(0, 1))
    if np.allclose(result, rolled):
        return (
            "what leaves the image on one side comes back on the other: np.roll "
            "wraps. Background, 0, must move in instead."
        )
    if np.allclose(result, image):
        return "the image did not move."
    if np.allclose(result, _shifted(image, -right, -down)):
        return (
            "the digit moves the wrong way: right=3 takes pixel [row, 10] to [row, 13]."
        )
    if np.allclose(result, _shifted(image, down, right)):
        return "rows and columns are exchanged: image[row, column], and down is rows."
    if np.allclose(result, _shifted(image, right, -down)):
        return "rows count from the top: down=2 takes row 10 to row 12."
    return (
        "wrong pixels. Work out which rows and columns of the old image stay in view "
        "for this sign; a slice such as [:-0] is empty, and one that ends below 0 "
        "counts from the end."
    )


def _shifted(image, right, down):
    """The right answer: pixel [r, c] is the old [r − down, c − right], or 0."""
    rows, columns = np.indices(image.shape)
    rows, columns = rows - down, columns - right
    size = image.shape[0]
    inside = (rows >= 0) & (rows < size) & (columns >= 0) & (columns < size)
    return np.where(inside, image[rows % size, columns % size], 0.0)


# --- exercise 3 ----------------------------------------------------------------------


def check_warm_up(function):
    """Exercise 3: a linear warm-up to the peak, then a half cosine to zero.

    Parameters
    ----------
    function : callable step → learning rate
        step is an integer from 0 to 320; the peak 0.008 is reached at step 40.
    """
    rates = []
    for step in range(TOTAL + 1):
        rate, problem = call(function, step)
        if problem:
            return not_yet(f"at step {step}: {problem}")
        if rate.size != 1 or not np.isfinite(rate).all():
            return not_yet(f"at step {step} the rate must be one finite number.")
        rates.append(rate.item())
    hint = _warm_up_hint(np.array(rates))
    if hint:
        return not_yet(hint)
    return done("up in a line, down in a half cosine, and zero at the end.")


def _warm_up_hint(rates):
    """What is wrong with the 321 rates; None if they are right."""
    steps = np.arange(TOTAL + 1)
    rising = steps <= WARM_UP
    share = (steps - WARM_UP) / (TOTAL - WARM_UP)
    wanted = np.where(
        rising, PEAK * steps / WARM_UP, PEAK / 2 * (1 + np.cos(np.pi * share))
    )
    if np.allclose(rates, wanted, atol=1e-9):
        return None
    if not np.allclose(rates[rising], wanted[rising], atol=1e-9):
        return _rise_hint(rates[rising], wanted[rising])
    falling = rates[~rising]
    late = PEAK / 2 * (1 + np.cos(np.pi * steps / TOTAL))[~rising]
    if np.allclose(falling, late):
        return (
            "the rise is right, but at step 41 the rate drops by a jump: your cosine "
            "began at step 0. It must begin where the warm-up ends: use "
            "(s − 40)/(320 − 40)."
        )
    if np.allclose(falling, PEAK * np.cos(np.pi / 2 * share)[~rising], atol=1e-9):
        return (
            "the rise is right; your quarter cosine is steepest at the end. The half "
            "cosine ½(1 + cos πu), u from 0 to 1, arrives gently."
        )
    if np.allclose(falling, PEAK * np.cos(np.pi * share)[~rising], atol=1e-9):
        return "the rise is right, but cos πu ends at −1, below zero: ½(1 + cos πu)."
    if np.allclose(falling, PEAK * (1 - share)[~rising], atol=1e-9):
        return "the rise is right; the way down is a line. Bend it: ½(1 + cos πu)."
    return (
        f"the rise is right; after it the rate at step 180 is {rates[180]:.4g}, where "
        f"the half cosine has {wanted[180]:.4g}."
    )


def _rise_hint(rates, wanted):
    """What is wrong with the rates of the warm-up."""
    if np.allclose(rates, PEAK / 2 * (1 + np.cos(np.pi * np.arange(41) / TOTAL))):
        return (
            "there is no warm-up yet: at step 0 the rate is to be 0, at step 40 0.008."
        )
    if np.allclose(rates, PEAK):
        return "during the first 40 steps the rate must rise: 0.008·s/40."
    if np.allclose(rates[1:], wanted[:-1], atol=1e-9) or np.allclose(
        rates[:-1], wanted[1:], atol=1e-9
    ):
        return "one step off: the rate is 0 at step 0 and 0.008 at step 40."
    return (
        f"at step 20 the rate is {rates[20]:.4g}; half-way up the line to 0.008 it "
        "is 0.004."
    )


# --- exercise 4 ----------------------------------------------------------------------


def check_small_network(hidden, validate):
    """Exercise 4: hidden layers with few weights that still read the digits.

    Parameters
    ----------
    hidden : sequence of int
        Units of the hidden layers between 784 inputs and 10 outputs.
    validate : callable hidden → accuracies, shape (runs,)
        Trains the networks; called only if the rest is in order, for it takes time.
    """
    sizes, hint = _layer_sizes(hidden)
    if hint:
        return not_yet(hint)
    ends = [784, *sizes, 10]
    weights = sum((m + 1) * n for m, n in pairwise(ends))
    if weights > WEIGHTS:
        return not_yet(
            f"{weights:,} weights and biases, more than {WEIGHTS:,}. A layer costs "
            "(inputs + 1)·units: which of yours costs most?"
        )
    accuracies, problem = call(validate, tuple(sizes))
    if problem:
        return not_yet(problem)
    if not np.mean(accuracies) >= ACCURACY:  # NaN too
        advice = (
            "Fewer units than digits squeeze ten classes through too few numbers."
            if min(sizes) < 10
            else "The budget allows more units."
        )
        return not_yet(
            f"small enough, with {weights:,} weights and biases, but it reads fewer "
            f"than {ACCURACY:.0%} of the validation digits. {advice}"
        )
    return done(
        f"{weights:,} weights and biases, and at least {ACCURACY:.0%} of the "
        "validation digits."
    )


def _layer_sizes(hidden):
    """(list of int, None), or (None, a hint)."""
    if isinstance(hidden, number_types.Number):
        return None, "my_hidden must be a tuple; one layer is written (64,)."
    try:
        sizes = list(hidden)
    except TypeError:
        return None, f"my_hidden must be a tuple such as (64, 32), not {kind(hidden)}."
    if not sizes:
        return None, (
            "without a hidden layer this is softmax regression again: few weights, and "
            "hidden layers were worth most of all at the top."
        )
    for size in sizes:
        whole = isinstance(size, number_types.Integral) and not isinstance(size, bool)
        if not whole or size < 1:
            return None, "give each layer a whole number of units, 1 or more."
    if len(sizes) > 10:
        return None, f"{len(sizes)} hidden layers; try with ten or fewer."
    return [int(size) for size in sizes], None
