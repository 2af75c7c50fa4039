"""Checks and hints for the exercises of lecture 11.

Each function looks at what the reader's answer *does*, prints one line that begins
with "✓" or with "Not yet:", and returns nothing. It never raises for a wrong answer.
"""

import hashlib
import tempfile
import warnings
from pathlib import Path

import numpy as np

from course_utils.exercises.answers import done, kind, not_yet, stopped

__all__ = ["check_is_whole", "check_layer_config", "check_resume"]

FACTORS = (3.0, 0.5)  # of the layers in exercise 2
STEPS = 3  # of the trained net in exercise 3


def check_is_whole(is_whole):
    """Exercise 1: whether a file is there and has the published SHA-256.

    Parameters
    ----------
    is_whole : callable (pathlib.Path, str) → bool
    """
    if not callable(is_whole):
        return not_yet("the answer must be a function; keep the line that says def.")
    content = bytes(range(256)) * 40
    flipped = bytearray(content)
    flipped[5_000] ^= 1
    cases = {
        "whole": (content, True),
        "empty": (b"", False),
        "cut": (content[:5_000], False),
        "flipped": (flipped, False),
        "missing": (None, False),
    }
    digest = hashlib.sha256(content).hexdigest()
    wrong = set()
    with tempfile.TemporaryDirectory() as folder:
        for name, (data, wanted) in cases.items():
            path = Path(folder, f"{name}.keras")
            if data is not None:
                path.write_bytes(data)
            try:
                found = is_whole(path, digest)
            except Exception as error:  # whatever a reader's code may raise
                if name == "missing":
                    return not_yet(
                        "where there is no file, your function stops with "
                        f"{type(error).__name__}; it must return False."
                    )
                return not_yet(stopped(error))
            if not isinstance(found, (bool, np.bool_)):
                return not_yet(f"return True or False, not {kind(found)}.")
            if found != wanted:
                wrong.add(name)
    if not wrong:
        return done("whole, cut, flipped and missing files are told apart.")
    if "whole" in wrong:
        return not_yet(
            "your function refuses a whole file. Compare hexdigest(), the text of 64 "
            "digits, of all its bytes."
        )
    if wrong >= {"cut", "flipped"}:
        return not_yet(
            "a file that was cut off passes: that it is there, or not empty, says "
            "little. Compute its SHA-256."
        )
    if "flipped" in wrong:
        return not_yet(
            "a file with one flipped bit passes: its size is right. Hash it."
        )
    return not_yet(f"your function accepts a file that is {', '.join(sorted(wrong))}.")


def check_layer_config(layer):
    """Exercise 2: a layer whose factor survives being saved.

    Parameters
    ----------
    layer : type
        Subclass of keras.layers.Layer, takes `factor` and multiplies by it.
    """
    import keras

    if not (isinstance(layer, type) and issubclass(layer, keras.layers.Layer)):
        return not_yet(f"give the class MyScale itself, not {kind(layer)}.")
    for factor in FACTORS:
        hint = _layer_hint(layer, factor)
        if hint:
            return not_yet(hint)
    return done("the layer comes back with its factor.")


def _layer_hint(layer, factor):
    """What is wrong with a layer of this factor, saved and loaded; None if nothing."""
    import keras

    try:
        original = layer(factor=factor, name="mine")
        net = keras.Sequential([keras.Input((2,)), original])
        before = np.asarray(net(np.ones((1, 2))))
    except Exception as error:  # whatever a reader's code may raise
        return stopped(error, "your layer")
    if not np.allclose(before, factor):
        return (
            f"with factor {factor:g} the layer must multiply by {factor:g}; leave call "
            "alone."
        )
    try:
        config = original.get_config()
    except Exception as error:  # whatever a reader's code may raise
        return stopped(error, "get_config")
    if not isinstance(config, dict):
        return f"get_config must return a dictionary, not {kind(config)}."
    if "factor" not in config:
        return (
            "get_config does not mention the factor, so the loaded layer takes its "
            "default. Add it to what super().get_config() gives."
        )
    own = layer.get_config is not keras.layers.Layer.get_config
    if own and "name" not in config:
        return (
            "the factor is there, but what every layer has (name, dtype …) is lost: "
            "add yours to super().get_config()."
        )
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "net.keras")
            net.save(path)
            known = {keras.saving.get_registered_name(layer): layer}
            loaded = keras.models.load_model(path, custom_objects=known)
        after = np.asarray(loaded(np.ones((1, 2))))
    except Exception:  # the config does not fit the constructor
        return (
            "the saved layer cannot be made again: __init__ must take every key of "
            "get_config, the usual ones through **options."
        )
    if not np.allclose(after, factor):
        return (
            f"saved with factor {factor:g}, the loaded layer multiplies by "
            f"{after.flat[0]:g}: is it this layer's own factor that get_config returns?"
        )
    return None


def check_resume(resume):
    """Exercise 3: parameters and Adam's state from a .weights.h5 file.

    Parameters
    ----------
    resume : callable (build, path) → compiled keras.Model
        `build()` gives the untrained, compiled net.
    """
    import keras

    if not callable(resume):
        return not_yet("the answer must be a function; keep the line that says def.")

    def build():
        net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        net.compile(keras.optimizers.Adam(0.1), loss="mse")
        return net

    trained, rng = build(), np.random.default_rng(0)
    x, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
    for _ in range(STEPS):
        trained.train_on_batch(x, y)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the hint says what the warning would
        path = Path(folder, "trained.weights.h5")
        trained.save_weights(path)
        try:
            net = resume(build, path)
        except Exception as error:  # whatever a reader's code may raise
            return not_yet(stopped(error))
    if not isinstance(net, keras.Model):
        return not_yet(f"your function must return the net, not {kind(net)}.")
    if not _same(net.get_weights(), trained.get_weights()):
        return not_yet("the parameters are not those of the file: call load_weights.")
    if getattr(net, "optimizer", None) is None:
        return not_yet("your net is not compiled; take the one that build() gives.")
    found = [variable.numpy() for variable in net.optimizer.variables]
    wanted = [variable.numpy() for variable in trained.optimizer.variables]
    if _same(found, wanted):
        return done("the net goes on where the trained one stopped, Adam included.")
    if len(found) < len(wanted):
        return not_yet(
            "the parameters are right, but Adam is at step 0: when the file was read, "
            "the optimizer had no place for its state. net.optimizer.build makes one."
        )
    if int(net.optimizer.iterations) == 0:
        return not_yet(
            "the place for Adam's state was made, but nothing was loaded into it. Make "
            "it before you load."
        )
    return not_yet(
        "Adam's state is not the file's. Load last, and do not train or compile after."
    )


def _same(found, wanted):
    return len(found) == len(wanted) and all(map(np.array_equal, found, wanted))
