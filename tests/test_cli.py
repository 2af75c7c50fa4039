"""The command line and the page of results."""

import importlib
import json
import os
import re
import subprocess
import sys

import nbformat
import pytest
from tiny_notebooks import text_of, write_notebook

from course_tools import catalog, report, terminal
from course_tools.main import COMMANDS, main, parse
from course_tools.places import ROOT
from course_utils import data, download

COURSE = [sys.executable, "-m", "course_tools"]

GOOD = """
from course_utils.checks import expect
expect("accuracy of <em>two</em> & more", 0.53125, at_least=0.5, baseline=("one", 0.25))
expect("formula equals derivative", 1.00000025, close_to=1.0)
expect("it works", True)
"""
BAD = 'expect("later accuracy", 0.46875, at_least=0.5)'
WARNS = "import warnings; warnings.warn('beware of <it>')"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A folder with two good notebooks and a bad one, which nobody changes."""
    folder = tmp_path_factory.mktemp("course")
    write_notebook(folder, "01_good", GOOD)
    write_notebook(folder, "02_bad", GOOD, BAD, "never = 1")
    write_notebook(folder, "10_warns", "1", WARNS)
    return folder


@pytest.fixture(scope="module")
def built(course, tmp_path_factory):
    """What ``run`` did with all of them: status, output, errors and build folder."""
    build = tmp_path_factory.mktemp("course") / "build"
    done = call("run", "--folder", course, "--build", build)
    return done.returncode, done.stdout, done.stderr, build


def call(*arguments, **environment):
    """Run the command line in a process of its own, output as text."""
    return subprocess.run(
        [*COURSE, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"} | environment,
    )


def test_run_goes_on_after_a_failure_and_tells_it(built):
    status, output, errors, build = built
    assert status == 1
    assert errors == ""
    assert "✓ 01_good: 1 cells in " in output
    told = output.partition("1 of 3 notebooks failed:\n")[2].splitlines()
    assert told[0].startswith(
        "  02_bad, cell 2: ExpectationError: ✗ later accuracy ≥ 0.5: measured 0.46875"
    )
    assert told[1:] == [f"results: {build / 'index.html'}"]
    assert "; warnings in cell 2" in output


def test_output_that_is_no_terminal_gets_plain_lines(built):
    output = built[1]
    assert "  02_bad: starts, 3 cells\n" in output
    assert not [char for char in output if char < " " and char != "\n"]


def test_run_writes_executed_copies(built):
    executed = built[3] / "executed"
    assert {path.name for path in executed.iterdir() if path.is_file()} == {
        f"{name}.{kind}"
        for name in ("01_good", "02_bad", "10_warns")
        for kind in ("ipynb", "html")
    }
    bad = nbformat.read(executed / "02_bad.ipynb", 4).cells
    assert "✓ it works" in text_of(bad[1])
    assert bad[2].outputs[0].ename == "ExpectationError"
    assert bad[3].execution_count is None
    page = (executed / "02_bad.html").read_text("utf-8")
    assert "0.46875" in page


def test_executed_pages_load_nothing_but_the_formulas_script(built):
    for path in (built[3] / "executed").glob("*.html"):
        page = path.read_text("utf-8")
        sources = [part.partition('"')[0] for part in page.split('src="')[1:]]
        assert set(sources) == {"mathjax/tex-svg.js"}
        assert (path.parent / "mathjax/tex-svg.js").stat().st_size > 1_000_000
        assert "mermaid" not in page
        assert "<link" not in page


def test_results_file_holds_what_was_measured(built):
    found = json.loads((built[3] / "results.json").read_text("utf-8"))
    assert found["format"] == 1
    assert found["jobs"] == 2
    assert found["versions"]["python"] == sys.version.split()[0]
    named = {"course", "python", "tensorflow", "keras", "numpy"}
    assert set(found["versions"]) == named
    assert found["machine"]["cores"] == os.cpu_count()
    good, bad, warns = found["notebooks"]
    assert (good["name"], good["number"], good["ok"]) == ("01_good", "01", True)
    assert good["title"] == "Tiny <b>notebook</b>"
    assert good["title_zh"] == "小笔记本"
    assert good["results"][0]["measured"] == 0.53125
    assert good["results"][0]["baseline"]["measured"] == 0.25
    assert good["seconds"] > 0
    assert good["peak_bytes"] > 10_000_000
    assert good["failure"] is None
    assert (bad["ok"], bad["cells"], bad["cells_run"]) == (False, 3, 2)
    assert bad["results"][-1]["slack"] == -0.03125
    assert bad["failure"]["cell"] == 2
    assert "measured 0.46875" in bad["failure"]["message"]
    assert warns["warnings"][0]["cell"] == 2
    assert "beware" in warns["warnings"][0]["text"]
    for notebook in found["notebooks"]:
        assert (built[3] / notebook["executed"]).is_file()
        assert (built[3] / notebook["html"]).is_file()


def test_the_page_shows_results_and_escapes_text(built):
    page = (built[3] / "index.html").read_text("utf-8")
    assert "2 of 3" in page
    assert "accuracy of &lt;em&gt;two&lt;/em&gt; &amp; more ≥ 0.5" in page
    assert "Tiny &lt;b&gt;notebook&lt;/b&gt;" in page
    assert "小笔记本" in page
    assert "beware of &lt;it&gt;" in page
    for shown in ("0.5312", "+0.0312", "one: 0.25", "off by 2.5e-07", "0.4688"):
        assert shown in page, shown
    assert "-0.0312" in page
    assert 'href="executed/01_good.html"' in page
    assert "Failed in cell 2" in page
    assert 'it works</td>\n<td class="number" data-name="measured">yes</td>' in page


def test_the_page_asks_the_network_for_nothing(built):
    page = (built[3] / "index.html").read_text("utf-8")
    for word in ("http:", "https:", "//", "<script", "<link", "@import", "url("):
        assert word not in page


def record(**changes):
    plain = {"claim": "c", "bound": "at_least", "line": "✓ c ≥ 0", "measured": 1.0}
    return plain | {"slack": 1.0, "kept": True} | changes


@pytest.mark.parametrize(
    ("result", "holds"),
    [
        (record(), True),
        (record(kept=False, slack=-1.0), False),
        (record(baseline={"name": "b", "measured": -1.0, "kept": False}), True),
        (record(baseline={"name": "b", "measured": 2.0, "kept": True}), False),
        (record(baseline={"name": "b", "measured": 9, "kept": False}), True),
    ],
)
def test_a_claim_whose_baseline_meets_the_bound_does_not_hold(result, holds):
    assert report._holds(result) is holds


def test_store_tells_what_it_did_not_store(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_SEED_OFFSET", "100")
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("COURSE_OFFLINE")
    personal = (
        "import os; print('COURSE_SEED_OFFSET' in os.environ, "
        "'COURSE_MIRROR' in os.environ, os.environ['COURSE_OFFLINE'], "
        "*map(os.path.exists, (os.environ['KERAS_HOME'], "
        "os.environ['COURSE_DATA_DIR'])))"
    )
    good = write_notebook(tmp_path, "01_good", personal)
    warns = write_notebook(tmp_path, "02_warns", WARNS)
    before = warns.read_bytes()
    assert main(["store", "--folder", str(tmp_path)]) == 1
    assert text_of(nbformat.read(good, 4).cells[1]) == "False False 1 False False\n"
    assert warns.read_bytes() == before
    output = capsys.readouterr().out
    assert "1 of 2 notebooks failed; their files stay as they were:" in output
    assert "  02_warns, cell 1 writes to stderr: " in output


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")
def test_a_terminal_gets_live_lines(tmp_path):
    import pty

    write_notebook(tmp_path, "01_live", "1", "import time; time.sleep(0.6)")
    leader, follower = pty.openpty()
    run = subprocess.Popen(
        [*COURSE, "run", "--folder", str(tmp_path), "--build", str(tmp_path / "b")],
        stdout=follower,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(follower)
    seen = read_all(leader)
    assert run.wait(timeout=60) == 0
    assert "01_live" in seen
    assert "cell 2 of 2" in seen
    assert "0 of 1" in seen
    assert seen.rindex("\x1b[?25h") > seen.rindex("\x1b[?25l")  # the cursor is back


def read_all(descriptor):
    """Everything written to a pseudo-terminal until it is closed."""
    chunks = []
    try:
        while chunk := os.read(descriptor, 4096):
            chunks.append(chunk)
    except OSError:  # Linux says so when the other end is closed
        pass
    os.close(descriptor)
    return b"".join(chunks).decode("utf-8")


def test_list_shows_what_notebooks_say_of_themselves(tmp_path, capsys):
    path = write_notebook(tmp_path, "04_optimizers", "1", stale=True)
    notebook = nbformat.read(path, 4)
    notebook.cells[0].source = (
        "# 04 · Ten optimizers · 十种优化器\n\n"
        "**Lecture section** core course, *practice 4*  \n"
        "**Needs** [lecture 01](01_x.ipynb)  \n"
        "**Time** about 30 s on two CPU cores\n"
    )
    nbformat.write(notebook, path)
    write_notebook(tmp_path, "05_other", "1")
    (tmp_path / "06_broken.ipynb").write_text("{", "utf-8")
    (tmp_path / "scratch.ipynb").write_text("{}", "utf-8")
    assert main(["list", "--folder", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "04  Ten optimizers · 十种优化器",
        "    core course, practice 4 | about 30 s on two CPU cores | outputs stored",
        "05  Tiny <b>notebook</b> · 小笔记本",
        "    practice 1 | no stored outputs",
        "06  broken",
        "    no stored outputs",
    ]


def test_list_names_files_where_a_number_is_not_unique(tmp_path, capsys):
    """The copy of JupyterLab's menu; other commands refuse the number."""
    for name in ("04_x", "04_x-Copy1", "05_y"):
        write_notebook(tmp_path, name, "1")
    assert main(["list", "--folder", str(tmp_path)]) == 0
    files = [
        line.split(" | ")[0].strip() for line in capsys.readouterr().out.splitlines()
    ]
    assert files[1::2] == ["04_x-Copy1.ipynb", "04_x.ipynb", "practice 1"]
    for command in ("run", "store", "slides"):
        assert main([command, "04", "--folder", str(tmp_path)]) == 1
        told = capsys.readouterr().err
        assert "04_x-Copy1.ipynb and 04_x.ipynb: rename one, or say which" in told


