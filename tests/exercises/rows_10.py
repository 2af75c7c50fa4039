"""Answers of lecture 10 that its tables do not hold."""

import json
import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np

from course_utils.exercises.lecture_10 import (
    check_file_bytes,
    check_layer_classes,
    check_small_file,
)

IMAGES = np.random.default_rng(0).normal(size=(200, 30)).astype("float32")


def entries(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))["config"]["layers"]


def of_each(key):
    return lambda path: [key(entry) for entry in entries(path)]


def trained():
    net = keras.Sequential([keras.Input((30,)), keras.layers.Dense(400)])
    net.compile(keras.optimizers.Adam(), loss="mse")
    net.train_on_batch(IMAGES, np.zeros((200, 400)))
    return net


def lean(model, path):
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    copy.save(path)


def through_a_file(model, path):
    model.save(path)
    keras.models.load_model(path, compile=False).save(path)


def half(model, path):
    keras.config.set_dtype_policy("float16")
    copy = keras.Sequential([keras.Input((30,)), keras.layers.Dense(400)])
    copy.set_weights(model.get_weights())
    copy.save(path)


def clone(model, path):
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    copy.compile(keras.optimizers.Adam())
    copy.optimizer.build(copy.trainable_variables)
    copy.save(path)


def untrained(model, path):
    type(model).from_config(model.get_config()).save(path)


def without_optimizer(model, path):
    model.optimizer = None
    model.save(path)


def zeroed(model, path):
    half(model, path)
    for variable in model.optimizer.variables:
        variable.assign(0 * variable)


def numbers_only(model, path):
    model.save_weights(path.with_suffix(".weights.h5"))
    path.with_suffix(".weights.h5").rename(path)


def rows():
    """(hint, check, answer, …) for each answer."""
    right = of_each(lambda entry: entry["class_name"])
    none, fixed, others = written(keras.optimizers.SGD())
    state = written(keras.optimizers.Adam())[0] - none
    rule = check_file_bytes.right
    more = rule(fixed, others, 2) - rule(fixed, others, 0)
    assert abs(state - more) < 0.1 * more  # the rule is what Keras writes
    yield "", check_file_bytes, lambda f, t, s: np.float64(4 * f + 4 * t + 4 * t * s)
    for wrong in (
        lambda f, t, s: 8 * (f + t * (1 + s)),
        lambda f, t, s: 4 * t * s,
        lambda f, t, s: 4 * (f + t + s),
        lambda f, t, s: 7,
    ):
        yield "otherwise", check_file_bytes, wrong
    yield "", check_layer_classes, right
    yield "", check_layer_classes, lambda path: tuple(right(path))
    for number, answer in (
        (1, lambda path: "Dense"),
        (1, lambda path: None),
        (2, lambda path: zipfile.ZipFile(path).namelist()),
        (3, entries),
        (4, of_each(lambda entry: entry["config"]["name"])),
        (5, lambda path: right(path)[1:]),
        (6, lambda path: ["Sequential"]),
        (6, lambda path: []),
        (6, lambda path: ["InputLayer", "Dense", "Swish"]),
    ):
        yield f"condition {number}", check_layer_classes, answer
    for junk in (lambda path: keras.models.load_model(path).layers, ["Dense"], None):
        yield "see", check_layer_classes, junk
    given = trained(), IMAGES
    yield "", check_small_file, half, *given
    for number, answer in (
        (1, lambda model, path: None),
        (2, without_optimizer),
        (3, numbers_only),
        (3, lambda model, path: path.write_text("model")),
        (4, untrained),
        (5, lambda model, path: model.save(path)),
        (5, clone),
        (6, lean),
        (6, through_a_file),
    ):
        yield f"condition {number}", check_small_file, answer, *given
    for junk in (lambda model: None, lambda model, path: model.save("net"), None, "a"):
        yield "see", check_small_file, junk, *given
    yield "", check_small_file, half, *given  # the model is as it was
    yield "condition 2", check_small_file, zeroed, trained(), IMAGES


def written(optimizer):
    """Bytes of a file whose first layer is fixed; parameters, fixed and trained."""
    net = keras.Sequential([keras.Input((50,)), keras.layers.Dense(200)])
    net.add(keras.layers.Dense(100))
    net.layers[0].trainable = False
    net.compile(optimizer, loss="mse")
    net.optimizer.build(net.trainable_variables)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "net.keras")
        net.save(path)
        return path.stat().st_size, *(layer.count_params() for layer in net.layers)
