"""Checks and hints for the exercises of lecture 06.

Each function looks at what the reader's answer *does*, prints one line that begins
with "✓" or with "Not yet:", and returns nothing. It never raises for a wrong answer.
"""

import numbers as number_types

import numpy as np

from course_utils.exercises.answers import call, done, kind, not_yet, number, numbers

__all__ = [
    "check_output_size",
    "check_receptive_field",
    "check_shifting_kernel",
    "check_small_lenet",
]

# (n, k, s): stride 1, strides that divide and that do not, windows as large as n.
SIZES = (
    *((28, 2, 2), (5, 3, 1), (5, 3, 2), (3, 2, 2), (2, 2, 2), (28, 5, 1)),
    *((10, 3, 3), (11, 3, 3), (12, 3, 3), (7, 7, 1), (9, 2, 4), (299, 3, 2)),
)

# (kernel side, stride) from the image upwards, and the receptive field.
STACKS = (
    ([(5, 1)], 5),
    ([(3, 1), (3, 1)], 5),
    ([(2, 2), (2, 2)], 4),
    ([(5, 1), (2, 2), (5, 1)], 14),
    ([(5, 1), (2, 2), (5, 1), (2, 2)], 16),
    ([(3, 2), (3, 1), (1, 1), (2, 2), (3, 1)], 17),
    ([], 1),
)

WEIGHTS, ACCURACY = 15_000, 0.94  # what the small LeNet may have and must reach


# --- exercise 1 ----------------------------------------------------------------------


def check_output_size(side):
    """Exercise 1: the side of a plane after a window has walked over it.

    Parameters
    ----------
    side : callable (n, k, s, padding) → int
        Sides of plane and window, stride, "SAME" or "VALID".
    """
    for padding in ("VALID", "SAME"):
        answers = []
        for n, k, s in SIZES:
            result, problem = call(side, n, k, s, padding)
            if problem:
                return not_yet(problem)
            if result.shape != () or not np.isfinite(result):
                return not_yet(
                    f"for n={n}, k={k}, s={s}, {padding} return one whole number."
                )
            answers.append(float(result))
        if hint := _size_hint(padding, answers):
            return not_yet(hint)
    return done("the sides that TensorFlow gives, SAME and VALID, for any stride.")


