"""Can class start on this machine? ``python -m course_tools doctor``.

A check yields what it finds: a mark, a text and what to do. ``✓`` is well, ``·`` is
optional and not here, ``!`` is worth knowing, ``✗`` keeps class from starting.
"""

import contextlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from course_tools import catalog, places
from course_tools.places import ON_WINDOWS, ROOT, STAMP
from course_utils import __version__
from course_utils.download import DataError, keras_folder

__all__ = ["command"]

GB = 1e9
#: Seconds that another Python may take.
PATIENCE = 120
#: Bytes of memory that a container may take.
LIMIT = Path("/sys/fs/cgroup/memory.max")
#: Variables that change what the notebooks compute or draw, with harmless values.
VARIABLES = {
    "COURSE_EXPECT": (),
    "COURSE_SEED_OFFSET": ("0",),
    "KERAS_BACKEND": ("tensorflow",),
    "KERAS_MAX_EPOCHS": (),
    "KERAS_MAX_STEPS_PER_EPOCH": (),
    "MPLBACKEND": ("agg", "inline", "module://matplotlib_inline.backend_inline"),
    "TF_USE_LEGACY_KERAS": ("0", "false"),
}
#: What the user's keras.json may not say otherwise.
KERAS = {
    "backend": "tensorflow",
    "epsilon": 1e-7,
    "floatx": "float32",
    "image_data_format": "channels_last",
}
#: Asks a kernel where it lives, and where it would take the package from.
WHERE = """import importlib.util, sys
print(sys.prefix, importlib.util.find_spec("course_utils").origin, sep="\\n")"""
TENSORFLOW = """import keras, tensorflow
assert float(keras.ops.sum(keras.ops.ones((2, 3)))) == 6
gpus = tensorflow.config.list_physical_devices("GPU")
about = [tensorflow.config.experimental.get_device_details(gpu) for gpu in gpus]
print(", ".join(each.get("device_name", "a GPU") for each in about))
print(f"TensorFlow {tensorflow.__version__} and Keras {keras.__version__} work")"""
#: What Windows says instead of SIGILL.
ILLEGAL_INSTRUCTION = 0xC000001D


def command(options=None, root=ROOT, checks=None):
    """Print what the checks find; the exit status is 0 if class can start."""
    checks, problems = checks or CHECKS, 0
    print(f"course {__version__}")
    with ThreadPoolExecutor(len(checks)) as pool:
        for found in pool.map(lambda check: attempt(check, root), checks):
            for mark, text, fix in found:
                print(f"{mark} {text}" + f"\n    fix: {fix}" * bool(fix), flush=True)
                problems += mark == "✗"
    verdict = f"Not ready: {problems} to mend, marked ✗ above."
    print("\n" + (verdict if problems else "Ready: class can start."))
    return int(problems > 0)


def attempt(check, root):
    """The findings of a check; one more if it fails."""
    found = []
    try:
        found.extend(check(root))
    except DataError as error:
        text, _, fix = str(error).partition(" Fix: ")
        found.append(("✗", text, fix))
    except Exception as error:
        name = check.__name__.removeprefix("check_")
        text = f"{name} could not be checked: {type(error).__name__}: {error}"
        found.append(("✗", " ".join(text.split()), reinstall()))
    return found


def reinstall():
    """How to get the right libraries into the environment that is running."""
    if (Path(sys.prefix) / STAMP).exists():
        fix = f"{places.command('clean')}, then {places.command('doctor')}"
    else:
        fix = f"{places.command('doctor')} makes an environment of its own"
    for name in filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)):
        if Path(name).resolve() != ROOT and hiding(Path(name)):
            return f"{unset('PYTHONPATH')}, which names {name}; if need be, {fix}"
    return fix


def hiding(folder):
    """Modules in a folder that come before a library of the same name."""
    here = Path(sysconfig.get_path("purelib")).iterdir()
    libraries = {"course_utils", *sys.stdlib_module_names, *(p.stem for p in here)}
    return [
        path
        for path in sorted(folder.glob("*"))
        if path.stem in libraries
        if path.suffix == ".py" or (path / "__init__.py").exists()
    ]


def unset(name):
    if ON_WINDOWS:
        return f"in PowerShell: Remove-Item Env:{name}; in cmd: set {name}="
    return f"unset {name}"


