"""What lectures say of Keras and TensorFlow in passing, with no check of their own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_tools.excerpt import from_lecture

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


X = rng.normal(size=(2, 5, 3)).astype("float32")  # 2 sequences, 5 steps, 3 numbers


def test_07_an_lstm_gives_every_step_and_its_states_when_asked():
    layer = keras.layers.LSTM(4, return_sequences=True, return_state=True)
    every, h, c = map(np.asarray, layer(X))
    assert every.shape == (2, 5, 4)
    assert h == pytest.approx(every[:, -1])
    assert c.shape == h.shape
    assert np.abs(c - h).max() > 1e-3


def test_07_masked_steps_repeat_the_state():
    layer = keras.layers.LSTM(4, return_sequences=True)
    mask = np.array([[True, True, True, False, False], [True] * 5])
    every = np.asarray(layer(X, mask=mask))
    assert every[0, 3] == pytest.approx(every[0, 2])
    assert every[0, 4] == pytest.approx(every[0, 2])
    assert np.abs(every[1, 4] - every[1, 2]).max() > 1e-3
    padded = np.where(mask[..., None], X, 0)
    marked = np.asarray(layer(keras.layers.Masking()(padded)))
    assert marked == pytest.approx(every, abs=1e-6)


def test_07_a_stateful_layer_goes_on_until_its_state_is_reset():
    layer = keras.layers.LSTM(4, stateful=True)
    whole = keras.layers.LSTM(4)
    first = np.asarray(layer(X[:, :2]))
    whole.build(X.shape)
    whole.set_weights(layer.get_weights())
    assert np.asarray(layer(X[:, 2:])) == pytest.approx(np.asarray(whole(X)), abs=1e-6)
    layer.reset_state()
    assert np.asarray(layer(X[:, :2])) == pytest.approx(first, abs=1e-6)


@pytest.mark.parametrize(("unroll", "grows"), [(True, True), (False, False)])
def test_07_an_unrolled_graph_grows_with_the_sequence(unroll, grows):
    def size(steps):
        layer = keras.layers.LSTM(4, unroll=unroll)
        call = tf.function(layer).get_concrete_function(tf.zeros((2, steps, 3)))
        return len(call.graph.get_operations())

    assert (size(10) > 1.5 * size(5)) == grows


def test_07_clipnorm_clips_each_array_and_global_clipnorm_all_together():
    gradients = [np.array([3.0, 4.0], "float32"), np.array([0.5], "float32")]
    for option, factors in (
        ("clipnorm", (0.2, 1)),
        ("global_clipnorm", (0.199, 0.199)),
    ):
        weights = [keras.Variable(np.zeros_like(g)) for g in gradients]
        keras.optimizers.SGD(1.0, **{option: 1.0}).apply(gradients, weights)
        for weight, gradient, factor in zip(weights, gradients, factors, strict=True):
            assert weight.numpy() == pytest.approx(-factor * gradient, rel=1e-3)


def test_07_two_directions_stand_side_by_side():
    layer = keras.layers.Bidirectional(keras.layers.LSTM(4, return_sequences=True))
    assert layer(X).shape == (2, 5, 8)


def test_07_the_forget_gates_bias_starts_at_1():
    layer = keras.layers.LSTM(2)
    layer.build(X.shape)
    assert layer.get_weights()[2].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]


def test_07_a_gru_resets_after_the_matrix_product_unless_told():
    layer = keras.layers.GRU(4)
    layer.build(X.shape)
    assert layer.get_weights()[2].shape == (2, 12)  # two biases a gate


def test_32_categorical_hinge_of_keras_takes_the_largest_term_only():
    z, right = np.array([[3.0, 2.5, 2.8]]), np.array([[1.0, 0.0, 0.0]])
    found = float(keras.losses.CategoricalHinge()(right, z))
    terms = np.maximum(0, z[0, 1:] - z[0, 0] + 1)
    assert found == pytest.approx(terms.max())  # 0.8
    assert found != pytest.approx(terms.sum(), abs=0.1)  # 1.3, the deck's loss


def test_46_batch_norm_is_keras_layer_in_training_and_in_use():
    (batch_norm,) = from_lecture("46", "batch_norm")
    layer = keras.layers.BatchNormalization(momentum=0.0)  # keeps the last batch's
    layer.build(Z.shape)
    gamma, beta = (rng.normal(size=4).astype("float32") for _ in range(2))
    layer.set_weights([gamma, beta, np.zeros(4), np.ones(4)])
    wanted = batch_norm(Z, gamma, beta, eps=1e-3)
    assert np.asarray(layer(Z, training=True)) == pytest.approx(wanted, abs=1e-5)
    in_use = np.asarray(layer(Z[:1], training=False))  # one example, the batch's means
    assert in_use == pytest.approx(wanted[:1], abs=1e-5)
    assert np.abs(np.asarray(layer(Z[:1], training=True)) - beta).max() < 1e-5


def test_47_max_norm_of_keras_shortens_the_columns():
    (bounded,) = from_lecture("47", "bounded")
    W = 3 * rng.normal(size=(6, 8)) * np.geomspace(0.01, 1, 8)
    found = np.asarray(keras.constraints.MaxNorm(1.0, axis=0)(W))
    assert found == pytest.approx(bounded(W, 1.0), abs=1e-5)
    assert np.abs(found - W).max() > 0.1  # some are longer
    assert np.isclose(found, W, rtol=1e-5).all(axis=0).any()  # some are not


def test_47_l1_l2_of_keras_has_no_half():
    W, (l1, l2) = rng.normal(size=(4, 5)).astype("float32"), (0.3, 0.02)
    wanted = l1 * np.abs(W).sum() + l2 * (W**2).sum()
    found = keras.regularizers.L1L2(l1, l2)(W)
    assert float(found) == pytest.approx(wanted, rel=1e-5)


def test_47_inverse_time_decay_of_keras_is_1_over_t():
    (decays,) = from_lecture("47", "DECAYS")
    schedule = keras.optimizers.schedules.InverseTimeDecay(0.5, 1, 0.05)
    found = [float(schedule(n)) for n in (0, 1, 10, 500)]
    assert found == pytest.approx(decays["1/t"](0.5, 0.05)[[0, 1, 10, 500]])


def test_25_one_step_of_keras_is_the_lectures_step():
    names = ("layers", "right", "update", "inputs", "wanted")
    layers, gradient, update, x, y = from_lecture("25", *names, seed=1)
    dense = [keras.layers.Dense(len(W), activation="sigmoid") for W, _ in layers]
    model = keras.Sequential([keras.Input(x.shape[1:]), *dense])
    before = [part for W, b in layers for part in (W.T, b[0])]
    model.set_weights(before)
    half = lambda true, found: tf.reduce_sum((true - found) ** 2, axis=-1) / 2  # noqa: E731
    model.compile(keras.optimizers.SGD(0.1), half)
    model.train_on_batch(x, y)
    after = [part for W, b in update(layers, gradient, 0.1) for part in (W.T, b[0])]
    for found, part, old in zip(model.get_weights(), after, before, strict=True):
        assert found == pytest.approx(part, abs=1e-6)
        assert np.abs(part - old).max() > 1e-4


def test_51_the_engine_is_tensorflow_on_random_programs():
    by_engine, by_tensorflow = from_lecture("51", "by_engine", "by_tensorflow")
    operations = (
        lambda f, a, b: a + b,
        lambda f, a, b: a - b,
        lambda f, a, b: f.tanh(a * b),
        lambda f, a, b: f.sigmoid(a @ b),
    )
    draw = np.random.default_rng(51)
    given = draw.normal(size=(4, 4, 4))
    for _ in range(50):
        kinds, shares = draw.integers(4, size=30), draw.random((30, 2))

        def run(f, values, kinds=kinds, shares=shares):
            values = list(values)
            for kind, pair in zip(kinds, shares, strict=True):
                a, b = (values[int(share * len(values))] for share in pair)
                values.append(operations[kind](f, a, b))
            return values[-1]

        pairs = zip(by_engine(run, given), by_tensorflow(run, given), strict=True)
        for found, wanted in pairs:
            assert np.abs(found - wanted).max() <= 1e-9 * max(1, np.abs(wanted).max())


def test_51_what_the_table_calls_computing_again_exists():
    assert callable(tf.recompute_grad)
    assert callable(keras.RematScope)
