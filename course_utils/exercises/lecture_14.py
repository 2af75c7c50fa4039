"""Checks and hints for the exercises of lecture 14.

Each function looks at what the reader's answer *does*, prints one line that begins
with "✓" or with "Not yet:", and returns nothing. It never raises for a wrong answer.
"""

import numpy as np

from course_utils.exercises.answers import call, done, kind, not_yet, number

__all__ = ["check_frozen_norm", "check_reject", "check_shares", "check_softmax_head"]

#: Pictures of each class in exercise 1.
SIZES = (10, 25, 40, 5)
#: What must still be answered in exercise 4, and which share of that be right.
ANSWERED, RIGHT = 0.6, 0.93


# --- exercise 1 ----------------------------------------------------------------------


def check_shares(parts):
    """Exercise 1: a split that is fair to every class.

    Parameters
    ----------
    parts : callable (labels, generator) → array like labels
        0 for training, 1 for validation, 2 for test.
    """
    labels = np.random.default_rng(0).permutation(np.repeat(range(4), SIZES))
    answers = []
    for seed in (1, 1, 2):
        found, problem = call(parts, labels, np.random.default_rng(seed))
        if problem:
            return not_yet(problem)
        if found.shape != labels.shape:
            return not_yet(
                f"for {len(labels)} labels your function returns the shape "
                f"{found.shape}; it must return one number for each label, in order."
            )
        if not np.isin(found, (0, 1, 2)).all():
            return not_yet("parts are 0, 1 or 2, and nothing else.")
        answers.append(found)
    hint = _share_hint(answers[0], labels)
    if hint:
        return not_yet(hint)
    if not np.array_equal(answers[0], answers[1]):
        return not_yet(
            "the same seed gives another split. Draw from the generator rng only."
        )
    if np.array_equal(answers[0], answers[2]):
        return not_yet(
            "another seed gives the same split: nothing is drawn. Files in order of "
            "their names often come in series."
        )
    return done("each class gives 60 % to training, 20 % to validation, 20 % to test.")


def _share_hint(found, labels):
    counts = np.array(
        [[np.sum(found[labels == k] == part) for part in range(3)] for k in range(4)]
    )
    wanted = np.outer(SIZES, (0.6, 0.2, 0.2)).round().astype(int)
    if np.array_equal(counts, wanted):
        return None
    if not counts[:, 1].any() or not counts[:, 2].any():
        return "one of the three parts is empty."
    if np.array_equal(counts, wanted[:, ::-1]):
        return "0 and 2 are mixed up: 0 is training, the largest part."
    if (counts == 0).any():
        k, part = np.argwhere(counts == 0)[0]
        name = ("training", "validation", "test")[part]
        return (
            f"class {k} has no picture for {name}. Draw within each class: a loop over "
            "np.unique(labels)."
        )
    if np.array_equal(counts.sum(axis=0), wanted.sum(axis=0)):
        return (
            "the parts are right as a whole, but not of each class: the small class "
            "depends on luck. Draw within each class."
        )
    k = int(np.argmax(np.abs(counts - wanted).sum(axis=1)))
    return (
        f"of the {SIZES[k]} pictures of class {k}, {counts[k, 0]} go to training, "
        f"{counts[k, 1]} to validation and {counts[k, 2]} to test; wanted are "
        f"{wanted[k, 0]}, {wanted[k, 1]} and {wanted[k, 2]}."
    )


# --- exercise 2 ----------------------------------------------------------------------


def check_softmax_head(gradient):
    """Exercise 2: ∂E/∂w of softmax regression.

    Parameters
    ----------
    gradient : callable (h, w, b, t) → array like w
        Features (n, features), kernel (features, classes), bias (classes,), labels.
    """
    rng = np.random.default_rng(0)
    h, w, b = rng.normal(size=(12, 5)), rng.normal(size=(5, 3)), rng.normal(size=3)
    t = rng.integers(0, 3, 12)
    found, problem = call(gradient, h, w, b, t)
    if problem:
        return not_yet(problem)
    if found.shape == w.T.shape:
        return not_yet("your gradient lies on its side: it must have the shape of w.")
    if found.shape != w.shape:
        return not_yet(
            f"for w of shape {w.shape} your function returns the shape {found.shape}."
        )
    if not np.isfinite(found).all():
        return not_yet("your gradient is not finite.")
    slope = _numerical_slope(h, w, b, t)
    if np.allclose(found, slope, atol=1e-5):
        return done("your gradient is the slope of E, measured numerically.")
    return not_yet(_gradient_hint(found, slope, h, w, b, t))


