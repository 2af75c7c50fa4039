"""Small recurrent networks, trained side by side."""

import keras
import numpy as np
import tensorflow as tf

__all__ = ["Bundle"]


class Bundle:
    """Recurrent networks of one kind that differ in seed and learning rate only.

    Every array has one axis more, the networks: ``@`` multiplies network by network.

    Parameters
    ----------
    step : callable (z, state, U) → state
        One step of the cell. `z` is the input's share, ``x @ W + b``; a state is a list
        of arrays (networks, n, units), its output first.
    inputs, units, outputs, blocks, states : int
        Of one network; `blocks` of weights stand side by side, a state has so many
        arrays.
    seeds : iterable of int
        One for each network. Weights start as Keras starts them, biases at 0.
    """

    def __init__(self, step, inputs, units, outputs, blocks, states, seeds):
        self.step, self.units, self.states = step, units, states
        rngs = [np.random.default_rng(seed) for seed in seeds]
        self.W = _drawn(_glorot, rngs, inputs, blocks * units)
        self.U = _drawn(_orthogonal, rngs, units, blocks * units)
        self.b = tf.Variable(tf.zeros((len(rngs), 1, blocks * units)))
        self.V = _drawn(_glorot, rngs, units, outputs)
        self.weights = [self.W, self.U, self.b, self.V]

    def __call__(self, x):
        """From x (n, steps, inputs), what comes last: (networks, n, outputs)."""
        z = tf.einsum("nti,riw->trnw", x, self.W) + self.b
        state = [tf.zeros_like(z[0, ..., : self.units])] * self.states

        def go_on(t, *state):
            return (t + 1, *self.step(z[t], state, self.U))

        loop = (lambda t, *_: t < x.shape[1]), go_on, (0, *state)
        return tf.while_loop(*loop, maximum_iterations=x.shape[1])[1] @ self.V

    def train(self, draw, steps, rate):
        """Steps of Adam, each on a new batch `draw()`: x, and labels (n,).

        `rate` is one number, or one for each network, whose gradient is clipped to 1.
        """
        adam = keras.optimizers.Adam(lambda: tf.reshape(rate, (-1, 1, 1)))
        adam.build(self.weights)

        @tf.function(autograph=False, jit_compile=True)
        def update(x, labels):
            with tf.GradientTape() as tape:
                z = self(x)
                target = tf.one_hot(labels, z.shape[-1])
                cost = -tf.reduce_sum(target * tf.nn.log_softmax(z)) / x.shape[0]
            gradients = tape.gradient(cost, self.weights)
            squares = [tf.reduce_sum(g**2, (1, 2), keepdims=True) for g in gradients]
            longer = tf.maximum(tf.sqrt(sum(squares)), 1.0)
            adam.apply([g / longer for g in gradients], self.weights)

        for _ in range(steps):
            update(*draw())


def _drawn(start, rngs, n, m):
    """A variable (networks, n, m), each network's part by its own generator."""
    return tf.Variable(np.stack([start(rng, n, m) for rng in rngs]), dtype="float32")


def _glorot(rng, n, m):
    return rng.uniform(-1, 1, (n, m)) * np.sqrt(6 / (n + m))


def _orthogonal(rng, n, m):
    """Rows of length 1 at right angles; m is at least n."""
    q, r = np.linalg.qr(rng.normal(size=(m, n)))
    return (q * np.sign(np.diag(r))).T
