"""Pretrained networks: right answers, one interface, and weights that are verified."""

import dataclasses
import hashlib
import os
import re
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from http_server import FileServer

from course_tools.main import main
from course_utils import download, vision
from course_utils.download import DataError
from course_utils.efficientnet import efficientnet_lite0
from course_utils.images import load_images, load_photo, load_photos
from course_utils.vision import imagenet_classes, load_network

REFERENCE = Path(__file__).parent / "reference" / "efficientnet_lite0_logits.npz"
NOTICE = (
    "Network: EfficientNet-Lite0, which comes with the course "
    "(Inception-v3's weights are not on this machine).\n"
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache, a home without Keras' files, and no network at all."""
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    monkeypatch.delenv("COURSE_MIRROR", raising=False)
    monkeypatch.delenv("COURSE_INCEPTION_WEIGHTS", raising=False)
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def network():
    """The bundled network; the tests leave it as it is."""
    return load_network("efficientnet_lite0")


@pytest.fixture
def built_already(network, monkeypatch):
    """What is asked for is the bundled network's name: building takes half a second."""
    monkeypatch.setattr(vision, "_efficientnet_lite0", lambda: network)


def noise(number, height=20, width=30):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (number, height, width, 3), dtype=np.uint8)


# --- the bundled network


def middle(name):
    """The 224 × 224 pixels in the middle of a photograph, as in the reference."""
    photo = load_photo(name)
    top, left = ((size - 224) // 2 for size in photo.shape[:2])
    return photo[top : top + 224, left : left + 224]


def logits(network, images):
    """The network's answers before the softmax."""
    last = network.model.get_layer("predictions")
    kernel, bias = (weight.numpy() for weight in last.weights)
    return network.features(images, cache=False) @ kernel + bias


def test_logits_are_those_of_the_original_implementation(network):
    """Stored by data/reference_logits.py; float16 alone moves them by up to 0.02.

    A scale of 127.5 instead of 128 would move them by 0.08, another epsilon by 1.
    """
    with np.load(REFERENCE) as file:
        reference = dict(file.items())
    assert len(reference) == 6
    found = logits(network, [middle(name) for name in reference])
    expected = np.array(list(reference.values()))
    assert expected.std() > 1
    assert np.abs(found - expected).max() < 0.04
    odds = np.exp(expected) / np.exp(expected).sum(axis=1, keepdims=True)
    again = network.probabilities([middle(name) for name in reference])
    assert np.abs(again - odds).max() < 0.003


def test_size_and_layers(network):
    assert network.model.count_params() == 4_694_024
    assert network.model.input_shape == (None, 224, 224, 3)
    assert network.input_size == 224
    assert network.feature_size == 1280
    names = [layer.name for layer in network.model.layers]
    blocks = {match[0] for name in names if (match := re.match(r"block\d[a-d]", name))}
    assert len(blocks) == 16
    assert sum(name.endswith("_add") for name in names) == 9
    assert names[-3:] == ["avg_pool", "top_dropout", "predictions"]
    assert "data/efficientnet_lite0.npz" in network.source
    assert repr(network).startswith("EfficientNet-Lite0, 224 × 224 pixels")


def test_architecture_for_other_classes_and_sizes():
    net = efficientnet_lite0(classes=5, input_size=96)
    assert net.input_shape == (None, 96, 96, 3)
    assert net.output_shape == (None, 5)
    assert net.count_params() == 4_694_024 - 1281 * 995


@pytest.mark.parametrize(
    ("photo", "name", "place"),
    [
        ("coffee", "espresso", 1),
        ("photographer", "tripod", 1),
        ("cat", "tabby", 3),
        ("temple", "palace", 2),
        ("rocket", "missile", 3),
        ("clock", "wall clock", 5),
    ],
)
def test_photographs_that_it_knows(network, photo, name, place):
    (answers,) = network.predict_top(load_photo(photo), k=place)
    assert name in [answer.name for answer in answers]


def test_predict_top(network):
    photos = load_photos()
    top = network.predict_top(photos.values(), k=4)
    assert len(top) == len(photos)
    odds = network.probabilities(list(photos.values()))
    assert odds.shape == (len(photos), 1000)
    np.testing.assert_allclose(odds.sum(axis=1), 1, rtol=1e-5)
    for answers, row in zip(top, odds, strict=True):
        probabilities = [answer.probability for answer in answers]
        assert probabilities == sorted(row.tolist(), reverse=True)[:4]
        for answer in answers:
            assert answer.probability == row[answer.index]
            assert imagenet_classes()[answer.index][:2] == answer[3::-3]
    everything = network.predict_top(photos["cat"], k=1000)
    assert sorted(answer.index for answer in everything[0]) == list(range(1000))


@pytest.mark.parametrize("k", [0, -1, 1001])
def test_impossible_k(network, k):
    with pytest.raises(ValueError, match="1 to 1000"):
        network.predict_top(noise(1), k=k)


# --- preprocessing


def test_middle_square_is_taken(network):
    photo = np.zeros((100, 300, 3), np.uint8)
    photo[:, 100:200] = (255, 127, 0)
    for image in (photo, photo.transpose(1, 0, 2)):
        (x,) = network.preprocess([image])
        assert x.shape == (224, 224, 3)
        assert x.dtype == np.float32
        inner = x[10:-10, 10:-10].reshape(-1, 3)
        np.testing.assert_allclose(inner, [[1, 0, -127 / 128]] * len(inner), atol=1e-6)


def test_preprocessing_is_the_same_in_keras(network):
    """What a saved recogniser does inside itself."""
    import keras

    resize = keras.layers.Resizing(
        224, 224, "bicubic", crop_to_aspect_ratio=True, antialias=True
    )
    scale = keras.layers.Rescaling(network.scale, network.offset)
    for name in ("cat", "astronaut"):
        photo = load_photo(name)[:, :301]
        pixels = np.clip(resize(photo[None].astype(np.float32)), 0, 255)
        difference = np.abs(network.preprocess(photo) - scale(pixels)) * 128
        assert difference.mean() < 0.6  # Pillow rounds to whole levels
        assert difference.max() < 12  # and rounds the crop's edges otherwise


def test_sizes_may_differ_and_gray_is_gray(network):
    gray = noise(1)[0, :, :, 0]
    batch = network.preprocess([load_photo("cat"), gray, np.stack([gray] * 3, -1)])
    assert batch.shape == (3, 224, 224, 3)
    np.testing.assert_array_equal(batch[1], batch[2])
    assert (batch[1] == batch[1][..., :1]).all()


def test_one_image_is_a_batch_of_one(network):
    photo = load_photo("coffee")
    np.testing.assert_array_equal(
        network.preprocess(photo), network.preprocess(photo[None])
    )
    assert network.preprocess([]).shape == (0, 224, 224, 3)
    assert network.features([]).shape == (0, 1280)
    assert network.predict_top([]) == []


@pytest.mark.parametrize(
    "images",
    [
        noise(2).astype(np.float32),
        [noise(1)[0] / 255],
        [noise(1)[0, :, :, :2]],
        [np.zeros((5, 0, 3), np.uint8)],
        [np.zeros((2, 5, 5, 3), np.uint8)],
        np.zeros((7, 28, 28), np.uint8),
        ["cat.jpg"],
    ],
)
def test_no_images(network, images):
    with pytest.raises(ValueError, match=r"expected .*\(height, width, 3\)"):
        network.predict_top(images)


# --- features


def test_features_are_what_the_last_pooling_gives(network):
    import keras

    pool = keras.Model(network.model.input, network.model.get_layer("avg_pool").output)
    images = noise(3, 240, 260)
    expected = pool(network.preprocess(images), training=False).numpy()
    found = network.features(images, cache=False)
    assert found.shape == (3, 1280)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_one_function_for_batches_of_every_size(network, monkeypatch):
    monkeypatch.setattr(vision, "BATCH", 4)
    images = noise(11)
    together = network.features(images, cache=False)
    alone = [network.features(image, cache=False)[0] for image in images]
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-4)
    assert network._compiled.experimental_get_tracing_count() == 1


