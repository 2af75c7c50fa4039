"""Lectures as students open them: ``… lab``, a browser, Run All Cells, the sliders."""

import ipaddress
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import psutil
import pytest
from nbformat import v4

from course_tools.places import NOTEBOOKS, ROOT

LECTURES = {"01_cross_entropy_vs_quadratic_cost": 3, "06_mnist_cnn": 2}  # sliders

#: Seconds: JupyterLab's start, a notebook from top to bottom, a figure drawn anew.
START, RUN, REDRAW = 120, 900, 60

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        os.name == "nt", reason="Windows has no signal that asks a program to end"
    ),
]


@dataclass
class Server:
    """A running ``python -m course_tools lab``."""

    process: psutil.Process
    folder: Path
    address: str

    @property
    def port(self):
        return urlsplit(self.address).port

    def url(self, path):
        """Address of a path of the server, without the token."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}/{path}"

    def family(self):
        """The command, JupyterLab and its kernels."""
        return [self.process, *self.process.children(recursive=True)]


@pytest.fixture(scope="module")
def server(chromium, tmp_path_factory):
    """JupyterLab on a copy of the notebooks; its settings are nobody's."""
    home = tmp_path_factory.mktemp("lab")
    folder = shutil.copytree(NOTEBOOKS, home / "notebooks")
    command = [sys.executable, "-m", "course_tools", "lab", "--folder", str(folder)]
    # Port 0 is any free one; the browser is ours, and asks the page what it holds.
    command += ["--no-browser", "--port=0", "--expose-app-in-browser"]
    if os.geteuid() == 0:  # as in containers; JupyterLab wants to be told
        command.append("--allow-root")
    private = {
        f"{name}_DIR": str(home / name.lower())
        for name in (
            *("JUPYTER_CONFIG", "JUPYTER_DATA", "JUPYTER_RUNTIME"),
            *("JUPYTERLAB_SETTINGS", "JUPYTERLAB_WORKSPACES"),
        )
    }
    private["IPYTHONDIR"] = str(home / "ipython")
    log = home / "log.txt"
    with log.open("wb") as terminal:
        started = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | private,
            stdin=subprocess.DEVNULL,
            stdout=terminal,
            stderr=subprocess.STDOUT,
        )
    process = psutil.Process(started.pid)
    try:
        address = wait_for(lambda: printed_address(started, log), START)
        yield Server(process, folder, address)
    finally:
        if started.poll() is None:
            stop(process)
        started.wait()


def printed_address(started, log):
    """The address that a student clicks; fails with the log of a server that ended."""
    text = log.read_text("utf-8", errors="replace")
    if started.poll() is not None:
        pytest.fail(f"JupyterLab did not start:\n{text}")
    found = re.search(r"^\s*(http://\S+\?token=\w+)\s*$", text, flags=re.MULTILINE)
    return found and found[1]


def stop(process, seconds=90):
    """Ask the command to end; what is left of its family after that, killed by then."""
    family = [process, *process.children(recursive=True)]
    process.terminate()
    _, left = psutil.wait_procs(family, seconds)
    for survivor in left:
        survivor.kill()
    return left


