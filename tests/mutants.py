"""Break the project on purpose, and see that the tests turn red.

    python tests/mutants.py                 all mutants, minutes
    python tests/mutants.py --fast          those whose tests take seconds
    python tests/mutants.py "seed line removed"
    python tests/mutants.py 05              random ones in notebook 05

Each mutant is one small damage done to a copy of the project, and the part of the
suite that must notice it. The same part is run on an undamaged copy first: red means
something only where green was possible.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
import notebook_mutants
from notebook_files import ROOT

from course_tools.notebook import IGNORED, SOLUTION, code_cells, tags

FIRST = "notebooks/01_cross_entropy_vs_quadratic_cost.ipynb"
CONVENTIONS = ("tests/test_conventions.py", "-k", "01_cross")
EVIDENCE = ("tests/test_evidence.py", "-k", "01_cross")
RERUN = (FIRST,)
PYTEST = (sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider")


@dataclass(frozen=True)
class Mutant:
    """A damage, and the tests that must notice it."""

    name: str
    damage: Callable[[Path], None]  # takes the folder of the copy
    noticed_by: tuple[str, ...]  # arguments for pytest
    fast: bool = True


def in_text(file, old, new):
    """Replace `old`, which must stand in the file, by `new`."""

    def damage(folder):
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}: the mutant needs mending"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return damage


def in_notebook(change):
    """Apply `change` to the first notebook's structure."""

    def damage(folder):
        notebook = nbformat.read(folder / FIRST, as_version=4)
        before = nbformat.writes(notebook)
        change(notebook)
        after = nbformat.writes(notebook)
        assert after != before, "the mutant changed nothing: it needs mending"
        (folder / FIRST).write_text(after + "\n", encoding="utf-8")

    return damage


def in_source(old, new):
    """Replace a piece of code in the first notebook, leaving its outputs."""

    def change(notebook):
        for cell in code_cells(notebook):
            if old in cell.source:
                cell.source = cell.source.replace(old, new, 1)
                return

    return in_notebook(change)