@pytest.fixture
def seen(network, monkeypatch):
    """How many images each call sends through the network."""
    seen, run = [], network._run
    monkeypatch.setattr(
        network, "_run", lambda images: (seen.append(len(images)), run(images))[1]
    )
    return seen


def entries(cache):
    """The files of the feature cache."""
    return sorted(path for path in cache.rglob("*") if path.is_file())


def test_features_are_computed_once(network, seen, cache):
    images = list(noise(4))
    first = network.features(images)
    again = network.features([images[2], images[0], images[2].copy()])
    np.testing.assert_array_equal(again, first[[2, 0, 2]])
    assert again.dtype == np.float32
    again[:] = 7  # the caller's own
    assert [count for count in seen if count] == [4]
    network.features([*images, noise(5)[4]])
    assert [count for count in seen if count] == [4, 1]
    assert len(entries(cache)) == 5
    assert all(path.parent.parent == cache / "features" for path in entries(cache))
    if os.name == "posix":
        assert all(path.stat().st_mode & 0o444 == 0o444 for path in entries(cache))


def test_the_same_image_twice_is_computed_once(network, seen, cache):
    image = noise(1)[0]
    found = network.features([image, image])
    np.testing.assert_array_equal(found[0], found[1])
    assert seen == [1]
    assert len(entries(cache)) == 1


