"""A JupyterHub on this machine: what a seat costs, and how long a student waits.

``python benchmarks/hub.py --install`` makes what it needs in ``build/hub``, once:
JupyterHub from PyPI, and its proxy from npm, which needs Node.js.
``tests/test_hub.py`` sends six students through the same hub.
"""

import argparse
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shared import ROOT, Row, number, run_part, say, table, target_table

TITLE = "A JupyterHub"
ALTS = {}
PLACE = ROOT / "build" / "hub"
PYTHON = PLACE / "bin" / "python"
PROXY = PLACE / "node_modules" / ".bin" / "configurable-http-proxy"
PACKAGES = ["jupyterhub==6.1.1", "jupyterhub-idle-culler==2.0.0"]
PROXY_PACKAGE = "configurable-http-proxy@5.3.0"
LECTURES = ("34", "04")  # NumPy only, and with TensorFlow
SEATS = 6
PATIENCE = 300  # seconds for anything: two cores start six seats one after another
CONFIG = """
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[0]}"
c.JupyterHub.hub_port = {ports[1]}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[2]}"
c.ConfigurableHTTPProxy.command = ["{proxy}"]
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.allow_all = True
c.DummyAuthenticator.password = "{password}"
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{homes}/{{username}}"
c.Spawner.cmd = ["{seat}", "-m", "jupyterhub.singleuser", "--allow-root"]
c.Spawner.http_timeout = c.Spawner.start_timeout = {patience}
c.Spawner.environment = {{
    "PYTHONPATH": "{packages}",
    "JUPYTERHUB_ACTIVITY_INTERVAL": "2",
    "COURSE_OFFLINE": "1",
}}
c.JupyterHub.services = [{{"name": "teacher", "api_token": "{token}"}}]
c.JupyterHub.load_roles = [
    {{
        "name": "teacher",
        "services": ["teacher"],
        "scopes": ["admin:users", "admin:servers", "access:servers", "list:users"],
    }}
]
"""


def install():
    """Make ``build/hub``: a hub that sees the course's packages and adds its own."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", PLACE], check=True)
    course = next(Path(sys.prefix, "lib").glob("python*")) / "site-packages"
    (packages() / "course.pth").write_text(f"{course}\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "--quiet"]
    subprocess.run([*pip, "--disable-pip-version-check", *PACKAGES], check=True)
    npm = ["npm", "install", "--silent", "--no-save", "--prefix", str(PLACE)]
    subprocess.run([*npm, PROXY_PACKAGE], check=True)


def packages():
    """Where ``build/hub`` keeps its own packages."""
    return next(Path(PLACE, "lib").glob("python*")) / "site-packages"


def missing():
    """What keeps the hub from starting, in words; None if nothing does."""
    if not PYTHON.exists() or not PROXY.exists() or not shutil.which("node"):
        return "no JupyterHub: python benchmarks/hub.py --install (needs Node.js)"
    return None


class Hub:
    """A running hub, its students' homes, and a teacher's token."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.homes = self.folder / "homes"
        self.password, self.token = secrets.token_hex(16), secrets.token_hex(16)
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in range(3)]
            for one in sockets:
                one.bind(("127.0.0.1", 0))
            ports = [one.getsockname()[1] for one in sockets]
        self.address = f"http://127.0.0.1:{ports[0]}"
        config = CONFIG.format(
            ports=ports,
            proxy=PROXY,
            password=self.password,
            homes=self.homes,
            seat=sys.executable,
            patience=PATIENCE,
            packages=packages(),
            token=self.token,
        )
        (self.folder / "config.py").write_text(config, encoding="utf-8")

    def __enter__(self):
        self.homes.mkdir()
        self.log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            [PYTHON, "-m", "jupyterhub", "--config", self.folder / "config.py"],
            cwd=self.folder,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        wait(lambda: self.ask("GET", "/hub/api/"), "the hub", self)
        return self

    def __exit__(self, *_):
        self.process.terminate()  # the hub stops its proxy and seats
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()

    def ask(self, method, path, **more):
        """A request with the teacher's token, through the proxy."""
        import requests

        header = {"Authorization": f"token {self.token}"}
        try:
            return requests.request(
                method, self.address + path, headers=header, timeout=PATIENCE, **more
            )
        except requests.ConnectionError:  # not there yet
            return None

    def cull(self, idle):
        """The service that gives idle seats back, after `idle` seconds."""
        return subprocess.Popen(
            [
                *(PYTHON, "-m", "jupyterhub_idle_culler"),
                *(f"--timeout={idle}", "--cull-every=1"),
                f"--url={self.address}/hub/api",
            ],
            env={**os.environ, "JUPYTERHUB_API_TOKEN": self.token},
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )


