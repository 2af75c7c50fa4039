"""Reading the pictures that people have; each refusal comes with a reason."""

import os
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

__all__ = [
    "ImageError",
    "Pictures",
    "files_in",
    "is_clutter",
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
#: What systems and programs leave in folders of pictures.
CLUTTER = {"__macosx", "__pycache__", "thumbs.db", "desktop.ini"}


class ImageError(Exception):
    """A picture cannot be used; the message names it and says why."""


class Pictures(NamedTuple):
    """What `read_images` found.

    ``images``
        List of uint8 arrays of shape (height, width, 3).
    ``paths``
        Where each was, `pathlib.Path`, in the same order.
    ``refused``
        List of (path, reason) for the files that could not be used.
    """

    images: list
    paths: list
    refused: list

    def __repr__(self):
        return f"Pictures({len(self.images)} read, {len(self.refused)} refused)"


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
    reason = _obstacle(path)
    if not reason:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of Pillow, about odd but usable files
                return _decoded(path, longest)
        except ImageError as error:
            reason = str(error)
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
        See `read_image`.

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
            image = read_image(path, longest)
        except ImageError as error:
            found.refused.append((path, str(error).removeprefix(f"{path}: ")))
        else:
            found.images.append(image)
            found.paths.append(path)
    return found


def files_in(folder):
    """The files of a folder in the order of their names, but for clutter.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    list of pathlib.Path
    """
    inside = sorted(path for path in folder.iterdir() if not is_clutter(path))
    return [path for path in inside if not path.is_dir()]


def is_clutter(path):
    """Whether a file or folder is hidden, or one that no person has put there."""
    return path.name.startswith(".") or path.name.lower() in CLUTTER


def _obstacle(path):
    """Why a file need not be opened as a picture, or None."""
    try:
        with open(path, "rb") as file:
            start = file.read(32)
    except FileNotFoundError:
        return "no such file"
    except IsADirectoryError:
        return "a folder, not a picture"
    except OSError as error:
        return (
            "a folder, not a picture"
            if path.is_dir()  # Windows says: permission denied
            else f"not readable ({error.strerror or error})"
        )
    if not start:
        return "empty (0 bytes)"
    if start[4:8] == b"ftyp" and start[8:12] in (b"heic", b"heix", b"mif1", b"hevc"):
        return "a HEIC picture: save it as JPEG first"
    return None


def _decoded(path, longest):
    """The pixels; or ImageError with the reason alone, or an error of Pillow's."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        image = Image.open(path, formats=list(FORMATS))
    except UnidentifiedImageError:
        raise ImageError(_not_a_picture(path)) from None
    except Image.DecompressionBombError:
        raise ImageError(_too_large()) from None
    with image:
        kind = "JPEG" if image.format == "MPO" else image.format  # JPEG with previews
        if path.suffix and path.suffix.lower() not in FORMATS[kind]:
            raise ImageError(
                f"holds a {kind} picture, which {path.suffix} does not say: rename it "
                f"to {path.stem}{FORMATS[kind][0]}"
            )
        if image.width * image.height > MOST_PIXELS:
            raise ImageError(_too_large(image.size))
        if longest:  # a JPEG can be decoded at a half, quarter or eighth of its size
            image.draft(None, (2 * longest, 2 * longest))
        image.load()
        upright = _in_rgb(ImageOps.exif_transpose(image))
        if longest and max(upright.size) > longest:
            upright.thumbnail((longest, longest), Image.Resampling.BICUBIC)
        return np.array(upright)


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


def _too_large(size=None):
    pixels = f"{size[0]} × {size[1]}" if size else "very many"
    return (
        f"too large: {pixels} pixels, at most {MOST_PIXELS // 10**6} million are read"
    )


def _not_a_picture(path):
    """What to say of a file that is in none of the formats."""
    names = "JPEG, PNG, GIF, WebP or BMP"
    if any(path.suffix.lower() in endings for endings in FORMATS.values()):
        return f"no picture, or its beginning is damaged: not {names} inside"
    return f"no picture in a known format ({names})"