def test_an_empty_cell_at_the_end_is_no_cell_that_has_not_run(tmp_path, capsys):
    """JupyterLab leaves one after Shift+Enter."""
    path = write_notebook(tmp_path, "04_x", "1", stale=True)
    notebook = nbformat.read(path, 4)
    notebook.cells.append(nbformat.v4.new_code_cell(" \n"))
    nbformat.write(notebook, path)
    assert main(["list", "--folder", str(tmp_path)]) == 0
    assert "| outputs stored" in capsys.readouterr().out


def test_list_imports_nothing_that_takes_time(course):
    code = (
        "import sys; from course_tools.main import main\n"
        f"main(['list', '--folder', {str(course)!r}])\n"
        "print(*sorted(sys.modules))"
    )
    run = [sys.executable, "-c", code]
    loaded = subprocess.run(run, capture_output=True, check=True, text=True)
    modules = set(loaded.stdout.splitlines()[-1].split())
    heavy = {"numpy", "nbformat", "nbclient", "IPython", "rich", "jinja2", "asyncio"}
    assert not modules & (heavy | {"tensorflow", "keras", "matplotlib"})


NAMES = ["01_costs", "02_overfitting", "04_optimizers", "10_parameters"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ([], NAMES),
        ([""], NAMES),
        (["04"], ["04_optimizers"]),
        (["4"], ["04_optimizers"]),
        (["４"], ["04_optimizers"]),
        (["NB=04"], ["04_optimizers"]),
        (["nb=4,10"], ["04_optimizers", "10_parameters"]),
        (["10", "1"], ["01_costs", "10_parameters"]),
        (["4 1"], ["01_costs", "04_optimizers"]),
        (["04", "optimizers", "04_optimizers"], ["04_optimizers"]),
        (["Optimizers"], ["04_optimizers"]),
        (["notebooks/02_overfitting.ipynb"], ["02_overfitting"]),
        (["C:\\my notebooks\\02_overfitting.ipynb"], ["02_overfitting"]),
    ],
)
def test_notebooks_are_selected_by_number_name_or_file(tmp_path, wanted, found):
    paths = [tmp_path / f"{name}.ipynb" for name in NAMES]
    assert [path.stem for path in catalog.select(paths, wanted)] == found


