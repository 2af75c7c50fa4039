"""Checks and hints for the exercises of lecture 08.

Each function looks at what the reader's answer *does*, prints one line that begins
with "✓" or with "Not yet:", and returns nothing. It never raises for a wrong answer.
"""

import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from course_utils.exercises.answers import call, done, kind, not_yet

__all__ = [
    "check_bytes",
    "check_counted_checkpoint",
    "check_small_file",
    "check_survivors",
]

SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
SAME_ANSWERS = 0.99  # share that the small file must keep


def check_bytes(count):
    """Exercise 1: bytes of the arrays in a checkpoint.

    Parameters
    ----------
    count : callable (weights, optimizer) → bytes
        `optimizer` is "sgd", "momentum" or "adam".
    """
    weights = 1000
    found = {}
    for optimizer in ("sgd", "momentum", "adam"):
        value, problem = call(count, weights, optimizer)
        if problem:
            return not_yet(problem)
        if value.size != 1:
            return not_yet("return one number, the bytes of all arrays together.")
        found[optimizer] = float(value.ravel()[0]) / weights
    if found["sgd"] == 1:
        return not_yet(
            "that is how many numbers there are. A number of 32 bits takes more than "
            "one byte."
        )
    if found["sgd"] == 32:
        return not_yet("that is in bits; a byte has 8 of them.")
    if found["sgd"] != 4:
        return not_yet(
            "plain gradient descent keeps nothing but the weights: 4 bytes for each."
        )
    if found["adam"] == 4:
        return not_yet("Adam keeps two more numbers for each weight, m and v.")
    if found["adam"] == 8:
        return not_yet(
            "for Adam you have the weights and one more array, or m and v alone. Count "
            "all three: w, m and v."
        )
    if found["adam"] != 12:
        return not_yet("Adam: w, m and v, three numbers of 4 bytes for each weight.")
    if found["momentum"] != 8:
        return not_yet(
            "momentum keeps one number for each weight, its velocity, beside the "
            "weight itself."
        )
    return done("4, 8 and 12 bytes a weight: nothing, a velocity, m and v beside it.")


def check_survivors(survivors):
    """Exercise 2: the last few checkpoints and the best.

    Parameters
    ----------
    survivors : callable (accuracies, keep) → epochs
        Epochs counted from 1, in order.
    """
    cases = (
        ([0.5, 0.9, 0.6, 0.7, 0.8], 2, [2, 4, 5]),
        ([0.5, 0.6, 0.7, 0.8, 0.9], 2, [4, 5]),
        ([0.5, 0.9, 0.9, 0.7, 0.8], 1, [2, 5]),
        ([0.5, 0.4], 5, [1, 2]),
    )
    for accuracies, keep, right in cases:
        value, problem = call(survivors, accuracies, keep)
        if problem:
            return not_yet(problem)
        found = value.ravel().tolist()
        if found == right:
            continue
        asked = f"accuracies {accuracies} and keep={keep}: you keep {found}. "
        if found == [epoch - 1 for epoch in right]:
            return not_yet(asked + "Count the epochs from 1.")
        if len(found) != len(set(found)):
            return not_yet(asked + "No epoch twice, also if the best is a recent one.")
        if sorted(found) == right:
            return not_yet(asked + "The epochs are right; put them in order.")
        if found == right[-keep:]:
            return not_yet(
                asked + "The last ones are there. The best, earlier, is lost."
            )
        tie = accuracies.count(max(accuracies)) > 1
        if tie and set(found) == set(right) - {2} | {3}:
            return not_yet(asked + "Where several are the best, keep the first.")
        return not_yet(asked + f"{right} are the last {keep} and the best.")
    return done("the last few and the best, each once and in order.")


def check_counted_checkpoint(make):
    """Exercise 3: a checkpoint of a network and a number.

    Parameters
    ----------
    make : callable (net, record) → tf.train.Checkpoint
    """
    net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    record = 0.625  # exact in 16 bits, too
    if not callable(make):
        return not_yet(
            "the answer must be a function; keep the line that begins with def."
        )
    try:
        checkpoint = make(net, record)
    except Exception as error:  # whatever a reader's code may raise
        return not_yet(
            f"your function stops with {type(error).__name__}: {error}. Only what "
            "holds variables can be given to Checkpoint: is the record one?"
        )
    if not isinstance(checkpoint, tf.train.Checkpoint):
        return not_yet(
            f"return a tf.train.Checkpoint, not {kind(checkpoint)}; write nothing yet."
        )
    with tempfile.TemporaryDirectory() as folder:
        prefix = checkpoint.write(str(Path(folder, "ckpt")))
        arrays = {
            name.removesuffix(SUFFIX): tf.train.load_variable(prefix, name)
            for name, _ in tf.train.list_variables(prefix)
            if name.endswith(SUFFIX)
        }
    if "record" not in arrays:
        return not_yet(
            f"the file holds {', '.join(sorted(arrays)) or 'nothing'}, and no array "
            "called record. Give Checkpoint a keyword record= with a tf.Variable."
        )
    if not np.isclose(float(np.ravel(arrays["record"])[0]), record):
        return not_yet(
            f"record is {np.ravel(arrays['record'])[0]} in the file, and was {record}. "
            "A tf.Variable made from a whole number counts whole numbers."
        )
    if not any(np.array_equal(a, net.layers[0].kernel) for a in arrays.values()):
        return not_yet("the record is there; the network's weights are missing now.")
    return done("the record is a variable, saved and restored with the network.")


def check_small_file(save, load, net, build, images):
    """Exercise 4: half the bytes, nearly the same answers.

    Parameters
    ----------
    save, load : callable (net, prefix)
        Write a checkpoint, and give its weights to a newly built network.
    net : keras.Model
        What is saved.
    build : callable () → keras.Model
        Makes the network that `load` is given.
    images : array_like
        Where the answers are compared.
    """
    if not (callable(save) and callable(load)):
        return not_yet("my_save and my_load must both be functions.")
    limit = 4 * sum(int(np.prod(w.shape)) for w in net.get_weights()) / 2
    fresh = build()
    with tempfile.TemporaryDirectory() as folder:
        prefix = str(Path(folder, "small"))
        try:
            save(net, prefix)
            size = sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file())
            load(fresh, prefix)
        except Exception as error:  # whatever a reader's code may raise
            first_line = str(error).strip().partition("\n")[0]
            return not_yet(f"it stops with {type(error).__name__}: {first_line}")
    if size == 0:
        return not_yet("my_save writes nothing under the path it is given.")
    before, after = (
        np.argmax(network.predict(images, batch_size=500, verbose=0), axis=1)
        for network in (net, fresh)
    )
    same = float(np.mean(before == after))
    if same < SAME_ANSWERS:
        return not_yet(
            "after my_load the network answers otherwise on more than 1 of "
            "100 digits. Are all weights restored, the running statistics too?"
        )
    # 10 %: names and the objects' graph, which the file needs
    if size > 1.1 * limit:
        more = "do the weights need all 32 bits?"
        if size > 2.2 * limit:
            more = "does Adam come along, by way of net.optimizer?"
        return not_yet(
            f"the answers are right, and the files take {size / limit:.1f} times what "
            f"they may: {more}"
        )
    return done("half the bytes, and the same answers.")
