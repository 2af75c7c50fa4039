"""Folders of pictures, the head, the saved file, and the commands around them."""

import hashlib
import io
import os
import re
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
from course_tools import retrain as commands
from course_tools.labelled import find_pictures, split
from course_tools.main import main
from course_tools.places import UserError
from course_utils import vision
from course_utils.download import DataError
from course_utils.images import load_photo

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


class SmallNetwork:
    """The mean colour stands for features."""

    name, title, input_size, scale, offset = "small", "Small", 8, 1.0, 0.0

    def __init__(self):
        inputs = keras.Input((8, 8, 3))
        pooled = keras.layers.GlobalAveragePooling2D(name="avg_pool")(inputs)
        self.model = keras.Model(inputs, pooled)

    def features(self, images):
        assert all(image.shape == (8, 8, 3) for image in images)
        return np.stack([image.mean(axis=(0, 1)) for image in images]).astype("float32")


@pytest.fixture
def small(monkeypatch):
    """Let `retrain` use the small network; the list of the names it asked for."""
    asked = []
    monkeypatch.setattr(
        vision, "load_network", lambda name: asked.append(name) or SmallNetwork()
    )
    return asked


def read_features(folder, progress=lambda done: None):
    groups = find_pictures(folder)
    return labelled.read_features(SmallNetwork(), folder, groups, progress)


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


def parts_above_classes(folder):
    """As competitions hand out their pictures."""
    for part in ("train", "validation", "test"):
        shutil.copytree(folder / "cats", folder / part / "cats")
        shutil.copytree(folder / "dogs", folder / part / "dogs")
    shutil.rmtree(folder / "cats")
    shutil.rmtree(folder / "dogs")


def two_levels(folder):
    paint(folder / "dogs/indoor/a.png", "red")


