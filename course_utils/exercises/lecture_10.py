"""Checks and hints for the exercises of lecture 10.

Each function looks at what the reader's answer *does*, prints one line that begins
with "✓" or with "Not yet:", and returns nothing. It never raises for a wrong answer.
"""

import json
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from course_utils.exercises.answers import call, done, kind, not_yet, stopped

__all__ = ["check_file_bytes", "check_layer_classes", "check_lean_save"]


def check_file_bytes(size):
    """Exercise 1: bytes of numbers in a .keras file.

    Parameters
    ----------
    size : callable (parameters, slots) → bytes
        `slots` is how many numbers the optimizer keeps for each float32 parameter.
    """
    cases = [(1_000, 0), (1_000, 1), (50_954, 2)]
    found = []
    for parameters, slots in cases:
        result, problem = call(size, parameters, slots)
        if problem:
            return not_yet(problem)
        if result.size != 1:
            return not_yet("your function must return one number.")
        found.append(float(result.item()))

    def is_rule(rule):
        return np.allclose(found, [rule(*case) for case in cases])

    if is_rule(lambda p, s: 4 * p * (1 + s)):
        return done("4 bytes for each parameter, and as many for each slot of it.")
    if is_rule(lambda p, s: 4 * p):
        return not_yet(
            "these are the parameters. What does the optimizer of a compiled model add?"
        )
    if is_rule(lambda p, s: 4 * p * s):
        return not_yet("this is the optimizer's state; the parameters are missing.")
    if is_rule(lambda p, s: 8 * p * (1 + s)):
        return not_yet("you count 8 bytes a number; float32 takes 32 bits.")
    if is_rule(lambda p, s: 32 * p * (1 + s)):
        return not_yet("these are bits; 8 of them make a byte.")
    if is_rule(lambda p, s: p * (1 + s)):
        return not_yet("you count the numbers. How many bytes does a float32 take?")
    if is_rule(lambda p, s: 4 * (p + s)):
        return not_yet("the slots are kept for each of the parameters, not once.")
    return not_yet(
        "count the numbers first: each parameter, and for each of them the optimizer's "
        "slots. Then think how many bytes one number takes."
    )


def check_layer_classes(read):
    """Exercise 2: the class names of the layers in a .keras file.

    Parameters
    ----------
    read : callable path → list of str
    """
    if not callable(read):
        return not_yet("the answer must be a function; keep the line that says def.")
    layers = [
        {"class_name": kind, "config": {"name": name}}
        for kind, name in (("InputLayer", "in"), ("Dense", "one"), ("Swish", "two"))
    ]
    wanted = [layer["class_name"] for layer in layers]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sent.keras")
        with zipfile.ZipFile(path, "w") as archive:
            config = {"class_name": "Sequential", "config": {"layers": layers}}
            archive.writestr("metadata.json", "{}")
            archive.writestr("config.json", json.dumps(config))
            archive.writestr("model.weights.h5", b"numbers")
        try:
            found = read(path)
        except Exception as error:  # whatever a reader's code may raise
            return not_yet(stopped(error))
    if not isinstance(found, (list, tuple)):
        return not_yet(f"your function must return a list, not {kind(found)}.")
    found = list(found)
    if found == wanted:
        return done("you know what the file is made of, and ran nothing of it.")
    if "config.json" in found:
        return not_yet(
            "these are the archive's members. Which of them describes the structure?"
        )
    if found == [layer["config"]["name"] for layer in layers]:
        return not_yet("these are the layers' names; their classes are asked for.")
    if found == wanted[1:]:
        return not_yet("InputLayer is an entry like the others: leave it in.")
    if found == ["Sequential"]:
        return not_yet("this is the class of the model; its layers are one level down.")
    if any(isinstance(item, dict) for item in found):
        return not_yet("each entry is a dictionary; take its class name only.")
    return not_yet(
        f"for a file with {', '.join(wanted)} your function returns {str(found)[:60]}. "
        "Print json.loads of config.json and follow it: config, then layers."
    )


def check_lean_save(save, net):
    """Exercise 3: a .keras file with the same answers, without optimizer state.

    Parameters
    ----------
    save : callable (model, path)
    net : keras.Model
        Compiled and trained; it must stay as it is.
    """
    import keras

    if not callable(save):
        return not_yet("the answer must be a function; keep the line that says def.")
    before = _state(net)
    images = np.random.default_rng(0).random((8, *net.input_shape[1:]), np.float32)
    wanted = np.asarray(net(images))
    optimizer = net.optimizer
    with tempfile.TemporaryDirectory() as folder:
        lean, whole = Path(folder, "lean.keras"), Path(folder, "whole.keras")
        net.save(whole)
        try:
            save(net, lean)
        except Exception as error:  # whatever a reader's code may raise
            return not_yet(stopped(error))
        finally:
            after, kept = _state(net), net.optimizer is optimizer
            net.optimizer = optimizer  # the notebook goes on with it
        if not lean.is_file():
            return not_yet("your function wrote no file at the path it was given.")
        if not kept or not _equal(before, after):
            return not_yet(
                "the file may be right, but the model that was given to you has "
                "changed. Work on a copy."
            )
        try:
            found = np.asarray(keras.models.load_model(lean)(images))
        except Exception:  # no model file
            return not_yet(
                "keras.models.load_model cannot open your file: it needs the structure "
                "too, not the numbers alone."
            )
        share = lean.stat().st_size / whole.stat().st_size
    if found.shape != wanted.shape or not np.allclose(found, wanted, atol=1e-5):
        return not_yet(
            "the model in your file gives other answers. Are the parameters those of "
            "the trained model?"
        )
    if share > 0.6:
        return not_yet(
            "the answers are right, but the optimizer's state is still in the file. "
            "It belongs to a compiled model: save one that was never compiled."
        )
    return done("the same answers from a much smaller file, and the model unharmed.")


def _state(net):
    """All numbers of a model and of its optimizer; None where it has none."""
    optimizer = net.optimizer
    slots = [] if optimizer is None else [v.numpy() for v in optimizer.variables]
    return [*net.get_weights(), *slots]


def _equal(before, after):
    return len(before) == len(after) and all(map(np.array_equal, before, after))
