"""The checks of lecture 10 accept right answers and name the usual mistakes."""

import json
import zipfile

import keras
import numpy as np
import pytest

from course_utils.exercises.lecture_10 import (
    check_file_bytes,
    check_layer_classes,
    check_lean_save,
)

# --- exercise 1 ----------------------------------------------------------------------


def test_file_bytes_accepts_the_right_count(said):
    assert said(check_file_bytes, lambda p, s: 4 * p * (1 + s)).startswith("✓")
    assert said(check_file_bytes, lambda p, s: np.float64(4 * (p + p * s)))[0] == "✓"


@pytest.mark.parametrize(
    ("size", "hint"),
    [
        (lambda parameters, slots: 4 * parameters, "these are the parameters"),
        (lambda p, s: 4 * p * s, "the parameters are missing"),
        (lambda p, s: 8 * p * (1 + s), "8 bytes a number"),
        (lambda p, s: 32 * p * (1 + s), "these are bits"),
        (lambda p, s: p * (1 + s), "you count the numbers"),
        (lambda p, s: 4 * (p + s), "for each of the parameters"),
        (lambda p, s: 7, "count the numbers first"),
        (None, "must be a function"),
        (400, "must be a function"),
        (lambda p, s: None, "returns nothing"),
        (lambda p, s: "much", "must return numbers"),
        (lambda p, s: [p, s], "one number"),
        (lambda p, s: np.nan, "count the numbers first"),
        (lambda p: p, "stops with TypeError"),
    ],
)
def test_file_bytes_names_the_mistake(said, size, hint):
    text = said(check_file_bytes, size)
    assert text.startswith("Not yet: ")
    assert hint in text


def test_the_right_count_is_what_keras_writes(tmp_path):
    net = keras.Sequential([keras.Input((50,)), keras.layers.Dense(200)])
    sizes = {}
    for slots, optimizer in enumerate((keras.optimizers.SGD, keras.optimizers.Adam)):
        net.compile(optimizer(), loss="mse")
        net.optimizer.build(net.trainable_variables)
        net.save(tmp_path / "net.keras")
        sizes[2 * slots] = (tmp_path / "net.keras").stat().st_size
    grown = sizes[2] - sizes[0]
    assert grown == pytest.approx(4 * net.count_params() * 2, rel=0.1)


# --- exercise 2 ----------------------------------------------------------------------


def entries(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))["config"]["layers"]


def test_layer_classes_accepts_the_right_list(said):
    right = lambda path: [entry["class_name"] for entry in entries(path)]  # noqa: E731
    assert said(check_layer_classes, right).startswith("✓")
    assert said(check_layer_classes, lambda p: tuple(right(p))).startswith("✓")


def test_layer_classes_of_a_real_file(tmp_path):
    net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    net.save(tmp_path / "net.keras")
    found = [entry["class_name"] for entry in entries(tmp_path / "net.keras")]
    assert found == ["InputLayer", "Dense"]


@pytest.mark.parametrize(
    ("read", "hint"),
    [
        (lambda path: zipfile.ZipFile(path).namelist(), "the archive's members"),
        (lambda path: [e["config"]["name"] for e in entries(path)], "layers' names"),
        (lambda path: [e["class_name"] for e in entries(path)][1:], "InputLayer"),
        (lambda path: ["Sequential"], "the class of the model"),
        (lambda path: entries(path), "take its class name only"),
        (lambda path: [], "returns []"),
        (lambda path: None, "not nothing"),
        (lambda path: "Dense", "not a str"),
        (lambda path: keras.models.load_model(path).layers, "stops with"),
        (lambda: None, "stops with TypeError"),
        (["InputLayer", "Dense", "Swish"], "must be a function"),
        (None, "must be a function"),
    ],
)
def test_layer_classes_names_the_mistake(said, read, hint):
    text = said(check_layer_classes, read)
    assert text.startswith("Not yet: ")
    assert hint in text


# --- exercise 3 ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def net():
    model = keras.Sequential([keras.Input((30,)), keras.layers.Dense(100)])
    model.compile(keras.optimizers.Adam(), loss="mse")
    model.train_on_batch(np.ones((2, 30)), np.ones((2, 100)))
    return model


def lean(model, path):
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    copy.save(path)


def through_a_file(model, path):
    model.save(path)
    keras.models.load_model(path, compile=False).save(path)


def test_lean_save_accepts_what_leaves_the_state_out(said, net):
    for save in (lean, through_a_file):
        assert said(check_lean_save, save, net).startswith("✓")


def clone(model, path):
    copy = keras.models.clone_model(model)  # compiled, if the model was
    copy.set_weights(model.get_weights())
    copy.optimizer.build(copy.trainable_variables)
    copy.save(path)


def untrained(model, path):
    type(model).from_config(model.get_config()).save(path)


def without_optimizer(model, path):
    model.optimizer = None
    model.save(path)


def zeroed(model, path):
    lean(model, path)
    for variable in model.optimizer.variables:
        variable.assign(0 * variable)


def numbers_only(model, path):
    model.save_weights(path.with_suffix(".weights.h5"))
    path.with_suffix(".weights.h5").rename(path)


@pytest.mark.parametrize(
    ("save", "hint"),
    [
        (lambda model, path: model.save(path), "is still in the file"),
        (clone, "is still in the file"),
        (untrained, "gives other answers"),
        (without_optimizer, "Work on a copy"),
        (numbers_only, "load_model cannot open"),
        (lambda model, path: path.write_text("model"), "load_model cannot open"),
        (lambda model, path: None, "wrote no file"),
        (lambda model: None, "stops with TypeError"),
        (lambda model, path: model.save("net"), "stops with ValueError"),
        (None, "must be a function"),
        ("net.keras", "must be a function"),
    ],
)
def test_lean_save_names_the_mistake(said, net, save, hint):
    text = said(check_lean_save, save, net)
    assert text.startswith("Not yet: ")
    assert hint in text
    assert said(check_lean_save, lean, net).startswith("✓")  # the net is unharmed


def test_lean_save_sees_a_state_that_was_changed(said):
    model = keras.Sequential([keras.Input((30,)), keras.layers.Dense(100)])
    model.compile(keras.optimizers.Adam(), loss="mse")
    model.train_on_batch(np.ones((2, 30)), np.ones((2, 100)))
    assert "Work on a copy" in said(check_lean_save, zeroed, model)
