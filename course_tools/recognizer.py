"""A recogniser of one's own: folders of pictures in, one `.keras` file out.

A network that knows ImageNet stays as it is and turns each picture into features; a
linear head on top learns the classes. The saved file holds all of it, preprocessing and
class names too: Keras alone loads and runs it.
"""

import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from course_tools.labelled import BATCH
from course_tools.places import UserError
from course_utils.files import write_atomically
from course_utils.vision import middle_square

__all__ = ["assemble", "class_names", "fit_head", "load", "predict", "save", "train"]

#: Strengths of the penalty among which the validation pictures choose.
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
#: Layers by which a recogniser is known.
LAYERS = {"middle_square", "probabilities", "label"}


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


def train(features, labels, classes, training, validation):
    """Choose the penalty on the validation part, then learn from both parts.

    Features and labels are those of `fit_head`; the parts are positions in them.

    Returns
    -------
    tuple
        Kernel and bias learned from both parts, the strength that was chosen, and the
        validation accuracy of the head that learned with it from the training part.
    """
    from scipy.special import log_softmax

    trials, held_out = [], labels[validation]
    for strength in STRENGTHS:
        head = fit_head(features[training], labels[training], classes, strength)
        logits = (features[validation] @ head[0] + head[1]).astype(np.float64)
        chances = log_softmax(logits, axis=1)
        cost = -chances[np.arange(len(held_out)), held_out].mean()
        accuracy = np.mean(chances.argmax(axis=1) == held_out)
        trials.append((cost, strength, accuracy))
    _, strength, accuracy = min(trials)  # by the cost, which is finer than accuracy
    both = np.concatenate([training, validation])
    head = fit_head(features[both], labels[both], classes, strength)
    return *head, strength, accuracy


def assemble(network, classes):
    """One Keras model from pixels to answers, whose head has learned nothing yet.

    `network` is a `course_utils.vision.Network`, `classes` a sequence of str.

    Returns
    -------
    keras.Model
        Takes uint8 pictures of shape (n, height, width, 3), any size; gives a dict:
        ``"probabilities"``, float32 of shape (n, classes), and ``"label"``, the most
        probable class of each as a string. Made of Keras' own layers only. The head is
        the layer ``"probabilities"``, with kernel and bias as `fit_head` gives them.
    """
    import keras
    from keras import layers

    side = network.input_size
    pooled = network.model.get_layer("avg_pool").output
    body = keras.Model(network.model.input, pooled, name=network.name)
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    fit = {"crop_to_aspect_ratio": True, "antialias": True, "name": "middle_square"}
    x = layers.Resizing(side, side, "bicubic", **fit)(images)
    x = body(layers.Rescaling(network.scale, network.offset, name="scaled")(x))
    probabilities = layers.Dense(len(classes), "softmax", name="probabilities")(x)
    names = layers.StringLookup(
        vocabulary=list(classes),
        invert=True,
        num_oov_indices=0,
        mask_token=None,
        oov_token="",  # not "[UNK]", which a folder may be called
        name="label",
    )
    best = keras.ops.argmax(probabilities, axis=-1)
    outputs = {"label": names(best), "probabilities": probabilities}
    return keras.Model(images, outputs, name="recognizer")


def save(model, path):
    """Write a model to a `.keras` file, whole or not at all; OSError if not."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".retrain.") as own:
        whole = Path(own) / "model.keras"
        model.save(whole)
        write_atomically(path, whole.read_bytes())


def load(path):
    """The recogniser that `save` wrote.

    Raises
    ------
    UserError
        If the file is missing, damaged, no Keras model, or no recogniser.
    """
    import keras

    if not os.path.isfile(path):
        trouble = "a folder, not a file" if os.path.isdir(path) else "no such file"
    elif not zipfile.is_zipfile(path):
        trouble = f"no .keras file, or cut short ({os.path.getsize(path):,} bytes)"
    else:
        try:
            model = keras.saving.load_model(path)
            if {layer.name for layer in model.layers} >= LAYERS:
                return model
            trouble = "a Keras model, but no recogniser"
        except Exception as error:  # Keras raises many kinds, with long messages
            line = str(error).strip().partition("\n")[0][:200]
            trouble = f"Keras cannot load it ({type(error).__name__}: {line})"
    expected = "Expected: a .keras file that python -m course_tools retrain wrote."
    raise UserError(f"{path}: {trouble}. {expected}")


def class_names(model):
    """The classes that a recogniser tells apart, str, in the order of its answers."""
    return tuple(map(str, model.get_layer("label").get_vocabulary()))


def predict(model, pictures):
    """Probabilities of the classes, float32 of shape (n, classes).

    The pictures are uint8 arrays of shape (height, width, 3), of any size.
    """
    side = model.get_layer("middle_square").height
    rows = []
    for start in range(0, len(pictures), BATCH):
        chunk = pictures[start : start + BATCH]
        part = [middle_square(picture, side) for picture in chunk]
        rows.append(model.predict(np.stack(part), verbose=0)["probabilities"])
    return np.concatenate(rows)
