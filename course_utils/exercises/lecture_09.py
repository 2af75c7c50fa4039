"""Checks and hints for the exercises of lecture 09.

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
    "check_average",
    "check_careful_restore",
    "check_order",
    "check_own_names",
]

NO_FUNCTION = "the answer must be a function; keep the line that begins with def."
SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"


def check_careful_restore(restore):
    """Exercise 1: raise for what is missing here, accept what is left over there.

    Parameters
    ----------
    restore : callable (checkpoint, path)
    """
    if not callable(restore):
        return not_yet(NO_FUNCTION)

    def net():
        net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        net.compile("adam", "mse")
        return net

    saved, fresh, misnamed, longer = net(), net(), net(), net()
    longer.add(keras.layers.Dense(1))
    saved.optimizer.build(saved.trainable_variables)
    with tempfile.TemporaryDirectory() as folder:
        path = tf.train.Checkpoint(model=saved).save(str(Path(folder, "ckpt")))
        try:
            restore(tf.train.Checkpoint(model=fresh), path)
        except AssertionError:
            return not_yet(
                "it raises for a file that holds Adam's arrays beside the network's; a "
                "network that is only used does not need them. Which question looks "
                "at the variables here, not at the file?"
            )
        except Exception as error:  # whatever a reader's code may raise
            first_line = str(error).strip().partition("\n")[0]
            return not_yet(
                f"your function stops with {type(error).__name__}: {first_line}"
            )
        if not np.array_equal(fresh.get_weights()[0], saved.get_weights()[0]):
            return not_yet("the weights are not those of the file; call restore.")
        incomplete = {
            "the wrong word restores nothing": tf.train.Checkpoint(net=misnamed),
            "a layer too many restores the others": tf.train.Checkpoint(model=longer),
        }
        for what, checkpoint in incomplete.items():
            try:
                restore(checkpoint, path)
            except AssertionError:
                continue
            except Exception as error:
                return not_yet(
                    "for what is missing raise AssertionError, not "
                    f"{type(error).__name__}."
                )
            return not_yet(
                f"a checkpoint with {what}, and nobody hears of it. restore returns "
                "a status: ask it before you return."
            )
    return done("it raises for what is missing, and for nothing else.")


def check_order(order):
    """Exercise 2: an order that depends on seed and epoch alone.

    Parameters
    ----------
    order : callable (seed, epoch, n) → permutation of 0…n−1
    """
    n = 50
    asked = [(3, 5), (3, 6), (4, 5), (3, 5), (5, 3), (4, 4)]
    answers = []
    for seed, epoch in asked:
        found, problem = call(order, seed, epoch, n)
        if problem:
            return not_yet(problem)
        if not np.array_equal(np.sort(found.ravel()), np.arange(n)):
            return not_yet(f"each of 0…{n - 1} must stand in the order exactly once.")
        answers.append(tuple(found.ravel()))
    first, next_epoch, other_seed, again, swapped, same_sum = answers
    if first != again:
        return not_yet(
            "asked twice for the same seed and epoch it gives two orders: a generator "
            "outside the function remembers how often it was asked. Make it inside."
        )
    if first == tuple(range(n)):
        return not_yet("nothing is shuffled.")
    if first == next_epoch:
        return not_yet("every epoch has the same order. The epoch must count.")
    if first == other_seed:
        return not_yet("every seed gives the same order. The seed must count.")
    if first in (swapped, same_sum):
        return not_yet(
            "seed 3 in epoch 5 has the order of seed 5 in epoch 3: a sum or a product "
            "mixes them up. NumPy takes a list as seed: default_rng([…, …])."
        )
    return done("seed and epoch decide, each by itself, and nothing is remembered.")


def check_own_names(own):
    """Exercise 3: the network's variables in a file of TensorFlow 1.

    Parameters
    ----------
    own : callable (names) → names
    """
    if not callable(own):
        return not_yet(NO_FUNCTION)
    right = ["Variable", *(f"Variable_{k}" for k in range(1, 12))]
    names = [name + slot for name in right for slot in ("", "/Adam", "/Adam_1")]
    names = sorted([*names, "beta1_power", "beta2_power", "global_step"])
    try:
        found = own(list(names))
        found = found if isinstance(found, str) else [str(name) for name in found]
    except Exception as error:  # whatever a reader's code may raise
        return not_yet(f"your function stops with {type(error).__name__}: {error}")
    if isinstance(found, str):
        return not_yet(f"return a list of names, not {kind(found)}.")
    if found == right:
        return done("the network's own variables, in the order of creation.")
    if any("Adam" in name for name in found):
        return not_yet("Adam's m and v are among them: Variable/Adam, Variable/Adam_1.")
    if set(found) - set(right):
        extra = sorted(set(found) - set(right))
        return not_yet(f"{', '.join(extra)} is no variable of the network.")
    missing = [name for name in right if name not in found]
    if missing:
        return not_yet(f"{', '.join(missing)} is missing.")
    if found == sorted(right):
        return not_yet(
            "the right names, in the order of the alphabet: there Variable_10 comes "
            "before Variable_2. Sort by the number."
        )
    return not_yet("the right names; sort them by their number, and each once.")


def check_average(mean):
    """Exercise 4: the mean of an array over several checkpoints.

    Parameters
    ----------
    mean : callable (paths, name) → array
    """
    rng = np.random.default_rng(0)
    arrays = rng.normal(size=(4, 2, 3)).astype("float32")
    with tempfile.TemporaryDirectory() as folder:
        paths = [
            tf.train.Checkpoint(w=tf.Variable(array)).write(str(Path(folder, str(k))))
            for k, array in enumerate(arrays)
        ]
        found, problem = call(mean, paths, "w" + SUFFIX)
    if problem:
        return not_yet(problem)
    if found.shape == () or found.shape != arrays[0].shape:
        return not_yet(
            f"the array has the shape {arrays[0].shape}, and so must its mean over the "
            f"checkpoints; yours has {found.shape}. Which axis counts the checkpoints?"
        )
    if np.allclose(found, arrays.mean(axis=0), atol=1e-5):
        return done("the mean over the checkpoints, weight by weight.")
    if any(np.allclose(found, array) for array in arrays):
        return not_yet("that is the array of one checkpoint alone.")
    if np.allclose(found, arrays.sum(axis=0), atol=1e-5):
        return not_yet("that is the sum; divide by how many there are.")
    return not_yet(
        "add the arrays of all checkpoints, and divide by how many there are."
    )
