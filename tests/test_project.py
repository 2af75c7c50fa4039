"""What the project says about itself in several places is the same in all of them."""

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from clone import git
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from course_tools import bootstrap
from course_tools.main import COMMANDS, parse
from course_tools.notebook import peek, runs, source

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")


def requirements(lines):
    """Canonical name → requirement."""
    found = map(Requirement, lines)
    return {canonicalize_name(need.name): need for need in found}


#: Each group of dependencies, by the heading under which requirements.txt has it.
GROUPS = {
    "lectures": requirements(PROJECT["dependencies"]),
    **{name: requirements(EXTRAS[name]) for name in ("tools", "test", "site")},
}
NEEDED = {name: need for group in GROUPS.values() for name, need in group.items()}


def locked():
    """The entries of the lock, each with the hashes below it."""
    for entry in re.split(r"\n(?=[a-z0-9])", LOCK, flags=re.IGNORECASE):
        if not entry.startswith("#"):
            line = entry.split("\\")[0].split("\n")[0]
            yield (
                Requirement(line),
                re.findall(r"--hash=sha256:([0-9a-f]{64})\b", entry),
            )


def project_files():
    """Every file of the project that a clone would hold."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_the_tests_find_nothing_in_the_users_folders():
    folders = [Path(os.environ[name]) for name in ("COURSE_DATA_DIR", "KERAS_HOME")]
    assert all("course-tests-" in str(folder) for folder in folders)


@pytest.mark.skipif(not hasattr(os, "chown"), reason="Windows has no such owners")
def test_git_is_asked_whoever_owns_the_clone(tmp_path):
    """As in a container, where the folder belongs to a user of the host."""
    if os.getuid():
        pytest.skip("only root can give a folder away")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "file").touch()
    for path in (tmp_path, *tmp_path.rglob("*")):
        os.chown(path, 12345, 12345)
    subprocess.run(["git", "status"], cwd=tmp_path, capture_output=True)
    assert git("ls-files", "--others", root=tmp_path) == "file\n"


# --- dependencies


def test_requirements_txt_says_the_same_as_pyproject():
    text = (ROOT / "requirements.txt").read_text("utf-8")
    top, *parts = text.split("\n\n# What ")
    assert re.search(r"\n-e \. +# \w", top)
    for (group, needed), part in zip(GROUPS.items(), parts, strict=True):
        heading, *lines = part.splitlines()
        assert heading.startswith("lectures") or heading.endswith(f"({group})")
        entries = [line for line in lines if line and not line.startswith("#")]
        assert all(re.search(r" # \w", entry) for entry in entries), "no reason"
        found = requirements(entry.partition(" #")[0] for entry in entries)
        assert found == needed, group
        assert len(entries) == len(needed)


def test_no_dependency_is_in_two_groups():
    assert len(NEEDED) == sum(map(len, GROUPS.values()))


def test_every_dependency_has_a_floor_and_a_ceiling():
    for name, need in NEEDED.items():
        operators = {specifier.operator for specifier in need.specifier}
        wanted = {">="} if name == "packaging" else {">=", "<"}
        assert operators == wanted, name


@pytest.mark.parametrize("python", ["3.11.0", "3.11.7", "3.12.1", "3.13.0"])
@pytest.mark.parametrize(
    ("platform", "os_name", "machine"),
    [
        ("linux", "posix", "x86_64"),
        ("linux", "posix", "aarch64"),
        ("darwin", "posix", "arm64"),
        ("win32", "nt", "AMD64"),
    ],
)
def test_the_lock_has_one_version_of_each_dependency(
    python, platform, os_name, machine
):
    here = {
        "python_version": python.rpartition(".")[0],
        "python_full_version": python,
        "sys_platform": platform,
        "os_name": os_name,
        "platform_machine": machine,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    versions = {}
    for entry, _ in locked():
        if entry.marker is None or entry.marker.evaluate(here):
            name = canonicalize_name(entry.name)
            assert name not in versions
            (specifier,) = entry.specifier
            assert specifier.operator == "=="
            versions[name] = specifier.version
    build = requirements(PYPROJECT["build-system"]["requires"])
    for name, need in (NEEDED | build).items():
        assert need.specifier.contains(versions[name]), name


def test_the_lock_names_hashes_and_no_host():
    entries = list(locked())
    assert len(entries) > 100
    assert all(hashes for _, hashes in entries)
    assert "://" not in LOCK
    options = [line for line in LOCK.splitlines() if line.startswith("-")]
    assert options == []


def imports(folder):
    """Top-level names that the modules of a folder import, and where."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            else:
                continue
            for name in names:
                yield name.partition(".")[0], path.relative_to(ROOT)


