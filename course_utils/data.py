"""The course's data: bundled, verified before use, never silently swapped.

The bundled files live in the repository's ``data`` folder; ``data/MANIFEST.json`` gives
the SHA-256, source and licence of each, and ``data/README.md`` their limits.
"""

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_utils.download import DataError, Remote, fetch, keras_folder

__all__ = [
    "DataError",
    "Digits",
    "Images",
    "bundled_files",
    "fetch_digits",
    "load_digits",
    "load_images",
    "load_photo",
    "load_photos",
    "read_bundled",
]

DATA = Path(__file__).resolve().parent.parent / "data"

#: The set that `keras.datasets.mnist` loads: the same file, the same hash.
FULL_MNIST = Remote(
    name="mnist.npz",
    url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    size=11_490_434,
    otherwise="work with the 5,000 digits that come with the course: load_digits()",
)
#: Images for training and for testing in each subset.
SIZES = {"bundled": (4_000, 1_000), "full": (60_000, 10_000)}


class Digits(NamedTuple):
    """Handwritten digits, split; `load_digits` says what each array holds."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_validation: np.ndarray | None
    y_validation: np.ndarray | None
    x_test: np.ndarray
    y_test: np.ndarray

    def __repr__(self):
        shapes = ", ".join(
            f"{name} {'None' if array is None else array.shape}"
            for name, array in self._asdict().items()
        )
        return f"Digits({shapes})"


def load_digits(
    subset="bundled", *, flatten=False, one_hot=False, validation=0, seed=0
):
    """MNIST digits, ready for a network.

    Parameters
    ----------
    subset : {"bundled", "full"}
        ``"bundled"``: 4,000 training digits (400 of each class) and 1,000 test digits
        (100 of each), which come with the course. ``"full"``: all 60,000 and 10,000,
        from the file that `keras.datasets.mnist` uses, fetched once (see
        `course_utils.download`). The bundled test digits are training digits of the
        full set: never test on them what was trained on it.
    flatten : bool
        Give each image as one row of 784 pixels.
    one_hot : bool
        Give each label as a row of ten numbers, 1 in the column of the digit.
    validation : int or float
        How many training digits to set aside for validation, or which fraction of
        them (0 ≤ fraction < 1). Each class gives its share, to within one digit.
    seed : int
        Which digits are set aside; the same seed sets the same ones aside.

    Returns
    -------
    Digits
        Named arrays, new ones at each call:

        ``x_train``, ``x_validation``, ``x_test``
            float32 in [0, 1], 0 the background and 1 full ink; shape (n, 28, 28), or
            (n, 784) if `flatten`.
        ``y_train``, ``y_validation``, ``y_test``
            int64 in 0…9, shape (n,); float32 of 0 and 1, shape (n, 10), if `one_hot`.

        ``x_validation`` and ``y_validation`` are None if `validation` is 0.

    Raises
    ------
    ValueError
        If an argument is none of the above.
    DataError
        If the file is missing, unreadable or not the right one, or cannot be fetched.

    Examples
    --------
    >>> load_digits(validation=500)  # doctest: +NORMALIZE_WHITESPACE
    Digits(x_train (3500, 28, 28), y_train (3500,),
        x_validation (500, 28, 28), y_validation (500,),
        x_test (1000, 28, 28), y_test (1000,))
    """
    if subset not in SIZES:
        raise ValueError(f"subset={subset!r}: expected 'bundled' or 'full'")
    held_out = _count(validation, SIZES[subset][0], "digits")
    _check_seed(seed)
    raw = _read_full() if subset == "full" else _read_subset()

    def images(x):
        x = x / np.float32(255)
        return x.reshape(len(x), -1) if flatten else x

    def labels(y):
        return np.eye(10, dtype=np.float32)[y] if one_hot else y.astype(np.int64)

    x, y = raw["x_train"], raw["y_train"]
    held = _stratified(y, held_out, seed)
    return Digits(
        x_train=images(x[~held]),
        y_train=labels(y[~held]),
        x_validation=images(x[held]) if held_out else None,
        y_validation=labels(y[held]) if held_out else None,
        x_test=images(raw["x_test"]),
        y_test=labels(raw["y_test"]),
    )


def fetch_digits():
    """Make sure that the full MNIST set is on this machine, and say where.

    Used from ``~/.keras/datasets`` if Keras has put it there.

    Returns
    -------
    pathlib.Path
        Of the verified file.

    Raises
    ------
    DataError
        If it cannot be had; the message lists what was tried.
    """
    return fetch(FULL_MNIST, copies=[keras_folder() / "datasets" / FULL_MNIST.name])


class Images(NamedTuple):
    """Labelled pictures, split; `load_images` says what each array holds."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_validation: np.ndarray | None
    y_validation: np.ndarray | None
    x_test: np.ndarray
    y_test: np.ndarray
    classes: tuple

    def __repr__(self):
        shapes = Digits.__repr__(Digits(*self[:-1])).removeprefix("Digits(")
        return f"Images({shapes.removesuffix(')')}, classes {', '.join(self.classes)})"


