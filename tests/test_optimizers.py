"""The optimizers follow TensorFlow's own kernels, and behave as Keras optimizers."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.optimizers.schedules import ExponentialDecay

from course_utils.optimizers import AdagradDA, ProximalAdagrad, ProximalGradientDescent

ALL = [AdagradDA, ProximalAdagrad, ProximalGradientDescent]
WITH_ACCUMULATOR = {
    AdagradDA: "initial_gradient_squared_accumulator_value",
    ProximalAdagrad: "initial_accumulator_value",
}
L1, L2 = "l1_regularization_strength", "l2_regularization_strength"
PENALTIES = {"none": (0, 0), "L1": (0.1, 0), "L2": (0, 0.03), "both": (0.1, 0.03)}
# Relative to the weight, or to 1 where that is larger.
TOLERANCE = {"float32": 1e-6, "float64": 1e-13}
RATE = 0.125  # a power of two: the same number in float32 and float64
STEPS = 100

every_optimizer = pytest.mark.parametrize("optimizer", ALL)


def random_weights(dtype="float32", shape=(20, 10)):
    return (0.3 * np.random.default_rng(0).normal(size=shape)).astype(dtype)


def random_gradients(dtype="float32", shape=(20, 10), steps=STEPS):
    """Noise around a mean; most means are small, so that L1 has something to cut."""
    rng = np.random.default_rng(1)
    mean = 0.05 * rng.normal(size=shape) ** 3
    return (mean + 0.1 * rng.normal(size=(steps, *shape))).astype(dtype)


def trajectory(optimizer, start, gradients, *, jit=None):
    """The weights after each step, and the optimizer's step compiled or not."""
    weights = keras.Variable(start, dtype=start.dtype.name)
    optimizer.build([weights])

    def step(gradient):
        optimizer.apply([gradient], [weights])

    if jit is not None:
        step = tf.function(step, jit_compile=jit)
    path = []
    for gradient in gradients:
        step(tf.convert_to_tensor(gradient))
        path.append(weights.numpy())
    return np.stack(path)


def tensorflow_trajectory(optimizer, start, gradients, rates, l1=0.0, l2=0.0):
    """The same by TensorFlow's kernels. `rates` gives the learning rate by step."""
    weights = tf.Variable(start)
    sums, squares = tf.zeros_like(weights), tf.fill(weights.shape, 0.1)
    sums, squares = tf.Variable(sums), tf.Variable(tf.cast(squares, weights.dtype))
    path = []
    for number, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), 1):
        lr, l1_, l2_ = (tf.constant(x, weights.dtype) for x in (rate, l1, l2))
        common = {"var": weights.handle, "l1": l1_, "l2": l2_}
        if optimizer is AdagradDA:
            tf.raw_ops.ResourceApplyAdagradDA(
                gradient_accumulator=sums.handle,
                gradient_squared_accumulator=squares.handle,
                grad=gradient,
                lr=lr,
                global_step=number,
                **common,
            )
        elif optimizer is ProximalAdagrad:
            tf.raw_ops.ResourceApplyProximalAdagrad(
                accum=squares.handle, grad=gradient, lr=lr, **common
            )
        else:
            tf.raw_ops.ResourceApplyProximalGradientDescent(
                alpha=lr, delta=gradient, **common
            )
        path.append(weights.numpy())
    return np.stack(path)


def assert_same_path(ours, reference, tolerance):
    """Within the tolerance, and with zeros at the same steps in the same places."""
    error = np.abs(ours - reference) / np.maximum(1, np.abs(reference))
    assert error.max() <= tolerance
    np.testing.assert_array_equal(ours == 0, reference == 0)


# --- TensorFlow's kernels ------------------------------------------------------------


