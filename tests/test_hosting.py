"""Files for a host of repositories: they name what is there, and nothing else."""

import json
import re

import pytest
import yaml

from course_tools import bootstrap
from course_tools.main import parse
from course_tools.places import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def steps(workflow):
    """(job's name, what it runs) of every step that runs a command."""
    jobs = yaml.safe_load(workflow.read_text("utf-8"))["jobs"]
    return [
        (name, step["run"])
        for name, job in jobs.items()
        for step in job["steps"]
        if "run" in step
    ]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_run_commands_that_exist(workflow):
    typed = [run for _, run in steps(workflow) if "course_tools" in run]
    assert len(typed) >= 3
    for run in typed:
        parse(run.removeprefix("python -m course_tools.bootstrap ").split())
    numbers = re.findall(r"\b\d\d\b", " ".join(typed))
    assert all(list((ROOT / "notebooks").glob(f"{nn}_*.ipynb")) for nn in numbers)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_try_every_python_and_end(workflow):
    supported = ["{}.{}".format(*version) for version in bootstrap.SUPPORTED]
    for job in yaml.safe_load(workflow.read_text("utf-8"))["jobs"].values():
        assert job["strategy"]["matrix"]["python"] == supported
        assert job["timeout-minutes"] <= 90


def test_the_container_opens_the_environment_that_the_setup_makes():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    parse(container["postCreateCommand"].split()[1:])
    assert re.search(r":1-3\.(11|12|13)-", container["image"])
    settings = container["customizations"]["vscode"]["settings"]
    interpreter = settings["python.defaultInterpreterPath"]
    assert interpreter == "${workspaceFolder}/.venv/bin/python"


def test_the_form_asks_for_what_helps():
    form = yaml.safe_load(
        (ROOT / ".github/ISSUE_TEMPLATE/fault.yml").read_text("utf-8")
    )
    asked = {part["id"]: part["attributes"]["label"] for part in form["body"]}
    assert set(asked) == {"where", "what", "doctor"}
    assert "make doctor" in asked["doctor"]
    assert all(re.search("[\u4e00-\u9fff]", label) for label in asked.values())