def change_stored_output(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.get("text", "").startswith("✓ "):
                output["text"] = output["text"].replace("✓ ", "✓ about ", 1)
                return


def strip_outputs(notebook):
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None


def ignore_most_outputs(notebook):
    for cell in code_cells(notebook):
        if cell.outputs:
            cell.metadata.tags = [*tags(cell), IGNORED]


def remove_alt_text(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                output.metadata["image/png"]["alt"] = ""
                return


def drop_seed_line(notebook):
    for cell in code_cells(notebook):
        lines = cell.source.splitlines()
        kept = [line for line in lines if "= seed_everything(" not in line]
        cell.source = "\n".join(kept)


def drop_chinese_heading(notebook):
    for cell in notebook.cells[1:]:
        if cell.source.startswith("## "):
            cell.source = cell.source.replace(" · ", " – ", 1)
            return


def unfold_solution(notebook):
    for cell in code_cells(notebook):
        if SOLUTION in tags(cell):
            del cell.metadata["jupyter"]
            return


def store_an_error(notebook):
    code_cells(notebook)[2].outputs.append(
        nbformat.v4.new_output("error", ename="E", evalue="e", traceback=[])
    )


def drop_expect_cells(notebook):
    for cell in code_cells(notebook):
        if "expect(" in cell.source and "import" not in cell.source:
            cell.source, cell.outputs = "pass", []


def alter_data(folder):
    path = folder / "data/digits.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


MUTANTS = [
    Mutant("stored output changed", in_notebook(change_stored_output), EVIDENCE),
    Mutant("outputs stripped", in_notebook(strip_outputs), CONVENTIONS),
    Mutant("outputs ignored", in_notebook(ignore_most_outputs), CONVENTIONS, False),
    Mutant("alt text removed", in_notebook(remove_alt_text), CONVENTIONS),
    Mutant("seed line removed", in_notebook(drop_seed_line), CONVENTIONS),
    Mutant(
        "heading lost its Chinese",
        in_notebook(drop_chinese_heading),
        CONVENTIONS,
        False,
    ),
    Mutant("solution left open", in_notebook(unfold_solution), CONVENTIONS, False),
    Mutant("error stored", in_notebook(store_an_error), CONVENTIONS, False),
    Mutant(
        "claims no longer checked", in_notebook(drop_expect_cells), CONVENTIONS, False
    ),
    Mutant("bound loosened", in_source("at_least=160", "at_least=1"), EVIDENCE),
    Mutant(
        "section missing from a notebook",
        in_text("notebooks/README.md", "[Quadratic cost and", "[Cubic cost and"),
        ("tests/test_lecture_map.py",),
        False,
    ),
    Mutant(
        "expect lets everything pass",
        in_text("course_utils/checks.py", 'if not found["kept"]', "if False"),
        ("tests/test_checks.py",),
    ),
    Mutant(
        "expect accepts NaN",
        in_text("course_utils/checks.py", "= -np.inf  # NaN", "= np.inf  # NaN"),
        ("tests/test_checks.py",),
    ),
    Mutant(
        "expect no longer tries the baseline",
        in_text("course_utils/checks.py", 'and rival["kept"]', "and False"),
        ("tests/test_checks.py",),
        False,
    ),
    Mutant("data altered", alter_data, ("tests/test_data.py",)),
    Mutant(
        "labels shifted",
        in_text(
            "course_utils/data.py", "y.astype(np.int64)", "(y + 1).astype(np.int64)"
        ),
        ("tests/test_data.py",),
        False,
    ),
    Mutant(
        "exercise accepts every answer",
        in_text(
            "course_utils/exercises/core.py",
            "Verdict(_name(check), not hint,",
            "Verdict(_name(check), True,",
        ),
        ("tests/exercises/test_tables.py",),
        False,
    ),
    Mutant(
        "network is not seeded",
        in_text(
            "course_utils/training.py", "keras.utils.set_random_seed(seed)", "pass"
        ),
        ("tests/test_training.py",),
        False,
    ),
    Mutant(
        "threshold of the proximal step has the wrong sign",
        in_text("course_utils/optimizers.py", "values - ops.clip", "values + ops.clip"),
        ("tests/test_optimizers.py",),
        False,
    ),
    Mutant(
        "step of training traced twice",
        in_text(
            "course_utils/training.py", "        _make_variables(model, x, y)\n", ""
        ),
        ("tests/test_training.py",),
        False,
    ),
    Mutant(
        "every epoch in the same order",
        in_text(
            "course_utils/batches.py",
            ".shuffle(len(x))",
            ".shuffle(len(x), reshuffle_each_iteration=False)",
        ),
        ("tests/test_training.py",),
        False,
    ),
    Mutant(
        "epoch goes on into the next",
        in_text(
            "course_utils/training.py", "if steps % model.steps_per_execution", "if 0"
        ),
        ("tests/test_training.py",),
        False,
    ),
    Mutant(
        "pooling always draws the first",
        in_text(
            "course_utils/layers.py", "shares <= draw * total", "shares < 0 * draw"
        ),
        ("tests/test_layers.py",),
        False,
    ),
    Mutant(
        "damaged checkpoint taken for whole",
        in_text(
            "course_utils/checkpoints.py",
            '_sha256(path / name) != entry["sha256"]',
            "False",
        ),
        ("tests/test_checkpoints.py",),
        False,
    ),
    Mutant(
        "download not compared with its hash",
        in_text("course_utils/download.py", "    if found != digest:", "    if False:"),
        ("tests/test_download.py",),
        False,
    ),
    Mutant(
        "photographs left lying on their side",
        in_text("course_utils/images.py", "_upright(image)", "image"),
        ("tests/test_images.py",),
        False,
    ),
    Mutant(
        "stored output changed, rerun", in_notebook(change_stored_output), RERUN, False
    ),
    Mutant(
        "sign of a formula flipped",
        in_source(
            "(sigmoid(z) - t) * sigmoid_slope(z)", "(t - sigmoid(z)) * sigmoid_slope(z)"
        ),
        RERUN,
        False,
    ),
    Mutant(
        "bound loosened below its baseline",
        in_source("at_least=160", "at_least=1"),
        RERUN,
        False,
    ),
]

LEFT_OUT = shutil.ignore_patterns(
    ".venv*", ".git", "build", "__pycache__", ".*_cache", "*.egg-info"
)


@contextlib.contextmanager
def damaged_copy(damage=None):
    """A copy of the project for a while, damaged or not."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary, "copy")
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        if damage:
            damage(copy)
        yield copy


def is_red(mutant_tests, damage=None):
    """Whether these tests fail on a copy of the project, damaged or not."""
    with damaged_copy(damage) as copy:
        done = subprocess.run(
            [*PYTEST, *mutant_tests],
            cwd=copy,
            env=os.environ | {"PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
        )
    if done.returncode not in (0, 1):  # neither passed nor failed: it did not run
        raise RuntimeError(f"pytest {' '.join(mutant_tests)}\n{done.stdout}")
    return done.returncode == 1


def survivors(mutants, jobs=2):
    """The names of the mutants that the tests did not notice; prints as it goes."""
    with ThreadPoolExecutor(jobs) as pool:
        parts = sorted({mutant.noticed_by for mutant in mutants})
        for part, red in zip(parts, pool.map(is_red, parts), strict=True):
            if red:
                raise RuntimeError(f"red without any damage: pytest {' '.join(part)}")
        reds = pool.map(lambda m: is_red(m.noticed_by, m.damage), mutants)
        unnoticed = []
        for mutant, red in zip(mutants, reds, strict=True):
            print(f"{'noticed' if red else 'SURVIVED':9} {mutant.name}", flush=True)
            unnoticed += [] if red else [mutant.name]
    return unnoticed


def main():
    """Run the mutants asked for; the exit status is 1 if one survived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="only these mutants, or notebooks")
    parser.add_argument("--fast", action="store_true", help="skip the slow ones")
    arguments = parser.parse_args()
    numbers = [name for name in arguments.names if name.isdecimal()]
    if numbers:
        return notebook_mutants.main(numbers)
    unknown = set(arguments.names) - {mutant.name for mutant in MUTANTS}
    if unknown:
        parser.error(f"no mutant is called {', '.join(sorted(unknown))}")
    chosen = [
        mutant
        for mutant in MUTANTS
        if (mutant.name in arguments.names or not arguments.names)
        and (mutant.fast or not arguments.fast)
    ]
    unnoticed = survivors(chosen)
    print(f"{len(chosen) - len(unnoticed)} of {len(chosen)} mutants noticed")
    return bool(unnoticed)


if __name__ == "__main__":
    sys.exit(main())