@every_optimizer
@pytest.mark.parametrize("penalties", PENALTIES.values(), ids=PENALTIES)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_100_steps_equal_tensorflow(optimizer, dtype, penalties):
    l1, l2 = penalties
    start, gradients = random_weights(dtype), random_gradients(dtype)
    ours = trajectory(optimizer(RATE, **{L1: l1, L2: l2}), start, gradients)
    reference = tensorflow_trajectory(
        optimizer, start, gradients, [RATE] * STEPS, l1, l2
    )
    assert ours.dtype == dtype
    assert_same_path(ours, reference, TOLERANCE[dtype])
    zeros = np.mean(ours[-1] == 0)
    assert (0.2 < zeros < 0.9) if l1 else zeros == 0


@every_optimizer
def test_schedule_gives_each_step_its_rate(optimizer):
    schedule = ExponentialDecay(0.5, decay_steps=10, decay_rate=0.5)
    start, gradients = random_weights(), random_gradients()
    rates = [0.5 * 0.5 ** (step / 10) for step in range(STEPS)]
    ours = trajectory(optimizer(schedule, **{L1: 0.02}), start, gradients)
    reference = tensorflow_trajectory(optimizer, start, gradients, rates, 0.02)
    np.testing.assert_allclose(ours, reference, atol=3e-6)  # the rate itself is rounded


@every_optimizer
@pytest.mark.parametrize("jit", [False, True])
def test_compiled_steps_are_the_same(optimizer, jit):
    start, gradients = random_weights(), random_gradients()
    options = {L1: 0.02, L2: 0.03}
    compiled = trajectory(optimizer(RATE, **options), start, gradients, jit=jit)
    plain = trajectory(optimizer(RATE, **options), start, gradients)
    assert_same_path(compiled, plain, 2e-6)  # a fused multiply-add rounds once


@every_optimizer
def test_defaults_are_those_of_tensorflow_1(optimizer):
    old = getattr(tf.compat.v1.train, f"{optimizer.__name__}Optimizer")
    theirs = inspect.signature(old).parameters
    ours = inspect.signature(optimizer).parameters
    shared = set(ours) - {"options"}
    assert shared == set(theirs) - {"global_step", "use_locking", "name"}
    assert {name: ours[name].default for name in shared} == {
        name: theirs[name].default for name in shared
    }


# --- what the rules mean -------------------------------------------------------------


def test_without_penalties_proximal_gradient_descent_is_sgd():
    start, gradients = random_weights(), random_gradients()
    ours = trajectory(ProximalGradientDescent(RATE), start, gradients)
    sgd = trajectory(keras.optimizers.SGD(RATE), start, gradients)
    np.testing.assert_array_equal(ours, sgd)


@pytest.mark.parametrize("start_value", [0.1, 2.0])
def test_without_penalties_proximal_adagrad_is_adagrad(start_value):
    start, gradients = random_weights(), random_gradients()
    options = {"initial_accumulator_value": start_value}
    ours = trajectory(ProximalAdagrad(RATE, **options), start, gradients)
    adagrad = keras.optimizers.Adagrad(RATE, epsilon=0.0, **options)
    assert_same_path(ours, trajectory(adagrad, start, gradients), 1e-6)


def test_adagrad_da_forgets_the_initial_weights():
    gradients = random_gradients(steps=3)
    one = trajectory(AdagradDA(RATE), random_weights(), gradients)
    other = trajectory(AdagradDA(RATE), 5 + 0 * random_weights(), gradients)
    np.testing.assert_array_equal(one, other)


