"""Answers of lecture 02 that its tables do not hold."""

import keras
import numpy as np
from keras import layers

from course_utils.data import load_digits
from course_utils.exercises.lecture_02 import (
    check_augmentation,
    check_degree_choice,
    check_dropout_spread,
    check_min_delta,
)


def keras_rule(val_accuracy, patience, min_delta):
    """The callback itself, fed with these accuracies."""
    callback = keras.callbacks.EarlyStopping(
        "val_accuracy", min_delta=min_delta, patience=patience
    )
    model = keras.Sequential([keras.Input((1,))])
    model.compile(metrics=["accuracy"])
    model.stop_training = False
    callback.mode = "max"
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, accuracy in enumerate(val_accuracy):
        callback.on_epoch_end(epoch, {"val_accuracy": accuracy})
        if model.stop_training:
            break
    return epoch + 1, callback.best_epoch + 1


def never_reset(val_accuracy, patience, min_delta):
    best, waited = 1, 0
    for epoch in range(2, len(val_accuracy) + 1):
        if val_accuracy[epoch - 1] > val_accuracy[best - 1] + min_delta:
            best = epoch
        else:
            waited += 1
        if waited == patience:
            break
    return epoch, best


def error(x, t, degree, at=None):
    """Root mean square error of the fit to (x, t), on other examples if given."""
    x_at, t_at = (x, t) if at is None else at
    weights = np.polynomial.Polynomial.fit(x, t, degree)
    return np.sqrt(np.mean((weights(x_at) - t_at) ** 2))


def cross_validated(x, t, degrees, folds=5):
    fold = np.arange(len(x)) % folds
    return min(
        degrees,
        key=lambda d: sum(
            error(x[fold != k], t[fold != k], d, (x[fold == k], t[fold == k])) ** 2
            for k in range(folds)
        ),
    )


def held_out(x, t, degrees, every=4):
    out = np.arange(len(x)) % every == 0
    return min(degrees, key=lambda d: error(x[~out], t[~out], d, (x[out], t[out])))


def judged_on_the_fitted(x, t, degrees):
    return min(degrees, key=lambda d: error(x, t, d, (x[::4], t[::4])))


def careless(x, t, degrees):
    chosen = cross_validated(x, t, degrees)
    x[:], t[:] = 0, 0
    degrees.clear()
    return chosen


def rows():
    """(hint, check, answer, …) for each answer."""
    keras.utils.set_random_seed(0)
    spread = check_dropout_spread.right
    yield (
        "",
        check_dropout_spread,
        lambda h, w, p: np.linalg.norm(w * h * (1 / p - 1) ** 0.5),
    )
    for wrong in (
        lambda h, w, p: spread(h, w, 1 - p),
        lambda h, w, p: spread(h, 1, p),
        lambda h, w, p: spread(h, w, p) / np.sqrt(len(h)),
    ):
        yield "otherwise", check_dropout_spread, wrong

    right = check_min_delta.right
    yield "", check_min_delta, keras_rule
    yield "", check_min_delta, lambda *case: np.array(right(*case))
    for wrong in (
        never_reset,
        lambda *case: tuple(n - 1 for n in right(*case)),
        lambda *case: (right(*case)[0],) * 2,
        lambda *case: right(*case)[::-1],
        lambda a, patience, d: right(a, patience + 1, d),
        lambda a, patience, d: right(a, patience - 1, d),
        lambda *case: (1.5, 2.5),
    ):
        yield "otherwise", check_min_delta, wrong

    for sound in (cross_validated, held_out, careless):
        yield "", check_degree_choice, sound
    yield "", check_degree_choice, lambda x, t, degrees: held_out(x, t, degrees, 3)
    highest = lambda x, t, degrees: min(degrees, key=lambda d: error(x, t, d))  # noqa: E731
    yield "condition 1", check_degree_choice, highest
    yield "condition 2", check_degree_choice, lambda x, t, degrees: 3
    yield "condition 3", check_degree_choice, judged_on_the_fitted
    yield "condition 3", check_degree_choice, lambda x, t, degrees: 1 + (t[0] > 0)
    for wrong in (2.5, 99, np.nan, "three", [3, 4], None):
        yield "see", check_degree_choice, lambda x, t, degrees, wrong=wrong: wrong

    digits = load_digits()
    for hint, *stack in augmentations():
        augment = keras.Sequential([keras.Input((28, 28, 1)), *stack])
        yield hint, check_augmentation, augment, digits.x_test, digits.y_test
    for layer in (None, layers.RandomFlip, lambda x: x):
        yield "see", check_augmentation, layer, digits.x_test, digits.y_test


def augmentations():
    """(hint, layers …) of each augmentation."""
    noise = np.random.default_rng(0).random((200, 28, 28, 1)).astype("float32")

    def shift(factor):
        return layers.RandomTranslation(factor, factor, fill_mode="constant")

    yield "", shift(0.08), layers.RandomRotation(0.03, fill_mode="constant")
    yield "", layers.RandomZoom(0.15, fill_mode="constant")
    yield "", layers.RandomBrightness(0.3, value_range=(0, 1))
    yield "", layers.GaussianNoise(0.2), layers.ReLU(max_value=1)
    yield "condition 1", layers.RandomCrop(24, 24)
    yield "condition 1", layers.ZeroPadding2D(2), layers.RandomCrop(28, 28)
    yield "condition 1", layers.Rescaling(0.5)
    yield "condition 1", layers.Flatten()
    yield "condition 2", layers.RandomBrightness(0.3)
    yield "condition 2", layers.GaussianNoise(0.001)
    yield "condition 3", layers.RandomFlip("horizontal")
    yield "condition 3", layers.RandomFlip("vertical")
    yield "condition 3", layers.RandomRotation((0.24, 0.26))
    yield "condition 3", layers.RandomRotation(0.5)
    yield "condition 4", shift(0.6)
    yield "condition 4", Drowned(noise)
    yield "condition 5", shift(0.001)


class Drowned(layers.Layer):
    """Hides digits in noise."""

    def __init__(self, noise):
        super().__init__()
        self.noise = noise

    def call(self, x, training=False):
        return x * 0.3 + 0.7 * self.noise if training else x
