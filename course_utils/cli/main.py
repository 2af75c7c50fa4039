"""The command line: ``python -m course_utils COMMAND``, or ``course COMMAND``.

One function per command; each imports what it needs, so that a light command starts at
once and a missing library spoils only the commands that use it.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from course_utils.cli import catalog, terminal

ROOT = Path(__file__).resolve().parents[2]

DESCRIPTION = """\
The deep learning course from the command line: run the notebooks, test them,
open them, and find out what is wrong when something is.
"""

EXAMPLES = """\
examples:
  {prog} list             what notebooks there are
  {prog} run 04           run notebook 04 and write what came of it to build/
  {prog} doctor           can class start on this machine?
  {prog} run --help       more about one command
"""

WHICH = """\
Notebooks are named by number (4 or 04), by name (optimizers) or by file
(notebooks/04_optimizers.ipynb). Without a name, all are taken.
"""


class UserError(Exception):
    """Something that the user can mend; the message says what."""


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
    options = _options(sys.argv[1:] if arguments is None else arguments)
    try:
        return options.command(options)
    except KeyboardInterrupt:
        print("\ninterrupted; nothing is left running", file=sys.stderr)
        return 130
    except BrokenPipeError:  # as in `… list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "course_utils":
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
    from course_utils.cli import index

    paths = _selected(options)
    copies = options.build / "executed"
    copies.mkdir(parents=True, exist_ok=True)  # better an error now than at the end

    def finish(outcome):
        index.write_executed(outcome, copies)

    outcomes = _execute(paths, options, finish)
    page = index.write(outcomes, options.build, jobs=options.jobs)
    status = _tell_failures(outcomes, "failed")
    print(f"results: {page}")
    return status


def store(options):
    """Execute notebooks and keep their clean outputs in their own files."""
    from course_utils.cli import runner
    from course_utils.cli import store as storing

    paths = _selected(options)
    originals = {path.resolve(): path.read_bytes() for path in paths}

    def finish(outcome):
        try:
            storing.store(outcome, originals[outcome.path])
        except (ValueError, OSError) as error:
            outcome.failure = outcome.failure or runner.Failure(None, "", str(error))

    # What is stored is what a reader gets: own seeds, and claims that must hold.
    changes = {"COURSE_SEED_OFFSET": None, "COURSE_EXPECT": None}
    outcomes = _execute(paths, options, finish, environment=changes)
    return _tell_failures(outcomes, "failed; their files stay as they were")


def _selected(options):
    return catalog.select(catalog.find(options.folder), options.notebooks)


def _execute(paths, options, finish, environment=None):
    from course_utils.cli import progress, runner

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


def doctor(options):
    """Check the machine and the installation."""
    from course_utils.cli import doctor

    return doctor.run()


def fetch(options):
    """Fetch full-size data or weights into the cache."""
    from course_utils import data, download, flowers, weights

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
    from course_utils.cli import recognizing

    try:
        return getattr(recognizing, name)(options)
    except recognizing.ERRORS as error:
        raise UserError(error) from None


def test(options):
    """Run the tests."""
    return _call("-m", "pytest", *options.extra, cwd=ROOT)


def lab(options):
    """Open JupyterLab on the notebooks."""
    # Else a kernel that the user once installed elsewhere may come first.
    environment = {"JUPYTER_PREFER_ENV_PATH": "1"}
    return _call(
        "-m", "jupyterlab", *options.extra, cwd=options.folder, environment=environment
    )


def _call(*arguments, cwd, environment=None):
    """Run this Python with arguments, wait for it, and return its exit status."""
    command = [sys.executable, *arguments]
    with subprocess.Popen(
        command, cwd=cwd, env=os.environ | (environment or {})
    ) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the program got it too, and knows what to do
                continue


def _options(arguments):
    """The command line, parsed; `extra` holds what is passed on to another program."""
    script = Path(sys.argv[0]).stem
    prog = "course" if script == "course" else "python -m course_utils"
    parser = argparse.ArgumentParser(
        prog=prog,
        description=DESCRIPTION,
        epilog=EXAMPLES.format(prog=prog),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")

    def add(name, function, summary, text="", examples=()):
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.\n\n{text}",
            epilog="\n  ".join(["examples:", *(f"{prog} {line}" for line in examples)]),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(command=function)
        return command

    _add_notebook_commands(add)
    add(
        "doctor",
        doctor,
        "check whether class can start on this machine",
        "Looks at Python, the libraries, the data, memory, disk and the notebook\n"
        "kernel, and prints one fix per finding. The exit status is 0 if class can\n"
        "start.",
        ["doctor"],
    )
    what = add(
        "fetch",
        fetch,
        "download full-size data once",
        "The notebooks need none of it. COURSE_MIRROR names another source,\n"
        "COURSE_DATA_DIR another place to keep it.",
        ["fetch digits", "fetch flowers", "fetch inception-v3"],
    )
    what.add_argument(
        "what",
        choices=["digits", "flowers", "inception-v3"],
        help="MNIST, all 70,000 digits; 3,670 photographs of flowers (229 MB); the "
        "weights of Inception-v3 (96 MB)",
    )
    _add_picture_commands(add)
    passed_on = [
        add(
            "test",
            test,
            "run the tests",
            "What follows is passed on to pytest.",
            ["test", "test -k data", "test tests/test_checks.py"],
        ),
        add(
            "lab",
            lab,
            "open JupyterLab on the notebooks",
            "What follows is passed on to JupyterLab.",
            ["lab", "lab --no-browser --port 9000"],
        ),
    ]
    passed_on[1].set_defaults(folder=ROOT / "notebooks")
    options, extra = parser.parse_known_args(arguments)
    if not hasattr(options, "command"):
        parser.print_help()
        parser.exit(2)
    if extra and options.command not in (test, lab):
        parser.error(f"unrecognized arguments: {' '.join(extra)}")
    options.extra = extra
    return options


def _add_notebook_commands(add):
    """The commands that take notebooks: list, run, store."""
    listing = add(
        "list",
        list_notebooks,
        "show what notebooks there are",
        WHICH,
        ["list", "list 04"],
    )
    running = add(
        "run",
        run,
        "execute notebooks and write what came of them to build/",
        "Executes each notebook from top to bottom in a kernel of its own. The files\n"
        "in notebooks/ stay as they are; executed copies and index.html, a page with\n"
        "all results, go to build/. A notebook that fails does not stop the others;\n"
        "the exit status is 1 then.\n\n" + WHICH,
        ["run", "run 04", "run 1 2 --jobs 1", "run optimizers"],
    )
    storing = add(
        "store",
        store,
        "execute notebooks and keep their outputs in their own files",
        "For those who change notebooks. A notebook that fails or writes to stderr\n"
        "stays as it was.\n\n" + WHICH,
        ["store 04", "store"],
    )
    for command in (listing, running, storing):
        command.add_argument("notebooks", nargs="*", metavar="NN", help="which ones")
        command.add_argument(
            "--folder",
            type=Path,
            default=ROOT / "notebooks",
            help="where they are (default: the course's own)",
        )
    for command in (running, storing):
        command.add_argument(
            "--jobs",
            type=_positive(int),
            default=2,
            help="how many at a time (default: 2)",
        )
        command.add_argument(
            "--timeout",
            type=_positive(float),
            default=600,
            metavar="SECONDS",
            help="longest time for one cell (default: 600)",
        )
    running.add_argument(
        "--build",
        type=Path,
        default=ROOT / "build",
        metavar="FOLDER",
        help="where the results go (default: build/)",
    )


def _add_picture_commands(add):
    """The commands around one's own recogniser: retrain, recognize."""
    training = add(
        "retrain",
        retrain,
        "train an image recogniser on a folder of your own pictures",
        "The folder holds one folder of pictures per class, five or more in each; the\n"
        "names of those folders are the answers. A network that knows ImageNet turns\n"
        "each picture into features; a linear head learns the classes from 60 % of\n"
        "the pictures, 20 % choose its penalty, 20 % test it. Copies of a picture\n"
        "count once; take one shot only of each thing, or the test is too kind.\n\n"
        "Writes OUTPUT.keras, which holds network, preprocessing, head and class\n"
        "names, and OUTPUT_confusion.png.",
        [
            "retrain --images my_pictures --output my_model.keras",
            "retrain --images flowers --output flowers.keras",
        ],
    )
    training.add_argument(
        "--images",
        required=True,
        metavar="FOLDER",
        help="the folder, or flowers: the set that `fetch flowers` gets",
    )
    training.add_argument(
        "--output", required=True, metavar="FILE", help="what to write: NAME.keras"
    )
    training.add_argument(
        "--network",
        choices=["auto", "inception_v3", "efficientnet_lite0"],
        default="efficientnet_lite0",
        help="what makes the features (default: efficientnet_lite0, which comes with "
        "the course; auto: Inception-v3 if its weights can be had)",
    )
    training.add_argument(
        "--seed",
        type=int,
        default=0,
        help="which pictures are for training, validation and test (default: 0)",
    )
    training.add_argument(
        "--force", action="store_true", help="replace files that are there already"
    )
    telling = add(
        "recognize",
        recognize,
        "tell what a recogniser from retrain says of pictures",
        "Prints the most probable classes of each. Of a folder, its files are taken.",
        [
            "recognize --model my_model.keras holiday.jpg",
            "recognize --model my_model.keras --top 1 new_pictures",
        ],
    )
    telling.add_argument("--model", required=True, metavar="FILE", help="NAME.keras")
    telling.add_argument("images", nargs="+", metavar="IMAGE", help="files or folders")
    telling.add_argument(
        "--top",
        type=_positive(int),
        default=3,
        metavar="K",
        help="how many classes to print (default: 3)",
    )


def _positive(kind):
    def number(text):
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f"{text} is not above 0")
        return value

    number.__name__ = "number"  # argparse says "invalid number value"
    return number
