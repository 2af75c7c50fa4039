"""Checks and hints for the exercises of lecture 12.

Each function looks at what the reader's answer *does*, prints one line that begins
with "✓" or with "Not yet:", and returns nothing. It never raises for a wrong answer.
"""

import math

import numpy as np

from course_utils.exercises.answers import call, done, not_yet

__all__ = ["check_cheap_module", "check_multiply_adds", "check_split_kernel"]

# Convolutions: side, channels, filters, kernel, stride, padding. Strides that divide
# and that do not; square and other numbers of channels.
CONVOLUTIONS = (
    (299, 3, 32, 3, 2, "valid"),
    (35, 48, 64, 5, 1, "same"),
    (17, 768, 192, 1, 1, "valid"),
    (36, 288, 384, 3, 2, "valid"),
    (35, 288, 384, 3, 2, "same"),
    (10, 2, 7, 4, 3, "same"),
    (10, 2, 7, 4, 3, "valid"),
)

GRID, CHANNELS = (17, 17), 768  # of the module to be made cheaper
MIXED4 = 374_063_104  # its multiply-adds
SHARE, SEEN = 0.4, 13


# --- exercise 1 ----------------------------------------------------------------------


def check_multiply_adds(count):
    """Exercise 1: multiply-adds of a convolution, from its sizes.

    Parameters
    ----------
    count : callable (side, channels, filters, kernel, stride, padding) → int
        All square; padding is "valid" or "same".
    """
    answers = []
    for sizes in CONVOLUTIONS:
        result, problem = call(count, *sizes)
        if problem:
            return not_yet(problem)
        if result.shape != () or not np.isfinite(result):
            return not_yet("return one whole number, the multiply-adds of the layer.")
        answers.append(float(result))
    right = [_places(*sizes) ** 2 * _weights(*sizes) for sizes in CONVOLUTIONS]
    if answers == right:
        return done("the multiply-adds of any square convolution, from its sizes.")
    return not_yet(_multiply_adds_hint(answers, right))


def _places(side, channels, filters, kernel, stride, padding):
    """The side of the output."""
    if padding == "same":
        return math.ceil(side / stride)
    return (side - kernel) // stride + 1


def _weights(side, channels, filters, kernel, stride, padding):
    return kernel**2 * channels * filters


def _multiply_adds_hint(answers, right):
    """What is wrong with the counts."""

    def is_count(formula):
        return np.allclose(answers, [formula(*sizes) for sizes in CONVOLUTIONS])

    if is_count(_weights):
        return "those are the weights. Each is used once at every place of the output."
    if np.allclose(answers, 2 * np.array(right)):
        return (
            "twice too many: a multiplication and the addition after it count as one."
        )
    if is_count(lambda *sizes: _places(*sizes) * _weights(*sizes)):
        return "the output is a square: a place for each row and each column."
    if is_count(lambda *sizes: sizes[0] ** 2 * _weights(*sizes)):
        return (
            "you count the places of the input. With a stride, or without padding, the "
            "output has fewer."
        )
    if is_count(lambda *sizes: _places(*sizes) ** 2 * _weights(*sizes) / sizes[1]):
        return "each filter looks at all channels of the input, not at one."
    if is_count(lambda *sizes: _places(*sizes) ** 2 * _weights(*sizes) / sizes[2]):
        return "that is one filter; there are several."
    if is_count(lambda *sizes: _places(*sizes[:5], "valid") ** 2 * _weights(*sizes)):
        return (
            'right without padding; with "same" the side is side / stride, rounded up.'
        )
    if is_count(lambda *sizes: _places(*sizes[:5], "same") ** 2 * _weights(*sizes)):
        return 'right with padding; with "valid" the windows must fit into the input.'
    wrong = next(i for i in range(len(right)) if answers[i] != right[i])
    return (
        f"for {CONVOLUTIONS[wrong]} you say {answers[wrong]:,.0f}. How many places has "
        "the output (a whole number), and what does one place cost?"
    )


# --- exercise 2 ----------------------------------------------------------------------


