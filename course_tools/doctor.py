"""Can class start on this machine? ``python -m course_tools doctor``.

Each check gives findings: what is well, what is worth knowing, what must be mended, and
how. The slow ones, which start a kernel and import TensorFlow, run beside the others.
"""

import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from course_tools.findings import Finding
from course_tools.places import ON_WINDOWS, ROOT, STAMP, command
from course_tools.readiness import check_browser, check_lectures, check_offline
from course_utils.download import cache_folder, keras_folder

__all__ = ["run"]

GB = 1e9
#: Seconds that a kernel may take to answer, and TensorFlow to be imported.
PATIENCE = 120


def run(root=ROOT, checks=None):
    """Print the findings of all checks.

    Parameters
    ----------
    root : pathlib.Path
        The clone.
    checks : sequence of callables, optional
        Each takes `root` and returns findings; by default `CHECKS`.

    Returns
    -------
    int
        Exit status: 0 if class can start.
    """
    checks = CHECKS if checks is None else checks
    findings = []
    with ThreadPoolExecutor(len(checks)) as pool:
        for found in pool.map(lambda check: attempt(check, root), checks):
            findings += found
            for finding in found:
                print(finding, flush=True)
    problems = sum(finding.mark == "✗" for finding in findings)
    if problems:
        print(f"\nNot ready: {problems} to mend, marked ✗ above.")
    else:
        print("\nReady: class can start.")
    return int(problems > 0)


def attempt(check, root):
    """The findings of a check, or one that says that it failed."""
    try:
        return check(root)
    except Exception as error:
        name = check.__name__.removeprefix("check_")
        text = f"{name} could not be checked: {type(error).__name__}: {error}"
        return [Finding("✗", " ".join(text.split()), reinstall())]


def reinstall():
    """How to get the right libraries into the environment that is running."""
    if (Path(sys.prefix) / STAMP).exists():
        return f"{command('clean')}, then {command('doctor')}"
    return f"{command('doctor')} makes an environment of its own for the course"


def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]


def check_python(root):
    """The version against `requires-python`."""
    from packaging.specifiers import SpecifierSet

    wanted, version = project(root)["requires-python"], platform.python_version()
    shown = f"Python {version} in {sys.prefix}"
    if SpecifierSet(wanted).contains(version, prereleases=True):
        return [Finding("✓", shown)]
    fix = command("doctor") + " PYTHON=python3.12" * (not ON_WINDOWS)
    return [Finding("✗", f"{shown}: the course needs {wanted}", fix)]


def check_libraries(root):
    """Installed versions against floors and ceilings, and against the lock."""
    from packaging.requirements import Requirement

    needed = [Requirement(text) for text in project(root)["dependencies"]]
    versions = {need.name: installed(need.name) for need in needed}
    findings = []
    for need in needed:
        version = versions[need.name]
        if version is None:
            text = f"{need.name} is missing: the course needs {need.specifier}"
        elif not need.specifier.contains(version, prereleases=True):
            text = f"{need.name} {version}: the course needs {need.specifier}"
        else:
            continue
        findings.append(Finding("✗", text, reinstall()))
    if not findings:
        main_ones = ", ".join(
            f"{need.name} {versions[need.name]}" for need in needed[:3]
        )
        text = f"{len(needed)} libraries within their bounds: {main_ones} …"
        findings.append(Finding("✓", text))
    return findings + unlocked(root)


