"""Tries the lectures on other versions than those of the lock.

    course canary [newest|floors|beyond] [--lectures 21 22]

uv resolves, and installs into a temporary environment; there, the notebooks run as the
tests run them. Where one fails, its packages are put back to the lock's versions by
halves, until the one is found that this mends: its row tells what fails first.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as xml
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from course_tools import catalog, programs, wheels
from course_tools.bootstrap import SUPPORTED
from course_tools.places import INTERPRETER, ROOT, UserError
from course_utils.files import write_atomically

#: What `beyond` installs instead.
NIGHTLY = {"tensorflow": "tf-nightly", "keras": "keras-nightly"}
#: What uv is told besides.
OPTIONS = {"floors": ["--resolution=lowest-direct"], "beyond": ["--prerelease=allow"]}
CAPTURED = {"capture_output": True, "encoding": "utf-8", "errors": "replace"}
WITHOUT_NETWORK = r"error sending request|Failed to fetch|network was disabled"


def command(options):
    """Print and write what was tried and what failed; 1 if a lecture did."""
    paths = catalog.select(catalog.find(options.folder), options.lectures)
    options.to.mkdir(parents=True, exist_ok=True)
    found = {"kind": options.kind, "format": 1}
    try:
        with tempfile.TemporaryDirectory(prefix="course-canary-") as place:
            found |= Trial(options.kind, Path(place)).report(paths)
    except UserError as error:
        found["error"] = str(error)
        raise
    finally:
        page = options.to / f"{options.kind}.md"
        write_atomically(page, as_markdown(found))
        text = json.dumps(found, indent=1, ensure_ascii=False)
        write_atomically(page.with_suffix(".json"), text + "\n")
    print(f"{as_markdown(found)}\nwritten to {page}")
    return int(bool(found["failed"]))


class Trial:
    """One kind of versions, in an environment inside a folder."""

    def __init__(self, kind, place):
        self.kind, self.place, self.uv = kind, place, find_uv()
        self.python = place.joinpath("environment", *INTERPRETER)
        oldest = "{}.{}".format(*SUPPORTED[0])
        self.minor = oldest if kind == "floors" else wheels.MINOR
        lock = wheels.needed(wheels.HERE, self.minor).values()
        pinned = (re.split("==| ", entry)[:2] for entry in lock)
        self.locked = {canonicalize_name(name): version for name, version in pinned}
        self.needs = list(map(Requirement, declared()))

    def report(self, paths):
        """What was installed, and what came of it."""
        tried = self.install()
        print(f"canary: {len(tried)} packages installed", file=sys.stderr, flush=True)
        failed = self.run(paths)
        print(f"canary: {len(failed)} of {len(paths)} lectures failed", file=sys.stderr)
        guilty = self.blame(failed, tried, {path.stem: path for path in paths})
        direct = {canonicalize_name(need.name) for need in self.needs}
        keys = ("name", "locked", "tried", "direct", "claim")
        rows = (
            (name, self.locked.get(name), tried[name], name in direct, guilty.get(name))
            for name in sorted(tried)
        )
        return {
            "python": self.minor,
            "lectures": [path.stem for path in paths],
            "failed": failed,
            "packages": [dict(zip(keys, row, strict=True)) for row in rows],
        }

    def install(self, back=()):
        """Fill the environment; versions by name. Those of `back` are the lock's."""
        if not self.python.exists():
            python = sys.executable if self.minor == wheels.MINOR else self.minor
            options = (f"--python={python}", "--no-python-downloads")
            self.call("venv", *options, self.python.parents[1])
            self.let_in()
        needs, kept, pins = map(self.place.joinpath, ("in.txt", "kept.txt", "to.txt"))
        needs.write_text("\n".join(map(self.wanted(back), self.needs)) + "\n", "utf-8")
        kept.write_text("".join(f"{n}=={self.locked[n]}\n" for n in back), "utf-8")
        common = (f"--python={self.python}", "--only-binary=:all:")
        options = ("--no-annotate", "--no-header", *OPTIONS.get(self.kind, ()), *common)
        found = self.call("pip", "compile", needs, "--constraint", kept, *options)
        pins.write_text(found, "utf-8")
        self.call("pip", "sync", pins, *common)
        names = {nightly: name for name, nightly in NIGHTLY.items()}
        lines = re.findall(r"^([\w.-]+)==([^\s;]+)", found, re.MULTILINE)
        return {names.get(name, name): version for name, version in lines}

    def let_in(self):
        """Make the environment see the clone, without installing it."""
        asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
        folder = subprocess.check_output([self.python, "-c", asked], text=True)
        Path(folder.strip(), "course.pth").write_text(f"{ROOT}\n", "utf-8")

    def wanted(self, back):
        """A function: the line of a requirement, which for `beyond` has no ceiling."""
        nightly = {} if set(NIGHTLY) & set(back) else NIGHTLY

        def line(need):
            if self.kind != "beyond":
                return str(need)
            floor = next(each for each in need.specifier if each.operator == ">=")
            dated = ".dev0" if need.name in nightly else ""
            return f"{nightly.get(need.name, need.name)}{floor}{dated}"

        return line

    def call(self, *arguments):
        """What uv prints; UserError with the reason where it fails."""
        done = subprocess.run(
            [*self.uv, *map(str, arguments), "--quiet", "--color=never"], **CAPTURED
        )
        if done.returncode == 0:
            return done.stdout
        said = " ".join(re.sub(r"[×╰─▶│]", "", done.stderr).split())
        if re.search(WITHOUT_NETWORK, said):
            raise UserError(
                "uv cannot reach the package index: check the network, or name a "
                "mirror with UV_DEFAULT_INDEX"
            )
        raise UserError(f"{self.kind} cannot be installed; uv says: {said[:600]}")

    def run(self, paths):
        """The first claim that fails, by notebook."""
        results = self.place / "results.xml"
        results.unlink(missing_ok=True)
        options = ("-q", "-p", "no:cacheprovider", f"--junitxml={results}")
        kept = (name for name in os.environ if not re.match("PYTHONPATH|PYTEST_", name))
        settings = ("-c", ROOT / "pyproject.toml", "--rootdir", paths[0].parent)
        done = subprocess.run(
            [self.python, "-m", "pytest", *settings, *options, *paths],
            cwd=self.place,
            env={name: os.environ[name] for name in kept},
            **CAPTURED,
        )
        if done.returncode not in (0, 1) or not results.exists():
            said = (done.stdout + done.stderr).strip().splitlines() or ["nothing"]
            raise UserError(f"with these versions pytest does not run: {said[-1]}")
        failed = {}
        for case in xml.parse(results).iter("testcase"):
            for fault in (*case.iter("failure"), *case.iter("error")):
                name = case.get("classname").removesuffix(".ipynb")
                claim = f"{case.get('name')}: {first_claim(fault.text or '')}"
                failed.setdefault(name, claim)
        if done.returncode and not failed:
            raise UserError("pytest failed, but no notebook did")
        return failed

    def blame(self, failed, tried, paths):
        """Package → the first claim that fails unless it has the lock's version."""
        names = [n for n, v in tried.items() if self.locked.get(n, v) != v]
        left, guilty = dict(failed), {}
        while left and names:
            name = self.suspect(paths[next(iter(left))], names)
            still = self.run_with([*guilty, name], [paths[stem] for stem in left])
            mended = [f"{stem}, {left[stem]}" for stem in left if stem not in still]
            if not mended:  # it takes several to break what is left
                break
            guilty[name] = mended[0]
            left = {stem: left[stem] for stem in still}
        return guilty

    def suspect(self, path, names):
        """The package left when those that do not matter are put aside by halves."""
        while len(names) > 1:
            half = names[: len(names) // 2]
            names = names[len(half) :] if self.run_with(half, [path]) else half
        return names[0]

    def run_with(self, back, paths):
        """As `run`, with the lock's versions of `back`, if there is such a mixture."""
        try:
            self.install(back)
        except UserError:
            return {path.stem: "" for path in paths}
        return self.run(paths)


def find_uv():
    """What calls uv: the one on the path, else that of this environment."""
    if found := shutil.which("uv"):
        return [found]
    if programs.install_uv():
        raise UserError("uv is needed, and pip cannot install it, as it says above")
    return [sys.executable, "-m", "uv"]


def declared():
    """What lectures, commands and tests need, as pyproject.toml says."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    return project["dependencies"] + extras["tools"] + extras["test"]


#: What nbval says of a cell: its claim, its difference, its error.
PATTERNS = (
    r"^\w*Error: (✗ .+?)(?:\. Either |$)",
    r"^  \+ (✓ .+)",
    r"^(\w+(?:Error|Exception|Warning): .+)",
    r"^  '(.+)' == '.*'$",
    r"(the kernel died)",
)


def first_claim(text):
    text = re.sub(r"(\x1b|#x1B)\[[\d;]*m", "", text)  # XML holds no escape
    matches = (re.search(pattern, text, re.MULTILINE) for pattern in PATTERNS)
    return next((match[1][:200] for match in matches if match), "its output differs")


def as_markdown(found):
    """The report that CI shows; also what the command prints."""
    title = f"# canary {found['kind']}\n\n"
    if "failed" not in found:
        return f"{title}✗ {found.get('error', 'not finished')}\n"
    failed, total = found["failed"], len(found["lectures"])
    told = (
        f"{total - len(failed)} of {total} lectures hold, on Python {found['python']}"
    )
    changed = [row for row in found["packages"] if row["tried"] != row["locked"]]
    shown = [row for row in changed if row["direct"] or row["claim"]]
    lines = [["package", "locked", "tried", "first claim that fails"], ["---"] * 4]
    for row in shown:
        cells = (row[key] or "–" for key in ("name", "locked", "tried", "claim"))
        lines.append([cell.replace("|", "\\|") for cell in cells])
    parts = [f"{told}.", "\n".join(f"| {' | '.join(line)} |" for line in lines)]
    if rest := [f"{row['name']} {row['tried']}" for row in changed if row not in shown]:
        parts.append(f"Others that these need: {', '.join(rest)}.")
    parts.append("\n".join(f"- {name}, {claim}" for name, claim in failed.items()))
    return title + "\n\n".join(filter(None, parts)) + "\n"
