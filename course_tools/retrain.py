"""What `retrain` and `recognize` print and draw around `course_tools.recognizer`."""

import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from course_tools import labelled, recognizer
from course_tools.flowers import flowers_folder
from course_tools.labelled import FolderError
from course_tools.recognizer import RecognizerError
from course_utils.download import DataError
from course_utils.files import write_atomically
from course_utils.images import files_in, read_images

__all__ = ["ERRORS", "recognize", "retrain"]

#: What a user can mend; the message says how.
ERRORS = (FolderError, RecognizerError)


def retrain(options):
    """Train a recogniser on a folder of pictures, report on it, and save it.

    Parameters
    ----------
    options : argparse.Namespace
        ``images``, ``output``, ``network``, ``seed`` and ``force``.

    Returns
    -------
    int
        Exit status.

    Raises
    ------
    FolderError
        If the pictures cannot be learned from.
    RecognizerError
        If anything else asked for cannot be done.
    """
    if options.seed < 0:
        raise RecognizerError(f"--seed {options.seed}: expected 0 or more")
    output = _output(options.output, options.force)
    folder = _folder(options.images)
    labelled.find_pictures(folder)  # before the slow part
    with _tensorflow():
        from course_utils.vision import load_network
    try:
        network = load_network(options.network)
    except DataError as error:
        raise RecognizerError(error) from None
    print(f"{folder}: features by {network.title}")
    with _bar("reading pictures") as progress:
        examples = labelled.read_features(network, folder, progress)
    _tell_passed_over(examples.passed_over)
    parts = labelled.split(examples.labels, options.seed)
    head = recognizer.train(examples, parts)
    model = recognizer.assemble(network, head.kernel, head.bias, examples.classes)
    logits = examples.features[parts.test] @ head.kernel + head.bias
    _report(examples, parts, head, logits)
    recognizer.save(model, output)
    drawing = _drawing(output)
    write_atomically(drawing, _confusion(examples, parts, logits))
    print(f"saved: {output} ({output.stat().st_size / 1e6:.0f} MB) and {drawing}")
    return 0


def recognize(options):
    """Print what a recogniser says of pictures.

    Parameters
    ----------
    options : argparse.Namespace
        ``model``, ``images`` and ``top``.

    Returns
    -------
    int
        Exit status: 1 if a picture could not be used.

    Raises
    ------
    RecognizerError
        If the model or none of the pictures can be used.
    """
    with _tensorflow():
        model = recognizer.load(options.model)
    names = recognizer.class_names(model)
    told = refused = 0
    for paths in _in_batches(_files(options.images)):
        found = read_images(paths)
        rows = recognizer.predict(model, found.images) if found.images else []
        for path, row in zip(found.paths, rows, strict=True):
            print(path)
            for k in np.argsort(-row, kind="stable")[: options.top]:
                print(f"  {100 * row[k]:5.1f} %  {names[k]}")
        for path, reason in found.refused:
            print(f"not used: {path}: {reason}", file=sys.stderr)
        told, refused = told + len(found.paths), refused + len(found.refused)
    if not told:
        raise RecognizerError("no picture that can be used")
    return int(refused > 0)


# --- before the work -----------------------------------------------------------------


def _output(path, force):
    """The file to write, once nothing speaks against it."""
    path = Path(path)
    if path.suffix != ".keras":
        raise RecognizerError(
            f"--output {path}: the name must end in .keras, as in my_model.keras"
        )
    for target in (path, _drawing(path)):
        if target.is_dir():
            raise RecognizerError(f"{target} is a folder; name another --output")
        if target.exists() and not force:
            raise RecognizerError(
                f"{target} is there already; name another --output, or add --force to "
                "replace it"
            )
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise RecognizerError(
            f"cannot write to {path.parent}: {error.strerror or error}"
        ) from None
    return path


def _drawing(output):
    return output.with_name(f"{output.stem}_confusion.png")


def _folder(images):
    if images != "flowers":
        return Path(images)
    if not flowers_folder().is_dir():
        raise RecognizerError(
            "the flower set is not on this machine; get it once (229 MB): "
            "python -m course_tools fetch flowers. A folder of your own with that "
            "name: --images ./flowers"
        )
    return flowers_folder()


def _files(images):
    """The files that were named, those of folders too."""
    for path in map(Path, images):
        if not path.is_dir():
            yield path
            continue
        files = files_in(path)
        if not files:
            print(f"not used: {path}: no files in it", file=sys.stderr)
        yield from files


def _in_batches(files):
    files = list(files)
    for start in range(0, len(files), labelled.BATCH):
        yield files[start : start + labelled.BATCH]


# --- during and after it -------------------------------------------------------------


@contextmanager
def _tensorflow():
    """Load TensorFlow without what its C++ parts write to standard error meanwhile."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    silent = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silent, 2)
        import tensorflow as tf

        tf.config.list_physical_devices()
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(silent)


@contextmanager
def _bar(name):
    """A progress bar on standard error, for `read_features`."""
    from tqdm import tqdm

    bar = tqdm(
        desc=name,
        unit="picture",
        bar_format="{desc}: {percentage:3.0f}% |{bar:30}| {n_fmt}/{total_fmt} "
        "{elapsed}<{remaining}",
    )

    def progress(done, total):
        bar.total = total
        bar.update(done)

    with bar:
        yield progress


def _tell_passed_over(passed_over):
    for path, reason in passed_over:
        print(f"not used: {path}: {reason}", file=sys.stderr)


def _report(examples, parts, head, logits):
    """What was learned from how many pictures, and how well, class by class."""
    true, found = examples.labels[parts.test], logits.argmax(axis=1)
    right = found == true
    sizes = (
        f"{len(parts.train)} to train on, {len(parts.validation)} for validation, "
        f"{len(parts.test)} for test"
    )
    largest = np.bincount(examples.labels).argmax()
    print(
        f"{len(examples.labels)} pictures of {len(examples.classes)} classes: {sizes}"
    )
    print(f"penalty chosen on validation: {head.strength:g}")
    print(f"validation accuracy: {head.validation_accuracy:.1%}")
    print(f"test accuracy: {right.mean():.1%} ({right.sum()} of {len(right)} right)")
    share = np.mean(true == largest)
    print(f"  always saying {examples.classes[largest]!r}: {share:.1%}")
    print("class by class, of the test pictures:")
    for k, name in enumerate(examples.classes):
        mine = true == k
        print(f"  {k + 1:2d} {name}: {right[mine].sum()} of {mine.sum()} right")
    if not right.all():
        print("mistakes:")
    for i in np.flatnonzero(~right):
        print(f"  {examples.paths[parts.test[i]]}: {examples.classes[found[i]]}")


def _confusion(examples, parts, logits):
    """The confusion matrix of the test pictures as PNG bytes."""
    import io

    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from course_utils.plotting import confusion_matrix

    names = examples.classes
    if not all(name.isascii() for name in names):  # fonts may lack the characters
        names = [str(k + 1) for k in range(len(names))]
    picture = io.BytesIO()
    with plt.style.context("course_utils.course"):
        found = logits.argmax(axis=1)
        figure = confusion_matrix(examples.labels[parts.test], found, names)
        figure.axes[0].tick_params(axis="x", rotation=90)
        figure.savefig(picture, format="png", bbox_inches="tight")
        plt.close(figure)
    return picture.getvalue()
