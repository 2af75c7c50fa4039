"""What the benchmarks make of what they measure; no time is asserted here."""

import ast
import gzip
import importlib
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from tiny_notebooks import write_notebook

from course_tools.notebook import COLAB

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "benchmarks"


@pytest.fixture(autouse=True, scope="module")
def importable():
    """The benchmarks import each other by name."""
    sys.path.insert(0, str(FOLDER))
    yield
    sys.path.remove(str(FOLDER))


@pytest.fixture
def shared():
    return importlib.import_module("shared")


@pytest.fixture
def run():
    return importlib.import_module("run")


@pytest.fixture
def lectures():
    return importlib.import_module("course_tools.excerpt")


# --- measuring


def test_median_and_quartiles(shared):
    assert shared.middle([5]) == (5, 5, 5)
    assert shared.middle([4, 1, 3, 2, 5]) == (3, 2, 4)
    assert shared.middle(iter([1, 2])) == (1.5, 1.25, 1.75)


def test_ratios_are_taken_pair_by_pair(shared):
    assert shared.ratios([2, 30], [1, 10]) == [2, 3]
    with pytest.raises(ValueError, match="shorter"):
        shared.ratios([1, 2], [1])


def test_functions_alternate_and_the_first_round_is_not_counted(shared):
    calls = []
    functions = {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}
    times = shared.alternate(functions, rounds=3)
    assert "".join(calls) == "abbaabba"
    assert {name: len(taken) for name, taken in times.items()} == {"a": 3, "b": 3}
    assert all(value >= 0 for taken in times.values() for value in taken)


def test_a_machine_has_a_name_and_versions(shared):
    assert re.fullmatch(
        r".+, \d+ cores?, Python 3\.\d+\.\d+\S*, TensorFlow \S+, Keras \S+",
        shared.machine(),
    )


def test_numbers_are_rounded_to_four_digits(shared):
    measured = {"times": [1.23456, 12345.6], "n": 60_000, "name": "a", "never": None}
    assert shared.rounded(measured) == {
        "times": [1.235, 12350.0],
        "n": 60_000,
        "name": "a",
        "never": None,
    }


def test_a_part_writes_what_it_measured(shared, tmp_path, monkeypatch, capsys):
    output = tmp_path / "result.json"
    monkeypatch.setattr(sys, "argv", ["part", "--quick", "--output", str(output)])
    shared.run_part(lambda quick: {"quick": quick, "pi": math.pi, "": print("noise")})
    result = json.loads(output.read_text("utf-8"))
    assert result["data"] == {"quick": True, "pi": 3.142, "": None}
    assert result["quick"] is True
    assert set(result) == {"measured", "machine", "quick", "data", "minutes"}
    assert capsys.readouterr().out == ""


# --- reporting


@pytest.mark.parametrize(
    ("value", "text"), [(0.01234, "0.0123"), (12.34, "12.3"), (12345.6, "12,346")]
)
def test_numbers(shared, value, text):
    assert shared.number(value) == text


def test_spread(shared):
    assert shared.spread([1, 2, 3], "s") == "2 (1.5 to 2.5) s"
    assert shared.spread([0.5], "ms", scale=1000) == "500 ms"


def test_a_missed_target_says_why(shared):
    rows = [
        shared.Row("speed", "2", "1", "≤ 3", True, "never shown"),
        shared.Row("size", "9", "1", "≤ 3", False, "it grew."),
        shared.Row("colour", "red", "blue"),
    ]
    assert shared.target_table(rows) == (
        "| Figure | Measured | Reference | Target |  |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| speed | 2 | 1 | ≤ 3 | met |\n"
        "| size | 9 | 1 | ≤ 3 | **missed** |\n"
        "| colour | red | blue | – | – |\n\n"
        "Missed:\n\n- **size**: it grew."
    )
    assert "Missed" not in shared.target_table(rows[:1])


# --- the command


