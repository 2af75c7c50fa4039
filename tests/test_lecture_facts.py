"""What lectures say of Keras and TensorFlow in passing, with no check of their own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

rng = np.random.default_rng(0)
Z = rng.normal(size=(6, 4)).astype("float32")
T = np.eye(4, dtype="float32")[rng.integers(4, size=6)]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def test_01_binary_cross_entropy_of_keras_is_the_mean_over_outputs():
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    each = tf.nn.sigmoid_cross_entropy_with_logits(T, Z).numpy()  # (examples, outputs)
    assert float(loss(T, Z)) == pytest.approx(each.mean(axis=1).mean(), rel=1e-5)
    assert float(loss(T, Z)) != pytest.approx(each.sum(axis=1).mean(), rel=1e-2)


def test_01_mean_squared_error_is_2_over_k_of_quadratic_cost():
    y = sigmoid(Z)
    quadratic = np.mean(np.sum((T - y) ** 2 / 2, axis=1))
    found = float(keras.losses.MeanSquaredError()(T, y))
    assert found == pytest.approx(2 / 4 * quadratic, rel=1e-5)


def test_01_softmax_losses_are_the_same_for_one_hot_and_whole_numbers():
    one_hot = keras.losses.CategoricalCrossentropy(from_logits=True)(T, Z)
    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert float(sparse(T.argmax(axis=1), Z)) == pytest.approx(float(one_hot), rel=1e-5)


def test_01_with_logits_takes_probabilities_without_complaint_and_is_wrong():
    for function, y in (
        (tf.nn.sigmoid_cross_entropy_with_logits, sigmoid(Z)),
        (tf.nn.softmax_cross_entropy_with_logits, tf.nn.softmax(Z)),
    ):
        right, twice = function(T, Z).numpy(), function(T, y).numpy()
        assert np.isfinite(twice).all()
        assert np.abs(right - twice).max() > 0.1
