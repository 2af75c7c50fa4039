"""The checks of lecture 02 pass right answers and have a hint for usual wrong ones."""

import keras
import numpy as np
import pytest
from keras import layers

from course_utils.data import load_digits
from course_utils.exercises.lecture_02 import (
    CASES,
    check_augmentation,
    check_degree_choice,
    check_dropout_port,
    check_min_delta,
    early_stopping,
)

JUNK = [None, 0.2, "Dropout", [1, 2], {}, object()]


# --- exercise 1 ----------------------------------------------------------------------


class Unscaled(layers.Layer):
    """Drops, but does not divide by keep_prob."""

    def call(self, h, training=False):
        mask = keras.random.uniform(h.shape, seed=1) < 0.8
        return h * keras.ops.cast(mask, "float32") if training else h


class AlwaysOn(layers.Layer):
    """Drops in prediction too."""

    def call(self, h, training=False):
        return keras.random.dropout(h, 0.2, seed=1)


def test_dropout_port(said):
    assert said(check_dropout_port, layers.Dropout(0.2)).startswith("✓")
    assert said(check_dropout_port, layers.Dropout(rate=1 - 0.8)).startswith("✓")


@pytest.mark.parametrize(
    ("layer", "hint"),
    [
        (layers.Dropout(0.8), "keep_prob says what stays"),
        (layers.Dropout(0.5), "about 5 units in 10"),
        (layers.Dropout(0.0), "about 10 units in 10"),
        (Unscaled(), "not divided by keep_prob"),
        (AlwaysOn(), "off in prediction"),
        (layers.Flatten(), "about 10 units in 10"),
        (layers.Dense(3), "(200, 3) came out"),
        (layers.Dropout, "with its argument"),
        (lambda h: h, "TypeError"),
        (lambda h, training: None, "returns nothing"),
    ],
)
def test_dropout_port_hints(said, layer, hint):
    line = said(check_dropout_port, layer)
    assert line.startswith("Not yet: ")
    assert hint in line


@pytest.mark.parametrize("junk", JUNK, ids=map(str, map(type, JUNK)))
def test_dropout_port_survives_junk(said, junk):
    assert "layers.Dropout(" in said(check_dropout_port, junk)


# --- exercise 2 ----------------------------------------------------------------------


def solution(val_accuracy, patience, min_delta):
    best_epoch = 1
    for epoch, accuracy in enumerate(val_accuracy, start=1):
        if accuracy > val_accuracy[best_epoch - 1] + min_delta:
            best_epoch = epoch
        if epoch - best_epoch == patience:
            break
    return epoch, best_epoch


def starter(val_accuracy, patience, min_delta):
    return solution(val_accuracy, patience, 0)


def tolerant(val_accuracy, patience, min_delta):
    best_epoch = 1
    for epoch, accuracy in enumerate(val_accuracy[1:], start=2):
        if accuracy >= val_accuracy[best_epoch - 1] + min_delta:
            best_epoch = epoch
        if epoch - best_epoch == patience:
            break
    return epoch, best_epoch


def against_previous(val_accuracy, patience, min_delta):
    best_epoch = 1
    for epoch in range(2, len(val_accuracy) + 1):
        if val_accuracy[epoch - 1] > val_accuracy[epoch - 2] + min_delta:
            best_epoch = epoch
        if epoch - best_epoch == patience:
            break
    return epoch, best_epoch


def never_reset(val_accuracy, patience, min_delta):
    best_epoch, waited = 1, 0
    for epoch in range(2, len(val_accuracy) + 1):
        if val_accuracy[epoch - 1] > val_accuracy[best_epoch - 1] + min_delta:
            best_epoch = epoch
        else:
            waited += 1
        if waited == patience:
            break
    return epoch, best_epoch


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


def test_min_delta(said):
    for container in (tuple, list, np.array):
        line = said(check_min_delta, lambda *case, c=container: c(solution(*case)))
        assert line.startswith("✓")


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_min_delta_rule_is_the_one_of_keras(case):
    assert early_stopping(*case) == keras_rule(*case) == solution(*case)


def test_min_delta_rule_is_the_one_of_keras_on_random_curves():
    rng = np.random.default_rng(0)
    for _ in range(200):
        curve = np.cumsum(rng.integers(-3, 5, rng.integers(1, 30))) / 64
        case = curve.tolist(), int(rng.integers(1, 6)), int(rng.integers(0, 4)) / 64
        assert early_stopping(*case) == keras_rule(*case), case


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (starter, "min_delta makes no difference yet"),
        (tolerant, "exactly min_delta"),
        (lambda a, p, d: solution(a, p, -d), "sign of min_delta"),
        (against_previous, "best so far, not with the epoch before"),
        (never_reset, "starts the count again"),
        (lambda *case: tuple(n - 1 for n in solution(*case)), "count epochs from 1"),
        (lambda *case: (solution(*case)[0],) * 2, "not the last one"),
        (lambda a, p, d: solution(a, p + 1, d), "one epoch too late"),
        (lambda a, p, d: solution(a, p - 1, d), "one epoch too early"),
        (lambda *case: solution(*case)[::-1], "your rule says (3, 6)"),
        (lambda *case: solution(*case)[0], "two whole numbers"),
        (lambda *case: (1.5, 2.5), "two whole numbers"),
        (lambda *case: (np.nan, 2), "two whole numbers"),
        (lambda *case: "6, 3", "must return numbers"),
        (lambda *case: None, "returns nothing"),
        (lambda a: a, "TypeError"),
        (lambda a, p, d: a[99], "IndexError"),
    ],
)
def test_min_delta_hints(said, function, hint):
    line = said(check_min_delta, function)
    assert line.startswith("Not yet: ")
    assert hint in line