def test_the_command_takes_parts(run, capsys):
    for name in run.PARTS:
        part = importlib.import_module(name)
        assert all(map(callable, (part.measure, part.report, part.draw)))
    with pytest.raises(SystemExit):
        run.main(["vison"])
    assert "no part 'vison'; there are: startup" in capsys.readouterr().err


@pytest.fixture
def elsewhere(run, tmp_path, monkeypatch):
    """The command, writing to a folder of its own and measuring nothing."""
    (tmp_path / "README.md").write_text(f"own words\n{run.BEGIN}\nold\n{run.END}\n")
    monkeypatch.setattr(run, "FOLDER", tmp_path)
    monkeypatch.setattr(run, "ROOT", tmp_path / "root")
    results = {}

    def measured(name, quick):
        return results.get(name)

    monkeypatch.setattr(run, "measured", measured)
    return run, tmp_path, results


def startup(seconds):
    """A result of the smallest part."""
    names = ("import course_utils", "load_digits()", "list", "doctor")
    return {
        "measured": "2000-01-01",
        "machine": "a machine",
        "quick": False,
        "minutes": 1.0,
        "data": dict.fromkeys(names, [seconds] * 3),
    }


def test_a_part_measured_again_replaces_its_result_and_no_other(elsewhere):
    run, folder, results = elsewhere
    results |= {"startup": startup(0.5)}
    assert run.main(["startup"]) == 0
    results["startup"] = startup(0.01)
    assert run.main(["startup", "growth"]) == 1  # growth failed
    stored = json.loads((folder / "results.json").read_text("utf-8"))
    assert stored == {"startup": startup(0.01)}
    text = (folder / "README.md").read_text("utf-8")
    assert text.startswith("own words\n")
    assert "old" not in text
    assert "| 10 (10 to 10) ms |" in text
    assert "make bench ARGS=growth" in text


def test_only_missing_parts(elsewhere, capsys):
    run, _, results = elsewhere
    results |= {"startup": startup(0.5)}
    run.main(["startup"])
    capsys.readouterr()
    run.main(["startup", "vision", "--missing"])
    assert capsys.readouterr().out.startswith("1 of 1: vision, about ")


def test_a_quick_run_leaves_the_committed_results(elsewhere):
    run, folder, results = elsewhere
    results |= {"startup": startup(0.5) | {"quick": True}}
    before = sorted(path.name for path in folder.iterdir())
    assert run.main(["--quick", "startup"]) == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted([*before, "root"])
    written = folder / "root/build/benchmarks/README.md"
    assert "Quick: few repetitions" in written.read_text("utf-8")


# --- what is committed


def test_the_readme_is_in_step_with_the_results(run):
    text = (FOLDER / "README.md").read_text("utf-8")
    results = run.read(FOLDER)
    assert run.filled_in(text, run.render(results)) == text
    assert not [name for name, result in results.items() if result["quick"]]


def test_figures_are_those_of_the_readme_small_and_described():
    text = (FOLDER / "README.md").read_text("utf-8")
    found = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", text)
    pictures = {file: alt for alt, file in found}
    stored = {f"figures/{path.name}" for path in FOLDER.glob("figures/*")}
    assert stored == set(pictures)
    for file, alt in pictures.items():
        assert len(alt) >= 30
        assert (FOLDER / file).stat().st_size <= 100_000
        with Image.open(FOLDER / file) as picture:
            assert picture.format == "PNG"


# --- the lectures' networks


PROGRAM = """\
import math
size = 1
def build(n):
    return Made(n, later())
slow = undefined_function()
size = 3
class Made:
    def __init__(self, n, extra):
        self.n, self.extra, self.calls = n, extra, 0
    def compile(self):
        self.calls += 1
def later():
    return math.sqrt(power)
power = data ** 2
model = build(size)
model.compile()
history = [model.n, model.extra, model.calls]
model.compile()
size = 99
"""