def load_images(*, validation=0, seed=0):
    """Labelled pictures of six classes of things, each on white, for a recogniser.

    Parameters
    ----------
    validation : int or float
        About how many of the 157 training pictures to set aside for validation, or
        which fraction of them. Each class gives its share; pictures that look alike
        stay together, as they do in training and test part.
    seed : int
        Which are set aside; the same seed sets the same ones aside.

    Returns
    -------
    Images
        Named arrays, new ones at each call:

        ``x_train``, ``x_validation``, ``x_test``
            uint8 in 0…255, shape (n, 160, 160, 3): red, green and blue.
        ``y_train``, ``y_validation``, ``y_test``
            int64, shape (n,): positions in ``classes``.
        ``classes``
            The names of the classes.

        ``x_validation`` and ``y_validation`` are None if `validation` is 0. Classes
        are mixed, so the first *n* are a random sample.

    Raises
    ------
    ValueError
        If an argument is none of the above.
    DataError
        If a file is missing, unreadable or not the right one.
    """
    rows = _object_rows()
    train = [row for row in rows if row["part"] == "train"]
    test = [row for row in rows if row["part"] == "test"]
    held_out = _count(validation, len(train), "pictures")
    _check_seed(seed)
    classes = tuple(sorted({row["class"] for row in rows}))

    def arrays(rows):
        x = np.stack([_pixels(_read_object(row)) for row in rows])
        return x, np.array([classes.index(row["class"]) for row in rows])

    x, y = arrays(train)
    held = _stratified(y, held_out, seed)
    first = {row["alike"]: i for i, row in reversed(list(enumerate(train)))}
    held = held[[first[row["alike"]] for row in train]]
    x_test, y_test = arrays(test)
    return Images(
        x_train=x[~held],
        y_train=y[~held],
        x_validation=x[held] if held_out else None,
        y_validation=y[held] if held_out else None,
        x_test=x_test,
        y_test=y_test,
        classes=classes,
    )


def _object_rows():
    """The index of the labelled pictures, in an order that mixes the classes."""
    text = read_bundled("objects/index.csv").decode("utf-8")
    return sorted(csv.DictReader(io.StringIO(text)), key=lambda row: row["sha256"])


def _read_object(row):
    entry = {"sha256": row["sha256"], "bytes": int(row["bytes"])}
    return _verified(DATA / "objects" / row["file"], entry)


def load_photos():
    """All bundled photographs.

    Returns
    -------
    dict of str to numpy.ndarray
        Name, such as ``"cat"``, to what `load_photo` gives, in alphabetical order.

    Raises
    ------
    DataError
        If a file is missing, unreadable or not the right one.
    """
    return {name: load_photo(name) for name in _photo_names()}


def load_photo(name):
    """A bundled photograph, at most 400 pixels wide and high.

    Parameters
    ----------
    name : str
        ``"cat"``, ``"coffee"``, ``"rocket"`` and others, which `load_photos` lists.

    Returns
    -------
    numpy.ndarray of uint8, shape (height, width, 3)
        Red, green and blue in 0…255, a new array at each call.

    Raises
    ------
    ValueError
        If there is no such photograph.
    DataError
        If its file is missing, unreadable or not the right one.
    """
    names = _photo_names()
    if name not in names:
        raise ValueError(f"no photo {name!r}; there are: {', '.join(names)}")
    return _pixels(read_bundled(f"photos/{name}.jpg"))


def _photo_names():
    return sorted(Path(f).stem for f in bundled_files() if f.startswith("photos/"))


def _pixels(content):
    from PIL import Image

    with Image.open(io.BytesIO(content)) as photo:
        return np.array(photo.convert("RGB"))


def bundled_files():
    """What the manifest says about each bundled file.

    Returns
    -------
    dict of str to dict
        Path within the data folder, such as ``"photos/cat.jpg"``, to ``sha256``,
        ``bytes``, ``source``, ``licence`` and ``rebuild``.

    Raises
    ------
    DataError
        If the manifest is missing or no manifest.
    """
    path = DATA / "MANIFEST.json"
    content = _read(path, "the list of the bundled files")
    try:
        files = json.loads(content)["files"]
        if all(len(e["sha256"]) == 64 and e["bytes"] > 0 for e in files.values()):
            return files
    except (ValueError, TypeError, KeyError, AttributeError):
        pass  # the same error as for a wrong entry
    raise _broken(path, "no manifest", "the list of the bundled files")