class Seat:
    """One student's server: signed in by the form, as a student does."""

    def __init__(self, hub, name):
        import requests

        self.hub, self.name, self.base = hub, name, f"/user/{name}"
        self.browser = requests.Session()
        self.home = hub.homes / name

    def open(self):
        """Sign in and wait for JupyterLab; seconds that it took."""
        start = time.perf_counter()
        login = f"{self.hub.address}/hub/login"
        self.browser.get(login)
        form = {"username": self.name, "password": self.hub.password}
        form["_xsrf"] = self.browser.cookies.get("_xsrf", path="/hub/")
        self.browser.post(login, data=form).raise_for_status()
        self.browser.get(f"{self.hub.address}/hub/spawn").raise_for_status()
        wait(self.is_ready, f"{self.name}'s seat", self.hub)
        page = self.browser.get(f"{self.hub.address}{self.base}/lab")
        page.raise_for_status()
        assert "jupyter-config-data" in page.text, "this is not JupyterLab's page"
        return time.perf_counter() - start

    def is_ready(self):
        model = self.hub.ask("GET", f"/hub/api/users/{self.name}").json()
        return model["servers"].get("", {}).get("ready", False)

    def is_gone(self):
        model = self.hub.ask("GET", f"/hub/api/users/{self.name}").json()
        return not model["servers"]

    def read(self, path):
        """A notebook or a text, as the seat's server sends it."""
        answer = self.hub.ask("GET", f"{self.base}/api/contents/{path}")
        answer.raise_for_status()
        return answer.json()["content"]

    def start(self, path):
        """A kernel for a notebook; it and the seconds until it answered."""
        start = time.perf_counter()
        wanted = {"path": path, "name": path, "type": "notebook"}
        wanted["kernel"] = {"name": "python3"}
        answer = self.hub.ask("POST", f"{self.base}/api/sessions", json=wanted)
        answer.raise_for_status()
        kernel = Kernel(self, answer.json()["kernel"]["id"])
        kernel.run("pass")
        return kernel, time.perf_counter() - start

    def memory(self):
        """Bytes of the seat's server and its kernels, shared pages counted once."""
        import psutil

        mine = [
            process for process in psutil.process_iter() if owner(process) == self.name
        ]
        return sum(process.memory_full_info().pss for process in mine)


def owner(process):
    """The student whose seat a process belongs to; None if it is nobody's."""
    import psutil

    try:
        return process.environ().get("JUPYTERHUB_USER")
    except psutil.Error:  # ended meanwhile, or not ours
        return None


class Kernel:
    """A kernel behind the hub's proxy, spoken to as JupyterLab does."""

    def __init__(self, seat, name):
        import websocket

        place = f"{seat.hub.address}{seat.base}/api/kernels/{name}/channels"
        self.socket = websocket.create_connection(
            place.replace("http", "ws", 1),
            header=[f"Authorization: token {seat.hub.token}"],
            timeout=PATIENCE,
        )

    def send(self, code):
        """Begin to execute code; the message's name, which replies bear."""
        name = uuid.uuid4().hex
        header = {"msg_id": name, "msg_type": "execute_request", "version": "5.3"}
        header |= {"username": "", "session": name, "date": ""}
        content = {"code": code, "silent": False, "stop_on_error": False}
        message = {"header": header, "parent_header": {}, "metadata": {}}
        message |= {"content": content, "channel": "shell", "buffers": []}
        self.socket.send(json.dumps(message))
        return name

    def run(self, code):
        """Execute a cell; what it printed and showed. RuntimeError if it fails."""
        name, texts = self.send(code), []
        while True:
            text = self.socket.recv()
            if isinstance(text, bytes):  # of a widget, with buffers
                continue
            reply = json.loads(text)
            if reply["parent_header"].get("msg_id") != name:
                continue
            kind, content = reply["msg_type"], reply["content"]
            if kind == "error":
                raise RuntimeError("\n".join(content["traceback"]))
            if kind == "stream":
                texts.append(content["text"])
            if kind in ("display_data", "execute_result"):
                texts.append(content["data"].get("text/plain", ""))
            if kind == "status" and content["execution_state"] == "idle":
                return "".join(texts)


