"""Answers of lecture 11 that its tables do not hold."""

import hashlib
import zipfile

import keras
import numpy as np

from course_utils.exercises.lecture_11 import (
    check_bit_factor,
    check_is_whole,
    check_layer_config,
    check_one_bit,
)


def by_flipping(bit, was):
    """From a float32 itself: an independent reference."""
    other = 127 << 23 & ~(1 << bit)  # no end of the scale
    before = np.uint32(other | was << bit).view("f4")
    after = np.uint32(other | (1 - was) << bit).view("f4")
    return float(after) / float(before)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def right(path, sha256):
    return path.is_file() and digest(path) == sha256


def by_exception(path, sha256):
    try:
        return np.bool_(digest(path) == sha256)
    except OSError:
        return False


def same_size(path, sha256):
    return path.is_file() and path.stat().st_size == 10_000


class Scale(keras.layers.Layer):
    def __init__(self, factor=1.0, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, x):
        return self.factor * x

    def get_config(self):
        return super().get_config() | {"factor": self.factor}


@keras.saving.register_keras_serializable("rows")
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
    def get_config(self):
        return keras.layers.Layer.get_config(self)


class FactorOnly(Scale):
    def get_config(self):
        return {"factor": self.factor}


class Default(Scale):
    def get_config(self):
        return super().get_config() | {"factor": 1.0}


class Logarithm(Scale):
    def get_config(self):
        return super().get_config() | {"factor": np.log(self.factor)}


class Three(Scale):
    def get_config(self):
        return super().get_config() | {"factor": 3.0}


class OtherName(Scale):
    def get_config(self):
        return super().get_config() | {"log_factor": np.log(self.factor)}


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


class NoFactor(keras.layers.Layer):
    pass


def rows():
    """(hint, check, answer, …) for each answer."""
    for bit in range(23, 30):
        for was in (0, 1):
            assert by_flipping(bit, was) == check_bit_factor.right(bit, was)
    yield (
        "",
        check_bit_factor,
        lambda bit, was: np.exp2((-1) ** was * 2.0 ** (bit - 23)),
    )
    yield "otherwise", check_bit_factor, lambda bit, was: 2.0 ** (30 - bit)
    for layer in (Scale, Registered, Remembered):
        yield "", check_layer_config, layer
    for number, layer in (
        (1, Scale(3.0)),
        (1, "Scale"),
        (2, Adds),
        (3, Breaks),
        (3, Lists),
        (4, Forgets),
        (5, FactorOnly),
        (6, NoOptions),
        (6, OtherName),
        (7, Default),
        (7, Logarithm),
        (7, Three),
    ):
        yield f"condition {number}", check_layer_config, layer
    yield "see", check_layer_config, NoFactor
    yield "see", check_layer_config, keras.layers.Dense
    yield "", check_is_whole, right
    yield "", check_is_whole, by_exception
    for number, answer in (
        (1, lambda path, sha256: zipfile.is_zipfile(path)),
        (1, lambda path, sha256: False),
        (1, lambda path, sha256: sha256),
        (1, lambda path: True),
        (1, True),
        (2, lambda path, sha256: path.is_file()),
        (2, lambda path, sha256: path.stat().st_size > 0),
        (2, lambda path, sha256: True),
        (3, same_size),
        (4, lambda path, sha256: digest(path) == sha256),
    ):
        yield f"condition {number}", check_is_whole, answer
    weights = [np.float32([[0.5, -1.5]]), np.float32([0.25])]
    given = weights, lambda bit, array, index: 0.1 if array else 0.9
    yield "", check_one_bit, (1, [0], 30), *given
    yield "condition 1", check_one_bit, (0, [0, 1], 30), *given
    yield "condition 2", check_one_bit, (0, [0, 0], 30), *given
    for junk in ((0, [0], 30), (0, [0, 9], 1), (5, [0], 1), (1, [0], 40), (1, 0), None):
        yield "see", check_one_bit, junk, *given
