"""The commands `retrain` and `recognize`: what they check first, print and draw."""

import collections
import io
import os
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from course_tools import labelled, recognizer
from course_tools.flowers import flowers_folder
from course_tools.places import UserError
from course_utils.download import DataError
from course_utils.files import write_atomically
from course_utils.images import files_in, read_images

__all__ = ["recognize", "retrain"]

BAR = "{desc}: {percentage:3.0f}% |{bar:30}| {n_fmt}/{total_fmt} {elapsed}<{remaining}"
#: Classes up to which the figure says what was confused; above, text does.
MANY = 30
#: Letters of a class's name that the figure shows.
LONGEST = 25


def retrain(options):
    """Train a recogniser on a folder of pictures, report on it, and save it.

    `options` has ``images``, ``output``, ``network``, ``seed`` and ``force``. Raises
    UserError if the pictures cannot be learned from, or the rest cannot be done.
    """
    from tqdm import tqdm

    if options.seed < 0:
        raise UserError(f"--seed {options.seed}: expected 0 or more")
    output = Path(options.output)
    drawing = output.with_name(f"{output.stem}_confusion.png")
    _check_outputs(output, drawing, options.force)
    folder = _folder(options.images)
    groups = labelled.find_pictures(folder)
    with _quiet_tensorflow():
        from course_utils.vision import load_network
    try:
        network = load_network(options.network)
    except DataError as error:
        raise UserError(error) from None
    print(f"{folder}: features by {network.title}")
    model = recognizer.assemble(network, tuple(groups))
    count = sum(map(len, groups.values()))
    with tqdm(total=count, desc="reading pictures", bar_format=BAR) as bar:
        examples = labelled.read_features(network, folder, groups, bar.update)
    _tell_unused(examples.passed_over)
    training, validation, test = labelled.split(examples.labels, options.seed)
    *head, strength, accuracy = recognizer.train(
        examples.features, examples.labels, len(groups), training, validation
    )
    model.get_layer("probabilities").set_weights(head)
    found = (examples.features[test] @ head[0] + head[1]).argmax(axis=1)
    print(
        f"{len(examples.labels)} pictures of {len(groups)} classes: {len(training)} to "
        f"train on, {len(validation)} for validation, {len(test)} for test\n"
        f"penalty chosen on validation: {strength:g}\n"
        f"validation accuracy: {accuracy:.1%}"
    )
    _report(examples, test, found)
    recognizer.save(model, output)
    write_atomically(drawing, _confusion(examples, test, found))
    print(f"saved: {output} ({output.stat().st_size / 1e6:.0f} MB) and {drawing}")
    return 0


def recognize(options):
    """Print what a recogniser says of pictures; status 1 if one could not be used.

    `options` has ``model``, ``images`` and ``top``. Raises UserError if the model, or
    none of the pictures, can be used.
    """
    with _quiet_tensorflow():
        model = recognizer.load(options.model)
    names = recognizer.class_names(model)
    files = list(_files(options.images))
    told = refused = 0
    for start in range(0, len(files), labelled.BATCH):
        found = read_images(files[start : start + labelled.BATCH])
        rows = recognizer.predict(model, found.images) if found.images else []
        for path, row in zip(found.paths, rows, strict=True):
            print(path)
            for k in np.argsort(-row, kind="stable")[: options.top]:
                print(f"  {100 * row[k]:5.1f} %  {names[k]}")
        _tell_unused(found.refused)
        told, refused = told + len(found.paths), refused + len(found.refused)
    if not told:
        raise UserError("no picture that can be used")
    return int(refused > 0)


def _check_outputs(output, drawing, force):
    """Raise if something speaks against the two files, before the slow part."""
    if output.suffix != ".keras":
        raise UserError(
            f"--output {output}: the name must end in .keras, as in my_model.keras"
        )
    if not output.parent.is_dir():
        raise UserError(f"cannot write to {output.parent}: no such folder")
    for target in (output, drawing):
        try:  # to write it as it will be written in the end
            before = target.read_bytes() if target.exists() else None
            if before is None or force:
                write_atomically(target, before or b"")
            if before is None:
                target.unlink()
        except OSError as error:
            raise UserError(f"cannot write {target}: {error.strerror}") from None
        if before is not None and not force:
            raise UserError(
                f"{target} is there already; name another --output, or add --force to "
                "replace it"
            )


def _folder(images):
    if images != "flowers":
        return Path(images)
    if not flowers_folder().is_dir():
        raise UserError(
            "the flower set is not on this machine; get it once (229 MB): "
            "python -m course_tools fetch flowers. A folder of your own with that "
            "name: --images ./flowers"
        )
    return flowers_folder()


def _files(images):
    """The files that were named, those of folders too."""
    for path in map(Path, images):
        if path.is_dir():
            files = files_in(path)
            _tell_unused([] if files else [(path, "no files in it")])
            yield from files
        else:
            yield path


@contextmanager
def _quiet_tensorflow():
    """Load TensorFlow without what its C++ parts write to standard error meanwhile."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept, silent = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silent, 2)
        import tensorflow as tf

        tf.config.list_physical_devices()
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(silent)


def _tell_unused(passed_over):
    for path, reason in passed_over:
        print(f"not used: {path}: {reason}", file=sys.stderr)


def _report(examples, test, found):
    """How well the test pictures were recognised, class by class."""
    names, true = examples.classes, examples.labels[test]
    right = found == true
    largest = np.bincount(examples.labels).argmax()
    print(f"test accuracy: {right.mean():.1%} ({right.sum()} of {len(right)} right)")
    print(f"  always saying {names[largest]!r}: {np.mean(true == largest):.1%}")
    print("class by class, of the test pictures:")
    for k, name in enumerate(names):
        mine = right[true == k]
        print(f"  {k + 1:2d} {name}: {mine.sum()} of {len(mine)} right")
    wrong = np.flatnonzero(~right)
    if len(wrong):
        print("mistakes:")
    for i in wrong:
        print(f"  {examples.paths[test[i]]}: {names[found[i]]}")
    if len(wrong) and len(names) > MANY:
        print("most often confused:")
        pairs = collections.Counter(zip(true[wrong], found[wrong], strict=True))
        for (was, said), count in pairs.most_common(10):
            print(f"  {names[was]} taken for {names[said]}: {count}")


def _confusion(examples, test, found):
    """The confusion matrix of the test pictures as PNG bytes."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from course_utils.plotting import confusion_matrix

    names = [
        (name if len(name) <= LONGEST else f"{name[:LONGEST]}…").replace("$", r"\$")
        for name in examples.classes
    ]
    if not all(map(str.isascii, examples.classes)):  # fonts may lack the characters
        names = [str(k + 1) for k in range(len(names))]
    picture = io.BytesIO()
    with plt.style.context(["default", "course_utils.course"]):
        figure = confusion_matrix(examples.labels[test], found, names)
        figure.set_layout_engine("none")  # long names would leave it no room
        figure.axes[0].tick_params(axis="x", rotation=90)
        figure.savefig(picture, format="png", bbox_inches="tight")
        plt.close(figure)
    return picture.getvalue()
