"""Folders of pictures, the head, the saved file, and the commands around them."""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from course_tools import flowers, labelled, recognizer
from course_tools.labelled import FolderError, find_pictures, read_features, split
from course_tools.main import main
from course_tools.recognizer import RecognizerError
from course_utils.download import DataError
from course_utils.images import load_photo
from course_utils.vision import load_network

OBJECTS = Path(__file__).resolve().parents[1] / "data/objects"


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path_factory.mktemp("cache")))


def paint(path, color, size=(12, 10)):
    """A picture of one colour, which no other has, as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)


@pytest.fixture
def pets(tmp_path):
    """Two classes of six one-coloured pictures."""
    for i in range(6):
        paint(tmp_path / f"pets/cats/{i}.png", (200 + i, 10, 10))
        paint(tmp_path / f"pets/dogs/{i}.png", (10, 10, 200 + i))
    return tmp_path / "pets"


class FakeNetwork:
    """The mean colour stands for features."""

    input_size = 8

    def features(self, images):
        assert all(image.shape == (8, 8, 3) for image in images)
        return np.stack([image.mean(axis=(0, 1)) for image in images]).astype("float32")


# --- folders -------------------------------------------------------------------------


def test_a_folder_gives_its_classes(pets):
    (pets / ".hidden").mkdir()
    (pets / "__MACOSX").mkdir()
    (pets / "notes.txt").write_text("beside the classes")
    (pets / "cats/inner").mkdir()
    found = find_pictures(pets)
    assert list(found) == ["cats", "dogs"]
    assert [path.name for path in found["cats"]] == [f"{i}.png" for i in range(6)]


def empty(folder):
    shutil.rmtree(folder)
    folder.mkdir()


def one_class(folder):
    shutil.rmtree(folder / "dogs")


def loose_files(folder):
    empty(folder)
    paint(folder / "a.png", "red")


def is_a_file(folder):
    shutil.rmtree(folder)
    folder.write_text("no folder")


def too_few(folder):
    (folder / "birds").mkdir()
    for i in range(2, 6):
        (folder / f"dogs/{i}.png").unlink()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (shutil.rmtree, ["no such folder", "pets/cats"]),
        (is_a_file, ["not a folder"]),
        (empty, ["empty, so no classes"]),
        (loose_files, ["1 files, but no folders"]),
        (one_class, ["one class only, 'cats'"]),
        (
            too_few,
            [
                "2 of 3 classes have too few",
                "\n  birds: empty\n",
                "\n  dogs: 2 files\n",
            ],
        ),
    ],
)
def test_a_bad_folder_is_explained_in_one_error(pets, damage, words, capsys):
    damage(pets)
    output = pets.parent / "m.keras"
    assert main(["retrain", "--images", str(pets), "--output", str(output)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"error: {pets}: ")
    assert told.err.count("error:") == 1
    for word in words:
        assert word in told.err
    assert not output.exists()


def test_unusable_files_are_named_and_the_others_used(pets):
    (pets / "cats/empty.jpg").touch()
    (pets / "cats/words.png").write_text("no picture")
    whole = (pets / "dogs/0.png").read_bytes()
    (pets / "dogs/cut.png").write_bytes(whole[: len(whole) // 2])
    seen = []
    found = read_features(FakeNetwork(), pets, lambda done, of: seen.append((done, of)))
    assert found.classes == ("cats", "dogs")
    assert found.labels.tolist() == [0] * 6 + [1] * 6
    assert found.features.shape == (12, 3)
    assert found.features[0] == pytest.approx([200, 10, 10])
    assert [path.parent.name for path in found.paths] == ["cats"] * 6 + ["dogs"] * 6
    reasons = {path.name: reason for path, reason in found.passed_over}
    assert set(reasons) == {"empty.jpg", "words.png", "cut.png"}
    assert "0 bytes" in reasons["empty.jpg"]
    assert sum(done for done, _ in seen) == seen[-1][1] == 15


def test_features_belong_to_their_files_over_many_batches(pets, monkeypatch):
    monkeypatch.setattr(labelled, "BATCH", 5)
    (pets / "cats/1.png").write_bytes(b"")
    paint(pets / "cats/6.png", (99, 99, 99))
    found = read_features(FakeNetwork(), pets)
    for path, row in zip(found.paths, found.features, strict=True):
        assert row == pytest.approx(np.asarray(Image.open(path)).mean(axis=(0, 1)))


def test_copies_count_once_and_contradictions_not_at_all(pets):
    shutil.copy(pets / "cats/0.png", pets / "cats/zero_again.png")
    for name in ("cats", "dogs"):
        paint(pets / name / "both.png", "yellow")
    found = read_features(FakeNetwork(), pets)
    assert len(found.labels) == len(found.features) == len(found.paths) == 12
    reasons = {
        str(path.relative_to(pets)): reason for path, reason in found.passed_over
    }
    assert reasons == {
        "cats/zero_again.png": f"a copy of {pets / 'cats/0.png'}",
        "cats/both.png": f"the same picture under another class: {pets}/dogs/both.png",
        "dogs/both.png": f"the same picture under another class: {pets}/cats/both.png",
    }


def test_too_few_usable_ones_are_an_error_that_names_the_others(pets):
    for i in range(2):
        (pets / f"dogs/{i}.png").write_bytes(b"")
    with pytest.raises(FolderError) as error:
        read_features(FakeNetwork(), pets)
    assert "dogs: 4 usable" in str(error.value)
    assert f"{pets / 'dogs/1.png'}: empty (0 bytes)" in str(error.value)


def test_split_is_stratified_and_covers_all():
    labels = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [5, 20, 50]))
    parts = split(labels, seed=3)
    assert sorted(np.concatenate(parts)) == list(range(75))
    assert np.bincount(labels[parts.train]).tolist() == [3, 12, 30]
    assert np.bincount(labels[parts.validation]).tolist() == [1, 4, 10]
    assert np.bincount(labels[parts.test]).tolist() == [1, 4, 10]
    again, other = split(labels, seed=3), split(labels, seed=4)
    assert all(map(np.array_equal, parts, again))
    assert not np.array_equal(parts.test, other.test)


# --- the head ------------------------------------------------------------------------


def blobs(n=60, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    x = rng.normal(size=(n, 4)) * [1, 10, 0.1, 1] + 5
    x[:, 0] += 4 * labels
    return x.astype("float32"), labels


def test_head_is_at_the_minimum_of_its_cost():
    """TensorFlow's own cost and gradient, at what SciPy found."""
    x, y = blobs()
    kernel, bias = recognizer.fit_head(x, y, 3, strength=0.1)
    mean, deviation = x.mean(0), x.std(0)
    scaled = tf.constant((x - mean) / deviation)
    w = tf.Variable(kernel * deviation[:, None])
    b = tf.Variable(bias + mean @ kernel)
    with tf.GradientTape() as tape:
        costs = tf.nn.sparse_softmax_cross_entropy_with_logits(y, scaled @ w + b)
        cost = tf.reduce_mean(costs) + 0.05 * tf.reduce_sum(w**2)
    for slope in tape.gradient(cost, [w, b]):
        assert np.abs(slope).max() < 1e-4


