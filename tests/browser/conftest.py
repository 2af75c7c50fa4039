"""A headless Chromium for the tests that open what students and lecturers open."""

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Without these, Chromium itself asks its maker's hosts for one thing or another.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def find_chromium():
    """Path of an installed Chromium or Chrome, or None; COURSE_CHROMIUM names one."""
    named = os.environ.get("COURSE_CHROMIUM")
    found = [named] if named else [shutil.which(name) for name in NAMES]
    return next((path for path in found if path), None)


@pytest.fixture(scope="module")
def chromium():
    """A running browser; skips where none is installed, unless one is demanded.

    Not for longer than a module: Playwright runs an event loop as long as it lives, and
    tests that run kernels need their own.
    """
    sync_api = pytest.importorskip("playwright.sync_api")
    path = find_chromium()
    if path is None:
        reason = "no Chromium is installed (Debian: apt install chromium)"
        if os.environ.get("COURSE_NEEDS_CHROMIUM") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    # The sandbox cannot be used by root, as which containers run.
    sandbox = () if getattr(os, "geteuid", lambda: 1)() else ("--no-sandbox",)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=[*QUIET, *sandbox]
        )
        yield browser
        browser.close()


@dataclass
class Tab:
    """A page of the browser, with what it said and asked for."""

    page: object
    problems: list = field(default_factory=list)
    requests: list = field(default_factory=list)

    def visit(self, address):
        """Go there; what was said and asked for before is forgotten."""
        self.problems.clear()
        self.requests.clear()
        self.page.goto(address)


@contextmanager
def open_tab(chromium):
    """A page of 1280×720 that collects console errors, crashes and requests."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    tab = Tab(context.new_page())

    def listen(message):
        if message.type == "error":
            tab.problems.append(message.text)

    tab.page.on("console", listen)
    tab.page.on("pageerror", lambda error: tab.problems.append(str(error)))
    tab.page.on("request", lambda request: tab.requests.append(request.url))
    tab.page.on(
        "requestfailed",
        lambda request: tab.problems.append(f"failed: {request.url}"),
    )
    yield tab
    context.close()


@pytest.fixture
def tab(chromium):
    """A page that no other test has used."""
    with open_tab(chromium) as tab:
        yield tab


@pytest.fixture(scope="module")
def shared_tab(chromium):
    """The page of a module's tests that only look: a new one costs half a second."""
    with open_tab(chromium) as tab:
        yield tab