@pytest.mark.parametrize("junk", JUNK, ids=map(str, map(type, JUNK)))
def test_min_delta_survives_junk(said, junk):
    assert "must be a function" in said(check_min_delta, junk)


# --- exercise 3 ----------------------------------------------------------------------


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


def by_training_error(x, t, degrees):
    return degrees[int(np.argmin([error(x, t, d) for d in degrees]))]


def judged_on_the_fitted(x, t, degrees):
    return min(degrees, key=lambda d: error(x, t, d, (x[::4], t[::4])))


@pytest.mark.parametrize(
    "function",
    [
        cross_validated,
        held_out,
        lambda x, t, degrees: cross_validated(x, t, degrees, 40),
        lambda x, t, degrees: held_out(x, t, degrees, 3),
        lambda x, t, degrees: np.float64(cross_validated(x, t, degrees)),
    ],
)
def test_degree_choice(said, function):
    assert said(check_degree_choice, function).startswith("✓")


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (by_training_error, "highest degree every time"),
        (lambda x, t, degrees: 3, "degree 3 whatever the examples are"),
        (judged_on_the_fitted, "kept out of the fit"),
        (lambda x, t, degrees: 1 + (t[0] > 0), "too stiff"),
        (lambda x, t, degrees: 12 - (t[0] > 0), "too free"),
        (lambda x, t, degrees: 2.5, "one of the given degrees"),
        (lambda x, t, degrees: 99, "one of the given degrees"),
        (lambda x, t, degrees: degrees, "one of the given degrees"),
        (lambda x, t, degrees: np.nan, "one of the given degrees"),
        (lambda x, t, degrees: "three", "must return numbers"),
        (lambda x, t, degrees: None, "returns nothing"),
        (lambda x, t: 3, "TypeError"),
    ],
)
def test_degree_choice_hints(said, function, hint):
    line = said(check_degree_choice, function)
    assert line.startswith("Not yet: ")
    assert hint in line


def test_degree_choice_gives_copies(said):
    """An answer that changes what it is given cannot change the problem."""

    def careless(x, t, degrees):
        chosen = cross_validated(x, t, degrees)
        x[:], t[:] = 0, 0
        degrees.clear()
        return chosen

    assert said(check_degree_choice, careless).startswith("✓")


@pytest.mark.parametrize("junk", JUNK, ids=map(str, map(type, JUNK)))
def test_degree_choice_survives_junk(said, junk):
    assert "must be a function" in said(check_degree_choice, junk)


# --- exercise 4 ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    loaded = load_digits()
    return loaded.x_test, loaded.y_test


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


def shift(factor=0.08):
    return layers.RandomTranslation(factor, factor, fill_mode="constant")


@pytest.mark.parametrize(
    "stack",  # of layers, made anew for each test
    [
        lambda: [shift(), layers.RandomRotation(0.03, fill_mode="constant")],
        lambda: [shift(0.1)],
        lambda: [layers.RandomZoom(0.15, fill_mode="constant")],
        lambda: [layers.RandomBrightness(0.3, value_range=(0, 1))],
        lambda: [layers.GaussianNoise(0.2), layers.ReLU(max_value=1)],
    ],
)
def test_augmentation(said, digits, stack):
    augment = keras.Sequential([keras.Input((28, 28, 1)), *stack()])
    line = said(check_augmentation, augment, *digits)
    assert line.startswith("✓"), line


@pytest.mark.parametrize(
    ("layer", "hint"),
    [
        (lambda: layers.RandomFlip("horizontal"), "come out mirrored"),
        (lambda: layers.RandomFlip("vertical"), "come out upside down"),
        (lambda: layers.RandomRotation((0.45, 0.5)), "turned by half a turn"),
        (lambda: layers.RandomRotation((0.24, 0.26)), "turned by a quarter"),
        (lambda: layers.RandomRotation(0.5), "change the label"),
        (lambda: layers.RandomBrightness(0.3), "value_range=(0, 1)"),
        (lambda: layers.RandomCrop(24, 24), "(24, 24, 1) came out"),
        (lambda: shift(0.6), "lose much of their ink"),
        (lambda: layers.GaussianNoise(0.001), "leave the range"),
        (lambda: shift(0.001), "Be bolder"),
        (lambda: layers.Rescaling(0.5), "training=False"),
        (
            lambda: keras.Sequential(
                [layers.ZeroPadding2D(2), layers.RandomCrop(28, 28)]
            ),
            "does not crop then",
        ),
        (lambda: layers.Flatten(), "(784,) came out"),
        (lambda: layers.RandomFlip, "give my_augmentation a layer"),
        (lambda: lambda x: x, "TypeError"),
        (lambda: lambda x, training: x * np.nan, "not finite"),
        (lambda: lambda x, training: None, "returns nothing"),
    ],
)
def test_augmentation_hints(said, digits, layer, hint):
    line = said(check_augmentation, layer(), *digits)
    assert line.startswith("Not yet: ")
    assert hint in line


def test_augmentation_must_leave_something_to_recognise(said, digits):
    noise = np.random.default_rng(0).random((200, 28, 28, 1))
    drown = lambda x, training: x * 0.3 + 0.7 * noise if training else x  # noqa: E731
    assert "hardly be recognised" in said(check_augmentation, drown, *digits)


@pytest.mark.parametrize("junk", JUNK, ids=map(str, map(type, JUNK)))
def test_augmentation_survives_junk(said, digits, junk):
    assert "give my_augmentation" in said(check_augmentation, junk, *digits)