def test_penalty_is_chosen_on_validation_and_test_is_not_looked_at():
    x, y = blobs(150)
    parts = split(y)
    paths = [Path(str(i)) for i in range(len(y))]
    examples = labelled.Labelled(x, y, paths, ("a", "b", "c"), [])
    trained = recognizer.train(examples, parts)
    assert trained.strength in recognizer.STRENGTHS
    assert trained.validation_accuracy > 0.8
    spoiled = x.copy()
    spoiled[parts.test] = 1e6
    again = recognizer.train(examples._replace(features=spoiled), parts)
    assert np.array_equal(trained.kernel, again.kernel)


# --- retrain, once, on real pictures -------------------------------------------------

CLASSES = {"birds": "birds", "花": "plants", "vehicles": "vehicles"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What ``retrain`` made of three classes of eight pictures, and printed."""
    folder = tmp_path_factory.mktemp("trained")
    for name, source in CLASSES.items():
        (folder / "mine" / name).mkdir(parents=True)
        for path in sorted((OBJECTS / source).glob("*.jpg"))[:8]:
            shutil.copy(path, folder / "mine" / name)
    (folder / "mine/birds/zero.jpg").touch()
    done = course(
        "retrain",
        "--images",
        folder / "mine",
        "--output",
        folder / "mine.keras",
        COURSE_DATA_DIR=str(folder / "cache"),
    )
    return folder, done


def course(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "course_tools", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"} | environment,
    )


@pytest.fixture(scope="module")
def model(trained):
    return recognizer.load(trained[0] / "mine.keras")


def test_retrain_reports_and_saves(trained):
    folder, done = trained
    assert done.returncode == 0, done.stderr
    text = done.stdout
    assert "24 pictures of 3 classes: 12 to train on, 6 for validation, 6 for" in text
    assert "validation accuracy: " in text
    assert "test accuracy: " in text
    assert " of 2 right" in text
    assert f"not used: {folder}/mine/birds/zero.jpg: empty (0 bytes)" in done.stderr
    assert "100%" in done.stderr
    assert "Traceback" not in done.stderr
    assert "cuda" not in done.stderr.lower()
    left = {path.name for path in folder.iterdir()}
    assert left == {"mine", "mine.keras", "mine_confusion.png", "cache"}
    with Image.open(folder / "mine_confusion.png") as drawing:
        assert min(drawing.size) > 100


FRESH = """
import sys
sys.modules["course_utils"] = None  # importing it would fail
import keras, numpy as np
model = keras.saving.load_model(sys.argv[1])
pictures = np.load(sys.argv[2])
answer = model.predict(pictures, verbose=0)
np.save(sys.argv[3], answer["probabilities"])
print(*[label.decode() for label in answer["label"]])
print(*model.get_layer("label").get_vocabulary())
"""


def test_the_file_is_complete_in_a_process_without_this_package(
    trained, model, tmp_path
):
    picture = np.stack(
        [load_photo("flower")[:250, :300], load_photo("cat")[:250, :300]]
    )
    np.save(tmp_path / "pictures.npy", picture)
    done = subprocess.run(
        [
            *(sys.executable, "-c", FRESH, trained[0] / "mine.keras"),
            *(tmp_path / "pictures.npy", tmp_path / "found.npy"),
        ],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stderr
    labels, names = done.stdout.splitlines()
    assert names == "birds vehicles 花"
    found = np.load(tmp_path / "found.npy")
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert labels.split() == [names.split()[k] for k in found.argmax(axis=1)]
    # another implementation of the same reduction: close, not equal
    assert np.abs(found - recognizer.predict(model, list(picture))).max() < 0.1


def test_the_saved_head_sits_on_the_networks_features(model):
    network = load_network("efficientnet_lite0")
    pictures = [load_photo("cat"), load_photo("coffee"), load_photo("rocket")]
    head = model.get_layer("probabilities")
    features = network.features(pictures, cache=False)
    expected = tf.nn.softmax(features @ head.kernel + head.bias)
    found = recognizer.predict(model, pictures)
    assert np.abs(found - expected).max() < 1e-4


def test_one_picture_of_any_size_is_enough(model):
    for shape in ((1, 20, 31, 3), (3, 500, 300, 3)):
        answer = model.predict(np.zeros(shape, np.uint8), verbose=0)
        assert answer["probabilities"].shape == (shape[0], 3)
        assert answer["label"].shape == (shape[0],)


def test_recognize_tells_the_classes(trained, tmp_path, capsys):
    folder, _ = trained
    shutil.copy(next((folder / "mine/花").glob("*.jpg")), tmp_path / "rose.jpg")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "nothing").mkdir()
    arguments = ["recognize", "--model", str(folder / "mine.keras"), "--top", "2"]
    assert main([*arguments, str(tmp_path / "rose.jpg")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == str(tmp_path / "rose.jpg")
    assert lines[1].split()[1:] == ["%", "花"]
    first, second = (float(line.split()[0]) for line in lines[1:])
    assert first >= second
    assert main([*arguments, str(tmp_path), str(tmp_path / "nothing")]) == 1
    told = capsys.readouterr()
    assert told.out.splitlines() == lines
    assert f"not used: {tmp_path / 'broken.jpg'}: no picture" in told.err
    assert f"not used: {tmp_path / 'nothing'}: no files in it" in told.err


def test_recognize_passes_over_what_systems_leave_in_folders(trained, tmp_path, capsys):
    paint(tmp_path / "red.png", "red")
    for name in ("Thumbs.db", "desktop.ini", ".hidden"):
        (tmp_path / name).write_bytes(b"no picture")
    model = str(trained[0] / "mine.keras")
    assert main(["recognize", "--model", model, str(tmp_path)]) == 0
    assert capsys.readouterr().err == ""


def test_recognize_without_a_usable_picture(trained, tmp_path, capsys):
    model = str(trained[0] / "mine.keras")
    assert main(["recognize", "--model", model, str(tmp_path / "gone.jpg")]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told == [
        f"not used: {tmp_path / 'gone.jpg'}: no such file",
        "error: no picture that can be used",
    ]


# --- what is in the way of writing ---------------------------------------------------


def test_an_existing_file_is_not_replaced_unless_forced(trained, pets, capsys):
    for name in ("m.keras", "m_confusion.png"):
        there = pets.parent / name
        there.write_text("precious")
        arguments = ["retrain", "--images", str(pets)]
        assert main([*arguments, "--output", str(pets.parent / "m.keras")]) == 1
        assert f"{there} is there already" in capsys.readouterr().err
        assert there.read_text() == "precious"
        there.unlink()
    for name in ("m.keras", "m_confusion.png"):
        (pets.parent / name).write_text("not needed any more")
    assert main([*arguments, "--force", "--output", str(pets.parent / "m.keras")]) == 0
    assert recognizer.class_names(recognizer.load(pets.parent / "m.keras")) == (
        "cats",
        "dogs",
    )
    assert Image.open(pets.parent / "m_confusion.png").format == "PNG"


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("m.h5", "must end in .keras"),
        ("nowhere/m.keras", "cannot write to {}/nowhere: No such file"),
        ("pets.keras", "is a folder"),
    ],
)
def test_an_output_that_cannot_be_written_is_told_first(pets, output, words, capsys):
    (pets.parent / "pets.keras").mkdir()
    path = pets.parent / output
    assert main(["retrain", "--images", str(pets), "--output", str(path)]) == 1
    assert words.format(pets.parent) in capsys.readouterr().err


def test_a_full_disk_harms_no_file(model, tmp_path):
    """A limit on file sizes stands for the full disk."""
    resource = pytest.importorskip("resource")  # not on Windows
    path = tmp_path / "m.keras"
    path.write_text("the one before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            recognizer.save(model, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_text() == "the one before"
    assert [p.name for p in tmp_path.iterdir()] == ["m.keras"]


def test_saving_replaces_a_file_and_gives_it_ordinary_rights(model, tmp_path):
    path = tmp_path / "m.keras"
    path.write_text("the one before")
    path.chmod(0o644)
    recognizer.save(model, path)
    assert recognizer.class_names(recognizer.load(path)) == ("birds", "vehicles", "花")
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_negative_seed_is_refused(pets, capsys):
    arguments = ["retrain", "--images", str(pets), "--output", "m.keras"]
    assert main([*arguments, "--seed", "-1"]) == 1
    assert "--seed -1" in capsys.readouterr().err


# --- files that are no recogniser ----------------------------------------------------


def other_model(path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.save(path)


def with_code(path):
    layer = keras.layers.Lambda(lambda x: x + 1)
    keras.Sequential([keras.Input((3,)), layer]).save(path)


def plain_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "no model")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "a folder, not a file"),
        (lambda path: path.touch(), "empty (0 bytes)"),
        (lambda path: path.write_text("hello"), "no .keras file"),
        (plain_zip, "a zip archive, but no Keras model"),
        (other_model, "a Keras model, but no recogniser"),
        (with_code, "Keras cannot load it"),
    ],
)
def test_a_file_that_is_no_recogniser_is_explained(make, words, tmp_path, capsys):
    path = tmp_path / "m.keras"
    make(path)
    assert main(["recognize", "--model", str(path), "x.jpg"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"error: {path}: ")
    assert words in told
    assert told.count("\n") == 1


def test_a_damaged_recogniser_is_explained(trained, tmp_path):
    whole = (trained[0] / "mine.keras").read_bytes()
    path = tmp_path / "m.keras"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecognizerError, match="cut short"):
        recognizer.load(path)
    middle = len(whole) // 2
    flipped = bytes(255 - byte for byte in whole[middle : middle + 100])
    path.write_bytes(whole[:middle] + flipped + whole[middle + 100 :])
    with pytest.raises(RecognizerError, match="damaged"):
        recognizer.load(path)


# --- the flower set ------------------------------------------------------------------


def packed(*members):
    """A gzipped tar archive of (name, content) pairs, or of TarInfo objects."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                entry = tarfile.TarInfo(member[0])
                entry.size = len(member[1])
                archive.addfile(entry, io.BytesIO(member[1]))
    return file.getvalue()


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """Put an archive on a local mirror, under the hash that is asked for."""

    def serve(content):
        (tmp_path / "mirror").mkdir()
        (tmp_path / "mirror/flower_photos.tgz").write_bytes(content)
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        monkeypatch.setattr(flowers, "FLOWERS", replace(flowers.FLOWERS, digest=digest))
        monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "mirror"))
        monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "cache"))
        return tmp_path / "cache"

    return serve


