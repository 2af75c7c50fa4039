"""Installs the course on Colab.

The first code cell of every notebook clones the repository and runs this file; in any
other kernel without the course, somebody chose the wrong one, and is told so. What
the host's own notebook is made of (IPython, ipykernel, …) stays as it is: what lectures
need, the `dependencies` of pyproject.toml, is content with it.
"""

import importlib.metadata
import subprocess
import sys
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
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--editable"]
    done = subprocess.run([*command, str(CLONE)], capture_output=True, text=True)
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


def loaded(names=None):
    """Installed version of each distribution named, or imported by this kernel."""
    if names is None:
        provided = importlib.metadata.packages_distributions()
        modules = {module.partition(".")[0] for module in sys.modules}
        names = {name for module in modules for name in provided.get(module, ())}
    return {name: importlib.metadata.version(name) for name in names}


if __name__ == "__main__":
    main()
