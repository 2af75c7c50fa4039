"""A small training run that tests interrupt: noise, batch norm, dropout and Adam."""

import contextlib
import hashlib
import os
import signal
import sys
import time

import keras
import numpy as np

import course_utils.resume  # noqa: F401 - loaded once, before processes fork
from course_utils.training import fit

EPOCHS = 8
layers = keras.layers


def network(*, width=8, rate=0.3, optimizer=None, loss=None):
    """Compiled, with weights that a fixed seed draws."""
    keras.utils.set_random_seed(1)
    net = keras.Sequential(
        [
            keras.Input((6,)),
            layers.GaussianNoise(0.1),
            layers.Dense(width),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(rate),
            layers.Dense(3, "softmax"),
        ]
    )
    net.compile(
        optimizer or keras.optimizers.Adam(0.01),
        loss or "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return net


def examples(n=70):
    """Points x, shape (n, 6), and classes y, shape (n,); always the same."""
    x = np.random.default_rng(0).normal(size=(n, 6)).astype("float32")
    return x, (x[:, 0] > 0) + (x[:, 1] > 0).astype(int)


def train(folder, net=None, *, n=70, epochs=EPOCHS, **options):
    """The run: the trained network and its history."""
    net = net or network()
    options = {"batch_size": 16, "seed": 3} | options
    return net, fit(net, *examples(n), epochs=epochs, checkpoint_dir=folder, **options)


def bits(net, history):
    """SHA-256 of all that must come out the same, and of nothing else."""
    digest = hashlib.sha256()
    for variable in net.weights + net.optimizer.variables:
        digest.update(np.asarray(variable).tobytes())
    for key in sorted(set(history) - {"seconds"}):
        digest.update(key.encode() + np.asarray(history[key], "float64").tobytes())
    return digest.hexdigest()


class Tell(keras.callbacks.Callback):
    """Tells a pipe when the first step is done; waits for an answer if it shall."""

    def __init__(self, pipe, wait=False):
        super().__init__()
        self.pipe, self.wait, self.told = pipe, wait, False

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        sys.audit("step", f"epoch {self.epoch}, step {batch}")
        if not self.told:
            self.told = True
            self.pipe.send("begun")
            if self.wait:
                self.pipe.recv()

    def get_state(self):
        return {}

    def set_state(self, state):
        pass


def die_before(event, name):
    """In this process, SIGKILL when it is about to do this to what is so called."""

    def watch(happens, arguments):
        if happens == event and str(arguments[0]).endswith(name):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def in_process(folder, pipe, wait=False, dies=None):
    """Run in a process of its own: send "begun", then the result and the seconds."""
    if dies:
        die_before(*dies)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        tell = Tell(pipe, wait)
        start = time.perf_counter()
        result = bits(*train(folder, callbacks=[tell]))
        pipe.send((result, time.perf_counter() - start))
