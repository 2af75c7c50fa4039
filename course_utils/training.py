"""Seeding and training, as the notebooks share them."""

import os
import random
import sys
import time

import numpy as np

__all__ = ["fit", "seed_everything"]


def seed_everything(seed):
    """Seed Python, NumPy and, where it is loaded, Keras; return the seed in force.

    The return value is what the notebook gives to its own generators and
    initialisers, so that one line governs every random number in it.

    Parameters
    ----------
    seed : int
        Any non-negative integer below 2**31. The environment variable
        ``COURSE_SEED_OFFSET`` is added to it: that is how the evidence command
        reruns a notebook under other seeds.

    Returns
    -------
    int
        The seed in force.
    """
    seed = int(seed) + int(os.environ.get("COURSE_SEED_OFFSET", "0"))
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries still draw from it
    if "keras" in sys.modules:  # a notebook that needs no TensorFlow does not load it
        import keras

        keras.utils.set_random_seed(seed)
    return seed


def fit(model, x, y, *, epochs, batch_size=128, name="training", **options):
    """Train a compiled Keras model with one compact progress line.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    x, y : array_like, first axis of equal length
        Training inputs and targets.
    epochs : int
        Passes over the data.
    batch_size : int
        Examples per update.
    name : str
        What the progress line calls this run.
    **options
        Everything else that `keras.Model.fit` takes: `validation_data`,
        `callbacks`, `class_weight`…

    Returns
    -------
    dict of str to numpy.ndarray, shape (epochs run,)
        Keras' history: ``loss``, ``accuracy``, ``val_loss``… per epoch, and
        ``seconds``, the time since the start at the end of each epoch.
    """
    progress = _progress_line(name, epochs)
    callbacks = [*(options.pop("callbacks", None) or ()), progress]
    history = model.fit(
        x,
        y,
        epochs=epochs,
        batch_size=batch_size,
        callbacks=callbacks,
        verbose=0,
        **options,
    )
    result = {key: np.asarray(values) for key, values in history.history.items()}
    return result | {"seconds": np.asarray(progress.seconds)}


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
                bar_format="{desc}: {n_fmt}/{total_fmt} epochs · {elapsed}{postfix}",
            )

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
