"""The result contract: `expect` states a result as a bound and proves it on the spot.

Floating-point results differ a little from processor to processor. A notebook
therefore prints the *claim*, which is the same everywhere, never the number measured.
"""

import json
import os
from pathlib import Path

import numpy as np

__all__ = ["ExpectationError", "expect"]


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
    baseline : tuple (str, float), optional
        Name and measured value of what the lecture argues against, such as
        ``("untrained net", 0.11)``. It must *miss* the bound: a bound that
        everything meets says nothing.

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
    bound = _one_bound(
        at_least=at_least,
        at_most=at_most,
        between=between,
        close_to=close_to,
        equal_to=equal_to,
    )
    statement, judge = _judge(claim, value, bound, tolerance)
    measured, slack, kept = judge(value)
    line = f"✓ {statement}"
    record = {"claim": claim, "bound": bound[0], "measured": measured, "slack": slack}
    if baseline is not None:
        if bound[0] in (None, "equal_to"):
            raise TypeError(f"{claim!r}: a baseline needs a bound to miss")
        name, baseline_value = baseline
        baseline_measured, baseline_slack, baseline_kept = judge(baseline_value)
        line += f" ({name}: no)"
        record["baseline"] = {
            "name": name,
            "measured": baseline_measured,
            "slack": baseline_slack,
        }
    record["line"] = line
    write_record(record | {"kept": kept})
    if os.environ.get("COURSE_EXPECT") == "record":  # one miss must not hide the rest
        return
    if not kept:
        raise ExpectationError(
            f"✗ {statement}: measured {_text(measured)}{_where()}. Either the code "
            "above changed, or a library computes something else now."
        )
    if baseline is not None and baseline_kept:
        raise ExpectationError(
            f"✗ {statement}: {name}, measured at {_text(baseline_measured)}, meets the "
            f"bound as well, so the bound shows nothing{_where()}."
        )
    print(line)


def _one_bound(**bounds):
    """The single bound that was given, as (kind, bound); (None, None) if none was."""
    given = [(kind, bound) for kind, bound in bounds.items() if bound is not None]
    if len(given) > 1:
        raise TypeError(f"give one bound, not {', '.join(kind for kind, _ in given)}")
    return given[0] if given else (None, None)


def _judge(claim, value, bound, tolerance):
    """The claim in words, and a function: value → (measured, slack, kept).

    Slack is the distance to the bound, positive where the bound is kept.
    """
    kind, limit = bound
    if kind is None:
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(
                f"{claim!r}: give a bound (at_least=…, close_to=…) or a truth value, "
                f"not {type(value).__name__}"
            )
        return claim, lambda truth: (bool(truth), None, bool(truth))
    if kind == "equal_to":
        shown = f" = {limit}" if isinstance(limit, (int, str)) else ": equal"
        return claim + shown, lambda found: _judge_equal(found, limit)
    if kind == "close_to":
        return (
            f"{claim}: equal to within {tolerance:g}",
            lambda found: _judge_distance(found, limit, tolerance),
        )
    low, high = {
        "at_least": (limit, np.inf),
        "at_most": (-np.inf, limit),
        "between": limit,
    }[kind]
    words = {
        "at_least": f"{claim} ≥ {low:g}",
        "at_most": f"{claim} ≤ {high:g}",
        "between": f"{claim} in [{low:g}, {high:g}]",
    }[kind]
    return words, lambda found: _judge_range(found, low, high)


def _judge_range(found, low, high):
    found = np.asarray(found, dtype=float).ravel()
    if found.size == 0:
        return "an empty array", None, False
    slacks = np.minimum(found - low, high - found)
    slacks[np.isnan(slacks)] = -np.inf  # NaN meets no bound
    worst = int(np.argmin(slacks))
    slack = float(slacks[worst])
    return float(found[worst]), slack, slack >= 0


def _judge_distance(found, reference, tolerance):
    found, reference = np.asarray(found, float), np.asarray(reference, float)
    if found.shape != reference.shape:
        return f"shape {found.shape} against {reference.shape}", None, False
    if found.size == 0:
        return "an empty array", None, False
    distance = float(np.max(np.abs(found - reference)))
    slack = -np.inf if np.isnan(distance) else tolerance - distance
    return distance, slack, slack >= 0


def _judge_equal(found, reference):
    kept = bool(np.array_equal(found, reference))
    return _short(found), None, kept


def _short(value):
    """The value itself if it is small, for records and messages."""
    value = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
    text = str(value)
    return value if isinstance(value, (int, float, str)) else text[:200]


def _text(measured):
    return f"{measured:.6g}" if isinstance(measured, float) else str(measured)


def write_record(record):
    """Append a claim or a verdict to the file that ``COURSE_RESULTS`` names, if any."""
    path = os.environ.get("COURSE_RESULTS")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False, default=str) + "\n")


def _where():
    """', in notebook NAME' when the running cell can be found in a notebook here."""
    from IPython import get_ipython

    try:
        cell = get_ipython().get_parent()["content"]["code"]
    except (AttributeError, KeyError):  # not in a kernel
        return ""
    for path in sorted(Path.cwd().glob("*.ipynb")):
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            sources = ["".join(c["source"]).strip() for c in cells]
        except (OSError, ValueError, KeyError, TypeError):  # damaged, or no notebook
            continue
        if cell.strip() in sources:
            return f" in notebook {path.name}"
    return ""
