"""Checks and hints for the exercises of lecture 02.

Each function looks at what the reader's answer *does*, prints one line that begins
with "✓" or with "Not yet:", and returns nothing. It never raises for a wrong answer.
"""

import numpy as np

from course_utils.exercises.answers import call, done, not_yet

__all__ = [
    "check_augmentation",
    "check_degree_choice",
    "check_dropout_port",
    "check_min_delta",
]

KEEP_PROB = 0.8
DEGREES = tuple(range(13))


# --- exercise 1 ----------------------------------------------------------------------


def check_dropout_port(layer):
    """Exercise 1: the Keras layer for ``tf.nn.dropout(h, keep_prob=0.8)``.

    Parameters
    ----------
    layer : keras.layers.Layer
        Called on float32 ones of shape (200, 500), with ``training`` True and False.
    """
    if not callable(layer) or isinstance(layer, type):
        return not_yet("give my_layer a layer: layers.Dropout(…), with its argument.")
    h = np.ones((200, 500), np.float32)
    dropped, problem = call(layer, h, training=True)
    if problem is None:
        still, problem = call(layer, h, training=False)
    if problem:
        return not_yet(problem)
    if dropped.shape != h.shape:
        return not_yet(f"{h.shape} activations went in, {dropped.shape} came out.")
    kept = float(np.mean(dropped != 0))
    if abs(kept - (1 - KEEP_PROB)) < 0.02:
        return not_yet(
            "your layer keeps one unit in five; the old line kept four in five. "
            "keep_prob says what stays, Keras' rate says what goes."
        )
    if abs(kept - KEEP_PROB) >= 0.02:
        return not_yet(
            f"your layer keeps about {round(10 * kept)} units in 10; the old line kept "
            "8 in 10."
        )
    if abs(dropped[dropped != 0].mean() - 1 / KEEP_PROB) > 0.01:
        return not_yet(
            "the right share is kept, but it is not divided by keep_prob, so the "
            "expected activation changes. layers.Dropout does both."
        )
    if not np.array_equal(still, h):
        return not_yet("right in training, but dropout must be off in prediction.")
    done("four units in five stay, divided by 0.8; in prediction all of them.")


# --- exercise 2 ----------------------------------------------------------------------


def check_min_delta(function):
    """Exercise 2: early stopping that ignores improvements up to `min_delta`.

    Parameters
    ----------
    function : callable (val_accuracy, patience, min_delta) → (epochs run, best epoch)
        val_accuracy is a list of floats, one per epoch; both results count from 1.
    """
    found = []
    for case in CASES:
        result, problem = call(function, *case)
        if problem:
            return not_yet(problem)
        if result.shape != (2,) or not np.all(result == np.round(result)):
            return not_yet(
                "return two whole numbers: the epochs run, then the best epoch."
            )
        found.append(tuple(result.astype(int).tolist()))
    expected = [early_stopping(*case) for case in CASES]
    if found == expected:
        return done("only a clear improvement counts, and ten small ones add up.")
    for hint, rule in WRONG_RULES.items():
        if found == [rule(*case) for case in CASES]:
            return not_yet(hint)
    wrong = next(k for k, case in enumerate(found) if case != expected[k])
    accuracies, patience, min_delta = CASES[wrong]
    return not_yet(
        f"for the accuracies {accuracies}, patience {patience} and min_delta "
        f"{min_delta} your rule says {found[wrong]}; it should say {expected[wrong]}."
    )


def early_stopping(val_accuracy, patience, min_delta):
    """The rule asked for in exercise 2, the same as Keras' ``EarlyStopping``.

    Parameters
    ----------
    val_accuracy : sequence of float
        One value per epoch, at least one.
    patience : int
        Stop after so many epochs without a new best.
    min_delta : float
        A new best must exceed the best so far by more than this.

    Returns
    -------
    tuple of two int
        Epochs run and best epoch, counted from 1.
    """
    return _stop(val_accuracy, patience, lambda a, best: a > best + min_delta)


def _stop(accuracies, patience, improves, *, consecutive=True):
    """(epochs run, best epoch) under the rule `improves(accuracy, best)`."""
    best, waited = 0, 0
    for epoch in range(1, len(accuracies)):
        if improves(accuracies[epoch], accuracies[best]):
            best, waited = epoch, 0 if consecutive else waited
        else:
            waited += 1
        if waited == patience:
            break
    else:
        epoch = len(accuracies) - 1
    return epoch + 1, best + 1


def _beats_previous(accuracies, patience, min_delta):
    """Wrong: compares with the epoch before instead of with the best."""
    best, waited = 0, 0
    for epoch in range(1, len(accuracies)):
        better = accuracies[epoch] > accuracies[epoch - 1] + min_delta
        best, waited = (epoch, 0) if better else (best, waited + 1)
        if waited == patience:
            break
    return epoch + 1, best + 1