def test_same_bytes_in_another_shape_are_another_image(network, seen):
    image = noise(1, 20, 30)[0]
    network.features([image, image.reshape(30, 20, 3)])
    assert seen == [2]


def test_without_cache_nothing_is_written_or_read(network, seen, cache):
    network.features(noise(2), cache=False)
    network.features(noise(2), cache=False)
    assert seen == [2, 2]
    assert not cache.exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: bytes([content[0] ^ 1]) + content[1:],
        lambda content: content + b"\0",
    ],
)
def test_a_damaged_entry_is_computed_again(network, seen, cache, damage):
    expected = network.features(noise(2))
    path = entries(cache)[0]
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    again = network.features(noise(2))
    np.testing.assert_allclose(again, expected, rtol=1e-3, atol=1e-4)
    assert [count for count in seen if count] == [2, 1]
    network.features(noise(2))
    assert [count for count in seen if count] == [2, 1]
    assert len(entries(cache)) == 2


def test_other_weights_have_other_features(network, seen, cache):
    network.features(noise(1))
    weight = network.model.get_layer("stem_bn").beta
    before = weight.numpy()
    try:
        weight.assign(before + 0.5)  # as fine-tuning would
        changed = network.features(noise(1))
    finally:
        weight.assign(before)
    assert np.abs(changed - network.features(noise(1))).max() > 1e-3
    assert len(entries(cache)) == 2


def test_where_nothing_can_be_written_features_come_all_the_same(
    network, cache, monkeypatch
):
    cache.write_text("a file where the folder should be")
    assert network.features(noise(1)).shape == (1, 1280)
    cache.unlink()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert network.features(noise(1)).shape == (1, 1280)
    assert entries(cache) == []


