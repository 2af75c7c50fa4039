"""Every command of the course, declared once: ``python -m course_tools COMMAND``.

The table gives each its help, its arguments and what runs it. `make help`, argparse and
the set-up read it, in any Python of today without a library: what a command needs is
imported when it is called, so that a light one starts at once.
"""

import argparse
import importlib
import inspect
import os
import sys
from pathlib import Path

from course_tools.arguments import Command, argument, folder, number
from course_tools.classroom import CLASSROOM
from course_tools.places import BUILD, NOTEBOOKS, UserError
from course_tools.terminal import tolerate_narrow_encodings
from course_utils import __version__

WHICH = argument(
    "notebooks",
    nargs="*",
    metavar="NN",
    help="by number (4 or 04), name (optimizers) or file; without any, all",
)
FROM = folder("--folder", NOTEBOOKS, "where they are (default: the course's own)")
JOBS = number("--jobs", 2, "how many at a time")
TIMEOUT = number("--timeout", 600, "longest time for one cell, in seconds")
SYSTEMS = ("linux", "linux-arm", "macos", "windows")  # of `wheels`
KINDS = ("newest", "floors", "beyond")  # of `canary`
THIS = "for which wheels are wanted (default: this one)"
FORCE = argument("--force", action="store_true", help="replace files that are there")