def installed(name):
    """The version of an installed distribution, or None."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def unlocked(root):
    """A note if versions differ from those that the stored outputs were made with."""
    from packaging.requirements import Requirement

    text = (root / "requirements.lock").read_text("utf-8")
    others = []
    for line in re.findall(r"^[\w.-]+==[^\\\n]+", text, flags=re.MULTILINE):
        lock = Requirement(line)
        version = installed(lock.name)
        here = version and (lock.marker is None or lock.marker.evaluate())
        if here and not lock.specifier.contains(version, prereleases=True):
            others.append(f"{lock.name} {version} ({lock.specifier})")
    if not others:
        return []
    shown = ", ".join(others[:3]) + " …" * (len(others) > 3)
    text = f"other versions than those the notebooks were tested with: {shown}"
    return [Finding("!", text, reinstall())]


def check_data(root):
    """Every bundled file against its hash."""
    from course_utils import data

    findings, files = [], {}
    try:
        files = data.bundled_files()
    except data.DataError as error:
        findings.append(data_problem(error))
    for name in files:
        try:
            data.read_bundled(name)
        except data.DataError as error:
            findings.append(data_problem(error))
    return findings or [Finding("✓", f"{len(files)} data files as they should be")]


def data_problem(error):
    text, _, fix = str(error).partition(" Fix: ")
    return Finding("✗", text, fix)


def check_names(root):
    """Files in the notebooks' folder that hide a library of the same name."""
    modules = [
        path
        for path in sorted((root / "notebooks").iterdir())
        if path.suffix == ".py" or (path / "__init__.py").exists()
    ]
    if not modules:
        return []  # as a rule; to list all libraries takes half a second
    libraries = {"course_utils", *sys.stdlib_module_names}
    libraries.update(importlib.metadata.packages_distributions())
    hiding = [path for path in modules if path.stem in libraries]
    return [
        Finding(
            "✗",
            f"notebooks/{path.name} hides the library {path.stem} from the notebooks",
            f"rename notebooks/{path.name}",
        )
        for path in hiding
    ]


def check_settings(root):
    """Settings of the user that change what the notebooks compute."""
    wanted = {
        "KERAS_BACKEND": ("tensorflow",),
        "TF_USE_LEGACY_KERAS": ("0", "false"),
        "COURSE_SEED_OFFSET": ("0",),
        "COURSE_EXPECT": (),
    }
    findings = []
    for name, harmless in wanted.items():
        value = os.environ.get(name, "")
        if value and value.lower() not in harmless:
            text = f"the environment variable {name} is set to {value!r}"
            findings.append(Finding("✗", text, how_to_unset(name)))
    return findings + keras_settings()


def how_to_unset(name):
    if ON_WINDOWS:
        return f"in PowerShell: Remove-Item Env:{name}; in cmd: set {name}="
    return f"unset {name}"


def keras_settings():
    """What a file of Keras' in the user's home says otherwise than the course needs."""
    path = keras_folder() / "keras.json"
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    wanted = {
        "backend": "tensorflow",
        "floatx": "float32",
        "image_data_format": "channels_last",
    }
    return [
        Finding("✗", f"{path} sets {key} to {found[key]!r}", f"set it to {value!r}")
        for key, value in wanted.items()
        if found.get(key, value) != value
    ]


def check_memory(root):
    """Free memory: a notebook takes at most 1.5 GB, and `run` runs two at a time."""
    free = free_memory()
    shown = f"{free / GB:.1f} GB of memory free"
    if free < 1.5 * GB:
        return [Finding("✗", f"{shown}: a notebook takes up to 1.5", "close programs")]
    if free < 3 * GB:
        fix = "close programs, or: python -m course_tools run --jobs 1"
        return [Finding("!", f"{shown}: enough for one notebook at a time", fix)]
    return [Finding("✓", shown)]


def free_memory(cgroup=Path("/sys/fs/cgroup")):
    """Bytes that this process may still take, in a container too."""
    import psutil

    free = psutil.virtual_memory().available
    try:
        limit = int((cgroup / "memory.max").read_text())
        used = int((cgroup / "memory.current").read_text())
    except (OSError, ValueError):  # no container, or one without a limit
        return free
    return min(free, limit - used + unused_cache(cgroup))


def unused_cache(cgroup):
    """Bytes that count as used but hold files, which the system drops when needed."""
    try:
        text = (cgroup / "memory.stat").read_text()
    except OSError:
        return 0
    found = re.search(r"^inactive_file (\d+)$", text, flags=re.MULTILINE)
    return int(found[1]) if found else 0


def check_disk(root):
    """Free disk space: for executed notebooks here, for downloads in the cache."""
    free = shutil.disk_usage(root).free
    shown = f"{free / GB:.1f} GB of disk space free"
    if free < 0.2 * GB:
        return [Finding("✗", f"{shown}: executed notebooks need 0.2", "free some")]
    cache = cache_folder()
    there = next(path for path in (cache, *cache.parents) if os.path.exists(path))
    room = shutil.disk_usage(there).free
    if room < 1 * GB:
        text = f"{room / GB:.1f} GB of disk space free for downloads, in {cache}"
        fix = "free some, or set COURSE_DATA_DIR to a folder that has more"
        return [Finding("!", f"{text}: full-size data would not fit", fix)]
    return [Finding("✓", shown)]


