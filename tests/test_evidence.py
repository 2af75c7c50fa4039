"""Every bound in a notebook was measured under several seeds and leaves a margin."""

import json

import pytest
import record_evidence
from notebook_files import NOTEBOOKS, ROOT, code_hash

from course_tools.notebook import claims, read

SEEDS = 5
RANGES = ("at_least", "at_most", "between")
EVIDENCE = ROOT / "tests/evidence"

# Bounds whose measured value depends on the seed and that argue against nothing that
# could miss them: why that is so.
NO_BASELINE = json.loads((EVIDENCE / "no_baseline.json").read_text(encoding="utf-8"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def evidence(path):
    file = EVIDENCE / f"{path.stem}.json"
    assert file.is_file(), f"no evidence yet: make evidence NB={path.name[:2]}"
    return json.loads(file.read_text(encoding="utf-8"))


def meets_bound(baseline):
    """Run by run; older evidence tells it by the slack alone."""
    return baseline.get("kept") or [slack >= 0 for slack in baseline["slack"]]


def spread(values):
    return max(values) - min(values)


def test_it_is_recorded_with_what_a_fresh_clone_holds(monkeypatch):
    given = {}

    def execute(paths, jobs, environment):
        given.update(environment)

    personal = ("COURSE_DATA_DIR", "COURSE_INCEPTION_WEIGHTS", "COURSE_MIRROR")
    for name in (*personal, "KERAS_HOME"):
        monkeypatch.setenv(name, "/mine")
    monkeypatch.setattr(record_evidence, "execute", execute)
    record_evidence.run_all([], 300)
    wanted = {"COURSE_SEED_OFFSET": "300", "COURSE_EXPECT": "record"}
    wanted |= {"COURSE_INCEPTION_WEIGHTS": None, "COURSE_MIRROR": None}
    assert wanted.items() <= given.items()
    assert given["COURSE_OFFLINE"] == "1"
    assert "/mine" not in (given["COURSE_DATA_DIR"], given["KERAS_HOME"])


def test_evidence_is_of_this_code(path, evidence):
    notebook = read(path)
    again = f"the notebook changed since: make evidence NB={path.name[:2]}"
    assert evidence["code"] == code_hash(notebook), again
    assert [claim["line"] for claim in evidence["claims"]] == claims(notebook), again


def test_enough_seeds(evidence):
    assert len(set(evidence["seed_offsets"])) >= SEEDS
    for claim in evidence["claims"]:
        assert len(claim["kept"]) == len(evidence["seed_offsets"]), claim["line"]


def test_every_claim_holds_under_every_seed(evidence):
    for claim in evidence["claims"]:
        assert all(claim["kept"]), claim["line"]


def test_bounds_leave_a_margin_to_the_worst_seed(evidence):
    """Half the spread over the seeds lies between the worst one and the bound."""
    for claim in evidence["claims"]:
        if claim["slack"][0] is not None:
            margin, needed = min(claim["slack"]), spread(claim["slack"]) / 2
            assert margin >= needed, f"{claim['line']}: {margin:g} < {needed:g}"


def test_no_bound_is_trivially_true(path, evidence):
    """What the lecture argues against misses the bound, under every seed."""
    reasons = NO_BASELINE.get(path.stem, {})
    unused = set(reasons)
    for claim in evidence["claims"]:
        if claim["baseline"]:
            assert not any(meets_bound(claim["baseline"])), claim["line"]
        elif claim["bound"] in RANGES and spread(claim["slack"]) > 0:
            assert claim["claim"] in reasons, f"{claim['line']}: give a baseline"
            unused.discard(claim["claim"])
    assert not unused, f"reasons for claims that need none: {unused}"
