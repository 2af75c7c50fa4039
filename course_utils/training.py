"""Seeding and training, as the notebooks share them."""

import os
import random
import sys
import time

import numpy as np

__all__ = ["fit", "seed_everything"]


def seed_everything(seed):
    """Seed Python, NumPy and, where it is loaded, Keras.

    Parameters
    ----------
    seed : int
        Any non-negative integer below 2**31. The environment variable
        ``COURSE_SEED_OFFSET`` is added to it: that is how the evidence command
        reruns a notebook under other seeds.

    Returns
    -------
    int
        The seed in force, for the notebook's own generators and initialisers, so that
        one line governs every random number in it.
    """
    seed = int(seed) + int(os.environ.get("COURSE_SEED_OFFSET") or 0)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries still draw from it
    if "keras" in sys.modules:  # a notebook that needs no TensorFlow does not load it
        import keras

        keras.utils.set_random_seed(seed)
    return seed


def fit(
    model,
    x,
    y,
    *,
    epochs,
    batch_size=128,
    name="training",
    checkpoint_dir=None,
    keep=3,
    seed=None,
    **options,
):
    """Train a compiled Keras model with one compact progress line.

    With `checkpoint_dir` the run may be killed at any instant and continued by the same
    call in a new process; `course_utils.resume` says what is guaranteed.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    x, y : numpy.ndarray, first axis of equal length
        Training inputs and targets.
    epochs : int
        Passes over the data.
    batch_size : int
        Examples per update.
    name : str
        What the progress line calls this run.
    checkpoint_dir : path-like, optional
        Folder for the checkpoints of this run, and of no other.
    keep : int, 1 or more
        How many checkpoints stay there.
    seed : int, 0 or more
        Goes with `checkpoint_dir`: orders the examples, governs dropout and
        augmentation.
    **options
        Everything else that `keras.Model.fit` takes: `validation_data`,
        `callbacks`, `class_weight`…

    Returns
    -------
    dict of str to numpy.ndarray, shape (epochs run,)
        Keras' history: ``loss``, ``accuracy``, ``val_loss``… per epoch, and
        ``seconds``, the time since the start at the end of each epoch. With
        `checkpoint_dir` all epochs of the run, in whichever process they ran.

    Raises
    ------
    course_utils.checkpoints.CheckpointError
        With `checkpoint_dir`: the folder is of another run (model, data or settings
        differ), of a newer format, in use by another process, holds nothing whole, or
        cannot be written to. No whole checkpoint is lost by it.
    TypeError
        If `seed` or an option does not go with `checkpoint_dir`.
    ValueError
        If the model is not compiled, or `x` and `y` differ in length.

    Notes
    -----
    NumPy arrays are shuffled anew for each epoch, in an order that the seed fixes.
    (Keras by itself repeats one order once a seed is set.) Keras does the shuffling for
    other inputs, with `shuffle`, `sample_weight`, `validation_split` or
    `steps_per_epoch`, and where the model's `steps_per_execution` does not divide the
    number of batches in an epoch.
    """
    if not getattr(model, "compiled", False):
        raise ValueError(
            "the model is not compiled: call model.compile(optimizer, loss) before fit"
        )
    callbacks = options.pop("callbacks", None) or []
    callbacks = [*callbacks] if isinstance(callbacks, (list, tuple)) else [callbacks]
    bar = _progress_line(name, epochs)
    if checkpoint_dir is not None:
        from course_utils import checkpoints, resume  # TensorFlow is loaded by now

        with checkpoints.CheckpointFolder(checkpoint_dir, keep) as folder:
            history = resume.train(
                model, x, y, folder, epochs, batch_size, seed, callbacks, bar, options
            )
    else:
        if seed is not None:
            raise TypeError("seed goes with checkpoint_dir; else use seed_everything")
        _make_variables(model, x, y)
        options = _data(model, x, y, batch_size, options) | options
        callbacks.append(bar)
        history = model.fit(epochs=epochs, callbacks=callbacks, verbose=0, **options)
        history = history.history
    result = {key: np.asarray(values) for key, values in history.items()}
    return result | {"seconds": np.asarray(bar.seconds)}


def _data(model, x, y, batch_size, options):
    """The arguments of `keras.Model.fit` that say what to train on.

    Keras' own shuffling takes longer than the epoch of a small network, and repeats
    one order once a seed is set: see `fit`.
    """
    keras_shuffles = {"x": x, "y": y, "batch_size": batch_size}
    special = {"shuffle", "sample_weight", "validation_split", "steps_per_epoch"}
    arrays = isinstance(x, np.ndarray) and isinstance(y, np.ndarray)
    if special & set(options) or not (arrays and 0 < len(x) == len(y)):
        return keras_shuffles
    steps = -(-len(x) // batch_size)
    if steps % model.steps_per_execution:  # its last call would go on into a new epoch
        return keras_shuffles
    from course_utils import batches

    shuffled = batches.shuffled(x, y, batch_size)
    data = {"x": shuffled, "steps_per_epoch": steps, "shuffle": False}
    if isinstance(options.get("validation_data"), (tuple, list)):
        data["validation_batch_size"] = batch_size
    return data


def _make_variables(model, x, y):
    """Make the variables of optimizer and metrics, so that a step is traced only once.

    The second time takes half of the first epoch of a small network.
    """
    if not (model.built and model.optimizer) or model.optimizer.built:
        return
    model.optimizer.build(model.trainable_variables)
    shape = getattr(model, "output_shape", None)  # a subclassed model has none
    if isinstance(shape, tuple) and None not in shape[1:]:
        # Any answer of the right shape will do: each epoch begins by a reset.
        model.compute_metrics(x[:1], y[:1], np.zeros((1, *shape[1:]), "float32"))


def _progress_line(name, epochs):
    """A Keras callback that redraws one line per run, on standard output."""
    import keras
    from tqdm import tqdm

    class ProgressLine(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.seconds, self.start = [], time.perf_counter()
            self.bar = tqdm(
                total=epochs,
                desc=name,
                unit="epoch",
                file=sys.stdout,
                mininterval=1.0,
                position=0,  # also after a run that an error ended
                bar_format="{desc}: {n_fmt}/{total_fmt} epochs · {elapsed}{postfix}",
            )

        def resume(self, seconds):
            """Go on where a run stopped that took these seconds per epoch."""
            self.seconds = list(seconds)
            self.start -= seconds[-1] if seconds else 0.0
            self.bar.update(len(seconds))

        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.start)
            wanted = ("loss", "accuracy", "val_accuracy")
            shown = {key: f"{logs[key]:.3f}" for key in wanted if key in (logs or {})}
            self.bar.set_postfix(shown, refresh=False)
            self.bar.update()

        def on_train_end(self, logs=None):
            self.bar.refresh()
            self.bar.close()

    return ProgressLine()