#: These need no library, and so no environment.
BARE = ("list", "clean")
COMMANDS = (
    Command("list", "catalog:command", "show what notebooks there are", (WHICH, FROM)),
    Command(
        "run",
        "run:command",
        """execute notebooks and write what came of them to build/

        Each runs from top to bottom in a kernel of its own; the files in notebooks/
        stay as they are. Executed copies and index.html, a page with all results, go to
        build/. One that fails does not stop the others; the exit status is 1 then.
        """,
        (WHICH, FROM, JOBS, TIMEOUT, folder("--build", BUILD, "(default: build/)")),
        ("run 04", "run 1 2 --jobs 1", "run optimizers"),
    ),
    Command(
        "slides",
        "slides:command",
        """turn notebooks into slides that need no network

        Nothing is executed. Open index.html in the folder; in a deck, S opens the
        speaker notes and ? tells all keys. The folder can be copied anywhere.
        """,
        (WHICH, FROM, folder("--to", BUILD / "slides", "(default: build/slides/)")),
        ("slides 04", "slides 1 2 --to my_slides"),
    ),
    Command(
        "handout",
        "handout:command",
        """make slides, and print each deck to a PDF beside it

        Needs Chromium or Chrome; COURSE_CHROMIUM names one that is not on the path.
        """,
        (WHICH, FROM, folder("--to", BUILD / "slides", "(default: build/slides/)")),
    ),
    Command(
        "site",
        "site:command",
        """make the course's site, for a server or to open in a browser

        Nothing is executed. The pages ask for nothing outside their folder, which is
        replaced as a whole or not at all.
        """,
        (folder("--to", BUILD / "site", "(default: build/site/)"),),
        ("site --to /srv/www/course",),
    ),
    Command(
        "lab",
        "programs:lab",
        """open JupyterLab on the notebooks

        It listens to this machine only, wants the token that is part of the address it
        prints, and asks no other host for news or newer versions. Ctrl-C, twice, stops
        it and its kernels. Other options are passed on to it.
        """,
        (FROM,),
        ("lab --folder my_copies", "lab --no-browser --port 9000"),
    ),
    Command(
        "doctor", "doctor:command", "check whether class can start on this machine"
    ),
    Command(
        "test",
        "programs:test",
        """run the tests: all but the long ones, or those of some notebooks

        What follows the numbers of notebooks is passed on to pytest.
        """,
        examples=("test 21 22", "test -k data", "test tests/test_checks.py"),
    ),
    Command("test-long", "programs:test_long", "run the tests that take long"),
    Command(
        "release",
        "release:command",
        """write copies of notebooks for students, without solutions

        The copies are as if nobody had run them; exercises, checks and their hints
        stay. They run wherever the course is installed. The repository holds the
        solutions too: to keep them from students, give them the copies only.
        """,
        (
            *(WHICH, FROM, FORCE),
            argument("--to", metavar="FOLDER", type=Path, required=True),
            argument(
                "--with-solutions",
                action="store_true",
                help="for the lecturer: keep solutions and stored outputs",
            ),
        ),
        ("release 01 02 --to for_students", "release 06 --to for_me --with-solutions"),
    ),
    *CLASSROOM,
    Command(
        "fetch",
        "fetch:command",
        """download full-size data once; the notebooks need none of it

        MNIST with all 70,000 digits, 3,670 photographs of flowers (229 MB), the weights
        of Inception-v3 (96 MB). COURSE_MIRROR names another source, COURSE_DATA_DIR
        another place to keep it.
        """,
        (argument("what", choices=["digits", "flowers", "inception-v3"]),),
        ("fetch digits",),
    ),
    Command(
        "wheels",
        "wheels:command",
        """fill a folder with what the set-up installs, for rooms without network

        The wheels of requirements.lock, checked by their hashes. One folder may serve
        several systems and Pythons. There: PIP_NO_INDEX=1 PIP_FIND_LINKS=… make run
        """,
        (
            argument("--to", metavar="FOLDER", type=Path, required=True),
            argument("--system", choices=SYSTEMS, help=THIS),
            argument("--python", choices=["3.11", "3.12", "3.13"], help=THIS),
        ),
        ("wheels --to /media/stick/wheels --system windows --python 3.12",),
    ),
    Command(
        "retrain",
        "retrain:retrain",
        """train an image recogniser on a folder of your own pictures

        The folder holds one folder of pictures per class, five or more in each; their
        names are the answers. A network that knows ImageNet turns each picture into
        features; a linear head learns the classes from 60 % of the pictures, 20 %
        choose its penalty, 20 % test it. Take one shot only of each thing, or the test
        is too kind. Also writes OUTPUT_confusion.png.
        """,
        (
            argument(
                "--images",
                required=True,
                metavar="FOLDER",
                help="the folder, or flowers: the set that `fetch flowers` gets",
            ),
            argument("--output", required=True, metavar="NAME.keras"),
            argument(
                "--network",
                choices=["auto", "inception_v3", "efficientnet_lite0"],
                default="efficientnet_lite0",
                help="what makes the features (default: efficientnet_lite0; auto: "
                "Inception-v3 if its weights can be had)",
            ),
            argument("--seed", type=int, default=0, help="of the split (default: 0)"),
            FORCE,
        ),
        ("retrain --images my_pictures --output my_model.keras",),
    ),
    Command(
        "recognize",
        "retrain:recognize",
        "tell what a recogniser from retrain says of pictures",
        (
            argument("--model", required=True, metavar="NAME.keras"),
            argument("images", nargs="+", metavar="IMAGE", help="files or folders"),
            number("--top", 3, "how many classes to print"),
        ),
        ("recognize --model my_model.keras holiday.jpg new_pictures",),
    ),
    Command(
        "new",
        "authors:new",
        "write a small lecture in the house style, to be rewritten",
        (argument("number", metavar="NN"), argument("name", help="linear_models")),
        ("new 21 linear_models",),
    ),
    Command("map", "lectures:command", "write the lecture map, notebooks/README.md"),
    Command(
        "store",
        "store:command",
        """execute notebooks and keep their outputs in their own files

        One that fails or writes to stderr stays as it was.
        """,
        (WHICH, FROM, JOBS, TIMEOUT),
        ("store 04",),
    ),
    Command(
        "evidence",
        "tests/record_evidence.py",
        "rerun notebooks under several seeds, record what was measured",
        examples=("evidence 04 05 --seeds 3",),
    ),
    Command("choose", "tests/choose.py", "choose hyper-parameters, record the choice"),
    Command("mutants", "tests/mutants.py", "break things; the tests must notice"),
    Command(
        "bench",
        "benchmarks/run.py",
        "measure the course on this machine, in half an hour",
        examples=("bench vision growth", "bench --missing"),
    ),
    Command("bench-quick", "benchmarks/run.py --quick", "bench, roughly: two minutes"),
    Command("lint", "programs:lint", "check the style of code and notebooks"),
    Command("lock", "programs:lock", "write requirements.lock from pyproject.toml"),
    Command(
        "canary",
        "canary:command",
        """try the lectures on other versions than those of the lock

        newest: the newest releases within the bounds of pyproject.toml; floors: the
        oldest that it allows, on the oldest Python; beyond: no ceilings, pre-releases
        and nightly builds too, which may fail. The environment is a temporary one; uv,
        which resolves, takes a mirror from UV_DEFAULT_INDEX.
        """,
        (
            argument("kind", nargs="?", default="newest", choices=KINDS),
            argument("--lectures", nargs="+", default=[], metavar="NN", help="which"),
            FROM,
            folder("--to", BUILD / "canary", "for KIND.md and KIND.json"),
        ),
        ("canary newest", "canary floors --lectures 21 22"),
    ),
    Command("clean", "setup:clean", "remove environments and what was built"),
)