def test_flowers_come_from_a_mirror_and_are_unpacked_once(mirror, capsys, monkeypatch):
    names = ("LICENSE.txt", "roses/1.jpg", "tulips/1.jpg")
    cache = mirror(packed(*((f"flower_photos/{name}", b"x") for name in names)))
    assert main(["fetch", "flowers"]) == 0
    folder = cache / "flower_photos"
    assert capsys.readouterr().out == f"{folder}\n"
    found = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert found == set(names)
    monkeypatch.delenv("COURSE_MIRROR")
    (cache / "flower_photos.tgz").unlink()
    assert flowers.fetch_flowers() == folder  # nothing is fetched again
    assert [path.name for path in cache.iterdir() if path.is_dir()] == [folder.name]


def test_a_wrong_archive_is_refused(mirror, monkeypatch):
    cache = mirror(packed(("flower_photos/roses/1.jpg", b"x")))
    wrong = replace(flowers.FLOWERS, digest="sha256:" + "0" * 64)
    monkeypatch.setattr(flowers, "FLOWERS", wrong)
    with pytest.raises(DataError, match="wrong content"):
        flowers.fetch_flowers()
    assert not (cache / "flower_photos").exists()


def link(name, target):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    return entry


@pytest.mark.parametrize(
    "bad",
    [
        ("flower_photos/../../outside.txt", b"x"),
        ("../outside.txt", b"x"),
        link("flower_photos/away", "../../.."),
    ],
)
def test_nothing_is_unpacked_outside_the_folder(mirror, tmp_path, bad):
    cache = mirror(packed(("flower_photos/roses/1.jpg", b"x"), bad))
    with pytest.raises(DataError, match="not unpacked"):
        flowers.fetch_flowers()
    assert not list(tmp_path.rglob("outside.txt"))
    assert not (cache / "flower_photos").exists()
    assert not [path for path in cache.iterdir() if path.is_dir()]


