"""The result contract: `expect` states a result as a bound and proves it on the spot.

Floating-point results differ a little from processor to processor. A notebook
therefore prints the *claim*, which is the same everywhere, never the number measured.
"""

import json
import os

import numpy as np

__all__ = ["ExpectationError", "expect", "write_record"]


class ExpectationError(AssertionError):
    """A claim of the notebook does not hold; the message gives what was measured."""


def expect(
    claim,
    value,
    *,
    at_least=None,
    at_most=None,
    between=None,
    close_to=None,
    tolerance=1e-6,
    equal_to=None,
    baseline=None,
):
    """Check a claim and print it, or raise with the measured value.

    With no bound, `value` is the truth of the claim itself. An array meets a bound
    if each of its elements does; its worst element is reported. NaN meets none.

    Parameters
    ----------
    claim : str
        What is measured, in words a reader understands: "test accuracy".
    value : bool, float or array_like of any shape
        What was measured.
    at_least, at_most : float, optional
        The bound. It is printed, so write a number, not another measurement.
    between : tuple of two floats, optional
        Lower and upper bound, both included.
    close_to : float or array_like of the shape of `value`, optional
        Every element may differ by at most `tolerance` (absolute).
    equal_to : object or array_like, optional
        Must be equal, in shape and in every element.
    baseline : tuple (str, value), optional
        Name and measured value of what the lecture argues against, such as
        ``("untrained net", 0.11)``. It must *miss* the bound: a bound that
        everything meets says nothing. With `equal_to` it must differ.

    Raises
    ------
    ExpectationError
        If the claim is false, or if the baseline meets the bound too.
    TypeError
        If the call itself is wrong: two bounds, or no bound and no truth value.

    Examples
    --------
    >>> expect("test accuracy", 0.991, at_least=0.98, baseline=("untrained net", 0.1))
    ✓ test accuracy ≥ 0.98 (untrained net: no)
    """
    bounds = {
        "at_least": at_least,
        "at_most": at_most,
        "between": between,
        "close_to": close_to,
        "equal_to": equal_to,
    }
    given = {kind: limit for kind, limit in bounds.items() if limit is not None}
    if len(given) > 1:
        raise TypeError(f"{claim!r}: give one bound, not {', '.join(given)}")
    kind, limit = next(iter(given.items()), (None, None))
    if kind is None:
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(
                f"{claim!r}: give a bound (at_least=…, close_to=…) or a truth value, "
                f"not {type(value).__name__}"
            )
        if baseline is not None:
            raise TypeError(f"{claim!r}: a baseline needs a bound to miss")
    words, found = _judged(value, kind, limit, tolerance)
    statement = claim + words
    line, record = f"✓ {statement}", {"claim": claim, "bound": kind, **found}
    if baseline is not None:
        name = baseline[0]
        _, rival = _judged(baseline[1], kind, limit, tolerance)
        record["baseline"] = {"name": name, **rival}
        line += f" ({name}: no)"
    write_record(record | {"line": line})
    if os.environ.get("COURSE_EXPECT") == "record":  # one miss must not hide the rest
        return
    if not found["kept"]:
        raise ExpectationError(
            f"✗ {statement}: measured {_text(found['measured'])}. Either the code "
            "above changed, or a library computes something else now."
        )
    if baseline is not None and rival["kept"]:
        raise ExpectationError(
            f"✗ {statement}: {name}, measured at {_text(rival['measured'])}, meets "
            "the bound as well, so the bound shows nothing."
        )
    print(line)


def _judged(value, kind, limit, tolerance):
    """The bound in words; what was measured, its slack (negative: missed), `kept`."""
    match kind:
        case "at_least":
            words, result = f" ≥ {limit:g}", _worst(value, limit, np.inf)
        case "at_most":
            words, result = f" ≤ {limit:g}", _worst(value, -np.inf, limit)
        case "between":
            words = f" in [{limit[0]:g}, {limit[1]:g}]"
            result = _worst(value, *limit)
        case "close_to":
            words = f": equal to within {tolerance:g}"
            result = _distance(value, limit, tolerance)
        case "equal_to":
            words = f" = {limit}" if isinstance(limit, (int, str)) else ": equal"
            result = _short(value), None, bool(np.array_equal(value, limit))
        case None:
            words, result = "", (bool(value), None, bool(value))
    return words, dict(zip(("measured", "slack", "kept"), result, strict=True))


def _worst(found, low, high):
    found = np.asarray(found, dtype=float).ravel()
    if found.size == 0:
        return "an empty array", None, False
    slacks = np.minimum(found - low, high - found)
    slacks[np.isnan(slacks)] = -np.inf  # NaN meets no bound
    worst = int(np.argmin(slacks))
    slack = float(slacks[worst])
    return float(found[worst]), slack, slack >= 0


def _distance(found, reference, tolerance):
    found, reference = np.asarray(found, float), np.asarray(reference, float)
    if found.shape != reference.shape:
        return f"shape {found.shape} against {reference.shape}", None, False
    if found.size == 0:
        return "an empty array", None, False
    distance = float(np.max(np.abs(found - reference)))
    slack = -np.inf if np.isnan(distance) else tolerance - distance
    return distance, slack, slack >= 0


def _short(value):
    """The value itself if it is small, for records and messages."""
    value = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
    return value if isinstance(value, (int, float, str)) else str(value)[:200]


def _text(measured):
    return f"{measured:.6g}" if isinstance(measured, float) else str(measured)


def write_record(record):
    """Append the result to the file that `make run` and the evidence command read."""
    path = os.environ.get("COURSE_RESULTS")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False, default=str) + "\n")
