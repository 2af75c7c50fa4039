"""The command line: ``python -m course_tools COMMAND``, or ``course COMMAND``.

One function per command; each imports what it needs, so that a light command starts at
once and a missing library spoils only the commands that use it.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from course_tools import catalog, terminal
from course_tools.options import parse
from course_tools.places import ROOT, UserError


def main(arguments=None):
    """Run one command.

    Parameters
    ----------
    arguments : list of str, optional
        Instead of the ones the program was started with.

    Returns
    -------
    int
        Exit status: 0 if all went well, 1 if not, 2 for a wrong command line,
        130 after Ctrl-C.
    """
    terminal.tolerate_narrow_encodings()
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        return COMMANDS[options.command](options)
    except KeyboardInterrupt:
        print("\ninterrupted; nothing is left running", file=sys.stderr)
        return 130
    except BrokenPipeError:  # as in `… list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("course_utils", "course_tools"):
            raise
        return _complain(
            f"the library {error.name!r} is missing in {sys.executable}; "
            "install the course's libraries: python -m pip install -r requirements.txt"
        )
    except (UserError, catalog.UnknownNotebook) as error:
        return _complain(error)
    except OSError as error:
        return _complain(_in_words(error))


def _complain(message):
    print(f"error: {message}", file=sys.stderr)
    return 1


def _in_words(error):
    """An operating system's error as one line: what, and which file."""
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason


def list_notebooks(options):
    """Print what notebooks there are, and what each says about itself."""
    for path in _selected(options):
        about = catalog.describe(path)
        title = terminal.readable(f"{about.title} · {about.title_zh}".rstrip(" ·"))
        stored = "outputs stored" if about.stored else "no stored outputs"
        facts = [terminal.readable(about.section), about.time, stored]
        print(f"{about.number}  {title}\n    {' | '.join(filter(None, facts))}")
    return 0


def run(options):
    """Execute notebooks and write what came of them to the build folder."""
    from course_tools import report

    paths = _selected(options)
    copies = options.build / "executed"
    copies.mkdir(parents=True, exist_ok=True)  # better an error now than at the end

    def finish(outcome):
        report.write_executed(outcome, copies)

    outcomes = _execute(paths, options, finish)
    page = report.write(outcomes, options.build, jobs=options.jobs)
    status = _tell_failures(outcomes, "failed")
    print(f"results: {page}")
    return status


def store(options):
    """Execute notebooks and keep their clean outputs in their own files."""
    from course_tools import run as runner
    from course_tools import store as storing

    paths = _selected(options)
    originals = {path.resolve(): path.read_bytes() for path in paths}

    def finish(outcome):
        try:
            storing.store(outcome, originals[outcome.path])
        except (ValueError, OSError) as error:
            outcome.failure = outcome.failure or runner.Failure(None, "", str(error))

    with storing.fresh_clone() as changes:  # what is stored is what a reader gets
        outcomes = _execute(paths, options, finish, environment=changes)
    return _tell_failures(outcomes, "failed; their files stay as they were")


def release(options):
    """Write copies of notebooks for students, or for a lecturer."""
    from course_tools import release as releasing

    paths = _selected(options)
    try:
        copies = releasing.release(
            paths, options.to, solutions=options.with_solutions, force=options.force
        )
    except releasing.ReleaseError as error:
        raise UserError(error) from None
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"cannot write in {options.to}: {reason}") from None
    for path in copies:
        print(path.name)
    kind = "with" if options.with_solutions else "without"
    count = "1 notebook" if len(copies) == 1 else f"{len(copies)} notebooks"
    print(f"{count} {kind} solutions in {options.to}")
    return 0


def address(options):
    """Print the course's address on the web, or write another one everywhere."""
    from course_tools import address as addressing

    if options.url is None:
        print(addressing.current(ROOT))
        return 0
    try:
        changed = addressing.write(ROOT, options.url)
    except addressing.AddressError as error:
        raise UserError(error) from None
    for path in changed:
        print(path.relative_to(ROOT).as_posix())
    print(f"{len(changed)} files changed; all say {addressing.current(ROOT)}")
    return 0


def slides(options):
    """Turn notebooks into slides that need no network."""
    from course_tools import slides

    return slides.command(options)


def _selected(options):
    return catalog.select(catalog.find(options.folder), options.notebooks)


def _execute(paths, options, finish, environment=None):
    from course_tools import progress
    from course_tools import run as runner

    with progress.for_stream(sys.stdout, len(paths)) as watcher:
        return runner.execute(
            paths,
            jobs=options.jobs,
            timeout=options.timeout,
            environment=environment,
            watcher=watcher,
            finish=finish,
        )


def _tell_failures(outcomes, verb):
    """Print each failure once more, together; return the exit status."""
    failed = [outcome for outcome in outcomes if outcome.failure]
    if failed:
        print(f"\n{len(failed)} of {len(outcomes)} notebooks {verb}:")
    for outcome in failed:
        print(f"  {outcome.name}, {outcome.failure}")
    return int(bool(failed))


def site(options):
    """Make the course's site from the notebooks as they are stored."""
    from course_tools import site as building

    try:
        print(f"site: {building.build(ROOT, options.to)}")
    except building.SiteError as error:
        raise UserError(error) from None
    return 0


def doctor(options):
    """Check the machine and the installation."""
    from course_tools import doctor

    return doctor.run()


def fetch(options):
    """Fetch full-size data or weights into the cache."""
    from course_tools import flowers
    from course_utils import data, download, weights

    fetches = {
        "digits": data.fetch_digits,
        "flowers": flowers.fetch_flowers,
        "inception-v3": weights.fetch_inception,
    }
    try:
        print(fetches[options.what]())
    except download.DataError as error:
        raise UserError(error) from None
    return 0


def retrain(options):
    """Train a recogniser on a folder of pictures."""
    return _recognizing("retrain", options)


def recognize(options):
    """Tell what a recogniser says of pictures."""
    return _recognizing("recognize", options)


def _recognizing(name, options):
    from course_tools import retrain as recognizing

    try:
        return getattr(recognizing, name)(options)
    except recognizing.ERRORS as error:
        raise UserError(error) from None


def test(options):
    """Run the tests."""
    return _call("-m", "pytest", *options.extra, cwd=ROOT)


def lab(options):
    """Open JupyterLab on the notebooks."""
    # Without this folder, JupyterLab asks other hosts for news and newer versions.
    settings = [str(Path(__file__).parent / "jupyter")]
    settings += filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])
    environment = {
        "JUPYTER_CONFIG_PATH": os.pathsep.join(settings),
        # Else a kernel that the user once installed elsewhere may come first.
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    return _call(
        "-m", "jupyterlab", *options.extra, cwd=options.folder, environment=environment
    )


def _call(*arguments, cwd, environment=None):
    """Run this Python with arguments, wait for it, and return its exit status."""
    command = [sys.executable, *arguments]
    with subprocess.Popen(
        command, cwd=cwd, env=os.environ | (environment or {})
    ) as process:
        # It gets a Ctrl-C of the terminal itself, but not a signal to this process.
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the program got it too, and knows what to do
                continue


COMMANDS = {
    "list": list_notebooks,
    "run": run,
    "slides": slides,
    "store": store,
    "release": release,
    "doctor": doctor,
    "site": site,
    "fetch": fetch,
    "retrain": retrain,
    "recognize": recognize,
    "address": address,
    "test": test,
    "lab": lab,
}