def _counted_from_zero(accuracies, patience, min_delta):
    epochs, best = early_stopping(accuracies, patience, min_delta)
    return epochs - 1, best - 1


def _last_for_best(accuracies, patience, min_delta):
    return (early_stopping(accuracies, patience, min_delta)[0],) * 2


CASES = (
    ([0.5, 0.6, 0.7, 0.65, 0.7, 0.7, 0.6, 0.9], 3, 0.0),  # ties are no improvement
    ([0.5, 0.75, 0.75, 0.75, 0.75, 0.9], 3, 0.25),  # exactly min_delta is not more
    ([0.5, 0.52, 0.54, 0.56, 0.58, 0.6, 0.62], 3, 0.03),  # small steps add up
    ([0.5, 0.4, 0.6, 0.5, 0.7, 0.6, 0.8, 0.7, 0.9], 3, 0.05),  # never three in a row
    ([0.5, 0.501, 0.502, 0.503, 0.504, 0.505], 4, 0.01),  # luck
    ([0.5, 0.6, 0.7], 10, 0.01),  # runs to the end
    ([0.9, 0.5, 0.6, 0.7, 0.75, 0.8], 5, 0.01),  # catches up, but not enough
)

WRONG_RULES = {
    "min_delta makes no difference yet: an epoch that is better by a hair still counts "
    "as a new best.": lambda a, p, d: _stop(a, p, lambda x, best: x > best),
    "an improvement of exactly min_delta counts as a new best; it must be more.": (
        lambda a, p, d: _stop(a, p, lambda x, best: x >= best + d)
    ),
    "the sign of min_delta is wrong: an epoch that is a little worse now counts as a "
    "new best.": lambda a, p, d: _stop(a, p, lambda x, best: x > best - d),
    "compare with the best so far, not with the epoch before: many small improvements "
    "together are a large one.": _beats_previous,
    "count epochs from 1; yours are counted from 0.": _counted_from_zero,
    "the second number must be the best epoch, not the last one.": _last_for_best,
    "patience is for epochs in a row: a new best starts the count again.": (
        lambda a, p, d: _stop(a, p, lambda x, b: x > b + d, consecutive=False)
    ),
    "you stop one epoch too late: ten epochs without a new best are enough for a "
    "patience of 10.": lambda a, p, d: early_stopping(a, p + 1, d),
    "you stop one epoch too early.": lambda a, p, d: early_stopping(a, p - 1, d),
}


# --- exercise 3 ----------------------------------------------------------------------

CURVES = {
    "a straight line": lambda x: 1.2 * x - 0.3,
    "a parabola": lambda x: 2 * x**2 - 1,
    "a slow wave": lambda x: np.sin(np.pi * x),
    "a fast wave": lambda x: np.sin(2 * np.pi * x + 0.4),
}
NOISE = 0.2


def check_degree_choice(function):
    """Exercise 3: a degree chosen from the examples alone, good on new ones.

    Parameters
    ----------
    function : callable (x, t, degrees) → one of degrees
        x and t are float64 arrays of shape (40,), degrees is a list of int.
    """
    # with this seed any sound split finds good degrees, and judging on examples that
    # took part in the fit does not
    rng = np.random.default_rng(23)
    chosen, ratios, better = [], [], []
    for curve in CURVES.values():
        x = rng.uniform(-1, 1, 40)
        t = curve(x) + NOISE * rng.normal(size=x.size)
        result, problem = call(function, x, t, list(DEGREES))
        if problem:
            return not_yet(problem)
        if result.size != 1 or result.ravel()[0] not in DEGREES:
            return not_yet("return one of the given degrees, a whole number.")
        errors = [_expected_error(x, t, degree, curve) for degree in DEGREES]
        chosen.append(int(result.ravel()[0]))
        better.append(int(np.argmin(errors)))
        ratios.append(errors[DEGREES.index(chosen[-1])] / min(errors))
    if set(chosen) == {DEGREES[-1]}:
        return not_yet(
            "you take the highest degree every time, as the training error always "
            "does. Keep some of the examples out of the fit and judge on those."
        )
    if len(set(chosen)) == 1:
        return not_yet(
            f"you take degree {chosen[0]} whatever the examples are. A straight line "
            "and a wave need different ones: let held-out examples decide."
        )
    worst = int(np.argmax(ratios))
    if ratios[worst] > 1.4:
        side = "too free" if chosen[worst] > better[worst] else "too stiff"
        return not_yet(
            f"for {list(CURVES)[worst]} you take degree {chosen[worst]}, which is "
            f"{side}: degree {better[worst]} does best on new examples. Are the "
            "examples you judge on kept out of the fit, and are they enough?"
        )
    done("close to the best degree for each of four curves, without a test set.")