def wait(condition, what, hub, patience=PATIENCE):
    """Until a condition holds; if it never does, TimeoutError with the log's end."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end or hub.process.poll() is not None:
            log = (hub.folder / "log").read_text("utf-8", "replace")
            raise TimeoutError(f"{what} did not come:\n{log[-3000:]}")
        time.sleep(0.1)


def hand_out(hub, names):
    """A student's copy of the course in every home, without solutions."""
    command = [sys.executable, "-m", "course_tools", "copy", "--to"]
    for name in names:
        subprocess.run(
            [*command, hub.homes / name / "course"],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )


def work(seat, lecture):
    """A student runs a lecture and answers its exercises; what that took."""
    from course_tools import catalog, notebook
    from course_tools.places import NOTEBOOKS

    (path,) = catalog.select(catalog.find(NOTEBOOKS), [lecture])
    solutions, checks = {}, {}
    for exercise in notebook.exercises(notebook.read(path)):
        solution = notebook.source(exercise.cells[notebook.SOLUTION])
        solutions[exercise.cells[notebook.STARTER].id] = solution
        checks[exercise.cells[notebook.CHECK].id] = exercise.title
    opened = seat.open()
    idle = seat.memory()
    place = f"course/notebooks/{path.name}"
    book = seat.read(place)
    kernel, ready = seat.start(place)
    start, said = time.perf_counter(), {}
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            code = solutions.get(cell["id"], cell["source"])
            said[cell["id"]] = kernel.run(code)
    return {
        "seat": seat.name,
        "lecture": lecture,
        "opened": opened,
        "ready": ready,
        "ran": time.perf_counter() - start,
        "idle": idle,
        "running": seat.memory(),
        "exercises": {title: said[check] for check, title in checks.items()},
        "failed": [text for text in said.values() if "✗" in text],
    }


def students(hub, count):
    """So many students at the same moment, every other one with TensorFlow."""
    seats = [Seat(hub, f"student{i}") for i in range(count)]
    hand_out(hub, [seat.name for seat in seats])
    with ThreadPoolExecutor(count) as pool:
        lectures = [LECTURES[i % len(LECTURES)] for i in range(count)]
        return seats, list(pool.map(work, seats, lectures))


def measure(quick):
    """One student alone for each lecture, then six at once."""
    if reason := missing():
        raise SystemExit(reason)
    runs = []
    for count in (2, SEATS) if not quick else (2,):
        folder = tempfile.TemporaryDirectory(prefix="course-hub-")
        with folder as place, Hub(place) as hub:
            _, rows = students(hub, count)
        for row in rows:
            del row["exercises"], row["failed"]
            runs.append({"seats": count, **row})
        say(f"{count} seats: {max(row['ran'] for row in rows):.0f} s")
    return runs


def report(runs):
    """Figures for the values of a hub, then a line a seat."""
    most = [run for run in runs if run["seats"] == max(run["seats"] for run in runs)]
    rows = [
        Row(
            "Memory of an idle seat, MB",
            number(max(run["idle"] for run in most) / 1e6),
            "–",
        ),
        *(
            Row(
                f"Memory of a seat that ran lecture {lecture}, MB",
                number(
                    max(r["running"] for r in most if r["lecture"] == lecture) / 1e6
                ),
                "–",
            )
            for lecture in LECTURES
        ),
        Row(
            "Seconds from signing in to JupyterLab, all at once",
            number(max(run["opened"] for run in most)),
            "–",
        ),
        Row(
            "Seconds to a kernel that answers, all at once",
            number(max(run["ready"] for run in most)),
            "–",
        ),
    ]
    lines = [
        (
            run["seats"],
            run["lecture"],
            number(run["opened"]),
            number(run["ready"]),
            number(run["ran"]),
            number(run["idle"] / 1e6),
            number(run["running"] / 1e6),
        )
        for run in runs
    ]
    heads = ("Seats", "Lecture", "Open s", "Kernel s", "Run s", "Idle MB", "Ran MB")
    return f"{target_table(rows)}\n\n{table(heads, lines)}"


def draw(runs):
    """No figure: the table says it."""
    return {}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--install", action="store_true")
    if parser.parse_known_args()[0].install:
        install()
    else:
        run_part(measure)