@pytest.mark.parametrize("command", ["list", "run", "store"])
@pytest.mark.parametrize("wanted", ["03", "optim", "100"])
def test_an_unknown_notebook_is_one_clear_line(course, capsys, command, wanted):
    before = {path: path.read_bytes() for path in course.iterdir()}
    assert main([command, wanted, "--folder", str(course)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"error: there is no notebook {wanted!r}; there are: 01_good, 02_bad, "
        "10_warns\n"
    )
    assert {path: path.read_bytes() for path in course.iterdir()} == before


def test_no_notebooks_is_one_clear_line(tmp_path, capsys):
    assert main(["run", "--folder", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"error: there are no notebooks in {tmp_path}\n"


def test_a_build_folder_that_cannot_be_made_is_told_at_once(course, tmp_path, capsys):
    (tmp_path / "file").write_text("", "utf-8")
    build = str(tmp_path / "file")
    assert main(["run", "1", "--folder", str(course), "--build", build]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {build}")
    assert err.count("\n") == 1


NAMES_OF_COMMANDS = [row.name for row in COMMANDS]


def test_help_names_every_command_and_gives_examples(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    for command in NAMES_OF_COMMANDS:
        assert re.search(rf"\n    {command}\s", text), command


@pytest.mark.parametrize("command", NAMES_OF_COMMANDS)
def test_each_command_has_help_with_examples(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    examples = text.partition("examples:\n")[2].splitlines()
    assert examples
    for line in examples:
        assert f" {command}" in line
        parse(line.partition("course_tools ")[2].split())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["run", "--jobs", "0"], "0 is not above 0"),
        (["run", "--jobs", "two"], "invalid positive value: 'two'"),
        (["run", "--timeout", "-1"], "-1 is not above 0"),
        (["run", "--bogus"], "unrecognized arguments: --bogus"),
        (["fly"], "invalid choice: 'fly'"),
        (["fetch", "cats"], "invalid choice: 'cats'"),
        ([], ""),
    ],
)
def test_a_wrong_command_line_is_explained(arguments, complaint, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    output = "".join(capsys.readouterr())
    assert complaint in output
    assert "usage: " in output


def test_what_runs_a_command_exists():
    for row in COMMANDS:
        module, _, function = row.runs.partition(":")
        if function:
            found = importlib.import_module(f"course_tools.{module}")
            assert callable(getattr(found, function)), row.name
        else:
            assert (ROOT / row.runs.split()[0]).is_file(), row.name


def test_a_bare_python_can_read_the_table():
    """Set-up asks it before any library is installed, and `list` runs there."""
    code = (
        "import sys; from course_tools import main, setup\n"
        "main.main(['list', '04'])\n"
        "own = {'course_utils', 'course_tools', '__main__'}\n"
        "print({m.partition('.')[0] for m in sys.modules} - own"
        " - sys.stdlib_module_names)"
    )
    run = [sys.executable, "-S", "-c", code]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.stdout.splitlines()[-1] == "set()", done.stderr


def test_a_missing_library_is_one_clear_line(course):
    code = (
        "import sys; sys.modules['nbclient'] = None\n"
        "from course_tools.main import main\n"
        f"sys.exit(main(['run', '--folder', {str(course)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: the library 'nbclient' is missing in ")
    assert done.stderr.count("\n") == 1


def test_run_takes_one_notebook_and_an_ascii_terminal_gets_substitutes(
    course, tmp_path
):
    done = call("list", "--folder", course, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "01  Tiny <b>notebook</b>\n" in done.stdout
    done = call(
        *("run", "NB=2", "--folder", course, "--build", tmp_path),
        PYTHONIOENCODING="ascii",
    )
    assert done.returncode == 1
    assert "FAILED 02_bad: cell 2: " in done.stdout
    assert "later accuracy >= 0.5: measured 0.46875" in done.stdout
    assert "1 of 1 notebooks failed:" in done.stdout
    assert done.stdout.isascii()
    found = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert [notebook["name"] for notebook in found["notebooks"]] == ["02_bad"]


def test_substitution_knows_what_it_does_not_know():
    terminal.tolerate_narrow_encodings()
    encoded = "✓ a ≥ b · 好".encode("ascii", "course_tools.substitute")
    assert encoded == b"ok a >= b - ?"
    assert "✗ ≥".encode("gbk", "course_tools.substitute") == "FAILED ≥".encode("gbk")


def test_fetch_prints_where_the_file_is(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(data, "fetch_digits", lambda: tmp_path / "mnist.npz")
    assert main(["fetch", "digits"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'mnist.npz'}\n"


def test_fetch_tells_what_went_wrong(monkeypatch, capsys):
    def fail():
        raise download.DataError("no mirror answers")

    monkeypatch.setattr(data, "fetch_digits", fail)
    assert main(["fetch", "digits"]) == 1
    assert capsys.readouterr().err == "error: no mirror answers\n"


@pytest.mark.parametrize("status", [0, 1])
def test_doctor_decides_the_exit_status(monkeypatch, status):
    from course_tools import doctor

    monkeypatch.setattr(doctor, "command", lambda options: status)
    assert main(["doctor"]) == status


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [(["test", "--version"], "pytest "), (["lab", "--version"], "4.")],
)
def test_test_and_lab_pass_arguments_on(arguments, shown):
    done = call(*arguments)
    assert done.returncode == 0
    assert shown in done.stdout


def test_a_reader_that_goes_away_is_no_error(course):
    command = [*COURSE, "list", "--folder", str(course)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as run:
        run.stdout.close()
        assert run.stderr.read() == b""
