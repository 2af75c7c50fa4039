"""The checks of lecture 11 accept right answers and name the usual mistakes."""

import hashlib
import zipfile

import keras
import numpy as np
import pytest

from course_utils.exercises.lecture_11 import (
    check_is_whole,
    check_layer_config,
    check_resume,
)

# --- exercise 1 ----------------------------------------------------------------------


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_is_whole_accepts_a_comparison_of_hashes(said):
    def right(path, sha256):
        return path.is_file() and digest(path) == sha256

    assert said(check_is_whole, right).startswith("✓")

    def by_exception(path, sha256):
        try:
            return np.bool_(digest(path) == sha256)
        except OSError:
            return False

    assert said(check_is_whole, by_exception).startswith("✓")


@pytest.mark.parametrize(
    ("is_whole", "hint"),
    [
        (lambda path, sha256: path.stat().st_size > 0, "stops with FileNotFoundError"),
        (lambda path, sha256: digest(path) == sha256, "stops with FileNotFoundError"),
        (lambda path, sha256: path.is_file(), "that it is there"),
        (
            lambda path, sha256: path.is_file() and path.stat().st_size == 10_240,
            "one flipped bit",
        ),
        (lambda path, sha256: zipfile.is_zipfile(path), "refuses a whole file"),
        (lambda path, sha256: False, "refuses a whole file"),
        (lambda path, sha256: True, "that it is there"),
        (lambda path, sha256: sha256, "return True or False"),
        (lambda path, sha256: None, "not nothing"),
        (lambda path: True, "stops with TypeError"),
        (None, "must be a function"),
        (True, "must be a function"),
    ],
)
def test_is_whole_names_the_mistake(said, is_whole, hint):
    text = said(check_is_whole, is_whole)
    assert text.startswith("Not yet: ")
    assert hint in text


# --- exercise 2 ----------------------------------------------------------------------


class Scale(keras.layers.Layer):
    def __init__(self, factor=1.0, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, x):
        return self.factor * x

    def get_config(self):
        return super().get_config() | {"factor": self.factor}


@keras.saving.register_keras_serializable("tests")
class Registered(Scale):
    pass


class Remembered(keras.layers.Layer):
    """Keras notes the arguments by itself if there is no get_config."""

    def __init__(self, factor=1.0, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, x):
        return self.factor * x


class Forgets(Remembered):
    def __init__(self, factor=1.0, **options):
        super().__init__(factor, **options)

    def get_config(self):
        return keras.layers.Layer.get_config(self)


class FactorOnly(Scale):
    def get_config(self):
        return {"factor": self.factor}


class Default(Scale):
    def get_config(self):
        return super().get_config() | {"factor": 1.0}


class Three(Scale):
    def get_config(self):
        return super().get_config() | {"factor": 3.0}


class NoOptions(Scale):
    def __init__(self, factor=1.0, name=None):
        super().__init__(factor, name=name)


class Adds(Scale):
    def call(self, x):
        return self.factor + x


class Breaks(Scale):
    def get_config(self):
        return self.no_such_thing


class Lists(Scale):
    def get_config(self):
        return [self.factor]


@pytest.mark.parametrize("layer", [Scale, Registered, Remembered])
def test_layer_config_accepts_a_layer_that_comes_back(said, layer):
    assert said(check_layer_config, layer).startswith("✓")


@pytest.mark.parametrize(
    ("layer", "hint"),
    [
        (Forgets, "does not mention the factor"),
        (FactorOnly, "what every layer has"),
        (Default, "saved with factor 3, the loaded layer multiplies by 1"),
        (Three, "saved with factor 0.5, the loaded layer multiplies by 3"),
        (NoOptions, "cannot be made again"),
        (Adds, "must multiply by 3"),
        (Breaks, "stops with AttributeError"),
        (Lists, "must return a dictionary, not a list"),
        (Scale(3.0), "give the class"),
        (keras.layers.Dense, "stops with"),
        (None, "not nothing"),
        ("Scale", "not a str"),
        (lambda x: 3 * x, "not a function"),
    ],
)
def test_layer_config_names_the_mistake(said, layer, hint):
    text = said(check_layer_config, layer)
    assert text.startswith("Not yet: ")
    assert hint in text


# --- exercise 3 ----------------------------------------------------------------------


def right(build, path):
    net = build()
    net.optimizer.build(net.trainable_variables)
    net.load_weights(path)
    return net


def load_only(build, path):
    net = build()
    net.load_weights(path)
    return net


def too_late(build, path):
    net = load_only(build, path)
    net.optimizer.build(net.trainable_variables)
    return net


def trains_on(build, path):
    net = right(build, path)
    state = net.get_weights()
    net.train_on_batch(np.ones((1, 3)), np.ones((1, 2)))
    net.set_weights(state)
    return net


def uncompiled(build, path):
    net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    net.load_weights(path)
    return net


def compiled_again(build, path):
    net = right(build, path)
    net.compile(keras.optimizers.Adam(0.1), loss="mse")
    return net


def test_resume_accepts_state_and_parameters(said):
    assert said(check_resume, right).startswith("✓")


@pytest.mark.parametrize(
    ("resume", "hint"),
    [
        (load_only, "Adam is at step 0"),
        (compiled_again, "Adam is at step 0"),
        (too_late, "Make it before you load"),
        (trains_on, "do not train or compile after"),
        (lambda build, path: build(), "call load_weights"),
        (uncompiled, "not compiled"),
        (lambda build, path: None, "not nothing"),
        (lambda build, path: right(build, path).get_weights(), "not a list"),
        (lambda build, path: keras.models.load_model(path), "stops with ValueError"),
        (lambda build: None, "stops with TypeError"),
        (None, "must be a function"),
        (3, "must be a function"),
    ],
)
def test_resume_names_the_mistake(said, resume, hint):
    text = said(check_resume, resume)
    assert text.startswith("Not yet: ")
    assert hint in text
