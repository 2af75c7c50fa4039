"""The way the notebooks are run as tests: strictly, and with an eye on the kernel."""

import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from notebook_files import ROOT

KILL = "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\nos._exit(1)"


def cell(source, text=None, tags=()):
    """A code cell that is stored as executed, with what it printed."""
    outputs = [new_output("stream", name="stdout", text=text)] if text else []
    return new_code_cell(
        source, execution_count=1, outputs=outputs, metadata={"tags": list(tags)}
    )


@pytest.fixture
def run(tmp_path):
    """Run a notebook of these cells under this project's pytest settings."""

    def run(*cells):
        nbformat.write(new_notebook(cells=list(cells)), tmp_path / "tiny.ipynb")
        command = [
            *(sys.executable, "-m", "pytest", "-p", "conftest"),
            *("-p", "no:cacheprovider"),
            *("-c", "pyproject.toml", "-n0", "-q"),
            *("--nbval-cell-timeout=300", str(tmp_path / "tiny.ipynb")),
        ]
        environment = os.environ | {"PYTEST_ADDOPTS": ""}
        return subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def test_equal_output_passes(run):
    done = run(cell("print('✓ x ≥ 1')", "✓ x ≥ 1\n"))
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


@pytest.mark.parametrize(
    "stored", ["✓ x ≥ 2\n", None], ids=["another line", "no output"]
)
def test_other_output_fails(run, stored):
    done = run(cell("print('✓ x ≥ 1')", stored))
    assert done.returncode == 1, done.stdout
    assert "1 failed" in done.stdout


def test_ignored_cell_may_print_anything(run):
    done = run(cell("print(id(object()))", "1\n", tags=["nbval-ignore-output"]))
    assert done.returncode == 0, done.stdout


def test_dead_kernel_is_reported_at_once(run):
    """Long before the cell's timeout of 300 s; the run itself may take 60 s."""
    done = run(cell(KILL), cell("1 + 1"))
    assert done.returncode == 1, done.stdout
    assert "the kernel died while this cell ran" in done.stdout


def test_kernels_have_no_network(run):
    done = run(cell("import os; print(os.environ['COURSE_OFFLINE'])", "1\n"))
    assert done.returncode == 0, done.stdout


REORDERS = """
def pytest_collection_modifyitems(items):
    items.reverse()
"""


def test_a_plug_in_that_shuffles_is_left_out(run, tmp_path, monkeypatch):
    """pytest-randomly, where a user has it, would run the cells in another order."""
    (tmp_path / "randomly_.py").write_text(REORDERS)
    about = tmp_path / "pytest_randomly-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Name: pytest-randomly\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[pytest11]\nrandomly = randomly_\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = run(cell("x = 1"), cell("print(x)", "1\n"))
    assert done.returncode == 0, done.stdout