def too_few(folder):
    (folder / "birds").mkdir()
    for i in range(2, 6):
        (folder / f"dogs/{i}.png").unlink()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (shutil.rmtree, ["no such folder", "pets/cats"]),
        (is_a_file, ["not a folder"]),
        (empty, ["empty; a recogniser needs two"]),
        (loose_files, ["1 files, but no folders"]),
        (one_class, ["one class only, 'cats'"]),
        (
            parts_above_classes,
            [
                "within folders: test/cats, test/dogs, train/cats, train/dogs …",
                "If cats is one of the classes, say --images ",
            ],
        ),
        (two_levels, ["within folders: dogs/indoor. Expected:", "move these files"]),
        (
            too_few,
            [
                "2 of 3 classes have too few",
                "\n  birds: 0 files\n",
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


@pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode there")
def test_a_class_whose_name_is_not_utf8_is_told_first(pets, small, capsys):
    """A ZIP file from a Chinese Windows, unpacked on Linux."""
    (pets / "dogs").rename(pets / os.fsdecode("狗".encode("gbk")))
    output = str(pets.parent / "m.keras")
    assert main(["retrain", "--images", str(pets), "--output", output]) == 1
    assert f"not in UTF-8: [{'狗'.encode('gbk')}]" in capsys.readouterr().err
    assert not small


def test_unusable_files_are_named_and_the_others_used(pets):
    (pets / "cats/empty.jpg").touch()
    (pets / "cats/words.png").write_text("no picture")
    whole = (pets / "dogs/0.png").read_bytes()
    (pets / "dogs/cut.png").write_bytes(whole[: len(whole) // 2])
    (pets / "loose.png").write_bytes(whole)
    seen = []
    found = read_features(pets, seen.append)
    assert found.classes == ("cats", "dogs")
    assert found.labels.tolist() == [0] * 6 + [1] * 6
    assert found.features.shape == (12, 3)
    assert found.features[0] == pytest.approx([200, 10, 10])
    assert [path.parent.name for path in found.paths] == ["cats"] * 6 + ["dogs"] * 6
    reasons = {path.name: reason for path, reason in found.passed_over}
    assert set(reasons) == {"empty.jpg", "words.png", "cut.png", "loose.png"}
    assert reasons["loose.png"] == "beside the folders"
    assert "0 bytes" in reasons["empty.jpg"]
    assert sum(seen) == 15


def test_features_belong_to_their_files_over_many_batches(pets, monkeypatch):
    monkeypatch.setattr(labelled, "BATCH", 5)
    (pets / "cats/1.png").write_bytes(b"")
    paint(pets / "cats/6.png", (99, 99, 99))
    found = read_features(pets)
    for path, row in zip(found.paths, found.features, strict=True):
        assert row == pytest.approx(np.asarray(Image.open(path)).mean(axis=(0, 1)))


def test_copies_count_once_and_contradictions_not_at_all(pets):
    shutil.copy(pets / "cats/0.png", pets / "cats/zero_again.png")
    for name in ("cats", "dogs"):
        paint(pets / name / "both.png", "yellow")
    found = read_features(pets)
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
    with pytest.raises(UserError) as error:
        read_features(pets)
    assert "dogs: 4 usable" in str(error.value)
    assert f"{pets / 'dogs/1.png'}: empty (0 bytes)" in str(error.value)


def test_split_is_stratified_and_covers_all():
    labels = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [5, 20, 50]))
    train, validation, test = parts = split(labels, seed=3)
    assert sorted(np.concatenate(parts)) == list(range(75))
    assert np.bincount(labels[train]).tolist() == [3, 12, 30]
    assert np.bincount(labels[validation]).tolist() == [1, 4, 10]
    assert np.bincount(labels[test]).tolist() == [1, 4, 10]
    again, other = split(labels, seed=3), split(labels, seed=4)
    assert all(map(np.array_equal, parts, again))
    assert not np.array_equal(test, other[2])


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
    x, y = blobs(90)
    train, validation, test = split(y)
    kernel, _, strength, accuracy = recognizer.train(x, y, 3, train, validation)
    assert strength in recognizer.STRENGTHS
    assert accuracy > 0.8
    spoiled = x.copy()
    spoiled[test] = 1e6
    assert np.array_equal(recognizer.train(spoiled, y, 3, train, validation)[0], kernel)


# --- retrain, once, on real pictures -------------------------------------------------

CLASSES = {"birds": "birds", "花": "plants", "vehicles": "vehicles"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What ``retrain`` made of three classes of five pictures, and printed."""
    folder = tmp_path_factory.mktemp("trained")
    for name, source in CLASSES.items():
        (folder / "mine" / name).mkdir(parents=True)
        for path in sorted((OBJECTS / source).glob("*.jpg"))[:5]:
            shutil.copy(path, folder / "mine" / name)
    (folder / "mine/birds/zero.jpg").touch()
    output = folder / "mine.keras"
    command = [sys.executable, "-m", "course_tools", "retrain", "--images"]
    own = {"COURSE_DATA_DIR": str(folder / "cache"), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [*command, folder / "mine", "--output", output],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | own,
    )
    return folder, done


@pytest.fixture(scope="module")
def model(trained):
    return recognizer.load(trained[0] / "mine.keras")


def test_retrain_reports_and_saves(trained):
    folder, done = trained
    assert done.returncode == 0, done.stderr
    text = done.stdout
    assert "15 pictures of 3 classes: 9 to train on, 3 for validation, 3 for" in text
    assert "validation accuracy: " in text
    assert "test accuracy: " in text
    assert " of 1 right" in text
    assert f"not used: {folder}/mine/birds/zero.jpg: empty (0 bytes)" in done.stderr
    assert "100%" in done.stderr
    assert "Traceback" not in done.stderr
    assert "cuda" not in done.stderr.lower()
    left = {path.name for path in folder.iterdir()}
    assert left == {"mine", "mine.keras", "mine_confusion.png", "cache"}
    with Image.open(folder / "mine_confusion.png") as drawing:
        assert min(drawing.size) > 100


def test_the_file_is_complete_without_this_package(trained, model):
    """Whatever it is made of, Keras has."""
    with zipfile.ZipFile(trained[0] / "mine.keras") as archive:
        config = archive.read("config.json").decode()
    modules = set(re.findall(r'"module": "([\w.]+)"', config))
    assert {module.partition(".")[0] for module in modules} == {"keras"}
    assert not re.search(r'"registered_name": "[^"]*>', config)
    assert recognizer.class_names(model) == ("birds", "vehicles", "花")
    pictures = np.stack([load_photo("flower")[:99, :80], load_photo("cat")[:99, :80]])
    answer = model.predict(pictures, verbose=0)
    found = answer["probabilities"]
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-5)
    names = recognizer.class_names(model)
    labels = [label.decode() for label in answer["label"]]
    assert labels == [names[k] for k in found.argmax(axis=1)]
    # another implementation of the same reduction: close, not equal
    assert np.abs(found - recognizer.predict(model, list(pictures))).max() < 0.1


def test_the_saved_head_sits_on_the_networks_features(model):
    network = vision.load_network("efficientnet_lite0")
    pictures = [load_photo("cat"), load_photo("coffee"), load_photo("rocket")]
    head = model.get_layer("probabilities")
    features = network.features(pictures, cache=False)
    expected = tf.nn.softmax(features @ head.kernel + head.bias)
    found = recognizer.predict(model, pictures)
    assert np.abs(found - expected).max() < 1e-4


@pytest.fixture(scope="module")
def blank():
    """A recogniser that has learned nothing; one of its classes has an odd name."""
    return recognizer.assemble(SmallNetwork(), ["birds", "[UNK]", "花 $x"])


def test_one_picture_of_any_size_is_enough(blank):
    for shape in ((1, 20, 31, 3), (3, 500, 300, 3)):
        answer = blank.predict(np.zeros(shape, np.uint8), verbose=0)
        assert answer["probabilities"].shape == (shape[0], 3)
        assert answer["label"].shape == (shape[0],)


@pytest.fixture
def recognizes(model, monkeypatch, trained):
    """The command ``recognize`` with the trained model, which is loaded once."""
    monkeypatch.setattr(recognizer, "load", lambda path: model)
    return ["recognize", "--model", str(trained[0] / "mine.keras")]


def test_recognize_tells_the_classes(trained, recognizes, tmp_path, capsys):
    folder, _ = trained
    shutil.copy(next((folder / "mine/花").glob("*.jpg")), tmp_path / "rose.jpg")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "nothing").mkdir()
    arguments = [*recognizes, "--top", "2"]
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


def test_recognize_passes_over_what_systems_leave(recognizes, tmp_path, capsys):
    paint(tmp_path / "red.png", "red")
    for name in ("Thumbs.db", "desktop.ini", ".hidden"):
        (tmp_path / name).write_bytes(b"no picture")
    assert main([*recognizes, str(tmp_path)]) == 0
    assert capsys.readouterr().err == ""


def test_recognize_without_a_usable_picture(recognizes, tmp_path, capsys):
    assert main([*recognizes, str(tmp_path / "gone.jpg")]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told == [
        f"not used: {tmp_path / 'gone.jpg'}: no such file",
        "error: no picture that can be used",
    ]


# --- what is in the way of writing ---------------------------------------------------


@pytest.mark.usefixtures("small")
def test_an_existing_file_is_not_replaced_unless_forced(pets, capsys):
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
        ("nowhere/m.keras", "cannot write to {}/nowhere: no such folder"),
        ("pets.keras", "cannot write {}/pets.keras: "),
        (f"{'宠' * 90}.keras", "cannot write {}/宠"),
        (f"{'宠' * 83}.keras", "cannot write {}/宠"),  # that of the figure is longer
    ],
)
def test_an_output_that_cannot_be_written_is_told_first(
    pets, output, words, small, capsys
):
    (pets.parent / "pets.keras").mkdir()
    before = sorted(pets.parent.iterdir())
    path = pets.parent / output
    assert main(["retrain", "--images", str(pets), "--output", str(path)]) == 1
    told = capsys.readouterr().err
    assert words.format(pets.parent) in told
    assert told.count("\n") == 1
    assert sorted(pets.parent.iterdir()) == before
    assert not small


def test_a_drive_that_refuses_rights_loses_no_result(pets, small, monkeypatch):
    """It is written, or told before anything is learned."""

    def refuse(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chmod", refuse)
    output = pets.parent / "m.keras"
    output.write_text("the one before")
    arguments = ["retrain", "--images", str(pets), "--output", str(output), "--force"]
    if main(arguments) == 0:
        assert recognizer.class_names(recognizer.load(output)) == ("cats", "dogs")
    else:
        assert output.read_text() == "the one before"
        assert not small


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


def test_saving_replaces_a_file_and_gives_it_ordinary_rights(blank, tmp_path):
    path = tmp_path / "m.keras"
    path.write_text("the one before")
    path.chmod(0o644)
    recognizer.save(blank, path)
    assert recognizer.class_names(recognizer.load(path)) == ("birds", "[UNK]", "花 $x")
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
        (lambda path: path.touch(), "no .keras file, or cut short (0 bytes)"),
        (lambda path: path.write_text("hello"), "no .keras file, or cut short (5"),
        (plain_zip, "Keras cannot load it"),
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


def test_a_damaged_recogniser_is_explained(blank, tmp_path):
    path = tmp_path / "m.keras"
    recognizer.save(blank, path)
    whole = path.read_bytes()
    middle = whole.index(b"model.weights.h5") + 500
    path.write_bytes(whole[:middle])
    with pytest.raises(UserError, match="cut short"):
        recognizer.load(path)
    flipped = bytes(255 - byte for byte in whole[middle : middle + 100])
    path.write_bytes(whole[:middle] + flipped + whole[middle + 100 :])
    with pytest.raises(UserError, match="Keras cannot load it"):
        recognizer.load(path)


# --- many classes --------------------------------------------------------------------


def test_what_many_classes_confuse_is_told_in_words(capsys):
    names = tuple(f"class {k} $x" for k in range(200))
    true = np.repeat(np.arange(200), 2)
    found = true.copy()
    found[:3] = [7, 7, 9]
    paths = [Path(f"{i}.jpg") for i in range(400)]
    examples = labelled.Labelled(np.zeros((400, 1)), true, paths, names, [])
    commands._report(examples, np.arange(400), found)
    told = capsys.readouterr().out.splitlines()
    assert told[-3:] == [
        "most often confused:",
        "  class 0 $x taken for class 7 $x: 2",
        "  class 1 $x taken for class 9 $x: 1",
    ]
    drawing = commands._confusion(examples, np.arange(400), found)
    with Image.open(io.BytesIO(drawing)) as picture:
        assert max(picture.size) < 2500


def test_long_names_and_dollars_do_not_spoil_the_figure():
    names = ("x" * 200, r"$\nonsense$")
    examples = labelled.Labelled(np.zeros((2, 1)), np.arange(2), ["", ""], names, [])
    drawing = commands._confusion(examples, np.arange(2), np.arange(2))
    with Image.open(io.BytesIO(drawing)) as picture:
        assert max(picture.size) < 700


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
    with pytest.raises(DataError, match="cannot be unpacked"):
        flowers.fetch_flowers()
    assert not list(tmp_path.rglob("outside.txt"))
    assert not (cache / "flower_photos").exists()
    assert not [path for path in cache.iterdir() if path.is_dir()]


def test_a_cut_archive_is_told(mirror):
    whole = packed(("flower_photos/roses/1.jpg", bytes(100_000)))
    mirror(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cannot be unpacked"):
        flowers.fetch_flowers()


def test_an_archive_of_something_else_is_told(mirror):
    mirror(packed(("cats/1.jpg", b"x")))
    with pytest.raises(DataError, match="flower_photos"):
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


@pytest.mark.usefixtures("small")
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
