"""Training that can be killed at any instant and ends as if it had not been.

`course_utils.training.fit` with a `checkpoint_dir` comes here. TensorFlow's
`tf.train.Checkpoint` writes and reads the variables; what it lacks is added: all that
is no variable (history, callbacks, which run this is), an order of the examples and
draws of dropout that depend on nothing but seed, epoch and step, and a folder in which
nothing half-written shows (`course_utils.checkpoints`).

- The unit is an epoch. There is a checkpoint of the start and of every epoch that
  ended, until `keep` newer ones exist: SIGKILL or a power cut costs at most one epoch.
- The same call, on a model built and compiled the same way, goes on from the newest
  checkpoint, or from the one before if that is damaged, with a warning. A finished run
  returns at once, one asked for more `epochs` goes on.
- Weights, optimizer state, metrics and history (but not ``seconds``) end bit for bit
  like those of a run never stopped, but not like those without `checkpoint_dir`.

Exceptions to *bit for bit*:

- Draws that come from no `keras.random.SeedGenerator` of the model: `tf.random.uniform`
  and its like, or `keras.random` without a seed, in a layer or a loss of your own.
  Keras' own layers have such generators.
- Operations that do not repeat themselves, on GPUs above all: call
  `tf.config.experimental.enable_op_determinism` there.
- Another machine, other versions (a warning says so) or other thread settings.
- What a `validation_data` Dataset draws at random; what a callback does outside, as in
  files, is done again for an epoch that is repeated.

Keras' callbacks EarlyStopping, ReduceLROnPlateau, ModelCheckpoint, TerminateOnNaN and
LearningRateScheduler go on where they stopped. Any other must offer ``get_state()``,
which returns a dictionary of numbers, strings, None, arrays, or lists or dictionaries
of such, and ``set_state(state)``, or it is refused.
"""

import hashlib
import json
import re
import warnings

import keras
import numpy as np
import tensorflow as tf

from course_utils.batches import as_keras_would, in_order
from course_utils.checkpoints import CheckpointError

__all__ = ["train"]

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


def train(model, x, y, folder, epochs, batch_size, seed, callbacks, progress, options):
    """Train from the newest checkpoint in a held `CheckpointFolder`, or from the start.

    Arguments, history and errors are those of `course_utils.training.fit`.
    """
    _refuse_what_would_be_lost(callbacks)
    for option in ("validation_split", "steps_per_epoch", "initial_epoch"):
        if options.get(option):
            raise TypeError(f"{option} does not go with checkpoint_dir")
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise TypeError(f"checkpoint_dir needs seed, a whole number ≥ 0, not {seed!r}")
    shuffle = options.pop("shuffle", True)
    arrays = _arrays(x, y, options.pop("sample_weight", None))
    held_out = options.get("validation_data")
    if isinstance(held_out, (tuple, list)):  # a Dataset has batches already
        options.setdefault("validation_batch_size", batch_size)

    newest = folder.newest()
    done = newest.epoch if newest else 0
    if done > epochs:
        raise CheckpointError(
            f"{folder.path} holds a run that is {done} epochs on, and epochs={epochs} "
            "asks for fewer. Nothing was changed. Name another folder."
        )
    stopped = newest and newest.content["stopped"]  # early: more epochs change nothing
    with tf.device("CPU"):
        order = tf.Variable(np.arange(len(arrays[0])))
        batches = in_order(arrays, batch_size, order)
    settings = {
        "data": _fingerprint(arrays),
        "validation_data": _fingerprint(held_out),
        "class_weight": options.get("class_weight"),
        "batch_size": batch_size,
        "seed": seed,
        "shuffle": bool(shuffle),
    }
    if not model.built:
        model(arrays[0][:1])
    saver = _Saver(folder, newest, settings, order, callbacks, progress)
    model.fit(
        batches,
        initial_epoch=done,
        epochs=done if stopped else epochs,
        callbacks=[*callbacks, progress, saver],
        shuffle=False,  # the batches come in the right order already
        verbose=0,
        **options,
    )
    return saver.history