def test_a_cut_archive_is_told(mirror):
    whole = packed(("flower_photos/roses/1.jpg", bytes(100_000)))
    mirror(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="not unpacked"):
        flowers.fetch_flowers()


def test_an_archive_of_something_else_is_told(mirror):
    mirror(packed(("cats/1.jpg", b"x")))
    with pytest.raises(DataError, match="holds no folder flower_photos"):
        flowers.fetch_flowers()


def test_a_cache_that_cannot_be_written_is_told(mirror, monkeypatch):
    mirror(packed(("flower_photos/roses/1.jpg", b"x")))

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(flowers.tarfile.TarFile, "extractall", full)
    with pytest.raises(DataError, match="No space left on device"):
        flowers.fetch_flowers()


def test_retrain_on_flowers_asks_for_them_first(pets, capsys):
    output = str(pets.parent / "m.keras")
    assert main(["retrain", "--images", "flowers", "--output", output]) == 1
    assert "python -m course_tools fetch flowers" in capsys.readouterr().err


def test_retrain_runs_on_the_flowers_that_were_fetched(mirror, tmp_path, capsys):
    files = [
        (f"flower_photos/{name}/{path.name}", path.read_bytes())
        for name, source in (("roses", "plants"), ("tulips", "food"))
        for path in sorted((OBJECTS / source).glob("*.jpg"))[:5]
    ]
    mirror(packed(*files))
    flowers.fetch_flowers()
    output = str(tmp_path / "flowers.keras")
    assert main(["retrain", "--images", "flowers", "--output", output]) == 0
    assert "10 pictures of 2 classes" in capsys.readouterr().out
    assert recognizer.class_names(recognizer.load(output)) == ("roses", "tulips")
