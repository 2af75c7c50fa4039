"""Networks side by side against Keras' layers, and against each other alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from course_utils.bundle import Bundle

X = np.random.default_rng(0).normal(size=(6, 9, 3)).astype("float32")
LABELS = np.arange(6) % 2


def simple(z, state, U):
    return [ops.tanh(z + state[0] @ U)]


def lstm(z, state, U):
    h, c = state
    i, f, new, o = ops.split(z + h @ U, 4, axis=-1)
    c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(new)
    return [ops.sigmoid(o) * ops.tanh(c), c]


def bundle(seeds=(1, 2, 3), step=simple, blocks=1, states=1):
    return Bundle(step, 3, 5, 2, blocks, states, seeds)


def batch():
    return tf.constant(X), tf.constant(LABELS)


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        (layers.SimpleRNN, {}),
        (layers.LSTM, {"step": lstm, "blocks": 4, "states": 2}),
    ],
)
def test_each_network_is_a_layer_of_keras(kind, form):
    nets = bundle(**form)
    found = np.asarray(nets(X))
    assert found.shape == (3, 6, 2)
    for k in range(3):
        layer = kind(5)
        layer.build(X.shape)
        W, U, b, V = (np.asarray(part[k]) for part in nets.weights)
        layer.set_weights([W, U, b[0]])
        np.testing.assert_allclose(found[k], np.asarray(layer(X)) @ V, atol=1e-5)


def test_weights_start_as_keras_starts_them():
    nets = Bundle(lstm, 40, 60, 20, 4, 2, [0])
    fresh = layers.LSTM(60)
    fresh.build((None, None, 40))
    for ours, theirs in zip(nets.weights, fresh.get_weights()[:2], strict=False):
        assert np.std(ours) == pytest.approx(np.std(theirs), rel=0.05)
        assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=0.3)
    U = np.asarray(nets.U[0], float)
    np.testing.assert_allclose(U @ U.T, np.eye(60), atol=1e-5)
    assert not np.any(nets.b)


def test_a_network_trains_as_if_it_were_alone():
    together, rates = bundle(), (0.01, 0.02, 0.03)
    together.train(batch, 5, rates)
    for k, seed in enumerate((1, 2, 3)):
        alone = bundle(seeds=[seed])
        alone.train(batch, 5, rates[k])
        for ours, theirs in zip(alone.weights, together.weights, strict=True):
            np.testing.assert_allclose(ours[0], theirs[k], atol=1e-5)


def test_training_learns():
    nets, target = bundle(), np.eye(2)[LABELS]

    def cost():
        return -np.sum(target * ops.log_softmax(nets(X)), axis=(1, 2))

    before = cost()
    nets.train(batch, 60, 0.03)
    assert np.all(cost() < before / 3)


def test_the_gradient_of_each_network_is_clipped(monkeypatch):
    seen = []
    monkeypatch.setattr(
        keras.optimizers.Adam, "apply", lambda self, found, to: seen.extend(found)
    )
    monkeypatch.setattr(tf, "function", lambda **_: lambda run: run)
    nets = bundle()
    nets.V.assign(nets.V * np.reshape([1e-3, 1, 1e3], (3, 1, 1)))
    nets.train(batch, 1, 0.1)
    norms = np.sqrt(sum(np.sum(np.square(g), axis=(1, 2)) for g in seen))
    assert norms[0] < norms[1] <= 1.0001
    assert norms[2] == pytest.approx(1, abs=1e-4)
