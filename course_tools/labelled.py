"""Labelled pictures: a folder with one folder per class, read, checked and split."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_utils.images import files_in, is_clutter, read_images
from course_utils.vision import middle_square

__all__ = [
    "FEWEST",
    "FolderError",
    "Labelled",
    "Parts",
    "find_pictures",
    "read_features",
    "split",
]

#: Pictures that each class must have: three to train on, one to choose by, one to test.
FEWEST = 5
#: Pictures that are in memory together.
BATCH = 32


class FolderError(Exception):
    """A folder cannot be learned from; the message says why and how to mend it."""


class Labelled(NamedTuple):
    """Features of labelled pictures, and what became of the files.

    ``features``
        float32, shape (n, features).
    ``labels``
        int64, shape (n,): positions in ``classes``.
    ``paths``
        The n files.
    ``classes``
        Names, in alphabetical order.
    ``passed_over``
        List of (path, reason) for the files that are not used.
    """

    features: np.ndarray
    labels: np.ndarray
    paths: list
    classes: tuple
    passed_over: list


class Parts(NamedTuple):
    """Positions of the examples for training, validation and test."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def find_pictures(folder):
    """The files of each class: a folder with a folder of pictures per class.

    Parameters
    ----------
    folder : path-like
        Hidden files and folders in it are passed over, and files beside the classes.

    Returns
    -------
    dict of str to list of pathlib.Path
        Class name to its files, both in alphabetical order.

    Raises
    ------
    FolderError
        If the folder is missing or no folder, has fewer than two classes, or a class
        has too few files; one message names all that is wrong.
    """
    folder = Path(folder)
    layout = (
        f"Expected: a folder with one folder of pictures per class, {FEWEST} pictures "
        "or more in each, as in pets/cats/…jpg and pets/dogs/…jpg."
    )
    if not folder.is_dir():
        what = "not a folder" if folder.exists() else "no such folder"
        raise FolderError(f"{folder}: {what}. {layout}")
    inside = sorted(path for path in folder.iterdir() if not is_clutter(path))
    groups = {path.name: files_in(path) for path in inside if path.is_dir()}
    if not groups:
        loose = len(inside)
        found = f"{loose} files, but no folders" if loose else "empty"
        raise FolderError(f"{folder}: {found}, so no classes. {layout}")
    if len(groups) == 1:
        raise FolderError(
            f"{folder}: one class only, {next(iter(groups))!r}; a recogniser tells two "
            f"or more apart. {layout}"
        )
    _enough(folder, {name: len(files) for name, files in groups.items()}, "files")
    return groups


def _enough(folder, counts, what, passed_over=()):
    """Raise if a class has too few; the message names each."""
    few = [
        f"  {name}: {'empty' if not n else f'{n} {what}'}"
        for name, n in counts.items()
        if n < FEWEST
    ]
    if few:
        reasons = [f"  {path}: {reason}" for path, reason in passed_over]
        raise FolderError(
            f"{folder}: {len(few)} of {len(counts)} classes have too few pictures, "
            f"fewer than {FEWEST}:\n"
            + "\n".join(few)
            + ("\nNot used:\n" + "\n".join(reasons) if reasons else "")
            + "\nAdd pictures, or take those folders out."
        )


def read_features(network, folder, progress=None):
    """Read a folder of classes and turn its pictures into features, bit by bit.

    Of copies of one picture in a class, one is used. A picture that is in two classes
    is used in neither.

    Parameters
    ----------
    network : course_utils.vision.Network
    folder : path-like
        As in `find_pictures`.
    progress : callable, optional
        Called with the number of files done since the last call, and of all.

    Returns
    -------
    Labelled

    Raises
    ------
    FolderError
        If the folder cannot be used, or too few of its files.
    """
    groups = find_pictures(folder)
    classes = tuple(groups)
    files = [(path, k) for k, name in enumerate(classes) for path in groups[name]]
    rows, labels, paths, passed_over, owners = [], [], [], [], {}
    for start in range(0, len(files), BATCH):
        chunk = dict(files[start : start + BATCH])
        pictures = read_images(list(chunk))
        passed_over += pictures.refused
        squares = [
            middle_square(picture, network.input_size) for picture in pictures.images
        ]
        if squares:
            rows += list(network.features(squares))
        for path, image in zip(pictures.paths, squares, strict=True):
            owners.setdefault(hashlib.sha256(image).digest(), []).append(len(paths))
            labels.append(chunk[path])
            paths.append(path)
        if progress:
            progress(len(chunk), len(files))
    keep = np.ones(len(paths), bool)
    for same in owners.values():
        unsure = len({labels[i] for i in same}) > 1
        for i in same if unsure else same[1:]:
            keep[i] = False
            other = same[0]
            if unsure:
                other = next(j for j in same if labels[j] != labels[i])
            how = "the same picture under another class:" if unsure else "a copy of"
            passed_over.append((paths[i], f"{how} {paths[other]}"))
    labels = np.array(labels, np.int64)[keep]
    counts = np.bincount(labels, minlength=len(classes))
    _enough(folder, dict(zip(classes, counts, strict=True)), "usable", passed_over)
    return Labelled(
        features=np.array(rows, np.float32)[keep],
        labels=labels,
        paths=[path for path, kept in zip(paths, keep, strict=True) if kept],
        classes=classes,
        passed_over=passed_over,
    )


def split(labels, seed=0):
    """Divide examples 60 : 20 : 20, class by class, each part with all classes.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n,)
        At least three of each class.
    seed : int
        The same seed divides alike.

    Returns
    -------
    Parts
        Positions, in ascending order.
    """
    rng = np.random.default_rng(seed)
    train, validation, test = [], [], []
    for k in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == k))
        fifth = max(1, round(len(members) / 5))
        test.extend(members[:fifth])
        validation.extend(members[fifth : 2 * fifth])
        train.extend(members[2 * fifth :])
    return Parts(*(np.sort(np.array(part, int)) for part in (train, validation, test)))
