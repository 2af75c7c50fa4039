"""Pictures: those that come with the course, and those that people have.

`course_utils.data` reads the bundled files, and imports nothing from here.
"""

import io
import os
import warnings
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_utils.data import (
    bundled_files,
    read_bundled,
    read_rows,
    shapes,
    validation_mask,
)

__all__ = [
    "ImageError",
    "Images",
    "Pictures",
    "files_in",
    "is_clutter",
    "load_images",
    "load_photo",
    "load_photos",
    "read_image",
    "read_images",
]

#: Pillow's name of a format to the endings that its files bear.
FORMATS = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png",),
    "GIF": (".gif",),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
}
#: More pixels than this are not decoded: 300 MB as red, green and blue.
MOST_PIXELS = 100_000_000
TOO_LARGE = f"too large: at most {MOST_PIXELS // 10**6} million pixels are read"
#: What systems and programs leave in folders of pictures.
CLUTTER = {"__macosx", "__pycache__", "thumbs.db", "desktop.ini"}


class ImageError(Exception):
    """A picture cannot be used; the message names it and says why."""


class Pictures(NamedTuple):
    """What `read_images` found."""

    images: list  # of uint8 arrays of shape (height, width, 3)
    paths: list  # of pathlib.Path: where each was, in the same order
    refused: list  # of (path, reason), for the files that could not be used

    def __repr__(self):
        return f"Pictures({len(self.images)} read, {len(self.refused)} refused)"


class Images(NamedTuple):
    """Labelled pictures, split; `load_images` says what each array holds."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_validation: np.ndarray | None
    y_validation: np.ndarray | None
    x_test: np.ndarray
    y_test: np.ndarray
    classes: tuple

    __repr__ = shapes


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
        Named arrays, new ones at each call: ``x_…`` uint8 in 0…255 of shape
        (n, 160, 160, 3), red, green and blue; ``y_…`` int64 of shape (n,), positions
        in ``classes``. ``x_validation`` and ``y_validation`` are None if `validation`
        is 0. Classes are mixed, so the first *n* are a random sample.

    Raises
    ------
    ValueError
        If an argument is none of the above.
    DataError
        If a file is missing, unreadable or not the right one.
    """
    rows = sorted(read_rows("objects/index.csv"), key=lambda row: row["sha256"])
    classes = tuple(sorted({row["class"] for row in rows}))

    def labels(rows):
        return np.array([classes.index(row["class"]) for row in rows])

    def pixels(rows):
        return np.stack([_pixels(f"objects/{row['file']}", row) for row in rows])

    train = [row for row in rows if row["part"] == "train"]
    test = [row for row in rows if row["part"] == "test"]
    y = labels(train)
    held = validation_mask(y, validation, seed, "pictures")
    first = {row["alike"]: i for i, row in reversed(list(enumerate(train)))}
    held = held[[first[row["alike"]] for row in train]]
    x = pixels(train)
    return Images(
        x_train=x[~held],
        y_train=y[~held],
        x_validation=x[held] if validation else None,
        y_validation=y[held] if validation else None,
        x_test=pixels(test),
        y_test=labels(test),
        classes=classes,
    )


def load_photos():
    """All bundled photographs.

    Returns
    -------
    dict of str to numpy.ndarray
        Name, such as ``"cat"``, to what `load_photo` gives, in alphabetical order.
    """
    return {name: load_photo(name) for name in _photos()}


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
    if name not in _photos():
        raise ValueError(f"no photo {name!r}; there are: {', '.join(_photos())}")
    return _pixels(f"photos/{name}.jpg")


def _photos():
    return sorted(Path(f).stem for f in bundled_files() if f.startswith("photos/"))


def _pixels(name, entry=None):
    from PIL import Image

    with Image.open(io.BytesIO(read_bundled(name, entry))) as photo:
        return np.array(photo.convert("RGB"))


