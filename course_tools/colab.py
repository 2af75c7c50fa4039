"""Installs the course on Colab.

The first code cell of every notebook clones the repository and runs this file; in any
other kernel without the course, somebody chose the wrong one, and is told so. What
the host's own notebook is made of (IPython, ipykernel, …) stays as it is: what lectures
need, the `dependencies` of pyproject.toml, is content with it. All else gets the
versions of requirements.lock, unless pip finds that they do not go together here.
"""

import importlib.metadata
import re
import subprocess
import sys
import tempfile
from pathlib import Path

#: The source of that cell. The address stands in pyproject.toml.
CELL = """\
# On Colab, where the course is not installed: fetch it and install it.
from importlib.util import find_spec

if not find_spec("course_utils"):
    wrong = "this kernel has no course: choose that of .venv, which `make run` sets up"
    assert "google.colab" in str(get_ipython()), wrong
    !git clone --depth 1 {address} course
    %run course/course_tools/colab.py
    assert find_spec("course_utils"), "not ready yet: the lines above say why"
"""
CLONE = Path(__file__).resolve().parents[1]


def cell():
    """The cell's source, with the address in it."""
    import tomllib  # new in 3.11; on a host with less, pip tells what is needed

    project = tomllib.loads((CLONE / "pyproject.toml").read_text("utf-8"))["project"]
    return CELL.format(address=project["urls"]["Repository"]).rstrip("\n")


def main():
    """Install, and make the running kernel see it; or SystemExit, with what to do."""
    before = loaded()
    print("Installing the course and its libraries; this takes a few minutes once.")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "lock.txt")
        file.write_text(locked(hosts_own()), "utf-8")
        done = pip("--constraint", str(file))
    if done.returncode:
        print("With the exact versions of the course, this host's libraries do not go.")
        done = pip()
    if done.returncode:
        print(done.stdout, done.stderr)
        raise SystemExit("The course could not be installed: pip says why, above.")
    after = loaded(before)
    if stale := [name for name in before if after[name] != before[name]]:
        raise SystemExit(
            f"Installed. This kernel still holds older versions ({', '.join(stale)}): "
            "restart it (Runtime → Restart session), then run the notebook again."
        )
    sys.path.insert(0, str(CLONE))  # what pip wrote counts from the next start on


def pip(*options):
    """Let pip install the clone, and what it declares."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", *options]
    command += ["--editable", str(CLONE)]
    return subprocess.run(command, capture_output=True, text=True)


def locked(but):
    """The lock's versions, but for some names, as pip takes constraints: no hashes."""
    text = (CLONE / "requirements.lock").read_text("utf-8")
    entries = re.findall(r"^(([\w.-]+)==[^\\\n]+)", text, re.MULTILINE)
    return "".join(f"{line}\n" for line, name in entries if name not in but)


def hosts_own():
    """Names of what shows the host's notebooks, with all that these need."""
    found, ahead = needs("google-colab"), ["ipykernel", "ipython", "ipywidgets"]
    while ahead:
        found.add(name := ahead.pop())
        ahead += needs(name) - found
    return found


def needs(name):
    """Names, as the lock has them, of what an installed distribution requires."""
    try:
        lines = importlib.metadata.requires(name) or ()
    except importlib.metadata.PackageNotFoundError:
        return set()
    names = (re.match(r"[\w.-]+", line)[0] for line in lines if "extra ==" not in line)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


def loaded(names=None):
    """Installed version of each distribution named, or imported by this kernel."""
    if names is None:
        provided = importlib.metadata.packages_distributions()
        modules = {module.partition(".")[0] for module in sys.modules}
        names = {name for module in modules for name in provided.get(module, ())}
    return {name: importlib.metadata.version(name) for name in names}


if __name__ == "__main__":
    main()