def _size_hint(padding, answers):
    """What is wrong with the sides for one padding; None if nothing is."""
    right = [-(-n // s) if padding == "SAME" else (n - k) // s + 1 for n, k, s in SIZES]
    if answers == right:
        return None

    def is_formula(formula):
        return np.allclose(answers, [formula(n, k, s) for n, k, s in SIZES])

    if is_formula(lambda n, k, s: (n - k) / s + 1) or is_formula(lambda n, k, s: n / s):
        return f"{padding}: not a whole number where the stride does not divide. Round."
    if padding == "SAME":
        if is_formula(lambda n, k, s: n):
            return "SAME keeps the side only with stride 1; every s-th window stays."
        if is_formula(lambda n, k, s: n // s):
            return (
                "SAME rounds up: what is left over at the edge gets a window of its "
                "own, filled with zeros. 2×3 gives 1×2."
            )
        if is_formula(lambda n, k, s: (n - k) // s + 1):
            return (
                "VALID is right; SAME adds zeros and so gets n/s windows, rounded up."
            )
    else:
        if is_formula(lambda n, k, s: n - k + 1):
            return "VALID is right for stride 1 only; where does s come in?"
        if is_formula(lambda n, k, s: (n - k) // s):
            return "VALID: the first window counts too, add 1."
        if is_formula(lambda n, k, s: -(-(n - k) // s) + 1):
            return (
                "VALID rounds down: a window that would stick out at the edge is left "
                "out. 2×3 gives 1×1."
            )
        if is_formula(lambda n, k, s: -(-n // s)):
            return "that is SAME's rule; VALID has no zeros to fill windows with."
    wrong = next(i for i, side in enumerate(right) if answers[i] != side)
    n, k, s = SIZES[wrong]
    return (
        f"{padding} with n={n}, k={k}, s={s}: you say {answers[wrong]:g}. Draw the "
        "plane and count the windows."
    )


# --- exercise 2 ----------------------------------------------------------------------


def check_shifting_kernel(kernel):
    """Exercise 2: a kernel with which a layer moves a picture right and down.

    Parameters
    ----------
    kernel : array_like, shape (3, 3)
        Used as `keras.layers.Conv2D` uses it: not turned.
    """
    found = numbers(kernel)
    if found is None:
        return not_yet("my_kernel must be an array of numbers, three by three.")
    if found.shape != (3, 3):
        return not_yet(
            f"my_kernel has the shape {found.shape}; it must have three rows and three "
            "columns."
        )
    picture = np.random.default_rng(0).uniform(size=(8, 8))
    result = _correlate(picture, found)

    def moves(right, down):
        return np.allclose(result, _shifted(picture, right, down), atol=1e-6)

    if moves(1, 1):
        return done("the picture moves one pixel right and one down.")
    if moves(0, 0):
        return not_yet("this kernel changes nothing: each pixel becomes itself.")
    if moves(-1, -1):
        return not_yet(
            "the picture moves left and up. Conv2D does not turn the kernel: ask where "
            "each pixel's new value must come from."
        )
    for right, down in np.ndindex(3, 3):
        if moves(right - 1, down - 1):
            return not_yet(
                f"the picture moves {_words(right - 1, 'right', 'left')} and "
                f"{_words(down - 1, 'down', 'up')}; it must move one right, one down."
            )
    if np.count_nonzero(found) == 1:
        return not_yet(
            f"the picture gets {found[found != 0][0]:.3g} times as bright; the one "
            "weight must be 1."
        )
    if not found.any():
        return not_yet("the picture is gone: all weights are 0.")
    return not_yet(
        "your kernel mixes several pixels. To move a picture, each pixel must take "
        "over the value of exactly one neighbour: a single 1 in the kernel."
    )


def _words(step, forward, backward):
    return {-1: f"one {backward}", 0: f"not {forward}", 1: f"one {forward}"}[step]


def _correlate(picture, kernel):
    """What Conv2D with padding "same" computes."""
    framed = np.pad(picture, 1)
    windows = np.lib.stride_tricks.sliding_window_view(framed, (3, 3))
    return np.einsum("ijab,ab->ij", windows, kernel)


def _shifted(picture, right, down):
    """The picture moved by at most one pixel, zeros moving in."""
    framed, (height, width) = np.pad(picture, 1), picture.shape
    return framed[1 - down : 1 - down + height, 1 - right : 1 - right + width]


# --- exercise 3 ----------------------------------------------------------------------


def check_receptive_field(field):
    """Exercise 3: the side of the receptive field of a stack of layers.

    Parameters
    ----------
    field : callable layers → int
        `layers`: list of (kernel side, stride), from the image upwards.
    """
    answers = []
    for stack, _ in STACKS:
        result, problem = call(field, stack)
        if problem:
            return not_yet(problem)
        if number(result) is None:
            return not_yet(f"for the layers {stack} return one number.")
        answers.append(number(result))
    if answers == [side for _, side in STACKS]:
        return done("the receptive field of any stack of layers.")
    return not_yet(_field_hint(answers))


def _field_hint(answers):
    """The usual mistakes, by what they give."""

    def is_rule(grow, step):
        return answers == [_field(stack, grow, step) for stack, _ in STACKS]

    if is_rule(lambda k, s, jump: k - 1, lambda k, s: 1):
        return (
            "right for stride 1. After a stride of 2, neighbouring units are two "
            "pixels apart, and so each further step of a kernel counts twice."
        )
    if is_rule(lambda k, s, jump: k * jump, lambda k, s: s):
        return "a kernel of side k adds k − 1 steps, not k: the first pixel is there."
    if is_rule(lambda k, s, jump: (k - 1) * jump * s, lambda k, s: s):
        return (
            "a layer's own stride sets its units further apart; it widens the field of "
            "the layers *above* it only. Multiply jump after adding."
        )
    if is_rule(lambda k, s, jump: (k - 1) * s, lambda k, s: 1):
        return (
            "the strides of all layers *below* count, multiplied, and not the layer's "
            "own."
        )
    if answers[:-1] == [side for _, side in STACKS[:-1]]:
        return "right, but without any layer a unit is its own pixel: 1."
    wrong = next(i for i, (_, side) in enumerate(STACKS) if answers[i] != side)
    return (
        f"for the layers {STACKS[wrong][0]} you say {answers[wrong]:g}. Start from 1 "
        "pixel, go upwards, and keep track of how far neighbouring units are apart."
    )


def _field(stack, grow, step):
    """A field by rules for what a layer adds, and for what it does to the jump."""
    field, jump = 1, 1
    for kernel, stride in stack:
        field += grow(kernel, stride, jump)
        jump *= step(kernel, stride)
    return field


# --- exercise 4 ----------------------------------------------------------------------


def check_small_lenet(widths, validate):
    """Exercise 4: a LeNet-5 with few weights that still reads the digits.

    Parameters
    ----------
    widths : sequence of four ints
        Maps of C1 and C3, units of C5 and F6.
    validate : callable widths → accuracy
        Trains the network; called only if the rest is in order, for it takes time.
    """
    sizes, hint = _four_sizes(widths)
    if hint:
        return not_yet(hint)
    c1, c3, c5, f6 = sizes
    parts = {
        "C1": (25 + 1) * c1,
        "C3": (25 * c1 + 1) * c3,
        "C5": (25 * c3 + 1) * c5,
        "F6": (c5 + 1) * f6,
        "the output": (f6 + 1) * 10,
    }
    weights = sum(parts.values())
    if weights > WEIGHTS:
        largest = max(parts, key=parts.get)
        return not_yet(
            f"{weights:,} weights and biases, more than {WEIGHTS:,}; {largest} has "
            f"{parts[largest]:,} of them."
        )
    accuracy, problem = call(validate, tuple(sizes))
    if problem:
        return not_yet(problem)
    if not np.mean(accuracy) >= ACCURACY:  # NaN too
        advice = (
            "Fewer than ten units squeeze ten classes through too few numbers."
            if min(c5, f6) < 10
            else "The budget allows more: where is a map missed most?"
        )
        return not_yet(
            f"small enough, with {weights:,} weights and biases, but it reads fewer "
            f"than {ACCURACY:.0%} of the validation digits. {advice}"
        )
    return done(
        f"{weights:,} weights and biases, and at least {ACCURACY:.0%} of the "
        "validation digits."
    )


def _four_sizes(widths):
    """(list of four int, None), or (None, a hint)."""
    try:
        sizes = list(widths)
    except TypeError:
        return None, (
            f"my_widths must be a tuple such as (6, 16, 120, 84), not {kind(widths)}."
        )
    if len(sizes) != 4:
        return None, (
            f"my_widths has {len(sizes)} numbers; give four, for C1, C3, C5 and F6."
        )
    for size in sizes:
        whole = isinstance(size, number_types.Integral) and not isinstance(size, bool)
        if not whole or size < 1:
            return None, "give each of the four a whole number, 1 or more."
    return [int(size) for size in sizes], None