def _chances(h, w, b):
    z = h @ w + b
    p = np.exp(z - z.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def _numerical_slope(h, w, b, t, width=1e-6):
    """∂E/∂w by central differences."""

    def cost(w):
        return -np.log(_chances(h, w, b)[np.arange(len(t)), t]).mean()

    slope = np.empty_like(w)
    for place in np.ndindex(w.shape):
        step = np.zeros_like(w)
        step[place] = width
        slope[place] = (cost(w + step) - cost(w - step)) / (2 * width)
    return slope


def _gradient_hint(found, slope, h, w, b, t):
    n, p = len(t), _chances(h, w, b)

    def is_near(value):
        return np.allclose(found, value, atol=1e-5)

    if is_near(n * slope):
        return "this is the gradient of the sum; E is the mean over the pictures."
    if is_near(-slope) or is_near(-n * slope):
        return "the sign is wrong: it is p minus the target, not the other way round."
    if is_near(h.T @ p) or is_near(h.T @ p / n):
        return "the labels do not occur in it. At the true class the error is p − 1."
    error = p * (1 - p)
    if is_near(h.T @ (error * (p - np.eye(3)[t]))) or is_near(
        h.T @ (error * (p - np.eye(3)[t])) / n
    ):
        return "softmax's slope cancels under cross-entropy, as in lecture 01."
    return "that is not the slope of E. With z = hw + b, ∂E/∂z is (p − target)/n."


# --- exercise 3 ----------------------------------------------------------------------


def _small_net():
    from keras import Input, Sequential, layers

    net = Sequential([Input((8, 8, 3))])
    for block in (1, 2):
        net.add(layers.Conv2D(4, 3, name=f"block{block}_conv"))
        net.add(layers.BatchNormalization(name=f"block{block}_bn"))
        net.add(layers.ReLU(name=f"block{block}_relu"))
    net.add(layers.GlobalAveragePooling2D(name="pool"))
    net.add(layers.Dense(2, "softmax", name="head"))
    return net


def check_frozen_norm(freeze):
    """Exercise 3: which layers are left to train.

    Parameters
    ----------
    freeze : callable (keras.Model) → keras.Model
    """
    net = _small_net()
    if not callable(freeze):
        return not_yet("the answer must be a function; keep the line with def.")
    try:
        found = freeze(net)
    except Exception as error:  # whatever a reader's code may raise
        line = str(error).strip().partition("\n")[0]
        return not_yet(f"your function stops with {type(error).__name__}: {line}")
    if not hasattr(found, "trainable_weights"):
        return not_yet(f"return the net; your function returns {kind(found)}.")
    try:
        free = {layer.name for layer in found.layers if layer.trainable_weights}
        names = {layer.name for layer in found.layers if layer.weights}
    except Exception:  # something else with that attribute
        return not_yet(f"return the net; your function returns {kind(found)}.")
    hint = _freeze_hint(free, names)
    if not hint and not found.trainable_weights:
        hint = (
            "the layers are free, but the net as a whole is still frozen "
            "(net.trainable is False), so fit changes nothing. Leave out the line that "
            "freezes the net."
        )
    return not_yet(hint) if hint else done("block2_conv and head train, nothing else.")


def _freeze_hint(free, names):
    wanted = {"block2_conv", "head"}
    if names != {"block1_conv", "block1_bn", "block2_conv", "block2_bn", "head"}:
        return "return the net that was given, with all its layers."
    if free == wanted:
        return None
    if not free:
        return (
            "nothing can train any more. Set `trainable` of single layers: a loop over "
            "net.layers."
        )
    if "block2_bn" in free and free == wanted | {"block2_bn"}:
        return (
            "the batch normalisation of block 2 still trains, and its running means "
            "would follow each small batch. Freeze every BatchNormalization."
        )
    if "block1_conv" in free and "block1_bn" not in free and "block2_bn" not in free:
        return "the convolution of block 1 still trains; freeze all of that block."
    if "head" not in free:
        return "the head is frozen, and it above all must learn."
    if "block2_conv" not in free:
        return "the convolution of block 2 must train: fine-tuning is about it."
    return f"what trains now is {', '.join(sorted(free))}; wanted: block2_conv, head."


# --- exercise 4 ----------------------------------------------------------------------


def check_reject(threshold, p, labels):
    """Exercise 4: a threshold below which the recogniser says nothing.

    Parameters
    ----------
    threshold : float
    p : numpy.ndarray, shape (n, classes)
        Probabilities of validation pictures.
    labels : numpy.ndarray of int, shape (n,)
    """
    value = number(threshold)
    if value is None:
        return not_yet(f"my_threshold must be one number, not {kind(threshold)}.")
    if value > 1 or value < 0:
        return not_yet("a probability lies between 0 and 1, and so must my_threshold.")
    best = p.max(axis=1)
    kept = best >= value
    if not kept.any():
        return not_yet("nothing is answered any more; lower my_threshold.")
    right = np.mean(p.argmax(axis=1)[kept] == labels[kept])
    if kept.mean() < ANSWERED:
        return not_yet(
            f"fewer than {ANSWERED:.0%} of the pictures are answered; lower it."
        )
    if value <= 1 / p.shape[1]:
        return not_yet(
            f"the largest of {p.shape[1]} probabilities is never below "
            f"1/{p.shape[1]}, so this rejects nothing."
        )
    if right < RIGHT:
        return not_yet(
            f"of those answered, fewer than {RIGHT:.0%} are right: it still answers "
            "where it is unsure. Raise my_threshold."
        )
    return done("at least 60 % are answered, and at least 93 % of those are right.")
