"""A recogniser of one's own: folders of pictures in, one `.keras` file out.

A network that knows ImageNet stays as it is and turns each picture into features; a
linear head on top learns the classes. The saved file holds all of it, preprocessing and
class names too: Keras alone loads and runs it.
"""

import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_tools.labelled import BATCH
from course_utils.files import write_atomically
from course_utils.vision import middle_square

__all__ = [
    "RecognizerError",
    "Trained",
    "assemble",
    "class_names",
    "fit_head",
    "load",
    "predict",
    "save",
    "train",
]

#: Strengths of the penalty among which the validation pictures choose.
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


class RecognizerError(Exception):
    """A file is no recogniser; the message says why, and what was expected."""


class Trained(NamedTuple):
    """A head, and how it was chosen; `train` says what each field holds."""

    kernel: np.ndarray
    bias: np.ndarray
    strength: float
    validation_accuracy: float


# --- the head ------------------------------------------------------------------------


def fit_head(features, labels, classes, strength):
    """Softmax regression with an L2 penalty, to its one minimum.

    Minimises the mean cross-entropy plus ½ · strength · Σ w², where the weights w are
    those of features scaled to mean 0 and deviation 1.

    Parameters
    ----------
    features : numpy.ndarray, shape (n, features)
    labels : numpy.ndarray of int, shape (n,)
    classes : int
    strength : float, above 0

    Returns
    -------
    tuple of numpy.ndarray
        Kernel of shape (features, classes) and bias of shape (classes,), float32, for
        the features as they are.
    """
    from scipy.optimize import minimize
    from scipy.special import log_softmax

    mean = features.mean(axis=0, dtype=np.float64)
    deviation = features.std(axis=0, dtype=np.float64) + 1e-6
    x = (features - mean) / deviation
    targets = np.eye(classes)[labels]

    def cost(flat):
        weights = flat.reshape(-1, classes)
        kernel, bias = weights[:-1], weights[-1]
        logs = log_softmax(x @ kernel + bias, axis=1)
        error = (np.exp(logs) - targets) / len(x)
        slope = np.vstack([x.T @ error + strength * kernel, error.sum(axis=0)])
        value = -np.mean(np.sum(targets * logs, axis=1))
        return value + strength / 2 * np.sum(kernel**2), slope.ravel()

    start = np.zeros((x.shape[1] + 1) * classes)
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": 300})
    weights = found.x.reshape(-1, classes)
    kernel = weights[:-1] / deviation[:, None]
    bias = weights[-1] - mean @ kernel
    return kernel.astype(np.float32), bias.astype(np.float32)


def train(examples, parts):
    """Choose the penalty on the validation part, then learn from both parts.

    Parameters
    ----------
    examples : course_tools.labelled.Labelled
    parts : course_tools.labelled.Parts
        Its test part is not looked at.

    Returns
    -------
    Trained
        ``kernel`` and ``bias`` learned from training and validation part with the
        chosen ``strength``; ``validation_accuracy`` of the head that learned from the
        training part alone.
    """
    x, y, classes = examples.features, examples.labels, len(examples.classes)
    trials = []
    for strength in STRENGTHS:
        head = fit_head(x[parts.train], y[parts.train], classes, strength)
        logits = x[parts.validation] @ head[0] + head[1]
        right, cost = _judged(logits, y[parts.validation])
        trials.append((cost, strength, right))
    _, strength, right = min(trials)  # by cross-entropy, which is finer than accuracy
    both = np.concatenate([parts.train, parts.validation])
    return Trained(*fit_head(x[both], y[both], classes, strength), strength, right)


def _judged(logits, labels):
    from scipy.special import log_softmax

    chances = log_softmax(logits.astype(np.float64), axis=1)
    right = np.mean(chances.argmax(axis=1) == labels)
    return float(right), -float(np.mean(chances[np.arange(len(labels)), labels]))


# --- the saved recogniser ------------------------------------------------------------


