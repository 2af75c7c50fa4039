"""What the tests of the exercises share, and that they leave no exercise out."""

import json
import re
from pathlib import Path

import pytest
from verdicts import ANSWERED, passes, verdict

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"

deselected = set()  # modules of which only some tests run


def pytest_deselected(items):
    deselected.update(item.module for item in items if hasattr(item, "module"))


@pytest.fixture
def said(capsys):
    """Run a check and return the one line it printed."""
    return lambda check, *answer: verdict(capsys, check, *answer)


@pytest.fixture(scope="module", autouse=True)
def every_exercise_is_proven(request):
    """Once a lecture's tests have run, each of its exercises has been put to the test.

    Its solution passed, and the starter and two other wrong answers or more got hints
    of their own, apart from numbers in them. (That the notebook's own starter does not
    pass and its solution does, its stored outputs tell, which are compared.)
    """
    yield
    number = re.fullmatch(r"test_lecture_(\d\d)", request.module.__name__)
    parts = request.module in deselected or any("::" in a for a in request.config.args)
    if not number or parts or request.session.shouldstop:
        return
    (path,) = NOTEBOOKS.glob(f"{number[1]}_*.ipynb")
    checks = checks_of(path)
    assert checks
    for check in checks:
        hints = {line for line in ANSWERED[check] if not passes(line)}
        assert ANSWERED[check] > hints, f"{check}: no right answer was tried"
        kinds = {re.sub(r"[-−+]?\d[\d.,e-]*", "#", line) for line in hints}
        assert len(kinds) >= 3, f"{check}: only these wrong answers were tried: {kinds}"


def checks_of(path):
    """Names of the checks that a notebook's exercises call."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    code = [
        "".join(cell["source"])
        for cell in cells
        if "exercise-check" in cell["metadata"].get("tags", [])
    ]
    return {name for source in code for name in re.findall(r"\bcheck_\w+", source)}
