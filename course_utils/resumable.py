"""Training that can be killed at any instant and ends as if it had not been.

`course_utils.training.fit` with a `checkpoint_dir` comes here. TensorFlow's
`tf.train.Checkpoint` writes and reads the variables; what it lacks is added: all that
is no variable (history, callbacks, which run this is), an order of the examples and
draws of dropout that depend on nothing but seed, epoch and step, and a folder in which
nothing half-written shows (`course_utils.checkpoints`).

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

import re
import warnings

import keras
import numpy as np
import tensorflow as tf

from course_utils import runs
from course_utils.checkpoints import CheckpointError
from course_utils.training import as_list, untuned

__all__ = ["train"]


def train(model, x, y, folder, *, epochs, batch_size, seed, progress, options):
    """`model.fit` that leaves checkpoints and goes on from the newest.

    Parameters
    ----------
    model, x, y, epochs, batch_size, seed
        As in `course_utils.training.fit`.
    folder : course_utils.checkpoints.CheckpointFolder
        Held.
    progress : keras.callbacks.Callback
        With a list `seconds` and a method ``resume(seconds)``.
    options : dict
        What else `keras.Model.fit` shall be given.

    Returns
    -------
    dict of str to list of float
        The history of all epochs.

    Raises
    ------
    CheckpointError, TypeError, ValueError
        As in `course_utils.training.fit`.
    """
    options = dict(options)
    callbacks = [runs.known(each) for each in as_list(options.pop("callbacks", None))]
    shuffle = options.pop("shuffle", True)
    arrays = _arrays(x, y, options.pop("sample_weight", None))
    for option in ("validation_split", "steps_per_epoch", "initial_epoch"):
        if options.get(option):
            raise TypeError(f"{option} does not go with checkpoint_dir")
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise TypeError(f"checkpoint_dir needs seed, a whole number ≥ 0, not {seed!r}")
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
        batches = _batches(arrays, batch_size, order)
    settings = {
        "data": runs.fingerprint(arrays),
        "validation_data": runs.fingerprint(held_out),
        "class_weight": options.get("class_weight"),
        "batch_size": batch_size,
        "seed": seed,
        "shuffle": bool(shuffle),
    }
    if not model.built:
        model(arrays[0][:1])
    saver = _Saver(
        folder, newest, settings, order if shuffle else None, callbacks, progress
    )
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


class _Saver(keras.callbacks.Callback):
    """Restores before the first epoch, seeds before each, saves after each.

    It is the last callback, so it sees what the others have done.
    """

    def __init__(self, folder, newest, settings, order, callbacks, progress):
        super().__init__()
        self.folder, self.newest, self.settings = folder, newest, settings
        self.order, self.callbacks, self.progress = order, callbacks, progress
        self.history = {}

    def on_train_begin(self, logs=None):
        # The other callbacks have begun by now, so that they can be given their states.
        model, newest = self.model, self.newest
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        everything = model.variables + model.optimizer.variables
        variables = list({id(v): v for v in everything}.values())
        # A list, not the model: Checkpoint finds variables by following attributes, and
        # would miss those of SeedGenerator.
        self.variables = tf.train.Checkpoint(variables=[v.value for v in variables])
        known = {id(v) for v in model.weights}  # these lack the generators' states
        self.generators = [v for v in model.variables if id(v) not in known]
        self.run = runs.describe(model, variables, self.callbacks, self.settings)
        if newest is None:
            self._save(0)
            return
        if found := runs.difference(newest.content["run"], self.run):
            raise CheckpointError(
                f"{self.folder.path} belongs to another run: {found}. Nothing was "
                "changed. Name another folder, or build, compile and fit as that run "
                "did."
            )
        self._restore(newest)

    def on_epoch_begin(self, epoch, logs=None):
        seed = self.settings["seed"]
        if self.order is not None:
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
        states, arrays = runs.remember(self.callbacks)
        content = {
            "stopped": bool(self.model.stop_training),
            "history": self.history,
            "seconds": self.progress.seconds,
            "callbacks": states,
            "run": self.run,
            "made_with": _versions(),
        }

        def write(path):
            np.savez(path / "callbacks.npz", *arrays, allow_pickle=False)
            try:
                self.variables.write(str(path / "variables"))
            except tf.errors.OpError as error:
                raise OSError(_reason(error)) from error

        self.folder.save(epoch, content, write)

    def _restore(self, newest):
        content, path = newest.content, newest.path
        if content["made_with"] != _versions():
            warnings.warn(
                f"{path} was made with {content['made_with']}, and this is "
                f"{_versions()}: the last bits may come out differently",
                stacklevel=2,
            )
        try:
            self.variables.read(str(path / "variables")).assert_consumed()
            with np.load(path / "callbacks.npz", allow_pickle=False) as file:
                arrays = list(file.values())
        except (OSError, tf.errors.OpError) as error:
            raise CheckpointError(f"{path} cannot be read: {_reason(error)}") from error
        runs.recall(self.callbacks, content["callbacks"], arrays)
        self.history = content["history"]
        self.progress.resume(content["seconds"])


def _arrays(x, y, sample_weight):
    """The arrays, with the dtypes that Keras would give them."""
    arrays = []
    for values in (x, y) if sample_weight is None else (x, y, sample_weight):
        array = np.asarray(values)
        if array.dtype == object or array.ndim == 0:
            raise TypeError("with checkpoint_dir, x and y must be arrays")
        if np.issubdtype(array.dtype, np.floating):
            array = array.astype(keras.config.floatx(), copy=False)
        arrays.append(array)
    if len({len(array) for array in arrays}) != 1:
        raise ValueError(f"x and y differ in length: {[len(a) for a in arrays]}")
    return arrays


def _batches(arrays, batch_size, order):
    """The batches of one epoch, in the order that the variable holds when it begins."""
    tensors = tuple(tf.convert_to_tensor(array) for array in arrays)

    def batch(step):
        rows = order[step * batch_size : (step + 1) * batch_size]
        return tuple(tf.gather(tensor, rows) for tensor in tensors)

    steps = -(-len(arrays[0]) // batch_size)
    return untuned(tf.data.Dataset.range(steps).map(batch).prefetch(2))


def _versions():
    packages = {"tensorflow": tf, "keras": keras, "numpy": np}
    return {name: package.__version__ for name, package in packages.items()}


def _reason(error):
    """What the system said, out of TensorFlow's longer message."""
    found = re.search(r"; ([^;\[]+) \[Op", str(error))
    return found.group(1) if found else str(error)
