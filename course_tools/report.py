"""What a run leaves behind: executed copies, ``results.json`` and ``index.html``.

``results.json`` holds what the page shows, for other programs::

    {"format": 1,
     "date": "2026-01-31T09:00:00+00:00",          # when the run ended, ISO 8601
     "machine": {"cpu", "cores", "memory_bytes", "system"},
     "versions": {"course", "python", "tensorflow", "keras", "numpy"},  # or null
     "jobs": 2,                                    # notebooks at a time
     "notebooks": [
       {"name": "04_optimizers", "number": "04", "title", "title_zh",
        "ok": true,
        "seconds": 31.2,        # kernel's start to the end of the last cell
        "peak_bytes": 9.1e8,    # kernel and its children, looked at every 0.25 s
        "cells": 40, "cells_run": 40,
        "results": [
          {"claim": "test accuracy", "bound": "at_least", "line": "✓ test …",
           "measured": 0.99, "slack": 0.01, "kept": true,
           "baseline": {"name", "measured", "slack", "kept"}}],    # if it has one
        "warnings": [{"cell": 3, "text": "…"}],   # written to stderr
        "failure": null,        # or {"cell": 7, "name": "ValueError", "message": "…"}
        "executed": "executed/04_optimizers.ipynb",   # null: it could not be read
        "html": "executed/04_optimizers.html"}]}

NaN and infinities are written as text, which JSON has no numbers for.
"""

import datetime
import json
import os
import platform
from dataclasses import asdict
from pathlib import Path

import jinja2
import psutil

from course_tools import catalog
from course_tools.machine import cpu_model, versions
from course_tools.notebook import clean, warnings
from course_tools.notebook import write as write_notebook
from course_tools.places import ASSETS
from course_utils.files import write_atomically

TEMPLATES = Path(__file__).parent


def write_executed(outcome, folder):
    """Write the executed copy of a notebook, as a notebook and as a page."""
    from nbconvert import HTMLExporter

    if outcome.notebook is None:  # its file could not be read
        return
    clean(outcome.notebook)
    write_notebook(outcome.notebook, folder / f"{outcome.name}.ipynb")
    formulas = ASSETS / "mathjax" / "tex-svg.js"
    write_atomically(folder / "mathjax" / formulas.name, formulas.read_bytes())
    template = TEMPLATES / "executed.html.j2"
    exporter = HTMLExporter(raw_template=template.read_text("utf-8"))
    resources = {"metadata": {"name": outcome.name}}
    page, _ = exporter.from_notebook_node(outcome.notebook, resources)
    write_atomically(folder / f"{outcome.name}.html", page)


def write(outcomes, folder, *, jobs):
    """Write ``index.html`` and ``results.json`` of a run; the path of the page."""
    now = datetime.datetime.now(datetime.UTC).astimezone()
    data = {
        "format": 1,
        "date": now.isoformat(timespec="seconds"),
        "machine": {
            "cpu": cpu_model(),
            "cores": os.cpu_count(),
            "memory_bytes": psutil.virtual_memory().total,
            "system": f"{platform.system()} {platform.release()}",
        },
        "versions": versions(),
        "jobs": jobs,
        "notebooks": [_notebook(outcome) for outcome in outcomes],
    }
    text = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
    write_atomically(folder / "results.json", text + "\n")
    write_atomically(folder / "index.html", _page(data))
    return folder / "index.html"


def _notebook(outcome):
    about = catalog.describe(outcome.path)
    readable = outcome.notebook is not None
    wrote = warnings(outcome.notebook) if readable else []
    return {
        "name": outcome.name,
        "number": about.number,
        "title": about.title,
        "title_zh": about.title_zh,
        "ok": outcome.failure is None,
        "seconds": round(outcome.seconds, 2),
        "peak_bytes": outcome.peak_bytes,
        "cells": outcome.cells,
        "cells_run": outcome.cells_run,
        "results": outcome.results,
        "warnings": [{"cell": cell, "text": text} for cell, text in wrote],
        "failure": outcome.failure and asdict(outcome.failure),
        "executed": f"executed/{outcome.name}.ipynb" if readable else None,
        "html": f"executed/{outcome.name}.html" if readable else None,
    }


def _page(data):
    from nbconvert.filters import strip_ansi

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["strip_ansi"] = strip_ansi
    environment.tests["true_claim"] = _holds
    return environment.get_template("report.html.j2").render(data)


def _holds(result):
    """Whether a claim is true; its baseline, if it has one, must miss the bound."""
    baseline = result.get("baseline") or {"kept": False}
    return result["kept"] and not baseline["kept"]