def test_what_a_name_depends_on(lectures):
    program = ast.parse(PROGRAM).body
    taken = lectures.needed(program, ["history"], ["data"])
    lines = [ast.unparse(statement).splitlines()[0] for statement in taken]
    assert lines == [
        "import math",
        "def build(n):",
        "size = 3",
        "class Made:",
        "def later():",
        "power = data ** 2",
        "model = build(size)",
        "model.compile()",
        "history = [model.n, model.extra, model.calls]",
    ]


def test_names_from_a_lecture(lectures, monkeypatch):
    monkeypatch.setattr(
        lectures.notebook, "statements", lambda _: ast.parse(PROGRAM).body
    )
    (history,) = lectures.from_lecture("01", "history", data=5)
    assert history == [3, 5.0, 1]
    history, size = lectures.from_lecture("01", "history", "size", data=5, power=16)
    assert history == [3, 4.0, 1]
    assert size == 99
    with pytest.raises(KeyError, match="nothing"):
        lectures.from_lecture("01", "nothing")


@pytest.mark.long
def test_the_notebooks_networks_train_by_their_own_recipe(tmp_path):
    """Every name that the benchmarks want is there, and a step of training works."""
    code = """
import json
import numpy as np
from accuracy import NAMES, train_ours
from limit import networks, operations
import course_utils.training
from course_utils.data import load_digits

notes = {}
def fit(model, x, y, *, epochs, batch_size=128, **options):
    notes[name] = [len(x), epochs, int(model.count_params()), len(options["callbacks"])]
    if len(name) == 2:  # the other recipes are of the same lectures
        model.train_on_batch(x[:50], y[:50])  # the cost takes what it is given
    watch = options["callbacks"][-1]
    watch.set_model(model)
    watch.begin()
    watch.on_epoch_end(0)
course_utils.training.fit = fit
digits = load_digits(validation=1000)
for name in NAMES:
    kept = train_ours(name, digits, 0, lambda *_: True)
    assert 0 <= kept["accuracy"][0] < 0.6, kept
nets = networks(0)
print(json.dumps([notes, {name: operations(net) for name, net in nets.items()}]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(FOLDER)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    notes, operations = json.loads(done.stdout.splitlines()[-1])
    assert set(notes) == {"05", "05, eight epochs", "06", "06, six epochs", "07"}
    for images, epochs, weights, callbacks in notes.values():
        assert images >= 3000
        assert epochs >= 2
        assert weights > 10_000
        assert callbacks == 1
    assert all(count > 100_000 for count in operations.values())


def test_settings_against_the_defaults():
    limit = importlib.import_module("limit")
    of = {"images": 100, "first": 9.0}
    found = {
        "settings": {
            "batch 128": of | {"later": [4.0, 6.0]},
            "batch 512": of | {"images": 50, "later": [1.0, 2.0]},
        },
        "threads": {"every": [3.0, 2.0], "one": [1.5, 4.0]},
    }
    assert limit.gains(found, "batch 512") == [2.0, 1.5]  # half the images in a call
    assert limit.gains(found, limit.ONE_THREAD) == [2.0, 0.5]
    assert limit.gains(found, "unroll") == []
    nets = {"networks": {"LSTM": found}}
    assert limit.names_of_settings(nets)[-1] == limit.ONE_THREAD
    del found["threads"]  # as in a quick run
    assert limit.names_of_settings(nets)[-1] == "batch 512"


def test_where_the_suites_time_goes(tmp_path, monkeypatch):
    suite = importlib.import_module("suite")
    setup = "import time\ntime.sleep(0.3)"
    paths = [
        write_notebook(tmp_path, f"0{number}_tiny", "1", setup, "time.sleep(0.2)")
        for number in (1, 2)
    ]
    for path in paths:
        notebook = json.loads(path.read_text("utf-8"))
        notebook["cells"][1]["metadata"]["tags"] = [COLAB]
        path.write_text(json.dumps(notebook), "utf-8")
    monkeypatch.setattr(suite, "lectures", lambda: paths)
    data = suite.measure(quick=False)
    for part in ("notebooks", "side by side"):
        assert list(data[part]) == ["01", "02"]
        for found in data[part].values():
            assert 0.3 <= found["spent"]["imports"] < found["seconds"]
            assert found["spent"]["rest"] >= 0.2
            assert sum(found["spent"].values()) == pytest.approx(found["seconds"])
            assert found["peak"] > 10_000_000
    assert f"{data['parallel'] / data['sequential']:.2f}" in suite.report(data)


def test_a_benchmark_that_cannot_run_says_so():
    startup = importlib.import_module("startup")
    assert startup.python("-c", "print(1)") == "1\n"
    with pytest.raises(SystemExit, match="No module named no_such"):
        startup.python("-m", "no_such")


# --- time to accuracy, and growth


@pytest.mark.long
def test_looks_once_an_epoch_or_every_so_many_batches():
    code = """
