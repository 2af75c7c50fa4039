"""What tells one training run from another, and what its callbacks remember.

`course_utils.resumable` stores the one to refuse the checkpoints of another run, and
the other to go on as if the run had not been stopped.
"""

import hashlib
import json
import re

import keras
import numpy as np

__all__ = ["describe", "difference", "fingerprint", "known", "recall", "remember"]

#: Keras' callbacks that resume: what tells two apart, and what they remember. The
#: function of a LearningRateScheduler must depend on its arguments alone.
CALLBACKS = {
    keras.callbacks.EarlyStopping: (
        "monitor mode min_delta patience baseline restore_best_weights "
        "start_from_epoch",
        "wait stopped_epoch best best_weights best_epoch",
    ),
    keras.callbacks.ReduceLROnPlateau: (
        "monitor mode min_delta factor patience cooldown min_lr",
        "wait best cooldown_counter",
    ),
    keras.callbacks.ModelCheckpoint: (
        "monitor mode save_best_only save_freq",
        "best _batches_seen_since_last_saving _last_batch_seen",
    ),
    keras.callbacks.LearningRateScheduler: ("", ""),
    keras.callbacks.TerminateOnNaN: ("", ""),
}


# --- which run it is -----------------------------------------------------------------


def describe(model, variables, callbacks, settings):
    """All that decides how a run goes on, as JSON, alike in every process.

    Parameters
    ----------
    model : keras.Model
        Compiled and built.
    variables : list of keras.Variable
        What a checkpoint holds of it.
    callbacks : list of keras.callbacks.Callback
    settings : dict
        What else decides.

    Returns
    -------
    dict
    """
    return _plain(
        {
            "variables": [[v.path, list(v.shape), v.dtype] for v in variables],
            "layers": _layers(model),
            "optimizer": _configuration(model.optimizer),
            "loss": _configuration(model.loss),
            "callbacks": [_settings(callback) for callback in callbacks],
            **settings,
        }
    )


def difference(then, now, where=""):
    """The first difference of two descriptions, in words; None if there is none."""
    if type(then) is type(now) is dict and set(then) == set(now):
        parts = [(key, then[key], now[key]) for key in then]
    elif type(then) is type(now) is list and len(then) == len(now):
        parts = [(i, *pair) for i, pair in enumerate(zip(then, now, strict=True))]
    else:
        old, new = json.dumps(then), json.dumps(now)  # NaN is NaN here
        if old == new:
            return None
        old, new = (text if len(text) < 90 else text[:90] + "…" for text in (old, new))
        return f"{where} was {old} then and is {new} now"
    for key, *pair in parts:
        if found := difference(*pair, f"{where}, {key}" if where else str(key)):
            return found
    return None


def fingerprint(data):
    """Type, shape and SHA-256 of an array, or of each in a list; None stays None.

    What is neither, such as a Dataset, cannot be looked into: its class must do.
    """
    if isinstance(data, (tuple, list)):
        return [fingerprint(np.asarray(part)) for part in data]
    if not isinstance(data, np.ndarray):
        return None if data is None else type(data).__name__
    digest = hashlib.sha256(np.ascontiguousarray(data)).hexdigest()
    return f"{data.dtype} {data.shape}, SHA-256 {digest[:16]}…"


def _layers(model):
    """The layers' own descriptions: they tell a dropout rate, shapes do not."""
    try:
        return model.get_config()
    except NotImplementedError:  # a class of the reader's: its variables must do
        return type(model).__name__


def _configuration(thing):
    """Name of an optimizer or a loss, and its configuration if it tells one."""
    if isinstance(thing, str):
        return thing
    config = thing.get_config() if hasattr(thing, "get_config") else None
    return [getattr(thing, "__name__", type(thing).__name__), config]


def _settings(callback):
    names = CALLBACKS[type(callback)][0] if type(callback) in CALLBACKS else ""
    values = {name: getattr(callback, name) for name in names.split()}
    if "min_delta" in values:  # Keras turns its sign where smaller is better
        values["min_delta"] = abs(values["min_delta"])
    return [type(callback).__name__, values]


def _plain(value):
    """Without what differs between processes: numbers of names, addresses, bytecode."""
    if isinstance(value, dict):
        if value.get("class_name") == "__lambda__":
            return "a lambda"
        dropped = ("module", "registered_name", "build_config", "shared_object_id")
        return {str(k): _plain(v) for k, v in value.items() if k not in dropped}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, str):
        return re.sub(r"_\d+(?=[/_]|$)", "", value)
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return type(value).__name__


# --- what callbacks remember ---------------------------------------------------------


def known(callback):
    """The callback, unless what it remembers would be lost: then a TypeError."""
    if type(callback) in CALLBACKS or hasattr(callback, "get_state"):
        return callback
    raise TypeError(
        f"what the callback {type(callback).__name__} remembers would be lost: with "
        "checkpoint_dir it needs get_state() and set_state(state). If it remembers "
        "nothing, return {} and do nothing."
    )


def remember(callbacks):
    """What the callbacks remember.

    Returns
    -------
    states : list
        As JSON; an array in it is ``{"array": place}``.
    arrays : list of numpy.ndarray
    """
    arrays = []

    def packed(value):
        if isinstance(value, dict):
            return {key: packed(part) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [packed(part) for part in value]
        if isinstance(value, np.ndarray):
            arrays.append(value)
            return {"array": len(arrays) - 1}
        return value.item() if isinstance(value, np.generic) else value

    return [packed(_state(callback)) for callback in callbacks], arrays


def recall(callbacks, states, arrays):
    """Give the callbacks back what `remember` took from them."""

    def unpacked(value):
        if isinstance(value, dict):
            if set(value) == {"array"}:
                return arrays[value["array"]]
            return {key: unpacked(part) for key, part in value.items()}
        return [unpacked(part) for part in value] if isinstance(value, list) else value

    for callback, state in zip(callbacks, states, strict=True):
        if type(callback) in CALLBACKS:
            vars(callback).update(unpacked(state))
        else:
            callback.set_state(unpacked(state))


def _state(callback):
    if type(callback) not in CALLBACKS:
        return callback.get_state()
    names = CALLBACKS[type(callback)][1].split()
    return {name: getattr(callback, name) for name in names}