DESCRIPTION = """\
The deep learning course: run the notebooks, test them, open them, and find out what is
wrong when something is. These two are the same; both make the environment first if
there is none:

  make run NB=04 ARGS="--jobs 1"
  python3 -m course_tools.bootstrap run 04 --jobs 1
"""


def main(arguments=None):
    """Run one command; 0 if all went well, 1 if not, 2 for a wrong one, 130: Ctrl-C."""
    tolerate_narrow_encodings()
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        return call(options)
    except KeyboardInterrupt:
        print("\ninterrupted; nothing is left running", file=sys.stderr)
        return 130
    except BrokenPipeError:  # as in `… list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("course_utils", "course_tools"):
            raise
        problem = (
            f"the library {error.name!r} is missing in {sys.executable}; install the "
            "course's libraries: python -m pip install -r requirements.txt"
        )
    except UserError as error:
        problem = error
    except OSError as error:
        problem = error.strerror or error
        if error.filename:
            problem = f"{error.filename}: {problem}"
    print(f"error: {problem}", file=sys.stderr)
    return 1


def call(options):
    """Call what carries out a command; its exit status."""
    from course_utils.files import ensure_home

    ensure_home()
    module, _, function = options.row.runs.partition(":")
    if not function:
        module, function = "programs", "script"
    return getattr(importlib.import_module(f"course_tools.{module}"), function)(options)


def parse(arguments):
    """Parse a command line; on a wrong one, say so and exit with status 2.

    `row` is the command's in the table, `extra` what is passed on to a program.
    """
    stem = Path(sys.argv[0]).stem
    module = "course_tools.bootstrap" if stem == "bootstrap" else "course_tools"
    prog = "course" if stem == "course" else f"python -m {module}"
    look = {"formatter_class": argparse.RawDescriptionHelpFormatter}
    parser = argparse.ArgumentParser(prog=prog, description=DESCRIPTION, **look)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    for row in COMMANDS:
        about = inspect.cleandoc(row.about)
        examples = [f"{prog} {line}" for line in row.examples or (row.name,)]
        command = commands.add_parser(
            row.name,
            help=about.partition("\n")[0],
            description=about[0].upper() + about[1:],
            epilog="\n  ".join(["examples:", *examples]),
            **look,
        )
        command.set_defaults(row=row)
        for names, settings in row.arguments:
            command.add_argument(*names, **settings)
    options, options.extra = parser.parse_known_args(arguments)
    if "row" not in options:
        parser.print_help()
        parser.exit(2)
    if options.extra and not options.row.passes_on:
        parser.error(f"unrecognized arguments: {' '.join(options.extra)}")
    return options