def check_split_kernel(split):
    """Exercise 2: column and row of a kernel of rank one.

    Parameters
    ----------
    split : callable (kernel of shape (n, n)) → two arrays of shape (n,)
        Their outer product must be the kernel.
    """
    rng = np.random.default_rng(0)
    kernels = [
        np.outer([1.0, 2, 1], [1, 2, 1]) / 16,  # smoothing
        np.outer([1.0, 2, 1], [-1, 0, 1]),  # edges; its rows and columns add up to 0
        np.outer([0.0, 3, -1, 0, 2], [0, 1, -2, 4, 0]),  # begins with zeros
        np.outer(*rng.normal(size=(2, 7))),
    ]
    for kernel in kernels:
        result, problem = call(split, kernel)
        if problem:
            return not_yet(problem)
        n = len(kernel)
        if result.shape != (2, n):
            return not_yet(
                f"for a kernel of {n}×{n} return two vectors of length {n}, the column "
                f"and the row; yours have the shape {result.shape}."
            )
        if not np.isfinite(result).all():
            return not_yet(
                "your vectors hold something that is not a finite number. Do you "
                "divide by an entry, or a sum, that can be 0?"
            )
        column, row = result
        if not np.allclose(np.outer(column, row), kernel, atol=1e-6):
            return not_yet(_split_hint(column, row, kernel))
    return done("column times row gives every kernel back.")


def _split_hint(column, row, kernel):
    """What is wrong with a column and a row."""
    product = np.outer(column, row)
    if np.allclose(product.T, kernel, atol=1e-6):
        return "exchange the two: the column first, then the row."
    if not product.any():
        return (
            "for this kernel a vector is all zeros: its entries add up to 0, as those "
            "of edge kernels do. Take a row itself instead of a sum."
        )
    where = np.abs(kernel).argmax()
    factor = product.flat[where] / kernel.flat[where]
    if factor and np.allclose(product, factor * kernel, atol=1e-6):
        return (
            f"the pattern is right, but the product is {factor:.3g} times the kernel: "
            "divide one of the two by that."
        )
    return (
        "column times row is another kernel. In a kernel of rank one every row is a "
        "multiple of every other: take one row, and look for the multiples."
    )


# --- exercise 3 ----------------------------------------------------------------------


def check_cheap_module(branches, build):
    """Exercise 3: a module that sees 13×13 for at most 40 % of the work of mixed4.

    Parameters
    ----------
    branches : list of list of (filters, kernel)
        The reader's recipe.
    build : callable (shape, branches) → keras.Model
        The notebook's own.
    """
    try:
        module = build((*GRID, CHANNELS), branches)
        shape = tuple(module.output.shape[1:])
        work = _work(module)
    except Exception as error:  # whatever a reader's recipe may raise
        first_line = str(error).strip().partition("\n")[0]
        return not_yet(
            f"build stops with {type(error).__name__}: {first_line} A recipe is a list "
            "of branches; a branch is a list of steps (filters, kernel)."
        )
    if shape != (*GRID, CHANNELS):
        return not_yet(
            f"your module gives {'×'.join(map(str, shape))}; it must be 17×17×768. The "
            "channels of the last step of each branch add up."
        )
    if work > SHARE * MIXED4:
        return not_yet(
            f"your module takes {100 * work / MIXED4:.0f} % of mixed4's multiply-adds. "
            "Where are most of them? Put a narrower 1×1 before what is expensive."
        )
    height, width = _seen(module)
    if min(height, width) < SEEN:
        return not_yet(
            f"cheap enough, but an output sees only {height}×{width} places. n×n after "
            "n×n sees 2n − 1; 1×n and n×1 together see n×n."
        )
    return done("as far as mixed4 sees, for at most 40 % of its multiply-adds.")


def _work(module):
    """Multiply-adds of all layers that have a kernel."""
    return sum(
        math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1])
        for layer in module.layers
        if hasattr(layer, "kernel")
    )


def _seen(module):
    """Height and width of the inputs that move the output in the middle."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    picture = tf.constant(rng.random((1, *module.input.shape[1:])), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(picture)
        middle = tf.reduce_sum(module(picture)[0, GRID[0] // 2, GRID[1] // 2])
    slope = tape.gradient(middle, picture)
    if slope is None:  # nothing of the input arrives
        return 0, 0
    moved = np.abs(slope.numpy()[0]).sum(axis=-1) > 0
    return int(moved.any(axis=1).sum()), int(moved.any(axis=0).sum())
