"""Installs the course in a kernel that lacks it, as on Colab.

The first code cell of every notebook clones the repository and runs this file. What
the host's own notebook is made of (IPython, ipykernel, …) stays as it is.
"""

import importlib.metadata
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

CLONE = Path(__file__).resolve().parents[1]

#: Libraries that show and run notebooks: the host has its own, and relies on them.
HOSTS_OWN = {
    "jupyter",
    "ipykernel",
    "ipython",
    "ipywidgets",
    "jupyter-client",
    "nbclient",
    "nbconvert",
    "nbformat",
    "jinja2",
    "rich",
    "psutil",
}


def main():
    """Install, and make the running kernel see it; say in one line what went wrong.

    Raises
    ------
    SystemExit
        If the course cannot be installed, or only be used after a restart.
    """
    needed = libraries((CLONE / "pyproject.toml").read_text("utf-8"))
    before = loaded()
    print("Installing the course and its libraries; this takes a few minutes once.")
    pip(*needed)
    pip("--no-deps", "--editable", str(CLONE))
    if stale := [
        name for name, version in loaded(before).items() if version != before[name]
    ]:
        raise SystemExit(
            f"Installed. This kernel still holds older versions ({', '.join(stale)}): "
            "restart it (Runtime → Restart session), then run the notebook again."
        )
    sys.path.insert(0, str(CLONE))  # what pip wrote counts from the next start on


def libraries(pyproject):
    """What lectures import, with its bounds, from the text of pyproject.toml."""
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    wanted = re.search(r'^requires-python = "(.+)"$', pyproject, re.MULTILINE)[1]
    version = "{}.{}.{}".format(*sys.version_info)
    if not SpecifierSet(wanted).contains(version):
        raise SystemExit(
            f"The course needs Python {wanted}; this kernel has {version}."
        )
    import tomllib  # new in 3.11

    left_alone = HOSTS_OWN - (
        {"ipywidgets"} if find_spec("ipywidgets") is None else set()
    )
    needed = tomllib.loads(pyproject)["project"]["dependencies"]
    return [text for text in needed if Requirement(text).name not in left_alone]


def loaded(names=None):
    """Installed version of each distribution that this kernel has imported.

    Parameters
    ----------
    names : iterable of str, optional
        Only these distributions, whether imported or not.
    """
    if names is None:
        provided = importlib.metadata.packages_distributions()
        modules = {module.partition(".")[0] for module in sys.modules}
        names = {name for module in modules for name in provided.get(module, ())}
    return {name: importlib.metadata.version(name) for name in names}


def pip(*arguments):
    """Let pip install something; SystemExit with its complaint if it cannot."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout, done.stderr)
        raise SystemExit("The course could not be installed: pip says why, above.")


if __name__ == "__main__":
    main()
