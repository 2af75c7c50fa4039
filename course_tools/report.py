"""What a run leaves behind: executed copies, ``results.json`` and ``index.html``.

``results.json`` holds what the page shows, for other programs::

    {"format": 1,
     "date": "2026-01-31T09:00:00+00:00",          # when the run ended, ISO 8601
     "machine": {"cpu", "cores", "memory_bytes", "system"},
     "versions": {"python", "tensorflow", "keras", "numpy"},    # null: not installed
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
           "baseline": {"name", "measured", "slack"}}],     # if the claim has one
        "warnings": [{"cell": 3, "text": "…"}],   # written to stderr
        "failure": null,        # or {"cell": 7, "name": "ValueError", "message": "…"}
        "executed": "executed/04_optimizers.ipynb",   # null: it could not be read
        "html": "executed/04_optimizers.html"}]}

NaN and infinities are written as text, which JSON has no numbers for.
"""

import datetime
import json
import math
import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jinja2
import psutil

from course_tools import catalog
from course_tools.machine import cpu_model
from course_tools.notebook import clean, warnings
from course_tools.notebook import write as write_notebook
from course_tools.places import ASSETS
from course_tools.run import MEMORY_INTERVAL
from course_utils.files import write_atomically

__all__ = ["report", "write", "write_executed"]

PACKAGES = ("tensorflow", "keras", "numpy")

# Of the usual page, without what would be loaded from elsewhere for widgets and
# diagrams that no notebook has; formulas are set by the script that lies beside it.
PAGE = """{% extends "lab/index.html.j2" %}
{% block html_head_js %}{% endblock %}
{% block html_head_js_mermaidjs %}{% endblock %}
{% block html_head_js_mathjax %}
<script>
MathJax = { tex: { inlineMath: [["$", "$"]] }, options: { enableMenu: false } };
</script>
<script defer src="mathjax/tex-svg.js"></script>
{% endblock %}
{% block data_png scoped %}
<div class="jp-RenderedImage jp-OutputArea-output">
<img src="data:image/png;base64,{{ output.data["image/png"] | escape_html }}"
alt="{{ output | get_metadata("alt", "image/png") | default("", true) | escape_html }}">
</div>
{% endblock %}
"""


def write_executed(outcome, folder):
    """Write the executed copy of a notebook, as a notebook and as a page.

    Parameters
    ----------
    outcome : course_tools.run.Outcome
        Nothing is written if its notebook could not be read.
    folder : path-like
        For example ``build/executed``.

    Raises
    ------
    OSError
        If they cannot be written.
    """
    from nbconvert import HTMLExporter

    if outcome.notebook is None:
        return
    clean(outcome.notebook)
    base = Path(folder) / outcome.name
    write_notebook(outcome.notebook, base.with_suffix(".ipynb"))
    formulas = ASSETS / "mathjax" / "tex-svg.js"
    write_atomically(base.parent / "mathjax" / formulas.name, formulas.read_bytes())
    exporter = HTMLExporter(raw_template=PAGE)
    resources = {"metadata": {"name": outcome.name}}
    page, _ = exporter.from_notebook_node(outcome.notebook, resources)
    write_atomically(base.with_suffix(".html"), page)


def write(outcomes, folder, *, jobs):
    """Write ``index.html`` and ``results.json`` of a run.

    Parameters
    ----------
    outcomes : sequence of course_tools.run.Outcome
    folder : path-like
        For example ``build``.
    jobs : int
        How many notebooks ran at a time.

    Returns
    -------
    pathlib.Path
        Of the page.

    Raises
    ------
    OSError
        If they cannot be written.
    """
    folder = Path(folder)
    data = report(outcomes, jobs=jobs)
    text = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
    write_atomically(folder / "results.json", text + "\n")
    write_atomically(folder / "index.html", _page(data))
    return folder / "index.html"


def report(outcomes, *, jobs):
    """What ``results.json`` holds, as a dict."""
    now = datetime.datetime.now(datetime.UTC).astimezone()
    return {
        "format": 1,
        "date": now.isoformat(timespec="seconds"),
        "machine": _machine(),
        "versions": _versions(),
        "jobs": jobs,
        "notebooks": [_notebook(outcome) for outcome in outcomes],
    }


def _notebook(outcome):
    about = catalog.describe(outcome.path)
    failure, readable = outcome.failure, outcome.notebook is not None
    return {
        "name": outcome.name,
        "number": about.number,
        "title": about.title,
        "title_zh": about.title_zh,
        "ok": failure is None,
        "seconds": round(outcome.seconds, 2),
        "peak_bytes": outcome.peak_bytes,
        "cells": outcome.cells,
        "cells_run": outcome.cells_run,
        "results": _json_numbers(outcome.results),
        "warnings": [
            {"cell": cell, "text": text}
            for cell, text in (warnings(outcome.notebook) if readable else ())
        ],
        "failure": failure
        and {"cell": failure.cell, "name": failure.name, "message": failure.message},
        "executed": f"executed/{outcome.name}.ipynb" if readable else None,
        "html": f"executed/{outcome.name}.html" if readable else None,
    }


def _json_numbers(value):
    """The same data with NaN and infinities as text."""
    if isinstance(value, dict):
        return {key: _json_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json_numbers(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _versions():
    """Versions of what the results depend on, without importing any of it."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def _machine():
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": f"{platform.system()} {platform.release()}",
    }


def _page(data):
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "measured": _measured,
        "slack": _slack,
        "baseline": _baseline,
        "statement": lambda line: line.removeprefix("✓ "),
        "excerpt": _excerpt,
    }
    environment.tests["holds"] = _holds
    template = environment.get_template("report.html.j2")
    return template.render(
        **data,
        holds=_holds,
        passed=sum(n["ok"] for n in data["notebooks"]),
        interval=MEMORY_INTERVAL,
    )


def _holds(result):
    """Whether a claim is true; its baseline, if it has one, must miss the bound."""
    slack = (result.get("baseline") or {}).get("slack")
    return result["kept"] and not (isinstance(slack, (int, float)) and slack >= 0)


def _measured(result):
    """What was measured, in words short enough for a table."""
    value = _number(result["measured"])
    return f"off by {value}" if result.get("bound") == "close_to" else value


def _baseline(result):
    """Name and value of what must miss the bound; "" if the claim has none."""
    baseline = result.get("baseline")
    return f"{baseline['name']}: {_number(baseline['measured'])}" if baseline else ""


def _slack(result):
    """Distance to the bound, with its sign: negative where it is missed."""
    slack = result["slack"]
    return f"{slack:+.3g}" if isinstance(slack, (int, float)) else ""


def _number(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _excerpt(message, lines=12):
    """The first lines of an error, without terminal colours."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", message).strip().splitlines()
    return "\n".join(plain[:lines] + (["…"] if len(plain) > lines else []))