def test_interrupted_writing_leaves_no_file(network, cache, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        network.features(noise(1))
    assert entries(cache) == []


def test_features_tell_the_labelled_pictures_apart(network):
    """The nearest training picture by its features has the same label, mostly.

    On a validation part of the training pictures; the test pictures stay unseen.
    """
    images = load_images(validation=40, seed=1)

    def unit(x):
        x = network.features(x, cache=False)
        return x / np.linalg.norm(x, axis=1, keepdims=True)

    likeness = unit(images.x_validation) @ unit(images.x_train).T
    nearest = images.y_train[likeness.argmax(axis=1)]
    assert np.mean(nearest == images.y_validation) > 0.8


# --- the classes


def test_classes():
    classes = imagenet_classes()
    assert len(classes) == 1000
    identifiers = [entry.wordnet for entry in classes]
    assert identifiers == sorted(identifiers)  # ILSVRC numbers them so
    assert all(re.fullmatch(r"n\d{8}", key) for key in identifiers)
    assert len({entry.name for entry in classes}) == 1000
    assert all(entry.words.startswith(entry.name.split(" (")[0]) for entry in classes)
    for index, name in (
        (0, "tench"),
        (281, "tabby"),
        (340, "zebra"),
        (967, "espresso"),
    ):
        assert classes[index].name == name
    assert classes[134].name == "crane (bird)"
    assert classes[999].name == "toilet tissue"


def test_classes_need_no_tensorflow():
    code = (
        "import sys; from course_utils import vision; vision.imagenet_classes(); "
        "print(sorted({'tensorflow', 'keras', 'PIL', 'pooch'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


# --- which network


@pytest.mark.parametrize("name", ["", "Inception_v3", "vgg16", None])
def test_unknown_network(name):
    with pytest.raises(ValueError, match="'auto', 'inception_v3', 'eff"):
        load_network(name)


def test_weights_for_the_bundled_network(tmp_path):
    with pytest.raises(ValueError, match="only for Inception-v3"):
        load_network("efficientnet_lite0", weights=tmp_path / "a.h5")


@pytest.mark.usefixtures("built_already")
def test_offline_never_touches_the_network_and_says_what_ran(monkeypatch, capsys):
    def touched(*_, **__):
        raise AssertionError("the network was touched")

    monkeypatch.setenv("COURSE_MIRROR", "http://127.0.0.1:9/folder")
    monkeypatch.setattr(socket, "socket", touched)
    monkeypatch.setattr(socket, "getaddrinfo", touched)
    assert load_network().name == "efficientnet_lite0"
    assert capsys.readouterr().out == NOTICE
    with pytest.raises(DataError) as caught:
        load_network("inception_v3")
    message = str(caught.value)
    assert message.count("COURSE_OFFLINE forbids the network") == 2
    assert "load_network('efficientnet_lite0')" in message
    assert vision.INCEPTION.digest in message
    assert capsys.readouterr().out == ""


def test_bundled_by_name_says_nothing(capsys):
    load_network("efficientnet_lite0")
    assert capsys.readouterr().out == ""


def test_address_and_hash_are_those_of_the_installed_keras():
    keras = Path(find_spec("keras").origin).parent
    path = keras / "src" / "applications" / "inception_v3.py"
    source = path.read_text(encoding="utf-8")
    start = source.index("WEIGHTS_PATH = (")
    address = "".join(re.findall(r'"(.*)"', source[start : source.index(")", start)]))
    remote = vision.INCEPTION
    assert remote.url == address
    call = source[source.index(f'"{remote.name}"') :]
    assert "md5:" + re.search(r'file_hash="(\w+)"', call)[1] == remote.digest
    assert remote.url.endswith(f"/{remote.name}")


# --- Inception-v3, with weights of the right shapes that nobody trained


@pytest.fixture(scope="session")
def generated(tmp_path_factory):
    """A file in the format of Keras' own, and what its network answers."""
    import keras
    from keras.src.legacy.saving import legacy_h5_format

    h5py = pytest.importorskip("h5py")  # Keras needs it
    keras.utils.set_random_seed(0)
    model = keras.applications.InceptionV3(weights=None)
    path = tmp_path_factory.mktemp("mirror") / vision.INCEPTION.name
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
    x = np.linspace(-1, 1, 2 * 299 * 299 * 3, dtype=np.float32)
    x = x.reshape(2, 299, 299, 3)
    return path, x, model(x, training=False).numpy()


@pytest.fixture
def expected_hash(generated, monkeypatch):
    """The generated file counts as the published one."""
    path = generated[0]
    digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    remote = dataclasses.replace(
        vision.INCEPTION,
        digest=f"md5:{digest}",
        size=path.stat().st_size,
        url="http://127.0.0.1:9/nothing",
    )
    monkeypatch.setattr(vision, "INCEPTION", remote)


@pytest.fixture
def loaded(monkeypatch):
    """Paths of the weights that would have been loaded: building takes seconds."""
    paths = []
    monkeypatch.setattr(vision, "_inception_v3", lambda path: paths.append(path))
    return paths


@pytest.fixture
def altered(generated, tmp_path):
    """The generated file with one bit flipped, on a mirror of its own."""
    content = bytearray(generated[0].read_bytes())
    content[len(content) // 2] ^= 1
    folder = tmp_path / "altered"
    folder.mkdir()
    (folder / generated[0].name).write_bytes(content)
    return folder


@pytest.mark.usefixtures("expected_hash")
def test_inception_from_a_local_mirror_end_to_end(
    generated, cache, monkeypatch, capsys
):
    path, x, answers = generated
    monkeypatch.setenv("COURSE_MIRROR", str(path.parent))
    network = load_network()
    assert capsys.readouterr().out == "Network: Inception-v3.\n"
    assert (network.name, network.title) == ("inception_v3", "Inception-v3")
    assert (network.input_size, network.feature_size) == (299, 2048)
    assert network.model.count_params() == 23_851_784
    assert (cache / path.name).read_bytes() == path.read_bytes()
    assert str(cache / path.name) in network.source
    found = network.model(x, training=False).numpy()
    np.testing.assert_allclose(found, answers, rtol=1e-3, atol=1e-7)
    extremes = np.zeros((2, 50, 50, 3), np.uint8)
    extremes[1] = 255
    batch = network.preprocess(extremes)
    assert batch.shape == (2, 299, 299, 3)
    np.testing.assert_allclose(batch[0], -1)
    np.testing.assert_allclose(batch[1], 1, rtol=1e-6)
    (top,) = network.predict_top(load_photo("cat"), k=3)
    assert len(top) == 3


@pytest.mark.usefixtures("expected_hash")
@pytest.mark.parametrize("name", ["auto", "inception_v3"])
@pytest.mark.parametrize("place", ["file", "folder", "variable", "cache", "keras"])
def test_where_inception_may_be(
    generated, loaded, cache, tmp_path, monkeypatch, name, place
):
    path, given = generated[0], None
    if place in ("file", "folder"):
        given = path if place == "file" else str(path.parent)
    elif place == "variable":
        monkeypatch.setenv("COURSE_INCEPTION_WEIGHTS", str(path))
    else:
        folder = cache if place == "cache" else tmp_path / "keras" / "models"
        folder.mkdir(parents=True)
        os.link(path, folder / path.name)
        path = folder / path.name
    load_network(name, weights=given)
    assert loaded == [path]


@pytest.mark.usefixtures("expected_hash")
def test_an_explicit_path_comes_before_the_variable(generated, loaded, monkeypatch):
    monkeypatch.setenv("COURSE_INCEPTION_WEIGHTS", "/nowhere/at/all.h5")
    load_network(weights=generated[0])
    assert loaded == [generated[0]]


@pytest.mark.usefixtures("expected_hash", "built_already")
def test_a_wrong_file_on_the_mirror_is_refused(altered, cache, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_MIRROR", str(altered))
    with pytest.raises(DataError, match=r"wrong content: .* with md5:"):
        load_network("inception_v3")
    assert load_network().name == "efficientnet_lite0"
    assert capsys.readouterr().out == NOTICE
    assert not (cache / vision.INCEPTION.name).exists()


@pytest.mark.usefixtures("expected_hash")
@pytest.mark.parametrize("name", ["auto", "inception_v3"])
def test_a_wrong_file_that_was_asked_for_is_never_replaced(
    altered, loaded, tmp_path, monkeypatch, name
):
    with pytest.raises(DataError, match="wrong content") as caught:
        load_network(name, weights=altered)
    assert vision.INCEPTION.digest in str(caught.value)
    assert "fetch inception-v3" in str(caught.value)
    with pytest.raises(DataError, match="not there"):
        load_network(name, weights=tmp_path / "nothing.h5")
    monkeypatch.setenv("COURSE_INCEPTION_WEIGHTS", str(altered))
    with pytest.raises(DataError, match="wrong content"):
        load_network(name)
    assert loaded == []


def test_the_published_hash_refuses_generated_weights(generated, loaded):
    with pytest.raises(DataError, match="wrong content"):
        load_network("inception_v3", weights=generated[0])
    assert loaded == []


@pytest.mark.usefixtures("expected_hash")
def test_fetch_command_from_a_web_mirror(generated, cache, monkeypatch, capsys):
    path = generated[0]
    monkeypatch.delenv("COURSE_OFFLINE")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with FileServer(path.read_bytes(), "ok") as server:
        monkeypatch.setenv("COURSE_MIRROR", f"http://{server.host}/weights")
        assert main(["fetch", "inception-v3"]) == 0
        assert server.paths == [f"/weights/{path.name}"]
    assert capsys.readouterr().out == f"{cache / path.name}\n"
    assert (cache / path.name).read_bytes() == path.read_bytes()


def test_fetch_command_that_fails(capsys):
    assert main(["fetch", "inception-v3"]) == 1
    assert "error: inception_v3_weights" in capsys.readouterr().err


@pytest.mark.usefixtures("built_already")
@pytest.mark.parametrize(
    ("word", "reason"),
    [("500", "(tries: 1)"), ("wrong", "another hash"), ("404", "404 Not Found")],
)
def test_auto_asks_once_and_goes_on(monkeypatch, capsys, word, reason):
    monkeypatch.delenv("COURSE_OFFLINE")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with FileServer(b"weights", word) as server:
        remote = dataclasses.replace(vision.INCEPTION, url=server.url)
        monkeypatch.setattr(vision, "INCEPTION", remote)
        assert load_network().name == "efficientnet_lite0"
        assert len(server.paths) == 1
        with pytest.raises(DataError, match=re.escape(reason)):
            vision.fetch_inception(quick=True)
    assert capsys.readouterr().out == NOTICE


@pytest.mark.parametrize(("quick", "seconds"), [(True, 3), (False, 10)])
def test_auto_waits_no_more_than_three_seconds_for_a_connection(
    monkeypatch, quick, seconds
):
    import requests

    waited = []

    def get(url, **options):
        waited.append(options["timeout"][0])
        raise requests.ConnectTimeout(f"no answer from {url}")

    monkeypatch.delenv("COURSE_OFFLINE")
    monkeypatch.setattr(requests, "get", get)
    with pytest.raises(DataError, match=f"no connection within {seconds} s"):
        vision.fetch_inception(quick)
    assert waited == [seconds]
    assert download.QUICK == 3
