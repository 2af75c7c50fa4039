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
    "bundled_files",
    "fetch_digits",
    "load_digits",
    "load_table",
    "read_bundled",
    "read_rows",
    "shapes",
    "validation_mask",
]

DATA = Path(__file__).resolve().parent.parent / "data"

#: The set that `keras.datasets.mnist` loads: the same file, the same hash.
FULL_MNIST = Remote(
    name="mnist.npz",
    url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    digest="sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    size=11_490_434,
    otherwise="work with the 5,000 digits that come with the course: load_digits()",
)


def shapes(split):
    """How a named tuple of arrays shows itself: each by its shape."""
    parts = (f"{name} {getattr(x, 'shape', x)}" for name, x in split._asdict().items())
    return f"{type(split).__name__}({', '.join(parts)})"


class Digits(NamedTuple):
    """Handwritten digits, split; `load_digits` says what each array holds."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_validation: np.ndarray | None
    y_validation: np.ndarray | None
    x_test: np.ndarray
    y_test: np.ndarray

    __repr__ = shapes


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
        Named arrays, new ones at each call: ``x_…`` float32 in [0, 1], 0 the
        background and 1 full ink, of shape (n, 28, 28), or (n, 784) if `flatten`;
        ``y_…`` int64 in 0…9 of shape (n,), or float32 of shape (n, 10) if `one_hot`.
        ``x_validation`` and ``y_validation`` are None if `validation` is 0.

    Raises
    ------
    ValueError
        If an argument is none of the above.
    DataError
        If the file is missing, unreadable or not the right one, or cannot be fetched.
    """
    if subset not in ("bundled", "full"):
        raise ValueError(f"subset={subset!r}: expected 'bundled' or 'full'")
    if subset == "full":
        content = fetch_digits().read_bytes()
    else:
        content = read_bundled("digits.npz")
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        raw = dict(archive)  # what its hash has proved to be there

    def images(x):
        x = x / np.float32(255)
        return x.reshape(len(x), -1) if flatten else x

    def labels(y):
        return np.eye(10, dtype=np.float32)[y] if one_hot else y.astype(np.int64)

    x, y = raw["x_train"], raw["y_train"]
    held = validation_mask(y, validation, seed, "digits")
    return Digits(
        x_train=images(x[~held]),
        y_train=labels(y[~held]),
        x_validation=images(x[held]) if held.any() else None,
        y_validation=labels(y[held]) if held.any() else None,
        x_test=images(raw["x_test"]),
        y_test=labels(raw["y_test"]),
    )


def fetch_digits():
    """The path of the full MNIST set: Keras' own download, or the course's.

    The errors are those of `course_utils.download.fetch`.
    """
    return fetch(FULL_MNIST, copies=[keras_folder() / "datasets" / FULL_MNIST.name])


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
    path, expected = DATA / "MANIFEST.json", "the list of the bundled files"
    content = _read(path, expected)
    try:
        files = json.loads(content)["files"]
        if all(len(e["sha256"]) == 64 and e["bytes"] > 0 for e in files.values()):
            return files
    except (ValueError, TypeError, KeyError, AttributeError):
        pass  # the same error as for a wrong entry
    raise _broken(path, "no manifest", expected)


def read_bundled(name, entry=None):
    """The content of a bundled file, once it has passed its hash.

    Parameters
    ----------
    name : str
        A key of `bundled_files`.
    entry : dict, optional
        Its ``sha256`` and ``bytes``, where an index of its own gives them.

    Returns
    -------
    bytes

    Raises
    ------
    DataError
        If the file is missing, unreadable, truncated or altered.
    """
    path, entry = DATA / name, entry or bundled_files()[name]
    expected = f"{int(entry['bytes']):,} bytes with SHA-256 {entry['sha256'][:12]}…"
    content = _read(path, expected)
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != entry["sha256"]:
        found = f"{len(content):,} bytes with SHA-256 {sha256[:12]}…"
        raise _broken(path, found, expected)
    return content


def read_rows(name):
    """The rows of a bundled CSV file, each a dict of column to text."""
    text = read_bundled(name).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def load_table(name):
    """A bundled table, column by column.

    Parameters
    ----------
    name : {"penguins", "co2", "faithful", "engel", "wine", "barley"}
        ``data/README.md`` says what each holds, in which units.

    Returns
    -------
    dict of str to ndarray of shape (rows,)
        Column to values: float64 where all are numbers, NaN where one is missing; text
        elsewhere, "NA" where it is missing.

    Raises
    ------
    ValueError
        If there is no such table.
    DataError
        If its file is missing, unreadable or not the right one.
    """
    files = bundled_files()
    if f"tables/{name}.csv" not in files:
        known = [Path(file).stem for file in files if file.startswith("tables/")]
        raise ValueError(f"name={name!r}: expected one of {', '.join(sorted(known))}")
    rows = read_rows(f"tables/{name}.csv")
    return {column: _values([row[column] for row in rows]) for column in rows[0]}


def _values(cells):
    try:
        return np.array([float(c) if c not in ("", "NA") else np.nan for c in cells])
    except ValueError:
        return np.array(cells)


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
    name = path.relative_to(DATA).as_posix()
    fix = f"git checkout -- data/{name}, or a fresh copy of the repository"
    if not DATA.is_dir():
        fix = "install course_utils from a clone of the repository: pip install -e ."
    return DataError(f"{path}: {found}. Expected: {expected}. Fix: {fix}")


def validation_mask(y, validation, seed, what):
    """Which training examples to set aside, each class giving its share to within one.

    ValueError names `what` if `validation` (how many, or which fraction) or `seed` is
    impossible.
    """
    if not isinstance(seed, (int, np.integer)) or seed < 0:  # None: new ones each time
        raise ValueError(f"seed={seed!r}: expected a whole number, 0 or more")
    count = -1
    if isinstance(validation, (float, np.floating)) and 0 <= validation < 1:
        count = round(float(validation) * len(y))
    elif isinstance(validation, (int, np.integer)) and validation is not True:
        count = int(validation)
    if not 0 <= count < len(y) or (count == 0 and validation):
        raise ValueError(
            f"validation={validation!r}: expected how many of the {len(y):,} training "
            f"{what} to set aside, 0 to {len(y) - 1:,}, or which fraction of them, at "
            "least 0 and below 1"
        )
    held = np.zeros(len(y), bool)
    if not count:
        return held  # loading NumPy's random numbers takes longer than the digits
    order = np.random.default_rng(seed).permutation(len(y))
    place = np.empty(len(y))  # of each example in its shuffled class, as a fraction
    for label in np.unique(y):
        members = order[y[order] == label]
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    held[np.argsort(place, kind="stable")[:count]] = True
    return held