def _arrays(x, y, sample_weight):
    """What is given as arrays of one length, with Keras' dtypes."""
    given = (x, y) if sample_weight is None else (x, y, sample_weight)
    arrays = [np.asarray(values) for values in given]
    if any(array.dtype == object or array.ndim == 0 for array in arrays):
        raise TypeError("with checkpoint_dir, x and y must be arrays")
    if len({len(array) for array in arrays}) != 1:
        raise ValueError(f"x and y differ in length: {[len(a) for a in arrays]}")
    return [as_keras_would(array) for array in arrays]


class _Saver(keras.callbacks.Callback):
    """Restores at the start, seeds each epoch, saves it after all other callbacks."""

    def __init__(self, folder, newest, settings, order, callbacks, progress):
        super().__init__()
        self.folder, self.newest, self.settings = folder, newest, settings
        self.order, self.callbacks, self.progress = order, callbacks, progress
        self.made_with = {each.__name__: each.__version__ for each in (tf, keras, np)}
        self.history = {}

    def on_train_begin(self, logs=None):
        # The other callbacks have begun by now, so that they can be given their states.
        model = self.model
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        everything = model.variables + model.optimizer.variables
        variables = list({id(v): v for v in everything}.values())
        # A list, not the model: Checkpoint finds variables by following attributes, and
        # would miss those of SeedGenerator.
        self.variables = tf.train.Checkpoint(variables=[v.value for v in variables])
        known = {id(v) for v in model.weights}  # these lack the generators' states
        self.generators = [v for v in model.variables if id(v) not in known]
        self.run = _description(model, variables, self.callbacks, self.settings)
        if self.newest is None:
            self._save(0)
        elif found := _difference(self.newest.content["run"], self.run):
            raise CheckpointError(
                f"{self.folder.path} belongs to another run: {found}. Nothing was "
                "changed. Name another folder, or build, compile and fit as that run "
                "did."
            )
        else:
            self._restore(self.newest.path, self.newest.content)

    def on_epoch_begin(self, epoch, logs=None):
        seed = self.settings["seed"]
        if self.settings["shuffle"]:
            draws = np.random.default_rng([seed, epoch])
            self.order.assign(draws.permutation(self.order.shape[0]))
        for number, state in enumerate(self.generators, start=1):
            draws = np.random.default_rng([seed, epoch, number])
            state.assign([draws.integers(2**31), 0])  # the 0 counts draws, step by step

    def on_epoch_end(self, epoch, logs=None):
        for key, value in (logs or {}).items():
            self.history.setdefault(key, []).append(float(value))
        self._save(epoch + 1)

    def _save(self, epoch):
        states, arrays = _remembered(self.callbacks)
        content = {
            "stopped": bool(self.model.stop_training),
            "history": self.history,
            "seconds": self.progress.seconds,
            "callbacks": states,
            "run": self.run,
            "made_with": self.made_with,
        }

        def write(path):
            np.savez(path / "callbacks.npz", *arrays, allow_pickle=False)
            try:
                self.variables.write(str(path / "variables"))
            except tf.errors.OpError as error:
                raise OSError(_reason(error)) from error

        self.folder.save(epoch, content, write)

    def _restore(self, path, content):
        if content["made_with"] != self.made_with:
            warnings.warn(
                f"{path} was made with {content['made_with']}, and this is "
                f"{self.made_with}: the last bits may come out differently",
                stacklevel=2,
            )
        try:
            self.variables.read(str(path / "variables")).assert_consumed()
            with np.load(path / "callbacks.npz", allow_pickle=False) as file:
                arrays = list(file.values())
        except (OSError, tf.errors.OpError) as error:
            raise CheckpointError(f"{path} cannot be read: {_reason(error)}") from error
        _recall(self.callbacks, content["callbacks"], arrays)
        self.history = content["history"]
        self.progress.resume(content["seconds"])