def check_writing(root):
    """Whether notebooks can be saved, and results written."""
    findings = []
    for name in ("notebooks", "build"):
        try:
            (root / name).mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=root / name):
                pass
        except OSError as error:
            text = f"cannot write in {root / name}: {error.strerror}"
            fix = "copy the course to a folder of your own"
            findings.append(Finding("✗", text, fix))
    return findings or [Finding("✓", "notebooks/ and build/ can be written")]


#: Starts the kernel that JupyterLab starts, and asks it where it lives.
KERNEL_PROBE = """
import json, subprocess, sys
from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel(
    kernel_name="python3", cwd=sys.argv[1], stderr=subprocess.DEVNULL
)
said = []
reply = client.execute_interactive(
    "import sys, course_utils; print(sys.prefix); print(course_utils.__file__)",
    output_hook=lambda message: said.append(message["content"].get("text", "")),
    timeout=60,
)
client.stop_channels()
manager.shutdown_kernel(now=True)
content = reply["content"]
error = f"{content['ename']}: {content['evalue']}" if "ename" in content else ""
print(json.dumps([error, *"".join(said).splitlines()]))
"""


def check_kernel(root):
    """Whether a kernel starts, in this environment, and finds the package."""
    status, out, error = probe(KERNEL_PROBE, str(root / "notebooks"))
    if status != 0:
        return [Finding("✗", f"no notebook kernel: {last_line(error)}", reinstall())]
    error, *said = json.loads(out)
    if error:
        text = f"a notebook cannot import course_utils: {error}"
        return [Finding("✗", text, reinstall())]
    prefix, package = said
    if not same_path(prefix, sys.prefix):
        text = f"notebooks run in another environment: {prefix}"
        fix = f"start JupyterLab with {command('lab')}"
        return [Finding("✗", text, fix)]
    if not same_path(Path(package).parent, root / "course_utils"):
        text = f"notebooks import another copy of course_utils: {package}"
        fix = f"unset PYTHONPATH if it is set; {reinstall()}"
        return [Finding("✗", text, fix)]
    return [Finding("✓", "a notebook kernel starts and finds course_utils")]


def same_path(one, other):
    return Path(one).resolve() == Path(other).resolve()


TENSORFLOW_PROBE = """
import json, time
start = time.perf_counter()
import tensorflow as tf
import keras
assert float(keras.ops.sum(keras.ops.ones((2, 3)))) == 6
print(json.dumps([tf.__version__, keras.__version__, time.perf_counter() - start]))
"""

#: What Windows says instead of SIGILL.
ILLEGAL_INSTRUCTION = 0xC000001D


def check_tensorflow(root):
    """Whether TensorFlow can be imported and computes."""
    status, out, error = probe(TENSORFLOW_PROBE)
    if status == 0:
        tensorflow, keras, seconds = json.loads(out.splitlines()[-1])
        text = f"TensorFlow {tensorflow} and Keras {keras} work; import {seconds:.0f} s"
        return [Finding("✓", text)]
    text, fix = f"TensorFlow cannot be imported: {last_line(error)}", reinstall()
    if status in (-4, ILLEGAL_INSTRUCTION):
        text = "TensorFlow stops at an instruction that this processor lacks (AVX)"
        fix = "use a computer made after 2013, or give a virtual machine its host's CPU"
    elif "DLL load failed" in error:
        fix = "install the Microsoft Visual C++ Redistributable (x64), then restart"
    return [Finding("✗", text, fix)]


def probe(program, *arguments):
    """Run a program in a Python of its own: exit status, output, errors.

    The status is None, and the error says so, if it takes longer than `PATIENCE`.
    """
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "JUPYTER_PREFER_ENV_PATH": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", program, *arguments],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=os.environ | quiet | {"PYTHONIOENCODING": "utf-8"},
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return None, "", f"no answer within {PATIENCE} s"
    return done.returncode, done.stdout, done.stderr


def last_line(text):
    """The line of a traceback that tells what happened."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)]
    return (errors or lines or ["it ended without a word"])[-1]


CHECKS = (
    check_python,
    check_libraries,
    check_data,
    check_names,
    check_settings,
    check_memory,
    check_disk,
    check_writing,
    check_kernel,
    check_tensorflow,
    check_browser,
    check_offline,
    check_lectures,
)
