"""Decks as PDF files to hand out, one page a slide, printed by Chromium."""

import os
import shutil
from contextlib import contextmanager

from playwright.sync_api import Error, sync_playwright

from course_tools import catalog, slides
from course_tools.places import UserError
from course_utils.files import write_atomically

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


@contextmanager
def browser(path):
    """A running browser without a window."""
    # The sandbox cannot be used by root, as which containers run.
    sandbox = () if getattr(os, "geteuid", lambda: 1)() else ("--no-sandbox",)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=path, args=[*QUIET, *sandbox]
        )
        yield running
        running.close()


def command(options):
    """Write decks as `slides` does, and a PDF beside each; 0."""
    path = find_chromium()
    if path is None:
        raise UserError(
            "no Chromium or Chrome is found: install one, or name it with "
            "COURSE_CHROMIUM"
        )
    slides.command(options)
    lectures = catalog.select(catalog.find(options.folder), options.notebooks)
    decks = [(options.to / f"{lecture.stem}.html").resolve() for lecture in lectures]
    try:
        with browser(path) as running:
            for deck in decks:
                write_atomically(deck.with_suffix(".pdf"), printed(running, deck))
                print(deck.with_suffix(".pdf"))
    except Error as error:
        reason = error.message.splitlines()[0]
        raise UserError(f"{path} did not print: {reason}") from error
    return 0


def printed(running, deck):
    """The PDF of one deck, as bytes."""
    page = running.new_page()
    page.goto(f"{deck.as_uri()}?print-pdf")
    page.wait_for_selector(".pdf-page")
    page.wait_for_function("document.fonts.status == 'loaded'")
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    page.close()
    return pdf