def assemble(network, kernel, bias, classes):
    """One Keras model from pixels to answers.

    Parameters
    ----------
    network : course_utils.vision.Network
    kernel, bias : numpy.ndarray, shapes (features, classes) and (classes,)
    classes : sequence of str

    Returns
    -------
    keras.Model
        Takes uint8 pictures of shape (n, height, width, 3), any size; gives a dict:
        ``"probabilities"``, float32 of shape (n, classes), and ``"label"``, the most
        probable class of each as a string. Made of Keras' own layers only.
    """
    import keras
    from keras import layers

    side = network.input_size
    body = keras.Model(
        network.model.input,
        network.model.get_layer("avg_pool").output,
        name=network.name,
    )
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    x = layers.Resizing(
        side,
        side,
        "bicubic",
        crop_to_aspect_ratio=True,
        antialias=True,
        name="middle_square",
    )(images)
    x = body(layers.Rescaling(network.scale, network.offset, name="scaled")(x))
    head = layers.Dense(len(classes), "softmax", name="probabilities")
    probabilities = head(x)
    head.set_weights([kernel, bias])
    names = layers.StringLookup(
        vocabulary=list(classes),
        invert=True,
        num_oov_indices=0,
        mask_token=None,
        name="label",
    )
    best = keras.ops.argmax(probabilities, axis=-1)
    outputs = {"label": names(best), "probabilities": probabilities}
    return keras.Model(images, outputs, name="recognizer")


def save(model, path):
    """Write a model to a `.keras` file: whole, or not at all.

    Parameters
    ----------
    model : keras.Model
    path : path-like
        Ends in ``.keras``; an existing file is replaced.

    Raises
    ------
    OSError
        If it cannot be written; an existing file is unharmed then.
    """
    path = Path(path)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as own:
        whole = Path(own) / path.name
        model.save(whole)
        write_atomically(path, whole.read_bytes())


def load(path):
    """A recogniser that `save` wrote.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    keras.Model
        As `assemble` made it.

    Raises
    ------
    RecognizerError
        If the file is missing, damaged, no Keras model, or no recogniser.
    """
    path = Path(path)
    whose = "Expected: a .keras file that python -m course_tools retrain wrote."
    if not path.is_file():
        what = "a folder, not a file" if path.is_dir() else "no such file"
        raise RecognizerError(f"{path}: {what}. {whose}")
    if trouble := _not_whole(path):
        raise RecognizerError(f"{path}: {trouble}. {whose}")
    import keras

    try:
        model = keras.saving.load_model(path)
    except Exception as error:  # Keras raises many kinds, with long messages
        line = str(error).strip().partition("\n")[0][:200]
        raise RecognizerError(
            f"{path}: Keras cannot load it ({type(error).__name__}: {line}). {whose}"
        ) from error
    try:
        class_names(model)
        sizes = model.get_layer("middle_square").height
        known = sizes and set(model.output) == {"label", "probabilities"}
    except (ValueError, AttributeError, TypeError):
        known = False
    if not known:
        raise RecognizerError(
            f"{path}: a Keras model, but no recogniser: it has no class names or does "
            f"not take pictures. {whose}"
        )
    return model


def _not_whole(path):
    """Why a file cannot be a `.keras` file, or None."""
    try:
        with zipfile.ZipFile(path) as archive:
            if damaged := archive.testzip():
                return f"damaged: {damaged} in it is not what was written"
            if "config.json" not in archive.namelist():
                return "a zip archive, but no Keras model"
    except zipfile.BadZipFile:
        with open(path, "rb") as file:
            start = file.read(4)
        if not start:
            return "empty (0 bytes)"
        cut = start == b"PK\3\4"
        return "cut short: its end is missing" if cut else "no .keras file"
    except OSError as error:
        return f"not readable ({error.strerror or error})"
    return None


def class_names(model):
    """The classes that a recogniser tells apart.

    Parameters
    ----------
    model : keras.Model
        From `assemble` or `load`.

    Returns
    -------
    tuple of str
        In the order of the model's probabilities.
    """
    return tuple(map(str, model.get_layer("label").get_vocabulary()))


def predict(model, pictures):
    """Probabilities of the classes for pictures of any size.

    Parameters
    ----------
    model : keras.Model
        From `assemble` or `load`.
    pictures : sequence of numpy.ndarray
        uint8, each of shape (height, width, 3).

    Returns
    -------
    numpy.ndarray of float32, shape (n, classes)
    """
    side = model.get_layer("middle_square").height
    rows = []
    for start in range(0, len(pictures), BATCH):
        chunk = pictures[start : start + BATCH]
        part = [middle_square(picture, side) for picture in chunk]
        rows.append(model.predict(np.stack(part), verbose=0)["probabilities"])
    return np.concatenate(rows)
