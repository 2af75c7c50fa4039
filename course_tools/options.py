"""The command line's grammar: what commands there are, and what each takes."""

import argparse
import sys
from pathlib import Path

from course_tools.places import ROOT

__all__ = ["parse"]

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

#: Commands that hand on what they do not know to the program they start.
PASSING_ON = ("test", "lab")


def parse(arguments):
    """Parse a command line; on a wrong one, say so and exit with status 2.

    Parameters
    ----------
    arguments : list of str

    Returns
    -------
    argparse.Namespace
        `command` is its name, `extra` what is passed on to another program.
    """
    script = Path(sys.argv[0]).stem
    prog = "course" if script == "course" else "python -m course_tools"
    parser = argparse.ArgumentParser(
        prog=prog,
        description=DESCRIPTION,
        epilog=EXAMPLES.format(prog=prog),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")

    def add(name, summary, text="", examples=()):
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.\n\n{text}",
            epilog="\n  ".join(["examples:", *(f"{prog} {line}" for line in examples)]),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(command=name)
        return command

    _add_notebook_commands(add)
    add(
        "doctor",
        "check whether class can start on this machine",
        "Looks at Python, the libraries, the data, memory, disk, kernel, browser, at\n"
        "what lectures could use from the network and what the last `run` measured of\n"
        "each. Prints one fix per finding. The exit status is 0 if class can start.",
        ["doctor"],
    )
    building = add(
        "site",
        "make the course's site, for a server or to open in a browser",
        "All notebooks with the outputs stored in them, the lecture map, a glossary\n"
        "English-Chinese and a search. Nothing is executed. The pages ask for nothing\n"
        "outside their folder, which is replaced as a whole or not at all.",
        ["site", "site --to /srv/www/course"],
    )
    building.add_argument(
        "--to",
        type=Path,
        default=ROOT / "build" / "site",
        metavar="FOLDER",
        help="where the site goes (default: build/site)",
    )
    add(
        "map",
        "write the lecture map, notebooks/README.md, anew",
        "For those who change headings or docs/lectures, from which the map is made.",
        ["map"],
    )
    what = add(
        "fetch",
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
    telling = add(
        "address",
        "say where the course lies on the web",
        "Prints the address. With a URL, writes that one into pyproject.toml and what\n"
        "follows from it anew: the cell by which each notebook installs the course on\n"
        "Colab, and the links to Binder and Colab in the two READMEs.",
        ["address", "address https://github.com/OWNER/REPOSITORY"],
    )
    telling.add_argument("url", nargs="?", metavar="URL", help="of the repository")
    add(
        "test",
        "run the tests",
        "What follows is passed on to pytest.",
        ["test", "test -k data", "test tests/test_checks.py"],
    )
    opening = add(
        "lab",
        "open JupyterLab on the notebooks",
        "JupyterLab listens to this machine only, wants the token that is part of the\n"
        "address it prints, and asks no other host for news or newer versions.\n"
        "Ctrl-C, twice, stops it and its kernels. Other options are passed on to it.",
        ["lab", "lab --folder my_copies", "lab --no-browser --port 9000"],
    )
    opening.add_argument(
        "--folder",
        type=Path,
        default=ROOT / "notebooks",
        help="where the notebooks are (default: the course's own)",
    )
    options, extra = parser.parse_known_args(arguments)
    if not hasattr(options, "command"):
        parser.print_help()
        parser.exit(2)
    if extra and options.command not in PASSING_ON:
        parser.error(f"unrecognized arguments: {' '.join(extra)}")
    options.extra = extra
    return options


def _add_notebook_commands(add):
    """The commands that take notebooks: list, run, slides, store, release."""
    listing = add(
        "list",
        "show what notebooks there are",
        WHICH,
        ["list", "list 04"],
    )
    running = add(
        "run",
        "execute notebooks and write what came of them to build/",
        "Executes each notebook from top to bottom in a kernel of its own. The files\n"
        "in notebooks/ stay as they are; executed copies and index.html, a page with\n"
        "all results, go to build/. A notebook that fails does not stop the others;\n"
        "the exit status is 1 then.\n\n" + WHICH,
        ["run", "run 04", "run 1 2 --jobs 1", "run optimizers"],
    )
    showing = add(
        "slides",
        "turn notebooks into slides that need no network",
        "Makes slides for a browser of what the notebooks hold; nothing is executed.\n"
        "Open index.html in the folder; in a deck, S opens the speaker notes and ?\n"
        "tells all keys. The folder can be copied anywhere.\n\n" + WHICH,
        ["slides", "slides 04", "slides 1 2 --to my_slides"],
    )
    showing.add_argument(
        "--to",
        type=Path,
        default=ROOT / "build" / "slides",
        metavar="FOLDER",
        help="where they go (default: build/slides/)",
    )
    storing = add(
        "store",
        "execute notebooks and keep their outputs in their own files",
        "For those who change notebooks. A notebook that fails or writes to stderr\n"
        "stays as it was.\n\n" + WHICH,
        ["store 04", "store"],
    )
    releasing = add(
        "release",
        "write copies of notebooks for students, without solutions",
        "The copies are as if nobody had run them: no solutions and no outputs. What\n"
        "stays is the exercises, the checks and their hints. They run wherever the\n"
        "course is installed. The course's own notebooks stay as they are, and so\n"
        "does what is in the folder already.\n\n"
        "With --with-solutions, the copies are for the lecturer: solutions and stored\n"
        "outputs stay. The repository holds the solutions too: to keep them from\n"
        "students, give them the copies, not the repository.\n\n" + WHICH,
        [
            "release --to for_students",
            "release 01 02 --to for_students",
            "release 06 --to for_me --with-solutions",
        ],
    )
    releasing.add_argument(
        "--to",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="where the copies go; made if it is missing",
    )
    releasing.add_argument(
        "--with-solutions", action="store_true", help="keep solutions and outputs"
    )
    releasing.add_argument(
        "--force",
        action="store_true",
        help="replace files that are there already; what was written in them is lost",
    )
    for command in (listing, running, showing, storing, releasing):
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