def read_bundled(name):
    """The content of a bundled file, once it has passed its hash.

    Parameters
    ----------
    name : str
        A key of `bundled_files`.

    Returns
    -------
    bytes

    Raises
    ------
    DataError
        If the file is missing, unreadable, truncated or altered.
    """
    return _verified(DATA / name, bundled_files()[name])


def _verified(path, entry):
    expected = f"{entry['bytes']:,} bytes with SHA-256 {entry['sha256'][:12]}…"
    content = _read(path, expected)
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != entry["sha256"]:
        found = f"{len(content):,} bytes with SHA-256 {sha256[:12]}…"
        raise _broken(path, found, expected)
    return content


def _read(path, expected):
    try:
        return path.read_bytes()
    except FileNotFoundError:
        found = "no such file" if DATA.is_dir() else f"no folder {DATA}"
    except OSError as error:
        found = f"not readable ({error.strerror or error})"
    raise _broken(path, found, expected)


def _broken(path, found, expected):
    """The one error for a bundled file that cannot be used."""
    fix = (
        f"git checkout -- data/{path.relative_to(DATA).as_posix()}, or a fresh copy of "
        "the repository"
    )
    if not DATA.is_dir():
        fix = "install course_utils from a clone of the repository: pip install -e ."
    return DataError(f"{path}: {found}. Expected: {expected}. Fix: {fix}")


def _read_subset():
    content = read_bundled("digits.npz")
    path = DATA / "digits.npz"
    return _arrays(content, "bundled", lambda found, want: _broken(path, found, want))


def _read_full():
    path = fetch_digits()

    def broken(found, expected):
        return DataError(
            f"{path}: {found}. Expected: {expected}. Fix: delete it, then "
            "python -m course_tools fetch digits"
        )

    try:
        content = path.read_bytes()
    except OSError as error:
        raise broken(error.strerror or str(error), "a readable file") from error
    return _arrays(content, "full", broken)


def _arrays(content, subset, broken):
    """The four arrays of an npz file, once names, shapes and types are as expected.

    Nothing is unpickled: an array of objects is refused.
    """
    train, test = SIZES[subset]
    expected = {
        "x_train": (train, 28, 28),
        "y_train": (train,),
        "x_test": (test, 28, 28),
        "y_test": (test,),
    }
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        shapes = {name: array.shape for name, array in arrays.items()}
    except Exception as error:  # NumPy and zipfile raise half a dozen kinds
        raise broken(f"no npz archive of arrays ({error})", str(expected)) from error
    if shapes != expected:
        raise broken(f"arrays {shapes}", str(expected))
    if any(array.dtype != np.uint8 for array in arrays.values()):
        types = {name: str(array.dtype) for name, array in arrays.items()}
        raise broken(f"arrays of {types}", "uint8 throughout")
    if max(arrays["y_train"].max(), arrays["y_test"].max()) > 9:
        raise broken("labels above 9", "labels in 0…9")
    return arrays


def _check_seed(seed):
    if not isinstance(seed, (int, np.integer)) or seed < 0:  # None: new ones each time
        raise ValueError(f"seed={seed!r}: expected a whole number, 0 or more")


def _count(validation, available, what):
    """How many digits or pictures to set aside, of those available."""
    count = -1
    if isinstance(validation, (float, np.floating)) and 0 <= validation < 1:
        count = round(float(validation) * available)
    elif isinstance(validation, (int, np.integer)) and validation is not True:
        count = int(validation)
    if not 0 <= count < available or (count == 0 and validation):
        raise ValueError(
            f"validation={validation!r}: expected how many of the {available:,} "
            f"training {what} to set aside, 0 to {available - 1:,}, or which fraction "
            "of them, at least 0 and below 1"
        )
    return count


def _stratified(y, count, seed):
    """Mask of `count` examples, each class giving its share to within one.

    Every example gets its place in its own shuffled class, as a fraction of the class;
    the `count` lowest places, over all classes, are set aside.
    """
    held = np.zeros(len(y), bool)
    if not count:
        return held  # loading NumPy's random numbers takes longer than the digits
    order = np.random.default_rng(seed).permutation(len(y))
    place = np.empty(len(y))
    for digit in np.unique(y):
        members = order[y[order] == digit]
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    held[np.argsort(place, kind="stable")[:count]] = True
    return held
