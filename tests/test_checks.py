"""`expect` passes what holds, raises on what does not, and prints no measurement."""

import json

import numpy as np
import pytest

from course_utils.checks import ExpectationError, expect

NAN = float("nan")

HOLDS = [
    ({"at_least": 0.98}, 0.98, "✓ x ≥ 0.98"),
    ({"at_most": 0.1}, np.float32(0.05), "✓ x ≤ 0.1"),
    ({"between": (1, 2)}, 2, "✓ x in [1, 2]"),
    ({"close_to": 1 / 3}, 0.3333333333, "✓ x: equal to within 1e-06"),
    ({"close_to": [1.0, 2.0], "tolerance": 0.1}, [1.05, 2], None),
    ({"equal_to": 4}, 4, "✓ x = 4"),
    ({"equal_to": np.eye(2)}, np.eye(2), "✓ x: equal"),
    ({"equal_to": [[4, 3], [2, 4]]}, np.array([[4, 3], [2, 4]]), "✓ x: equal"),
    ({}, True, "✓ x"),
    ({}, np.bool_(True), "✓ x"),
    ({"at_least": 0}, np.array([[0, 1], [2, 3]]), "✓ x ≥ 0"),
]

FAILS = [
    ({"at_least": 0.98}, 0.979999, "0.979999"),
    ({"at_most": 0.1}, 0.11, "0.11"),
    ({"between": (1, 2)}, 2.5, "2.5"),
    ({"close_to": 1.0}, 1.1, "0.1"),
    ({"close_to": [1.0, 2.0]}, [1.0], "shape (1,) against (2,)"),
    ({"equal_to": 4}, 5, "5"),
    ({"equal_to": np.eye(2)}, np.eye(3), ""),
    ({"equal_to": [1.0, NAN]}, [1.0, NAN], ""),
    ({}, False, "False"),
    ({"at_least": 0}, [1, 2, -3], "-3"),
    ({"at_least": 0}, [], "empty"),
    ({"close_to": []}, [], "empty"),
    ({"at_least": 0}, NAN, "nan"),
    ({"at_most": 0}, NAN, "nan"),
    ({"between": (0, 1)}, [0.5, NAN], "nan"),
    ({"close_to": NAN}, NAN, "nan"),
    ({"close_to": 0.0}, NAN, "nan"),
    ({"close_to": np.inf}, np.inf, "nan"),
]


@pytest.mark.parametrize(("bound", "value", "line"), HOLDS)
def test_prints_the_claim_when_it_holds(bound, value, line, capsys):
    expect("x", value, **bound)
    printed = capsys.readouterr().out
    assert printed.startswith("✓ x")
    assert line is None or printed == line + "\n"


@pytest.mark.parametrize(("bound", "value", "measured"), FAILS)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_raises_with_the_measured_value(bound, value, measured, capsys):
    with pytest.raises(ExpectationError, match="✗ x") as error:
        expect("x", value, **bound)
    assert measured in str(error.value)
    assert "✓" not in capsys.readouterr().out


def test_line_does_not_depend_on_what_was_measured(capsys):
    expect("x", 0.991, at_least=0.98, baseline=("none", 0.1))
    expect("x", 0.987654321, at_least=0.98, baseline=("none", 0.2))
    first, second = capsys.readouterr().out.splitlines()
    assert first == second == "✓ x ≥ 0.98 (none: no)"


def test_reference_that_was_measured_is_not_printed(capsys):
    expect("x", 0.123456789, close_to=0.123456788)
    assert "0.12" not in capsys.readouterr().out


@pytest.mark.parametrize("baseline", [0.99, [0.98, 0.99]])
def test_bound_that_the_baseline_meets_too_is_refused(baseline):
    with pytest.raises(ExpectationError, match="shows nothing"):
        expect("x", 0.99, at_least=0.98, baseline=("untrained", baseline))


def test_baseline_that_is_nan_misses(capsys):
    expect("stays finite", 3.0, at_most=10, baseline=("naive formula", NAN))
    assert "(naive formula: no)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "rival", "line"),
    [
        (4, 5, "✓ x = 4 (rival: no)"),
        ("to be", "or not", "✓ x = to be (rival: no)"),
        ([1, 2], np.array([1, 3]), "✓ x: equal (rival: no)"),
        (np.eye(2), np.eye(3), "✓ x: equal (rival: no)"),
        ([1.0], [NAN], "✓ x: equal (rival: no)"),
    ],
)
def test_baseline_of_an_exact_value_differs(value, rival, line, capsys):
    expect("x", value, equal_to=value, baseline=("rival", rival))
    assert capsys.readouterr().out == line + "\n"


@pytest.mark.parametrize(
    ("value", "rival"),
    [(4, 4), (4, np.float32(4)), ([1, 2], np.array([1, 2])), ("a", "a")],
)
def test_baseline_that_equals_the_exact_value_too_is_refused(value, rival, capsys):
    with pytest.raises(ExpectationError, match=r"rival, measured at .* shows nothing"):
        expect("x", value, equal_to=value, baseline=("rival", rival))
    assert capsys.readouterr().out == ""


def test_a_false_claim_is_told_before_a_bad_baseline():
    with pytest.raises(ExpectationError, match="x = 4: measured 5"):
        expect("x", 5, equal_to=4, baseline=("rival", 4))


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        (1.0, {}, "truth value"),
        (None, {}, "truth value"),
        (1.0, {"at_least": 0, "at_most": 2}, "'x': give one bound, not at_least, at"),
        (True, {"baseline": ("other", False)}, "needs a bound"),
    ],
)
def test_wrong_calls_are_type_errors(value, options, message):
    with pytest.raises(TypeError, match=message):
        expect("x", value, **options)


def test_results_are_recorded(tmp_path, monkeypatch):
    file = tmp_path / "results.jsonl"
    monkeypatch.setenv("COURSE_RESULTS", str(file))
    expect("准确率", 0.99, at_least=0.98, baseline=("untrained", 0.1))
    with pytest.raises(ExpectationError):
        expect("cost", 0.4, at_most=0.3)
    expect("steps", 3, equal_to=3, baseline=("naive", 9))
    expect("all end", True)
    first, second, third, fourth = map(
        json.loads, file.read_text(encoding="utf-8").splitlines()
    )
    assert first["line"] == "✓ 准确率 ≥ 0.98 (untrained: no)"
    assert (first["measured"], first["kept"], first["bound"]) == (
        0.99,
        True,
        "at_least",
    )
    assert first["slack"] == pytest.approx(0.01)
    assert first["baseline"]["slack"] == pytest.approx(-0.88)
    assert first["baseline"]["kept"] is False
    assert (second["measured"], second["kept"]) == (0.4, False)
    assert third == {
        "claim": "steps",
        "bound": "equal_to",
        "measured": 3,
        "slack": None,
        "kept": True,
        "baseline": {"name": "naive", "measured": 9, "slack": None, "kept": False},
        "line": "✓ steps = 3 (naive: no)",
    }
    assert (fourth["bound"], fourth["measured"], fourth["slack"]) == (None, True, None)


def test_recording_mode_goes_on_after_a_miss(tmp_path, monkeypatch, capsys):
    file = tmp_path / "results.jsonl"
    monkeypatch.setenv("COURSE_RESULTS", str(file))
    monkeypatch.setenv("COURSE_EXPECT", "record")
    expect("x", 0.1, at_least=0.98)
    assert json.loads(file.read_text(encoding="utf-8"))["kept"] is False
    assert capsys.readouterr().out == ""