def test_full_batch_l1_regression_reaches_its_optimum():
    """Optimality of least squares + λ·Σ|w|: zero exactly where |gradient| ≤ λ."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(200, 12))
    true = np.array([2.0, -1.5, 1.0, 0.5] + 8 * [0.0])
    y = x @ true + 0.1 * rng.normal(size=200)
    penalty = 0.1
    weights = keras.Variable(np.zeros(12), dtype="float64")
    optimizer = ProximalGradientDescent(0.25, **{L1: penalty})
    for _ in range(300):
        gradient = x.T @ (x @ weights.numpy() - y) / 200
        optimizer.apply([tf.constant(gradient)], [weights])
    found = weights.numpy()
    gradient = x.T @ (x @ found - y) / 200
    np.testing.assert_array_equal(found != 0, true != 0)
    np.testing.assert_allclose(gradient[:4], -penalty * np.sign(found[:4]), atol=1e-9)
    assert (np.abs(gradient[4:]) < penalty).all()


@every_optimizer
def test_zero_gradients(optimizer):
    start = random_weights()
    still = trajectory(optimizer(RATE), start, np.zeros((3, *start.shape), "float32"))
    if optimizer is AdagradDA:
        assert (still == 0).all()
    else:
        np.testing.assert_array_equal(still, [start] * 3)
    gradients = np.zeros((400, *start.shape), "float32")
    shrunk = trajectory(optimizer(RATE, **{L1: 1.0}), start, gradients, jit=False)
    assert (shrunk[-1] == 0).all()


@every_optimizer
def test_not_a_number_is_not_hidden(optimizer):
    start, gradients = random_weights(shape=(2,)), np.array([[np.nan, 1]], "float32")
    path = trajectory(optimizer(RATE, **{L1: 0.1}), start, gradients)
    np.testing.assert_array_equal(np.isnan(path[0]), [True, False])


# --- other kinds of gradients and weights --------------------------------------------


@every_optimizer
@pytest.mark.parametrize("jit", [False, True])
def test_sparse_gradients_are_treated_as_dense_ones(optimizer, jit):
    """Rows that occur twice are summed, rows that do not occur shrink as well."""
    rows = [np.array(rows) for rows in ([0, 2, 2], [3, 0, 3], [1, 1, 1])]
    values = random_gradients(shape=(3, 4), steps=3)
    dense = np.zeros((3, 5, 4), "float32")
    for step in range(3):
        np.add.at(dense[step], rows[step], values[step])
    weights = keras.Variable(random_weights(shape=(5, 4)))
    ours = optimizer(RATE, **{L1: 0.05})
    ours.build([weights])

    @tf.function(jit_compile=jit)
    def step(values, rows):
        slices = tf.IndexedSlices(values, rows, dense_shape=(5, 4))
        ours.apply([slices], [weights])

    for number in range(3):
        step(tf.constant(values[number]), tf.constant(rows[number]))
    reference = tensorflow_trajectory(
        optimizer, random_weights(shape=(5, 4)), dense, [RATE] * 3, 0.05
    )
    assert_same_path(weights.numpy(), reference[-1], 1e-6)


@every_optimizer
def test_embeddings_train(optimizer):
    net = keras.Sequential(
        [
            keras.Input((2,), dtype="int32"),
            keras.layers.Embedding(6, 3),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )
    start = net.layers[0].get_weights()[0]
    net.compile(optimizer(0.1, **{L1: 1e-4}), "mse")
    x, y = np.array([[0, 1], [1, 2]] * 8), np.array([1.0, -1.0] * 8)
    net.fit(x, y, epochs=2, verbose=0)
    trained = net.layers[0].get_weights()[0]
    assert np.isfinite(trained).all()
    assert (trained[3:] != start[3:]).all()  # rows without examples shrink, too


@every_optimizer
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_weights(optimizer, dtype):
    """The step is float32 and only its result is rounded."""
    start = np.zeros(8, "float32")
    gradients = np.full((600, 8), 2**-8, "float32")
    weights = keras.Variable(start, dtype=dtype)
    ours = optimizer(0.5, **{L1: 2**-10})
    ours.build([weights])
    step = tf.function(lambda gradient: ours.apply([gradient], [weights]))
    for gradient in gradients:
        step(keras.ops.cast(gradient, dtype))
    assert weights.dtype == dtype
    one = trajectory(optimizer(0.5, **{L1: 2**-10}), start, gradients, jit=False)[-1]
    half = weights.numpy().astype("float32")
    if optimizer is AdagradDA:  # its float32 sums are all it needs to remember
        np.testing.assert_allclose(half, one, rtol=2**-8)
    else:  # small steps are lost in the rounding of the weights
        assert (half < 0).all()
        assert (half >= one).all()
    kept = [v.dtype for v in ours.variables if v.shape == (8,)]
    assert set(kept) <= {"float32"}


@every_optimizer
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_training(optimizer, policy):
    x = np.random.default_rng(0).normal(size=(64, 5)).astype("float32")
    y = x @ np.array([1.0, -1.0, 0.5, 0.0, 0.0])
    net = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1, dtype=policy)])
    net.compile(optimizer(0.2), "mse", auto_scale_loss=True)
    loss = net.fit(x, y, epochs=15, batch_size=16, verbose=0).history["loss"]
    assert loss[-1] < 0.2 * loss[0]
    assert net.layers[0].kernel.dtype == "float32"


# --- as Keras optimizers -------------------------------------------------------------


def all_arguments(optimizer):
    """A value other than the default for each argument."""
    start = {WITH_ACCUMULATOR[optimizer]: 0.5} if optimizer in WITH_ACCUMULATOR else {}
    decay = {} if optimizer is AdagradDA else {"weight_decay": 0.004}
    penalties = {"learning_rate": 0.25, L1: 0.01, L2: 0.02}
    return penalties | start | decay | {"clipnorm": 1.5, "name": "mine"}


@every_optimizer
def test_config_round_trip(optimizer):
    arguments = all_arguments(optimizer)
    first = optimizer(**arguments)
    stored = keras.saving.serialize_keras_object(first)
    second = keras.saving.deserialize_keras_object(stored)
    assert type(second) is optimizer
    assert second.get_config() == first.get_config()
    assert arguments.items() <= second.get_config().items()
    assert stored["registered_name"] == f"course_utils>{optimizer.__name__}"


@every_optimizer
def test_config_keeps_the_schedule(optimizer):
    schedule = ExponentialDecay(0.5, 10, 0.5)
    copy = optimizer.from_config(optimizer(schedule).get_config())
    start, gradients = random_weights(), random_gradients(steps=20)
    np.testing.assert_array_equal(
        trajectory(copy, start, gradients),
        trajectory(optimizer(schedule), start, gradients),
    )


@every_optimizer
def test_saved_training_goes_on_bit_for_bit(optimizer, tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 6)), rng.integers(0, 3, 64)
    keras.utils.set_random_seed(0)
    net = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(8, "relu"),
            keras.layers.Dense(3, "softmax"),
        ]
    )
    schedule = ExponentialDecay(0.5, 5, 0.9)
    net.compile(optimizer(schedule, **{L1: 1e-3}), "sparse_categorical_crossentropy")
    options = {"batch_size": 16, "shuffle": False, "verbose": 0}
    net.fit(x, y, epochs=3, **options)
    net.save(tmp_path / "net.keras")
    restored = keras.saving.load_model(tmp_path / "net.keras")
    assert int(restored.optimizer.iterations) == 12
    for model in (net, restored):
        model.fit(x, y, epochs=3, **options)
    for ours, again in zip(net.variables, restored.variables, strict=True):
        np.testing.assert_array_equal(ours.numpy(), again.numpy())
    mine, other = net.optimizer.variables, restored.optimizer.variables
    for ours, again in zip(mine, other, strict=True):
        np.testing.assert_array_equal(ours.numpy(), again.numpy())


@every_optimizer
@pytest.mark.parametrize("option", ["clipnorm", "global_clipnorm", "clipvalue"])
def test_clipping_comes_before_the_step(optimizer, option):
    start, gradients = random_weights(), random_gradients()
    ours = trajectory(optimizer(RATE, **{option: 0.125}), start, gradients)
    clipped = (
        np.clip(gradients, -0.125, 0.125)
        if option == "clipvalue"
        else 0.125 * gradients / np.linalg.norm(gradients, axis=(1, 2), keepdims=True)
    )
    np.testing.assert_allclose(
        ours, trajectory(optimizer(RATE), start, clipped), atol=1e-5
    )


@pytest.mark.parametrize("optimizer", [ProximalAdagrad, ProximalGradientDescent])
def test_weight_decay_comes_before_the_step(optimizer):
    start, gradients = random_weights(), np.zeros((3, 20, 10), "float32")
    path = trajectory(optimizer(RATE, weight_decay=0.5), start, gradients)
    shrink = 1 - 0.5 * RATE
    np.testing.assert_allclose(path[-1], start * shrink**3, rtol=1e-6)


def test_adagrad_da_refuses_weight_decay():
    with pytest.raises(ValueError, match="use l2_regularization_strength"):
        AdagradDA(0.1, weight_decay=0.01)


@every_optimizer
def test_gradient_accumulation(optimizer):
    """Two half steps of accumulation are one step with the mean gradient."""
    start, gradients = random_weights(), random_gradients(steps=20)
    options = {L1: 0.02, L2: 0.03}
    ours = optimizer(RATE, gradient_accumulation_steps=2, **options)
    means = gradients.reshape(10, 2, 20, 10).mean(axis=1)
    assert_same_path(
        trajectory(ours, start, gradients)[1::2],
        trajectory(optimizer(RATE, **options), start, means),
        1e-6,
    )


@every_optimizer
def test_moving_average_of_the_weights(optimizer):
    start, gradients = random_weights(), random_gradients(steps=10)
    weights = keras.Variable(start)
    ours = optimizer(RATE, use_ema=True, ema_momentum=0.5)
    plain = trajectory(optimizer(RATE), start, gradients)
    average = plain[0]
    for step, gradient in enumerate(gradients):
        ours.apply([tf.constant(gradient)], [weights])
        average = 0.5 * average + 0.5 * plain[step] if step else average
    ours.finalize_variable_values([weights])
    np.testing.assert_allclose(weights.numpy(), average, atol=1e-6)


@every_optimizer
def test_learning_rate_can_be_changed_between_steps(optimizer):
    start, gradients = random_weights(), random_gradients(steps=2)
    weights = keras.Variable(start)
    ours = optimizer(0.5)
    for rate, gradient in zip((0.5, 0.25), gradients, strict=True):
        ours.learning_rate = rate
        ours.apply([tf.constant(gradient)], [weights])
    reference = tensorflow_trajectory(optimizer, start, gradients, [0.5, 0.25])
    np.testing.assert_allclose(weights.numpy(), reference[-1], atol=1e-6)


@every_optimizer
@pytest.mark.parametrize("bad", [-0.1, float("nan"), float("inf"), "0.1", None, True])
@pytest.mark.parametrize("name", [L1, L2])
def test_penalties_must_be_sensible(optimizer, name, bad):
    with pytest.raises(ValueError, match=f"^{name} must be .*{bad}"):
        optimizer(0.1, **{name: bad})


@pytest.mark.parametrize(("optimizer", "name"), WITH_ACCUMULATOR.items())
@pytest.mark.parametrize("bad", [0, -0.1, float("nan"), "0.1"])
def test_accumulators_must_start_above_zero(optimizer, name, bad):
    with pytest.raises(ValueError, match=f"^{name} must be .*{bad}"):
        optimizer(0.1, **{name: bad})


@every_optimizer
def test_learning_rate_must_be_sensible(optimizer):
    with pytest.raises(TypeError, match="learning_rate"):
        optimizer()
    with pytest.raises(ValueError, match="learning_rate must be zero or positive"):
        optimizer(-0.1)
    with pytest.raises(ValueError, match="learning_rate"):
        optimizer("fast")
    with pytest.raises(ValueError, match="not recognized"):
        optimizer(0.1, l3_regularization_strength=0.1)