def read_image(path, longest=1024):
    """A picture from a file: JPEG, PNG, GIF (its first frame), WebP or BMP.

    It is turned upright as its camera noted (EXIF), and comes in red, green and blue
    whatever the file holds: gray levels, a palette, CMYK, 16 bits a channel. What is
    transparent becomes white.

    Parameters
    ----------
    path : str or pathlib.Path
    longest : int or None
        A larger picture is reduced until its longest side has so many pixels; None
        keeps the size.

    Returns
    -------
    numpy.ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    ImageError
        If the file is missing, empty, truncated, no picture, of another format than
        its name says, or has more than 100 million pixels, which are then not decoded.
    """
    if longest is not None and longest < 1:
        raise ValueError(f"longest={longest!r}: expected at least 1 pixel, or None")
    path = Path(path)
    try:
        _check_beginning(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, about odd but usable files
            return _decoded(path, longest)
    except ImageError as error:
        reason = error
    except MemoryError:
        reason = "too large for this computer's memory"
    except Exception as error:  # damaged files make Pillow raise a dozen kinds
        reason = f"damaged or cut short ({error})"
    raise ImageError(f"{path}: {reason}")


def read_images(paths, longest=1024):
    """Read many pictures; those that cannot be used are told, not raised.

    Parameters
    ----------
    paths : str, pathlib.Path, or iterable of them
        A folder, whose files are read in the order of their names (hidden files and
        folders within it are passed over), one file, or several files.
    longest : int or None
        As for `read_image`.

    Returns
    -------
    Pictures
        Named lists ``images``, ``paths`` and ``refused``.

    Raises
    ------
    ImageError
        If a single path was given and is not there.
    """
    if isinstance(paths, (str, os.PathLike)):
        path = Path(paths)
        if not path.exists():
            raise ImageError(f"{path}: no such file or folder")
        paths = files_in(path) if path.is_dir() else [path]
    found = Pictures([], [], [])
    for path in map(Path, paths):
        try:
            found.images.append(read_image(path, longest))
            found.paths.append(path)
        except ImageError as error:
            found.refused.append((path, str(error).removeprefix(f"{path}: ")))
    return found


def files_in(folder):
    """The files of a folder in the order of their names, but for clutter."""
    inside = sorted(path for path in folder.iterdir() if not is_clutter(path))
    return [path for path in inside if not path.is_dir()]


def is_clutter(path):
    """Whether a file or folder is hidden, or one that no person has put there."""
    return path.name.startswith(".") or path.name.lower() in CLUTTER


def _check_beginning(path):
    """Refuse what need not be opened as a picture."""
    try:
        with open(path, "rb") as file:
            start = file.read(32)
    except FileNotFoundError:
        raise ImageError("no such file") from None
    except OSError as error:
        if path.is_dir():  # Windows says: permission denied
            raise ImageError("a folder, not a picture") from None
        raise ImageError(f"not readable ({error.strerror or error})") from error
    if not start:
        raise ImageError("empty (0 bytes)")
    if start[4:8] == b"ftyp" and start[8:12] in (b"heic", b"heix", b"mif1", b"hevc"):
        raise ImageError("a HEIC picture: save it as JPEG first")


def _decoded(path, longest):
    """The pixels; or ImageError with the reason alone, or an error of Pillow's."""
    from PIL import Image, PngImagePlugin, UnidentifiedImageError

    PngImagePlugin.MAX_TEXT_CHUNK = 1 << 26  # a megabyte of notes is no damage
    try:
        image = Image.open(path, formats=list(FORMATS))
    except UnidentifiedImageError:
        raise ImageError(
            "no picture, or its beginning is damaged: not JPEG, PNG, GIF, WebP or BMP "
            "inside"
        ) from None
    except Image.DecompressionBombError:
        raise ImageError(TOO_LARGE) from None
    with image:
        kind = "JPEG" if image.format == "MPO" else image.format  # JPEG with previews
        if path.suffix and path.suffix.lower() not in FORMATS[kind]:
            raise ImageError(
                f"holds a {kind} picture, which {path.suffix} does not say: rename it "
                f"to {path.stem}{FORMATS[kind][0]}"
            )
        if image.width * image.height > MOST_PIXELS:
            raise ImageError(TOO_LARGE)
        if longest:  # a JPEG can be decoded at a half, quarter or eighth of its size
            image.draft(None, (2 * longest, 2 * longest))
        image.load()
        upright = _in_rgb(_upright(image))
        if longest and max(upright.size) > longest:
            upright.thumbnail((longest, longest), Image.Resampling.BICUBIC)
        return np.array(upright)


def _upright(image):
    """The picture as its camera noted; notes that cannot be read are passed over."""
    from PIL import ImageOps

    with suppress(Exception):  # damaged notes make Pillow raise a dozen kinds
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _in_rgb(image):
    """The picture in red, green and blue, on white where it is transparent."""
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits of gray, which convert would clip
        levels = np.asarray(image).astype(np.int64)
        image = Image.fromarray((levels.clip(0, 65535) // 257).astype(np.uint8))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image)
    return image.convert("RGB")
