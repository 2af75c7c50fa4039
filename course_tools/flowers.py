"""TensorFlow's flower set, for `retrain`: 3,670 photographs of five kinds."""

import shutil
import tarfile
import tempfile
from pathlib import Path

from course_utils.download import DataError, Remote, cache_folder, fetch

__all__ = ["FLOWERS", "fetch_flowers", "flowers_folder"]

#: Size and hash as TensorFlow Datasets publishes them for its set ``tf_flowers``.
FLOWERS = Remote(
    name="flower_photos.tgz",
    url="https://storage.googleapis.com/download.tensorflow.org/example_images/"
    "flower_photos.tgz",
    digest="sha256:4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
    size=228_813_984,
    otherwise="work with pictures of your own, or with those in data/objects.",
)


def flowers_folder():
    """Where `fetch_flowers` unpacks the set.

    Returns
    -------
    pathlib.Path
        There as a whole, or not at all.
    """
    return cache_folder() / "flower_photos"


def fetch_flowers():
    """Make sure that the flower set is on this machine, unpacked, and say where.

    The photographs are under Creative Commons licences; ``LICENSE.txt`` in the folder
    names the photographers.

    Returns
    -------
    pathlib.Path
        A folder with one folder per kind: daisy, dandelion, roses, sunflowers, tulips.

    Raises
    ------
    DataError
        If it cannot be had or unpacked; nothing half unpacked stays behind.
    """
    folder = flowers_folder()
    if folder.is_dir():
        return folder
    archive = fetch(FLOWERS)
    try:
        # in the cache itself: the archive may lie elsewhere, or be read-only
        folder.parent.mkdir(parents=True, exist_ok=True)
        own = tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.")
        try:
            _unpack(archive, own)
            _put_in_place(Path(own, folder.name), folder)
        finally:
            shutil.rmtree(own, ignore_errors=True)
    except OSError as error:
        raise DataError(
            f"cannot unpack {archive} in {folder.parent}: {error.strerror or error}. "
            "Free some disk space (250 MB) or get write permission there, or set "
            "COURSE_DATA_DIR to a folder that has both."
        ) from error
    return folder


def _unpack(archive, folder):
    """Extract, but nothing that would land outside `folder` or is no plain file."""
    if not hasattr(tarfile, "data_filter"):
        raise DataError(
            "this Python cannot unpack archives safely; update it: 3.11.4 or later can"
        )
    try:
        with tarfile.open(archive) as content:
            content.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError) as error:
        raise DataError(
            f"{archive}: not unpacked, because {error}. Delete it, then run "
            "python -m course_tools fetch flowers"
        ) from error


def _put_in_place(unpacked, folder):
    """Rename in one step; another process may have been faster."""
    if not unpacked.is_dir():
        raise DataError(f"the archive holds no folder {unpacked.name}")
    try:
        unpacked.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