def _expected_error(x, t, degree, curve):
    """Root mean square error on new examples, noise included, exactly."""
    grid = np.linspace(-1, 1, 1001)
    weights = np.linalg.lstsq(np.vander(x, degree + 1), t)[0]
    return np.sqrt(np.mean((np.polyval(weights, grid) - curve(grid)) ** 2) + NOISE**2)


# --- exercise 4 ----------------------------------------------------------------------

#: The seven other ways to lay an image on its side or face.
TURNS = {
    "mirrored": lambda image: image[:, :, ::-1],
    "upside down": lambda image: image[:, ::-1],
    "turned by half a turn": lambda image: image[:, ::-1, ::-1],
    "turned by a quarter": lambda image: np.rot90(image, 1, (1, 2)),
    "turned by a quarter ": lambda image: np.rot90(image, 3, (1, 2)),
    "turned and mirrored": lambda image: image.transpose(0, 2, 1),
    "turned and mirrored ": lambda image: image.transpose(0, 2, 1)[:, ::-1, ::-1],
}


def check_augmentation(augment, images, labels):
    """Exercise 4: an augmentation that keeps the labels of digits.

    Parameters
    ----------
    augment : keras.layers.Layer or keras.Sequential
        Called with ``training`` True and False on float32 of shape (n, 28, 28, 1).
    images : array_like of float, shape (m, 28, 28)
        Digits in [0, 1]; the 4s, 6s, 7s and 9s among them are used, because each of
        these changes when it is mirrored or turned.
    labels : array_like of int, shape (m,)
    """
    if not callable(augment) or isinstance(augment, type):
        return not_yet("give my_augmentation a layer, or keras.Sequential([ … ]).")
    x = np.asarray(images, np.float32)[np.isin(labels, (4, 6, 7, 9))][:200, ..., None]
    changed, problem = call(augment, x, training=True)
    if problem is None:
        still, problem = call(augment, x, training=False)
    problem = problem or _broken(x, changed)
    if problem:
        return not_yet(problem)
    if still.shape != x.shape or not np.allclose(still, x, atol=1e-5):
        return not_yet(
            "with training=False the digits must come out unchanged. (RandomCrop "
            "does not crop then, so a padded image stays larger. Shift instead.)"
        )
    problem = _label_lost(x[..., 0], changed[..., 0])
    if problem:
        return not_yet(problem)
    if np.mean(np.abs(changed - x).max(axis=(1, 2, 3)) > 0.1) < 0.5:
        return not_yet("fewer than half of the digits change visibly. Be bolder.")
    done("most digits change visibly, and each is still the digit it was.")


def _broken(x, changed):
    """A hint if the output is no batch of digit images, else None."""
    if changed.shape != x.shape:
        return (
            f"images of shape {x.shape[1:]} went in, {changed.shape[1:]} came out. The "
            "network needs the old size: to crop, pad first, or shift instead."
        )
    if not np.isfinite(changed).all():
        return "some pixels are not finite numbers."
    if changed.min() < -1e-3 or changed.max() > 1 + 1e-3:
        return (
            "some pixels leave the range [0, 1]. Layers that change brightness or "
            "colour need value_range=(0, 1) here."
        )
    return None


def _label_lost(x, changed):
    """A hint if digits have become something else, else None."""
    likeness = _likeness(x, changed)
    turned = {name: _likeness(turn(x), changed) for name, turn in TURNS.items()}
    best = max(turned, key=lambda name: np.mean(turned[name] > likeness + 0.05))
    if np.mean(np.max(list(turned.values()), axis=0) > likeness + 0.05) > 0.1:
        return (
            f"some digits come out {best.strip()}. Mirrored, a 2 is no digit; turned "
            "by half a turn, a 6 is a 9. Flips and large rotations change the label."
        )
    if np.mean(changed.sum(axis=(1, 2)) < 0.6 * x.sum(axis=(1, 2))) > 0.05:
        return (
            "some digits lose much of their ink, over the edge or into the dark. "
            "Change less."
        )
    if np.median(likeness) < 0.6:
        return "most digits can hardly be recognised any more. Change less."
    return None


def _likeness(a, b):
    """Largest correlation over all shifts, 1 for equal images, shape (n,)."""
    a, b = (image - image.mean(axis=(1, 2), keepdims=True) for image in (a, b))
    spectrum = np.fft.rfft2(a) * np.conj(np.fft.rfft2(b))
    scale = np.sqrt((a**2).sum(axis=(1, 2)) * (b**2).sum(axis=(1, 2)))
    peaks = np.fft.irfft2(spectrum, s=a.shape[1:]).max(axis=(1, 2))
    return peaks / np.maximum(scale, 1e-9)
