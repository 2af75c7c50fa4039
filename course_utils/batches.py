"""The batches that `course_utils.training.fit` trains on.

tf.data's autotuning is off. There is nothing to tune in a pipeline that gathers small
batches, and beside the tuning many an epoch takes one and a half times as long on two
cores: compare the seconds of ``keras`` and ``fit`` in ``benchmarks/results.json``.
"""

import keras
import numpy as np
import tensorflow as tf

__all__ = ["as_keras_would", "in_order", "shuffled"]


def shuffled(x, y, batch_size):
    """A dataset of batches (x, y) without end, each epoch in an order of its own."""
    rows = tf.data.Dataset.range(len(x)).shuffle(len(x)).batch(batch_size)
    tensors = tuple(tf.convert_to_tensor(as_keras_would(array)) for array in (x, y))
    # As a dataset: what a function refers to would stay in memory when this is over.
    whole = tf.data.Dataset.from_tensors(tensors)
    both = tf.data.Dataset.zip((rows.repeat(), whole.repeat()))
    return _untuned(both.map(lambda row, xy: tuple(tf.gather(t, row) for t in xy)))


def in_order(arrays, batch_size, order):
    """The batches of one epoch, in the order that a variable holds when it begins."""
    tensors = tuple(tf.convert_to_tensor(array) for array in arrays)

    def batch(step):
        rows = order[step * batch_size : (step + 1) * batch_size]
        return tuple(tf.gather(tensor, rows) for tensor in tensors)

    steps = -(-len(arrays[0]) // batch_size)
    return _untuned(tf.data.Dataset.range(steps).map(batch))


def as_keras_would(array):
    """The array with the dtype that Keras would give it."""
    floating = np.issubdtype(array.dtype, np.floating)
    return array.astype(keras.config.floatx(), copy=False) if floating else array


def _untuned(dataset):
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.prefetch(2).with_options(options)
