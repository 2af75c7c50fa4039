"""Labelled pictures: a folder with one folder per class, read, checked and split."""

import hashlib
import os
from typing import NamedTuple

import numpy as np

from course_tools.places import UserError
from course_utils.images import files_in, is_clutter, read_images
from course_utils.vision import middle_square

__all__ = ["BATCH", "Labelled", "find_pictures", "read_features", "split"]

#: Pictures that each class must have: three to train on, one to choose by, one to test.
FEWEST = 5
#: Pictures that are in memory together.
BATCH = 32
LAYOUT = (
    f"Expected: a folder with one folder of pictures per class, {FEWEST} pictures or "
    "more in each, as in pets/cats/…jpg and pets/dogs/…jpg."
)


class Labelled(NamedTuple):
    """Features of labelled pictures, and what became of the files."""

    features: np.ndarray  # float32, shape (n, features)
    labels: np.ndarray  # int64, shape (n,): positions in `classes`
    paths: list  # the n files
    classes: tuple
    passed_over: list  # (path, reason) of the files that are not used


def find_pictures(folder):
    """The files of each class, name to list of paths, both in alphabetical order.

    Raises
    ------
    UserError
        If nothing can be learned from the folder, or some of its pictures would not
        be used; the message names all that is wrong.
    """
    if not folder.is_dir():
        found = "not a folder" if folder.exists() else "no such folder"
        raise UserError(f"{folder}: {found}. {LAYOUT}")
    groups = {path.name: files_in(path) for path in _folders(folder)}
    deep = [inner for path in _folders(folder) for inner in _folders(path)]
    deep = [inner for inner in deep if any(map(os.path.isfile, inner.rglob("*")))]
    if deep:
        shown = ", ".join(str(path.relative_to(folder)) for path in deep[:4])
        raise UserError(
            f"{folder}: files in folders within folders: {shown}"
            f"{' …' * (len(deep) > 4)}. {LAYOUT} If {deep[0].name} is one of the "
            f"classes, say --images {deep[0].parent}; else move these files one up."
        )
    odd = [name for name in groups if name.encode("utf-8", "ignore").decode() != name]
    if odd:
        raise UserError(
            f"{folder}: names that are not in UTF-8: {[*map(os.fsencode, odd)]}. "
            "Rename these folders; unzip -O GBK unpacks a ZIP file from Windows anew."
        )
    if len(groups) < 2:
        loose = len(files_in(folder))
        found = f"{loose} files, but no folders" if loose else "empty"
        found = f"one class only, {next(iter(groups))!r}" if groups else found
        raise UserError(f"{folder}: {found}; a recogniser needs two or more. {LAYOUT}")
    _enough(folder, {name: len(files) for name, files in groups.items()}, "files")
    return groups


def _folders(folder):
    inside = sorted(path for path in folder.iterdir() if not is_clutter(path))
    return [path for path in inside if path.is_dir()]


def _enough(folder, counts, what, passed_over=()):
    """Raise if a class has too few; the message names each."""
    few = [f"\n  {name}: {n} {what}" for name, n in counts.items() if n < FEWEST]
    if few:
        unused = "".join(f"\n  {path}: {reason}" for path, reason in passed_over)
        raise UserError(
            f"{folder}: {len(few)} of {len(counts)} classes have too few pictures, "
            f"fewer than {FEWEST}:{''.join(few)}"
            + f"\nNot used:{unused}" * bool(unused)
            + "\nAdd pictures, or take those folders out."
        )


def read_features(network, folder, groups, progress=lambda done: None):
    """Turn the pictures of all classes into features, bit by bit.

    Of copies of one picture in a class, one is used. A picture that is in two classes
    is used in neither.

    `network` is a `course_utils.vision.Network`, `groups` what `find_pictures` found in
    the folder; `progress` is called with the number of files done since its last call.
    Raises UserError if too few files of a class can be used.

    Returns
    -------
    Labelled
    """
    classes = tuple(groups)
    files = [(path, k) for k, name in enumerate(classes) for path in groups[name]]
    passed_over = [(path, "beside the folders") for path in files_in(folder)]
    rows, labels, paths, owners = [], [], [], {}
    for start in range(0, len(files), BATCH):
        chunk = dict(files[start : start + BATCH])
        pictures = read_images(list(chunk))
        passed_over += pictures.refused
        squares = [middle_square(each, network.input_size) for each in pictures.images]
        if squares:
            rows += list(network.features(squares))
        for path, square in zip(pictures.paths, squares, strict=True):
            owners.setdefault(hashlib.sha256(square).digest(), []).append(len(paths))
            labels.append(chunk[path])
            paths.append(path)
        progress(len(chunk))
    kept = np.ones(len(paths), bool)
    for same in owners.values():
        unsure = len({labels[i] for i in same}) > 1
        for i in same if unsure else same[1:]:
            kept[i] = False
            other = next(j for j in same if not unsure or labels[j] != labels[i])
            how = "the same picture under another class:" if unsure else "a copy of"
            passed_over.append((paths[i], f"{how} {paths[other]}"))
    labels = np.array(labels, np.int64)[kept]
    counts = np.bincount(labels, minlength=len(classes))
    _enough(folder, dict(zip(classes, counts, strict=True)), "usable", passed_over)
    features = np.array(rows, np.float32)[kept]
    paths = [path for path, keep in zip(paths, kept, strict=True) if keep]
    return Labelled(features, labels, paths, classes, passed_over)


def split(labels, seed=0):
    """Positions for training, validation and test: 60 : 20 : 20 of every class.

    `labels` are integers of shape (n,), at least three of each class; the same `seed`
    divides alike. Each part is in ascending order.
    """
    rng = np.random.default_rng(seed)
    test, validation, train = parts = [], [], []
    for k in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == k))
        fifth = max(1, round(len(members) / 5))
        shares = np.split(members, [fifth, 2 * fifth])
        for part, share in zip(parts, shares, strict=True):
            part.extend(share)
    return tuple(np.sort(np.array(part, int)) for part in (train, validation, test))