import keras
import numpy as np
from accuracy import watching

x, y = np.zeros((60, 2), "float32"), np.zeros(60)
for batches in (None, 2):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile("sgd", "sparse_categorical_crossentropy", steps_per_execution=2)
    watch = watching(x, y)
    watch.begin(batches)
    model.fit(x, y, epochs=2, batch_size=10, callbacks=[watch], verbose=0)
    print(len(watch.kept()["accuracy"]), watch.seconds == sorted(watch.seconds))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "benchmarks",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["2 True", "6 True"]


def test_time_to_accuracy():
    accuracy = importlib.import_module("accuracy")
    theirs = {"seconds": [2, 4, 6], "accuracy": [0.8, 0.95, 0.9]}
    ours = {"seconds": [1, 3, 5, 7], "accuracy": [0.7, 0.91, 0.97, 0.99]}
    run = {"reference": theirs, "ours": ours}
    assert accuracy.speed(run) == 3 / 4  # 0.9, which the reference has after 4 s
    assert accuracy.lead(run) == pytest.approx(7)  # 0.97 after 5 of its 6 s
    never = {"reference": theirs, "ours": {"seconds": [1], "accuracy": [0.5]}}
    assert accuracy.speed(never) is None
    early = {"reference": theirs, "ours": {"seconds": [7], "accuracy": [0.9]}}
    assert accuracy.lead(early) is None
    time, equal = accuracy.rows_of("06", [run, never, never])
    assert time.measured == "0.75; not reached in 2 of 3 runs"
    assert time.met is False
    assert equal.met is None


def test_the_line_through_the_times():
    growth = importlib.import_module("growth")
    runs = [
        {"size": size, "seconds": [t, 2 * t, t], "memory": [1, 2, 2]}  # a slow round
        for size in (500, 1000, 60_000)
        for t in [0.2 + size / 1000]
    ]
    fixed, each, errors = growth.line(runs)
    assert fixed == pytest.approx(0.2)
    assert each == pytest.approx(1e-3)
    assert abs(errors).max() < 1e-6
    assert growth.rise(runs[0]) == 0
    runs[2]["seconds"] = [2 * t for t in runs[2]["seconds"]]  # not linear
    assert max(abs(growth.line(runs)[2])) > 0.1


def test_fashion_files(tmp_path):
    fashion = importlib.import_module("fashion")
    file = tmp_path / "images.gz"
    head = b"\0\0\x08\x02" + b"\0\0\0\x02" + b"\0\0\0\x03"  # bytes, 2 × 3 of them
    file.write_bytes(gzip.compress(head + bytes(range(6))))
    assert fashion.idx(file).tolist() == [[0, 1, 2], [3, 4, 5]]
    file.write_bytes(gzip.compress(b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0"))
    with pytest.raises(ValueError, match="no IDX file"):
        fashion.idx(file)
