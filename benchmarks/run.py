"""Run the benchmarks and write what they measured: `make bench`.

Each part runs as a program of its own; its results replace those of its last run in
``results.json``, the others' stay. ``README.md`` is then written anew between its
markers. With ``--quick`` everything goes to ``build/benchmarks`` instead.
"""

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shared import FOLDER, ROOT

#: In the order of the README; about how many minutes each takes on two cores.
PARTS = {
    "startup": 1,
    "growth": 3,
    "vision": 2,
    "limit": 4,
    "accuracy": 4,
    "suite": 15,
    "hub": 5,
    "grading": 16,
    "fashion": 16,
}
OPT_IN = ("hub", "grading", "fashion")
NOT_QUICK = ("suite", "hub", "grading", "fashion")
BEGIN, END = "<!-- begin: measured -->", "<!-- end: measured -->"


def main(arguments=None):
    """Run parts, write results and README; exit status 1 if a part failed."""
    options = parse(arguments)
    target = ROOT / "build/benchmarks" if options.quick else FOLDER
    target.mkdir(parents=True, exist_ok=True)
    results = read(target)
    if options.report:
        write(target, results)
        return 0
    usual = [name for name in PARTS if name not in OPT_IN]
    if options.quick:
        usual = [name for name in usual if name not in NOT_QUICK]
    parts = options.parts or usual
    if options.missing:
        parts = [name for name in parts if name not in results]
    failed = []
    for place, name in enumerate(parts, start=1):
        about = "under a minute" if options.quick else f"about {PARTS[name]} min"
        print(f"{place} of {len(parts)}: {name}, {about}", flush=True)
        start = time.monotonic()
        result = measured(name, options.quick)
        taken = time.monotonic() - start
        if result is None:
            failed.append(name)
            continue
        print(f"  {name} done in {taken / 60:.1f} min", flush=True)
        results[name] = result
        write(target, results)  # a later part may fail, these stay
    if failed:
        print(f"failed: {', '.join(failed)}; what they measured before stays")
    print(f"results: {target / 'README.md'}")
    return int(bool(failed))


def parse(arguments):
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="make bench",
        description="Measure the course on this machine. Arguments go into ARGS: "
        'make bench ARGS="vision growth".',
        epilog=f"Parts: {', '.join(PARTS)}. All but {', '.join(OPT_IN)} run without "
        "arguments. Let nothing else run meanwhile.",
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="only these")
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument(
        "--missing", action="store_true", help="only parts without a result"
    )
    parser.add_argument(
        "--report", action="store_true", help="measure nothing, write the README anew"
    )
    options = parser.parse_args(arguments)
    unknown = [name for name in options.parts if name not in PARTS]
    if unknown:
        known = ", ".join(PARTS)
        parser.error(f"there is no part {unknown[0]!r}; there are: {known}")
    return options


def measured(name, quick):
    """What a part's program wrote, or None if it failed."""
    with tempfile.TemporaryDirectory(prefix="course-bench-") as folder:
        output = Path(folder, "result.json")
        command = [sys.executable, str(FOLDER / f"{name}.py"), "--output", str(output)]
        with open(Path(folder, "stderr.txt"), "w+", encoding="utf-8") as noise:
            done = subprocess.run(command + ["--quick"] * quick, cwd=ROOT, stderr=noise)
            noise.seek(0)
            said = noise.readlines()
        if done.returncode:
            print("    ", *said[-20:], sep="    ", end="")
            print(f"  {name} failed with exit status {done.returncode}", flush=True)
            return None
        return json.loads(output.read_text("utf-8"))


def read(folder):
    """The results so far, part by part."""
    path = folder / "results.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def write(folder, results):
    """Write results.json, the figures, and the README's part between the markers."""
    from course_utils.files import write_atomically

    results = {name: results[name] for name in PARTS if name in results}
    text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
    write_atomically(folder / "results.json", text)
    draw(folder / "figures", results)
    template = (FOLDER / "README.md").read_text("utf-8")
    write_atomically(folder / "README.md", filled_in(template, render(results)))


def filled_in(text, measured):
    """The README with other text between its markers."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{measured}\n\n{END}{after}"


def render(results):
    """The results as Markdown, one section per part."""
    sections = []
    for name in PARTS:
        part = importlib.import_module(name)
        result = results.get(name)
        body = f"Not measured yet: `make bench ARGS={name}`."
        if result:
            quick = " Quick: few repetitions, no figures to quote." * result["quick"]
            body = (
                f"*{result['measured']}, {result['machine']}; "
                f"{result['minutes']:g} min.{quick}*\n\n{part.report(result['data'])}"
            )
            alts = {} if "absent" in result["data"] else part.ALTS
            body += "".join(
                f"\n\n![{alt}](figures/{figure}.png)" for figure, alt in alts.items()
            )
        sections.append(f"## {part.TITLE}\n\n{body}")
    return "\n\n".join(sections)


def draw(folder, results):
    """Write every figure as a small PNG."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    from course_utils import plotting

    plt.style.use("course_utils.course")
    folder.mkdir(exist_ok=True)
    for name, result in results.items():
        for figure, drawn in importlib.import_module(name).draw(result["data"]).items():
            (folder / f"{figure}.png").write_bytes(plotting._png(drawn))
            plt.close(drawn)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\ninterrupted; the parts that were done are kept", file=sys.stderr)
        sys.exit(130)