def in_python(*arguments, **options):
    """What a Python of its own answers; `options` are those of `subprocess.run`."""
    try:
        return subprocess.run(
            [sys.executable, "-X", "utf8", *arguments],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            **options,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"no answer within {PATIENCE} s") from None


def reason(traceback):
    """The line of a traceback that tells what happened."""
    lines = [line.strip() for line in traceback.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)]
    return (errors or lines or ["it ended without a word"])[-1]


def check_libraries(root):
    """Python and libraries against their bounds, and against the lock."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    needed = [f"python {project['requires-python']}", *project["dependencies"]]
    needed += project["optional-dependencies"].get("tools", [])
    wrong = list(unfit(needed))
    for need, version in wrong:
        text = f"{need.name} {version or 'is missing'}: needed is {need.specifier}"
        yield "✗", text, reinstall()
    if not wrong:
        text = f"Python {platform.python_version()} and {len(needed) - 1} libraries"
        yield "✓", f"{text} within their bounds, in {sys.prefix}", ""
    lock = (root / "requirements.lock").read_text("utf-8")
    locked = re.findall(r"^[\w.-]+==[^\\\n]+", lock, flags=re.MULTILINE)
    others = [f"{n.name} {v} ({n.specifier})" for n, v in unfit(locked) if v]
    if others:
        shown = ", ".join(others[:3]) + " …" * (len(others) > 3)
        text = f"other versions than those the notebooks were tested with: {shown}"
        yield "!", text, reinstall()


def unfit(lines):
    """(requirement, installed version or None) of those that are not met here."""
    from packaging.requirements import Requirement

    for need in map(Requirement, lines):
        version = platform.python_version() if need.name == "python" else None
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            version = version or importlib.metadata.version(need.name)
        fits = version and need.specifier.contains(version, prereleases=True)
        if not fits and (need.marker is None or need.marker.evaluate()):
            yield need, version


def check_data(root):
    """Every bundled file against its hash; the first that is wrong is told."""
    from course_utils import data

    files = data.bundled_files()
    for name in files:
        data.read_bundled(name)
    yield "✓", f"{len(files)} data files as they should be", ""


def check_settings(root):
    """Settings and files of the user that change what the notebooks do."""
    for path in hiding(root / "notebooks"):
        text = f"notebooks/{path.name} hides the library {path.stem} from the notebooks"
        yield "✗", text, f"rename notebooks/{path.name}"
    for name, harmless in VARIABLES.items():
        value = os.environ.get(name, "")
        if value and value.lower() not in harmless:
            text = f"the environment variable {name} is set to {value!r}"
            yield "✗", text, unset(name)
    keras = keras_folder() / "keras.json"
    found = {}
    with contextlib.suppress(OSError, ValueError, TypeError):
        found = dict(json.loads(keras.read_text("utf-8")))
    for key, value in KERAS.items():
        if found.get(key, value) != value:
            yield "✗", f"{keras} sets {key} to {found[key]!r}", f"set it to {value!r}"


def check_memory(root):
    """Free memory: a notebook takes at most 1.5 GB, and `run` runs two at a time."""
    import psutil

    free = psutil.virtual_memory().available
    with contextlib.suppress(OSError, ValueError):  # only a container has a limit
        free = min(free, int(LIMIT.read_text()))
    shown = f"{free / GB:.1f} GB of memory free"
    if free > 3 * GB:
        yield "✓", shown, ""
    else:
        fix = "close programs, or: python -m course_tools run --jobs 1"
        mark = "✗" if free < 1.5 * GB else "!"
        yield mark, f"{shown}: a notebook takes up to 1.5, and two run at a time", fix


def check_disk(root):
    """Whether there is room, and whether notebooks and results can be written."""
    free = shutil.disk_usage(root).free
    shown = f"{free / GB:.1f} GB of disk space free"
    if free < 0.2 * GB:
        yield "✗", f"{shown}: executed notebooks need 0.2", "free some"
    else:
        yield "✓", shown, ""
    copy = "copy the course to a folder of your own"
    fixes = {root / "notebooks": copy, root / "build": copy}
    fixes[Path.home()] = "set HOME to a folder of your own"  # kernels write there
    for folder, fix in fixes.items():
        try:
            folder.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            yield "✗", f"cannot write in {folder}: {error.strerror}", fix


def check_kernel(root):
    """Whether a kernel starts, in this environment, and finds the package."""
    runner = ("-P", "-m", "jupyter_client.runapp", "--kernel=python3")
    env = os.environ | {"JUPYTER_PREFER_ENV_PATH": "1"}  # as `lab` does
    done = in_python(*runner, input=WHERE, cwd=root / "notebooks", env=env)
    if done.returncode:
        yield "✗", f"no notebook kernel: {reason(done.stderr)}", reinstall()
        return
    prefix, package = map(Path, done.stdout.splitlines()[-2:])
    if prefix.resolve() != Path(sys.prefix).resolve():
        text = f"notebooks run in another environment: {prefix}"
        yield "✗", text, f"start JupyterLab with {places.command('lab')}"
    elif package.parent.resolve() != (root / "course_utils").resolve():
        text = f"notebooks import another copy of course_utils: {package}"
        yield "✗", text, reinstall()
    else:
        yield "✓", "a notebook kernel starts and finds course_utils", ""


def check_tensorflow(root):
    """Whether TensorFlow can be imported and computes."""
    done = in_python("-P", "-c", TENSORFLOW)
    if done.returncode == 0:
        gpus, works = done.stdout.splitlines()[-2:]
        where = f"on {gpus}; all claims were measured on CPUs, and close ones may miss"
        yield "✓", f"{works}, {where if gpus else 'on the CPU, as in all tests'}", ""
        return
    text, fix = f"TensorFlow cannot be imported: {reason(done.stderr)}", reinstall()
    if done.returncode in (-4, ILLEGAL_INSTRUCTION):
        text = "TensorFlow stops at an instruction that this processor lacks (AVX)"
        fix = "use a computer made after 2013, or give a virtual machine its host's CPU"
    elif "DLL load failed" in done.stderr:
        fix = "install the Microsoft Visual C++ Redistributable (x64), then restart"
    yield "✗", text, fix


def check_offline(root):
    """Whether the lectures run without the network; only one has more to gain by it."""
    from course_utils import vision

    count = len(catalog.find(root / "notebooks"))
    yield "✓", f"all {count} lectures run without the network", ""
    if named := os.environ.get("COURSE_INCEPTION_WEIGHTS", "").strip():
        vision.own_inception(Path(named))
        return
    fetch = ("-m", "course_tools", "fetch", "inception-v3")
    offline = os.environ | {"COURSE_OFFLINE": "1", "COURSE_MIRROR": ""}
    if in_python(*fetch, env=offline).returncode:  # not here, and not downloaded
        text = "lecture 13 will use a smaller network: no weights of Inception-v3"
        yield "·", text, f"python {' '.join(fetch)} (96 MB), if you want them"


def check_lectures(root):
    """What the last run measured of each lecture, against what its title cell says."""
    ran, when = {}, 0.0
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        path = root / "build" / "results.json"
        found = json.loads(path.read_text("utf-8"))
        if found["format"] == 1:
            ran = {each["name"]: each for each in found["notebooks"]}
            when = path.stat().st_mtime
    rows, failed, slow, unmeasured = [], [], [], []
    for about in map(catalog.describe, catalog.find(root / "notebooks")):
        result = ran.get(about.path.stem)
        if not result or (not result["ok"] and about.path.stat().st_mtime > when):
            unmeasured.append(about.number)  # or changed since it failed
        elif not result["ok"]:
            failed.append(about.number)
        else:
            seconds, memory = result["seconds"], result["peak_bytes"] / GB
            stated = re.search(r"(\d+) s\b", about.time)
            said = f" (stated: {stated[1]} s)" if stated else ""
            rows.append(f"\n    {about.number} {seconds:4.0f} s{said}, {memory:.1f} GB")
            if stated and seconds > 2 * float(stated[1]):
                slow.append(about.number)
    run = places.command("run")
    if rows:
        yield "✓", "what each lecture took in the last run:" + "".join(rows), ""
    if failed:
        number = failed[0] if ON_WINDOWS else f"NB={failed[0]}"
        fix = places.command(f"run {number}") + " says where"
        yield "✗", f"failed in the last run: {', '.join(failed)}", fix
    if slow:
        text = f"took more than twice the time they state: {', '.join(slow)}"
        yield "!", text, f"close other programs, then {run}; or plan more time"
    if unmeasured:
        shown = ", ".join(unmeasured) if rows or failed else "all lectures"
        yield "!", f"not measured on this machine: {shown}", run


CHECKS = [check for name, check in globals().items() if name.startswith("check_")]
