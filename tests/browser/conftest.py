"""A headless Chromium for the tests that open what students and lecturers open."""

import os
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from course_tools import handout


@pytest.fixture(scope="module")
def chromium():
    """A running browser; skips where none is installed, unless one is demanded.

    Not for longer than a module: Playwright runs an event loop as long as it lives, and
    tests that run kernels need their own.
    """
    path = handout.find_chromium()
    if path is None:
        reason = "no Chromium is installed (Debian: apt install chromium)"
        if os.environ.get("COURSE_NEEDS_CHROMIUM") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with handout.browser(path) as running:
        yield running


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
