"""What the checks of all lectures need: taking a reader's answer, whatever it is.

A check prints one line, "✓ …" or "Not yet: …" with a hint, and never raises for a wrong
answer: a traceback teaches nothing about the exercise.
"""

import copy

import numpy as np

__all__ = ["call", "done", "kind", "not_yet", "number", "numbers", "stopped"]


def done(text):
    """Say that the answer is right."""
    print(f"✓ {text}")


def not_yet(hint):
    """Say that the answer is not right, and what to think about."""
    print(f"Not yet: {hint}")


def number(value):
    """The value as a finite float; None if it is not one number."""
    try:
        value = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return value if np.isfinite(value) else None


def numbers(value):
    """The value as an array of finite floats, of any shape; None if it is none."""
    try:
        value = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None
    return value if value.size and np.isfinite(value).all() else None


def kind(value):
    """What the value is, for a hint: "nothing", "a list"."""
    return "nothing" if value is None else f"a {type(value).__name__}"


def stopped(error, what="your function"):
    """What stops with an error, and which, in one short line."""
    first_line = str(error).strip().partition("\n")[0]
    return f"{what} stops with {type(error).__name__}: {first_line[:150]}"


def call(function, *arguments, **options):
    """Call what the reader wrote.

    It is given copies, which it may change; NumPy's floating-point warnings are silent.

    Returns
    -------
    tuple of (numpy.ndarray of float, None) or (None, str)
        The result as an array, or a hint why there is none.
    """
    if not callable(function):
        return (
            None,
            "the answer must be a function; keep the line that begins with def.",
        )
    try:
        with np.errstate(all="ignore"):
            result = function(*copy.deepcopy(arguments), **copy.deepcopy(options))
    except Exception as error:  # whatever a reader's code may raise
        return None, stopped(error)
    if result is None:
        return None, "your function returns nothing; end it with return."
    try:
        return np.asarray(result, dtype=float), None
    except (TypeError, ValueError):
        return None, "your function must return numbers, as a NumPy array."