def _reason(error):
    """What the system said, out of TensorFlow's longer message."""
    found = re.search(r"; ([^;\[]+) \[Op", str(error))
    return found.group(1) if found else str(error)


def _refuse_what_would_be_lost(callbacks):
    for callback in callbacks:
        if type(callback) not in CALLBACKS and not hasattr(callback, "get_state"):
            raise TypeError(
                f"what the callback {type(callback).__name__} remembers would be lost: "
                "with checkpoint_dir it needs get_state() and set_state(state). If it "
                "remembers nothing, return {} and do nothing."
            )


def _attributes(callback, column):
    names = CALLBACKS.get(type(callback), ("", ""))[column].split()
    return {name: getattr(callback, name) for name in names}


def _remembered(callbacks):
    """The callbacks' states as JSON, and the arrays that stand there by number."""
    arrays = []

    def beside(value):  # called for what JSON lacks
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, np.ndarray):
            arrays.append(value)
            return {"array": len(arrays) - 1}
        raise TypeError(f"get_state() returned {value!r}, which cannot be stored")

    states = [
        _attributes(callback, 1)
        if type(callback) in CALLBACKS
        else callback.get_state()
        for callback in callbacks
    ]
    return json.loads(json.dumps(states, default=beside)), arrays


def _recall(callbacks, states, arrays):
    """Give the callbacks back what `_remembered` took from them."""

    def back(value):
        return arrays[value["array"]] if set(value) == {"array"} else value

    states = json.loads(json.dumps(states), object_hook=back)
    for callback, state in zip(callbacks, states, strict=True):
        if type(callback) in CALLBACKS:
            vars(callback).update(state)
        else:
            callback.set_state(state)


def _description(model, variables, callbacks, settings):
    """All that decides how a run goes on, as JSON, alike in every process."""
    try:
        layers = model.get_config()  # it tells a dropout rate, shapes do not
    except NotImplementedError:  # a class of the reader's: its variables must do
        layers = type(model).__name__
    return _plain(
        {
            "variables": [[v.path, list(v.shape), v.dtype] for v in variables],
            "layers": layers,
            "optimizer": _configuration(model.optimizer),
            "loss": _configuration(model.loss),
            "callbacks": [_settings(callback) for callback in callbacks],
            **settings,
        }
    )


def _configuration(thing):
    """Name of an optimizer or a loss, and its configuration if it tells one."""
    if isinstance(thing, str):
        return thing
    config = thing.get_config() if hasattr(thing, "get_config") else None
    return [getattr(thing, "__name__", type(thing).__name__), config]


def _settings(callback):
    values = _attributes(callback, 0)
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


def _fingerprint(data):
    """Type, shape and SHA-256 of an array, or of each in a list; None stays None."""
    if isinstance(data, (tuple, list)):
        return [_fingerprint(np.asarray(part)) for part in data]
    if not isinstance(data, np.ndarray):  # a Dataset: its class must do
        return data
    digest = hashlib.sha256(np.ascontiguousarray(data)).hexdigest()
    return f"{data.dtype} {data.shape}, SHA-256 {digest[:16]}…"


def _difference(then, now, *where):
    """The first difference of two descriptions, in words; None if there is none."""
    if type(then) is type(now) is dict and set(then) == set(now):
        keys = then
    elif type(then) is type(now) is list and len(then) == len(now):
        keys = range(len(then))
    else:
        old, new = json.dumps(then), json.dumps(now)  # NaN is NaN here
        if old == new:
            return None
        old, new = (text if len(text) < 90 else text[:90] + "…" for text in (old, new))
        return f"{', '.join(where)} was {old} then and is {new} now"
    found = (_difference(then[key], now[key], *where, str(key)) for key in keys)
    return next(filter(None, found), None)