def wait_for(condition, seconds):
    """The value of `condition` as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.1)
    return value


# --- the server


def test_without_the_token_nothing_is_served(server):
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(server.url("api/contents"))
    assert refusal.value.code == 403


# --- the lectures

#: What each code cell of the open notebook came to.
CELLS = """() => {
  const model = jupyterapp.shell.currentWidget.content.model;
  return [...model.cells].flatMap((cell, index) =>
    cell.type !== 'code' || !cell.sharedModel.getSource().trim() ? [] : [{
      index,
      source: cell.sharedModel.getSource(),
      count: cell.executionCount,
      outputs: cell.outputs.toJSON(),
    }]);
}"""
IDLE = """() => {
  const session = jupyterapp.shell.currentWidget.sessionContext.session;
  return session?.kernel?.status === 'idle';
}"""
#: How many code cells are still to be run; 0 if one failed, after which none runs.
TO_RUN = """() => {
  const model = jupyterapp.shell.currentWidget.content.model;
  const code = [...model.cells].filter(
    cell => cell.type === 'code' && cell.sharedModel.getSource().trim());
  const failed = code.some(cell =>
    cell.outputs.length && cell.outputs.get(cell.outputs.length - 1).type === 'error');
  return failed ? 0 : code.filter(cell => !cell.executionCount).length;
}"""
SCROLL = """async index => {
  await jupyterapp.shell.currentWidget.content.scrollToItem(index, 'start');
}"""


@pytest.mark.parametrize("name", LECTURES)
def test_a_lecture_runs_and_its_sliders_move(name, server, tab):
    page = tab.page
    open_notebook(page, server, name)
    cells = run_all_cells(page)
    assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert_claims_hold(cells)
    assert_figures_show(page, cells)
    assert move_every_slider(page, cells) == LECTURES[name]
    hosts = {urlsplit(url).netloc for url in tab.requests if url.startswith("http")}
    assert hosts == {urlsplit(server.address).netloc}
    assert tab.problems == []
    assert page.locator(".jp-Dialog, .Toastify__toast").all_inner_texts() == []


def open_notebook(page, server, name):
    """Open a notebook in JupyterLab, and wait until its kernel is there."""
    token = urlsplit(server.address).query
    # In a workspace of its own: the usual one reopens what was open before.
    page.goto(server.url(f"lab/workspaces/{name}/tree/{name}.ipynb?{token}"))
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=START * 1000)
    wait_for(lambda: page.evaluate(IDLE), START)


def run_all_cells(page):
    """Do as the menu says and wait for the end; the code cells."""
    page.locator(".lm-MenuBar-item", has_text=re.compile("^Run$")).click()
    page.locator(".lm-Menu-item", has_text=re.compile("^Run All Cells$")).click()
    deadline = time.monotonic() + RUN
    while not ((left := page.evaluate(TO_RUN)) == 0 and page.evaluate(IDLE)):
        assert time.monotonic() < deadline, f"{left} cells have not run in {RUN} s"
        time.sleep(0.5)
    cells = page.evaluate(CELLS)
    assert [output for cell in cells for output in errors(cell)] == []
    return cells


def errors(cell):
    """What a cell raised, and what it wrote to stderr."""
    return [
        output.get("text") or f"{output['ename']}: {output['evalue']}"
        for output in cell["outputs"]
        if output["output_type"] == "error" or output.get("name") == "stderr"
    ]


def assert_claims_hold(cells):
    """Every claim printed its line, and none was missed."""
    claiming = [cell for cell in cells if "expect(" in cell["source"]]
    assert claiming
    for cell in claiming:
        assert "✓ " in printed(cell), cell["source"]
    assert not [cell["source"] for cell in cells if "✗" in printed(cell)]


def printed(cell):
    return "".join(output.get("text", "") for output in cell["outputs"])


def assert_figures_show(page, cells):
    """Each picture that a cell displayed is really painted."""
    drawing = [cell for cell in cells if kinds(cell) & {"image/png"}]
    assert drawing
    for cell in drawing:
        picture = area(page, cell).locator("img").first
        picture.wait_for()
        wait_for(lambda picture=picture: picture.evaluate("i => i.naturalWidth"), 10)


def kinds(cell):
    return {kind for output in cell["outputs"] for kind in output.get("data", {})}


def area(page, cell):
    """The cell's part of the page, which is made when it comes into sight."""
    page.evaluate(SCROLL, cell["index"])
    return page.locator(f'.jp-Cell[data-windowed-list-index="{cell["index"]}"]')


def move_every_slider(page, cells):
    """Press an arrow key on each slider and see the figure change; how many."""
    moved = 0
    for cell in cells:
        if "application/vnd.jupyter.widget-view+json" not in kinds(cell):
            continue
        shown = area(page, cell)
        shown.locator(".noUi-handle").first.wait_for()
        for handle in shown.locator(".noUi-handle").all():
            move(handle, shown.locator("img"))
            moved += 1
    return moved


def move(handle, picture):
    """Press an arrow key on a slider's handle and see another picture."""
    value, highest = (handle.get_attribute(f"aria-value{it}") for it in ("now", "max"))
    before = picture.get_attribute("src")
    handle.press("ArrowLeft" if value == highest else "ArrowRight")
    wait_for(lambda: picture.get_attribute("src") != before, REDRAW)
    wait_for(lambda: picture.evaluate("i => i.naturalWidth"), 10)


TROUBLE = """
import matplotlib.pyplot as plt
from course_utils.plotting import explore
def draw(steps):
    print("asked for", steps)
    if steps == 2:
        raise ArithmeticError("nothing can be drawn for 2")
    return plt.figure(figsize=(2, 2))
explore(draw, alt="an empty square", steps=(1, 9, 1, 1))
"""


def test_an_error_while_a_slider_moves_appears_below_it(server, tab):
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = v4.new_notebook(cells=[v4.new_code_cell(TROUBLE)], metadata=kernel)
    nbformat.write(notebook, server.folder / "99_trouble.ipynb")
    open_notebook(tab.page, server, "99_trouble")
    (cell,) = run_all_cells(tab.page)
    shown = area(tab.page, cell)
    handle = shown.locator(".noUi-handle")
    below = shown.locator(".widget-output, .jp-OutputArea .jp-OutputArea").last
    handle.press("ArrowRight")
    below.get_by_text("ArithmeticError: nothing can be drawn for 2").wait_for()
    handle.press("ArrowRight")
    below.get_by_text("asked for 3").wait_for()
    assert "ArithmeticError" not in below.inner_text()


# --- afterwards


def test_everything_listens_to_this_machine_only(server):
    addresses = {
        connection.laddr.ip
        for process in server.family()
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses
    assert all(ipaddress.ip_address(address).is_loopback for address in addresses)


def test_stopping_the_command_leaves_nothing_behind(server):
    assert len(server.family()) > 1
    assert stop(server.process) == []
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", server.port))
    assert not list(NOTEBOOKS.rglob(".ipynb_checkpoints"))
