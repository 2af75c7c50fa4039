"""TensorFlow's flower set, for `retrain`: 3,670 photographs of five kinds."""

import tarfile
import tempfile
from pathlib import Path

from course_utils.download import DataError, Remote, cache_folder, fetch

__all__ = ["fetch_flowers", "flowers_folder"]

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
    """Where `fetch_flowers` unpacks the set: as a whole, or not at all."""
    return cache_folder() / "flower_photos"


def fetch_flowers():
    """The flower set on this machine: fetched and unpacked if it is not there yet.

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
        with tempfile.TemporaryDirectory(
            dir=folder.parent, prefix=".flowers.", ignore_cleanup_errors=True
        ) as own:
            with tarfile.open(archive) as content:
                # Python before 3.11.4 knows no filter, and raises TypeError
                content.extractall(own, filter="data")  # nothing outside the folder
            if not folder.is_dir():  # another process may have been faster
                Path(own, folder.name).rename(folder)
    except (tarfile.TarError, EOFError, OSError, TypeError) as error:
        raise DataError(
            f"{archive} cannot be unpacked in {folder.parent}: {error}. Free some disk "
            "space (250 MB) or get write permission there, or set COURSE_DATA_DIR to "
            "a folder that has both; if the archive is at fault, delete it"
        ) from error
    return folder
