"""What a lecturer wants to know before class: lectures offline, their times, a browser.

Part of ``python -m course_tools doctor``.
"""

import json
import os
import re
import shutil
import webbrowser
from pathlib import Path

from course_tools import catalog
from course_tools.findings import Finding
from course_tools.places import ON_WINDOWS, command
from course_utils.download import cache_folder, keras_folder, why_unusable

__all__ = ["check_browser", "check_lectures", "check_offline"]

#: How many times its stated time a lecture may take before that is worth knowing.
SLOW = 2.0
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def check_offline(root):
    """Whether all lectures run without the network, and what more could be fetched."""
    from course_tools import flowers
    from course_utils import data, vision

    lectures = len(catalog.find(root / "notebooks"))
    findings = [Finding("✓", f"all {lectures} lectures run without the network")]
    if named := os.environ.get("COURSE_INCEPTION_WEIGHTS", "").strip():
        findings.append(named_weights(Path(named)))
    else:
        findings.append(
            extra(
                "Inception-v3's weights",
                "for lecture 13, which else shows the course's smaller network",
                f"inception-v3 ({vision.INCEPTION.size / 1e6:.0f} MB)",
                is_here(vision.INCEPTION, "models"),
            )
        )
    return [
        *findings,
        extra(
            "all 70,000 digits",
            "for experiments in lectures 06 and 07",
            f"digits ({data.FULL_MNIST.size / 1e6:.0f} MB)",
            is_here(data.FULL_MNIST, "datasets"),
        ),
        extra(
            "3,670 photographs of flowers",
            "for a larger recogniser after lecture 14",
            f"flowers ({flowers.FLOWERS.size / 1e6:.0f} MB)",
            flowers.flowers_folder().is_dir(),
        ),
    ]


def extra(what, use, name, here):
    """A finding about data that no lecture needs."""
    if here:
        return Finding("✓", f"{what}: here; {use}")
    fetch = f"python -m course_tools fetch {name}"
    return Finding("·", f"{what}: not here; {use}\n    to have it: {fetch}")


def is_here(remote, kind):
    """Whether a verified copy is in the cache, or where Keras keeps its own."""
    folders = (cache_folder(), keras_folder() / kind)
    return any(not why_unusable(f / remote.name, remote.digest) for f in folders)


def named_weights(path):
    """What lecture 13 will find where the user says that Inception-v3's weights are."""
    from course_utils import vision
    from course_utils.download import DataError

    try:
        vision.own_inception(path)
    except DataError as error:
        text, _, fix = str(error).partition(" Fix: ")
        return Finding("✗", f"COURSE_INCEPTION_WEIGHTS: {text}", fix)
    return Finding("✓", f"Inception-v3's weights: here; for lecture 13: {path}")


def check_lectures(root):
    """What the last run measured of each lecture, against what its title cell says."""
    ran, when = last_run(root / "build" / "results.json")
    lectures = [
        (catalog.describe(path), ran.get(path.stem))
        for path in catalog.find(root / "notebooks")
    ]
    missing = [about.number for about, result in lectures if not result]
    if len(missing) == len(lectures):
        text = "not yet measured: how long the lectures take on this machine"
        return [Finding("!", text, command("run"))]
    findings = [table([(a, r) for a, r in lectures if r and r["ok"]], len(lectures))]
    for about, result in lectures:
        changed = about.path.stat().st_mtime > when  # since then; it may be mended
        if result and not result["ok"] and not changed:
            text = f"lecture {about.number} failed when it last ran here"
            number = about.number if ON_WINDOWS else f"NB={about.number}"
            fix = command(f"run {number}") + " says where"
            findings.append(Finding("✗", text, fix))
    if missing:
        text = f"not measured, as the last run left them out: {', '.join(missing)}"
        findings.append(Finding("!", text, command("run")))
    return findings


def last_run(path):
    """What a run wrote of each notebook, by name, and when, in seconds since 1970."""
    try:
        found = json.loads(path.read_text("utf-8"))
        if found["format"] == 1:
            ran = {each["name"]: each for each in found["notebooks"]}
            return ran, path.stat().st_mtime
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return {}, 0.0


def table(lectures, count):
    """Time and memory of the lectures that ran through, of so many, as one finding."""
    rows, slow, here, stated = [], [], 0.0, 0.0
    for about, result in lectures:
        seconds, memory = result["seconds"], f"{result['peak_bytes'] / 1e9:8.1f} GB"
        wanted, ratio = re.search(r"(\d+) s\b", about.time), ""
        if wanted:
            here, stated = here + seconds, stated + float(wanted[1])
            slow += [about.number] * (seconds > SLOW * float(wanted[1]))
            ratio = f"{seconds / float(wanted[1]):.1f}"
        said = f"{wanted[1]} s" if wanted else ""
        rows.append(
            f"      {about.number} {seconds:6.0f} s {said:>8} {ratio:>6} {memory}"
        )
    text = f"{len(rows)} of {count} lectures ran through the last time"
    if stated:
        text += f", in {here / stated:.1f} times the time they state"
        rows.insert(0, "           here   stated  ratio      memory")
    text = "\n".join([text, *rows])
    if not slow:
        return Finding("✓", text)
    again = f"close other programs, then {command('run')}; or plan more time for "
    return Finding("!", text, again + ", ".join(slow))


def check_browser(root):
    """Whether a browser can be opened for JupyterLab, and one for printing slides."""
    chromium = os.environ.get("COURSE_CHROMIUM")
    chromium = chromium or next(filter(None, map(shutil.which, CHROMIUM)), None)
    slides = f"; {chromium} is there, which prints slides" if chromium else ""
    try:
        name = getattr(webbrowser.get(), "name", "") or "the system's own"
    except webbrowser.Error:
        fix = f"{command('lab')} prints an address: open that in a browser"
        return [Finding("!", f"no browser opens by itself{slides}", fix)]
    return [Finding("✓", f"a browser opens JupyterLab: {name}{slides}")]
