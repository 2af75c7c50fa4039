"""Keras layers that Keras lacks."""

import keras
import tensorflow as tf

__all__ = ["StochasticPooling2D"]


@keras.saving.register_keras_serializable("course_utils")
class StochasticPooling2D(keras.layers.Layer):
    """Stochastic pooling: each window answers with one of its units, drawn by size.

    In training, unit *i* of a window is drawn with the probability
    ``p[i] = a[i] / Σ a`` of its activation; at inference the answer is the mean that
    these probabilities weight, ``Σ p[i]·a[i]``. A window of zeros answers 0. Only the
    unit that was drawn receives a gradient.

    Parameters
    ----------
    pool_size : int or tuple of two ints
        Height and width of the window.
    strides : int or tuple of two ints, optional
        Step between windows; `pool_size` if not given.
    padding : "valid" or "same"
        As in `keras.layers.MaxPooling2D`. What is padded is never drawn.
    seed : int, optional
        Seed of the draws.
    **kwargs
        What every Keras layer takes: `name`, `dtype`…

    Raises
    ------
    ValueError
        If an argument is not as described, or the input has not four axes.

    Notes
    -----
    Input: shape (batch, height, width, channels), any float dtype. Activations are
    meant to be non-negative, as after ReLU; negative ones count as 0. Output: shape
    (batch, new height, new width, channels), dtype of the input.

    References
    ----------
    Zeiler and Fergus, "Stochastic pooling for regularization of deep convolutional
    neural networks", ICLR 2013, equations 4 to 6.
    """

    def __init__(
        self, pool_size=(2, 2), strides=None, padding="valid", seed=None, **kwargs
    ):
        super().__init__(**kwargs)
        if padding not in ("valid", "same"):
            raise ValueError(f'padding must be "valid" or "same", not {padding!r}')
        # Keras' own pooling checks the numbers and knows the shapes.
        self.windows = keras.layers.MaxPooling2D(
            pool_size, strides, padding, data_format="channels_last"
        )
        self.input_spec = self.windows.input_spec
        self.seed = seed
        self.draws = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        # half precision would round the probabilities
        precise = "float64" if inputs.dtype == "float64" else "float32"
        units = self._units(tf.nn.relu(tf.cast(inputs, precise)))
        pooled = self._draw(units) if training else _weighted_mean(units)
        return tf.cast(pooled, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return self.windows.compute_output_shape(input_shape)

    def get_config(self):
        own = {"seed": self.seed} | {
            name: getattr(self.windows, name)
            for name in ("pool_size", "strides", "padding")
        }
        return super().get_config() | own

    def _units(self, x):
        """The n units of each window: (batch, rows, columns, n, channels)."""
        height, width = self.windows.pool_size
        patches = tf.image.extract_patches(
            x,
            sizes=(1, height, width, 1),
            strides=(1, *self.windows.strides, 1),
            rates=(1, 1, 1, 1),
            padding=self.windows.padding.upper(),
        )
        outer = tf.unstack(tf.shape(patches)[:3])
        return tf.reshape(patches, (*outer, height * width, x.shape[-1]))

    def _draw(self, units):
        """One unit of each window: the first whose cumulated share passes a draw."""
        shares = tf.cumsum(units, axis=-2)
        total = shares[..., -1:, :]
        draw = tf.random.stateless_uniform(
            tf.shape(total), tf.cast(self.draws.next(), "int32"), dtype=units.dtype
        )
        index = tf.math.count_nonzero(shares <= draw * total, axis=-2)
        chosen = tf.one_hot(index, units.shape[3], True, False, axis=3)
        return tf.reduce_sum(tf.where(chosen, units, 0), axis=-2)


def _weighted_mean(units):
    shares = tf.math.divide_no_nan(units, tf.reduce_sum(units, -2, keepdims=True))
    return tf.reduce_sum(shares * units, axis=-2)