def undeclared(folder, declared):
    """Imports of a folder that no declared dependency provides."""
    provided = importlib.metadata.packages_distributions()
    own = {path.stem for path in folder.rglob("*.py")}
    own |= {"course_utils", "course_tools", "conftest"}
    return {
        (name, str(path))
        for name, path in imports(folder)
        if name not in sys.stdlib_module_names | own
        and not {canonicalize_name(d) for d in provided.get(name, [])} & set(declared)
    }


def test_what_the_packages_import_is_declared():
    lectures, tools = GROUPS["lectures"], GROUPS["tools"]
    assert undeclared(ROOT / "course_utils", lectures) == set()
    assert undeclared(ROOT / "course_tools", lectures | tools) == set()


def test_what_notebooks_import_is_declared():
    code = [
        source(cell)
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
        for cell in peek(path)["cells"]
        if runs(cell)
    ]
    pattern = r"^ *(?:import|from) +(\w+)"
    names = set(re.findall(pattern, "\n".join(code), flags=re.MULTILINE))
    assert {"numpy", "course_utils", "keras"} <= names
    provided = importlib.metadata.packages_distributions()
    names -= {"course_utils", *sys.stdlib_module_names}
    for name in names:
        distributions = {canonicalize_name(d) for d in provided.get(name, [name])}
        assert distributions & set(GROUPS["lectures"]), name


def test_what_tests_and_benchmarks_import_is_declared():
    optional = requirements(EXTRAS["build"])  # imported by pytest.importorskip alone
    allowed = {("platformdirs", "tests/test_download.py")}  # pooch's own
    allowed |= {(each, "benchmarks/hub.py") for each in ("requests", "websocket")}
    for name in ("tests", "benchmarks"):  # those of the hub are JupyterLab's own
        missing = undeclared(ROOT / name, NEEDED)
        assert missing <= allowed, name
    assert not set(optional) & set(NEEDED)


# --- Pythons


def test_pythons_are_the_same_everywhere():
    wanted = SpecifierSet(PROJECT["requires-python"])
    minors = [(3, minor) for minor in range(8, 20)]
    supported = [m for m in minors if wanted.contains("{}.{}.5".format(*m))]
    assert tuple(supported) == bootstrap.SUPPORTED
    assert set(bootstrap.PREFERRED) == set(bootstrap.SUPPORTED)
    shown = [f"{major}.{minor}" for major, minor in supported]
    sentence = f"{', '.join(shown[:-1])} or {shown[-1]}"
    assert f"Python {sentence}" in bootstrap.wrong_python((3, 9, 0), [])
    assert f"Python {sentence}" in README
    oldest = "py{}{}".format(*supported[0])
    assert PYPROJECT["tool"]["ruff"]["target-version"] == oldest


# --- the package


def test_every_part_of_the_package_is_installed():
    packages = [ROOT / "course_utils", ROOT / "course_tools"]
    folders = {path.parent for p in packages for path in p.rglob("__init__.py")}
    names = {".".join(path.relative_to(ROOT).parts) for path in folders}
    setuptools = PYPROJECT["tool"]["setuptools"]
    assert set(setuptools["packages"]) == names
    for folder in folders:
        others = {
            f"*{path.suffix}"
            for path in folder.glob("*")
            if path.is_file() and path.suffix not in {".py", ".pyc"}
        }
        name = ".".join(folder.relative_to(ROOT).parts)
        assert others <= set(setuptools["package-data"].get(name, ()))


IMPORT = """
import sys, time
before = set(sys.modules)
start = time.perf_counter()
import course_utils
seconds = time.perf_counter() - start
print(seconds, *sorted(set(sys.modules) - before))
"""


def test_importing_the_package_takes_no_time_and_loads_nothing_else():
    seconds = []
    for _ in range(5):
        out = subprocess.run(
            [sys.executable, "-c", IMPORT], cwd=ROOT, capture_output=True, text=True
        ).stdout
        time, *modules = out.split()
        assert modules == ["course_utils"]
        seconds.append(float(time))
    assert min(seconds) < 0.05


