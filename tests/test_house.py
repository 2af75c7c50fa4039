"""How the house is built: arrows one way, no circles, small modules, known settings."""

import ast
import re
from graphlib import CycleError, TopologicalSorter

import pytest

from course_tools.places import ROOT, VARIABLES

#: Lines of Python: of any module, and of each package without the parts that have a
#: limit of their own, or none (exercises grow with the lectures). In `course_tools`,
#: the canary takes 250, and Colab's way to the lock 40.
LIMITS = {
    "module": 350,
    "course_utils": 3300,
    "course_tools": 4420,
    "grading": 1400,
    "term": 300,
}
#: From above to below: each may import what stands below it.
FLOORS = (("docs", "tests", "benchmarks", "data"), ("course_tools",), ("course_utils",))
PACKAGES = ("course_utils", "course_tools")


def modules(folder):
    return sorted((ROOT / folder).rglob("*.py"))


def imported(path):
    """What a module imports, functions and deferred imports included, in full names."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:  # relative, as tests and data have none
                raise AssertionError(f"{path}: say course_tools.x, not .x")
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("floor", range(1, len(FLOORS)))
def test_nothing_imports_what_stands_above_it(floor):
    above = {name for names in FLOORS[:floor] for name in names} | {"conftest"}
    above |= {path.stem for name in FLOORS[0] for path in modules(name)}
    above -= set(PACKAGES[: 3 - floor])
    own = {path.stem for path in modules(FLOORS[floor][0])}
    for path in modules(FLOORS[floor][0]):
        found = {name.partition(".")[0] for name in imported(path)}
        assert not found & (above - own), path


@pytest.mark.parametrize("package", PACKAGES)
def test_no_imports_go_in_a_circle(package):
    names = {
        path: ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in modules(package)
        if path.name not in ("__init__.py", "__main__.py")
    }
    graph = {
        name: set(imported(path)) & set(names.values()) - {name}
        for path, name in names.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def lines(path):
    return path.read_bytes().count(b"\n")


@pytest.mark.parametrize("package", PACKAGES)
def test_the_packages_stay_small(package, capsys):
    sizes = {path: lines(path) for path in modules(package)}
    totals = dict.fromkeys(("exercises", "grading", "term", package), 0)
    for path, n in sizes.items():
        totals[next(part for part in totals if part in path.parts)] += n
    with capsys.disabled():
        print(f" {package}: {totals[package]} of {LIMITS[package]} lines")
    long = {path.name: n for path, n in sizes.items() if n > LIMITS["module"]}
    assert not long
    assert not {part for part in LIMITS if totals.get(part, 0) > LIMITS[part]}


def settings(*folders):
    paths = {path for folder in folders for path in modules(folder)}
    texts = [path.read_text("utf-8") for path in paths if path.name != "places.py"]
    return set(re.findall(r"\bCOURSE_[A-Z_]*[A-Z]\b", "\n".join(texts)))


def test_every_setting_is_declared_and_read():
    """Those of the packages; what benchmarks and tests tell themselves is their own."""
    assert settings(*PACKAGES) <= set(VARIABLES) <= settings(*PACKAGES, "tests")
