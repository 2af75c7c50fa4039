"""Rerun notebooks under several seeds and keep what was measured behind each bound.

    python tests/record_evidence.py            every notebook
    python tests/record_evidence.py 04 05      these

Each notebook runs from top to bottom, as a student runs it, once per seed; the seeds
differ by what ``COURSE_SEED_OFFSET`` adds to the one in its setup cell. The results go
to ``tests/evidence/NAME.json``, which ``tests/test_evidence.py`` holds the notebook to:

- ``code``: hash of the notebook's code, so that evidence of other code is noticed;
- ``seed_offsets``: what was added to the seed, run by run;
- ``claims``: per ``expect`` its line, kind of bound, and run by run ``measured``,
  ``slack`` (distance to the bound, positive where it is kept), ``kept``, and the same
  of the ``baseline``.
"""

import argparse
import json
import platform
import sys
import tempfile

from notebook_files import NOTEBOOKS, ROOT, code_hash

from course_tools.machine import fresh_clone, versions
from course_tools.run import execute
from course_utils.files import write_atomically


def main():
    """Record the notebooks named on the command line; exit status 1 on failure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("numbers", nargs="*", metavar="NN", help="notebooks: 04 05")
    parser.add_argument("--seeds", type=int, default=5, help="how many (default 5)")
    arguments = parser.parse_args()
    wanted = {number.zfill(2) for number in arguments.numbers}
    paths = [path for path in NOTEBOOKS if not wanted or path.name[:2] in wanted]
    if not paths:
        parser.error(f"no notebook has the number {', '.join(sorted(wanted))}")
    offsets = [100 * run for run in range(arguments.seeds)]
    runs = [run_all(paths, offset) for offset in offsets]
    failed = [
        message
        for outcomes in zip(*runs, strict=True)
        for message in keep(outcomes, offsets)
    ]
    print("\n".join(failed) or f"recorded: {len(paths)}")
    return bool(failed)


def run_all(paths, offset):
    """The outcomes of all notebooks under one seed."""
    print(f"seed offset {offset}: {len(paths)} notebooks …", flush=True)
    changes = {"COURSE_SEED_OFFSET": str(offset), "COURSE_EXPECT": "record"}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as empty:
        # One at a time: the seconds are those of a notebook that has the machine.
        return execute(paths, jobs=1, environment=fresh_clone(empty) | changes)


def keep(outcomes, offsets):
    """Write the evidence of one notebook, and return what went wrong, if anything."""
    path = outcomes[0].path
    failures = [
        f"{path.stem}, seed offset {offset}: {outcome.failure}"
        for outcome, offset in zip(outcomes, offsets, strict=True)
        if outcome.failure
    ]
    codes = {code_hash(outcome.notebook) for outcome in outcomes if outcome.notebook}
    if len(codes) > 1:
        failures.append(f"{path.stem}: it was edited while it ran; run this again")
    if failures:
        return failures
    evidence = {
        "notebook": path.name,
        "code": codes.pop(),
        "seed_offsets": offsets,
        "made_with": versions() | {"machine": platform.machine()},
        "seconds": [round(outcome.seconds, 1) for outcome in outcomes],
        "claims": [
            claim(records)
            for records in zip(*(outcome.results for outcome in outcomes), strict=True)
        ],
    }
    text = json.dumps(evidence, indent=1, ensure_ascii=False) + "\n"
    write_atomically(ROOT / f"tests/evidence/{path.stem}.json", text)
    missed = [c["line"] for c in evidence["claims"] if not all(c["kept"])]
    return [f"{path.stem}: not under every seed: {line}" for line in missed]


def claim(records):
    """One claim's records, run by run, side by side."""
    first = records[0]
    baseline = first.get("baseline")
    return {
        "claim": first["claim"],
        "line": first["line"],
        "bound": first["bound"],
        "kept": [record["kept"] for record in records],
        "measured": [record["measured"] for record in records],
        "slack": [record["slack"] for record in records],
        "baseline": baseline
        and {
            "name": baseline["name"],
            "measured": [record["baseline"]["measured"] for record in records],
            "slack": [record["baseline"]["slack"] for record in records],
            "kept": [record["baseline"]["kept"] for record in records],
        },
    }


if __name__ == "__main__":
    sys.exit(main())