HEAVY = {"__main__", "batches", "bundle", "layers", "losses", "models", "resume"}
HEAVY |= {"optimizers"}
LIGHT = [
    f"{folder}.{path.stem}"
    for folder in ("course_utils", "course_tools")
    for path in sorted((ROOT / folder.replace(".", "/")).glob("*.py"))
    if path.stem not in HEAVY
]


@pytest.mark.parametrize("module", LIGHT)
def test_importing_a_module_does_not_load_tensorflow(module):
    code = (
        f"import sys, {module}\nassert not {{'tensorflow', 'keras'}} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# --- files


def test_text_files_are_utf8_with_lf():
    binary = {".png", ".jpg", ".npz"}
    checked = 0
    for path in project_files():
        others = {"revealjs", "mathjax"} & set(path.parts)  # as their makers wrote them
        if path.suffix in binary or others:
            continue
        content = path.read_bytes()
        content.decode("utf-8")
        assert b"\r" not in content, path
        assert not content or content.endswith(b"\n"), path
        checked += 1
    assert checked > 20


def test_attributes_and_ignored_files():
    for name in ("data/digits.npz", "docs/classroom.png", "data/photos/cat.jpg"):
        assert "text: unset" in git("check-attr", "text", name)
    assert "eol: lf" in git("check-attr", "eol", "Makefile")
    for name in (".venv/x", ".venv-3.12/x", "build/index.html", "a/__pycache__/x.pyc"):
        assert git("check-ignore", name), name
    assert not git("check-ignore", "notebooks/01_a.ipynb", "requirements.lock")


def test_ci_script():
    script = ROOT / ".ci" / "run"
    text = script.read_text("utf-8")
    assert text.startswith("#!/usr/bin/env bash\nset -euo pipefail\n")
    if os.name == "posix":
        assert os.access(script, os.X_OK)
        subprocess.run(["bash", "-n", script], check=True)
    assert text.count("make test test-long ") == 2  # with the network, and without


def test_licence():
    assert PROJECT["license"] == "MIT"
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert text.startswith("MIT License\n")
    assert "THE SOFTWARE IS PROVIDED" in text


# --- README


def test_links_of_the_readme_resolve():
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", README)
    assert len(links) > 5
    for link in links:
        if "://" not in link:
            assert (ROOT / link).exists(), link


def test_commands_of_the_readme_exist():
    """Every line that is shown to be typed is one that the command line takes."""
    named = set(re.findall(r"\bmake ([a-z-]+)\b(?= *[`\n#A-Z])", README))
    assert {"run", "test", "lab", "doctor", "new"} <= named
    assert named <= {row.name for row in COMMANDS}
    bare = re.findall(r"-m course_tools(?:\.bootstrap)? ([^`\n]+)", README)
    typed = re.findall(r"^make ([a-z].*)", README, flags=re.MULTILINE)
    typed = [re.sub(r'#.*|\bNB=|ARGS=|"', "", line) for line in typed]
    assert len(bare) >= 8
    assert len(typed) >= 12
    for line in bare + typed:
        if "--help" not in line:
            parse(line.split())


def test_the_readme_shows_two_commands_first():
    first = re.search(r"```\w*\n(.*?)```", README, flags=re.DOTALL)[1]
    commands = [line.partition("#")[0].strip() for line in first.strip().splitlines()]
    assert commands == ["make run", "make test"]


def test_the_picture_in_the_readme():
    picture = re.search(r"!\[([^\]]{20,})\]\(([^)]+\.png)\)", README)
    path = ROOT / picture[2]
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size <= 200_000


def test_environment_variables_of_the_readme_are_read_somewhere():
    named = set(re.findall(r"\bCOURSE_[A-Z_]+\b", README))
    assert {"COURSE_MIRROR", "COURSE_DATA_DIR", "COURSE_OFFLINE"} <= named
    code = "".join(path.read_text("utf-8") for path in ROOT.glob("course_*/*.py"))
    assert all(f'"{name}"' in code for name in named)


def test_versions_in_the_readme_are_those_of_the_bounds():
    for name, need in (
        ("TensorFlow", NEEDED["tensorflow"]),
        ("Keras", NEEDED["keras"]),
    ):
        floor = next(s.version for s in need.specifier if s.operator == ">=")
        for version in re.findall(rf"\b{name} (\d+(?:\.\d+)?)", README):
            assert (
                Version(floor).release[: version.count(".") + 1]
                == Version(version).release
            )
