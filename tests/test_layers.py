"""Stochastic pooling against its definition (Zeiler and Fergus 2013) and Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import chisquare

from course_utils.layers import StochasticPooling2D

GEOMETRIES = [
    {"pool_size": 2},
    {"pool_size": 3, "strides": 2},
    {"pool_size": (2, 3), "strides": (1, 2)},
    {"pool_size": 2, "strides": 3},
]


@pytest.fixture
def images():
    """Activations as ReLU gives them: some are zero, so are some whole windows."""
    images = np.random.default_rng(0).normal(size=(3, 7, 8, 4)).clip(0)
    images[0, :4, :4] = 0
    return images.astype("float32")


def windows(image, pool_size=2, strides=None, padding="valid"):
    """Yield (row, column, units) of each window, by plain loops over one channel."""
    sizes = np.broadcast_to(pool_size, 2)
    steps = sizes if strides is None else np.broadcast_to(strides, 2)
    if padding == "same":  # what is missing is shared out, the odd one at the end
        missing = (-(-np.array(image.shape) // steps) - 1) * steps + sizes - image.shape
        missing = np.maximum(missing, 0)
        image = np.pad(image, [(m // 2, m - m // 2) for m in missing])
    counts = (np.array(image.shape) - sizes) // steps + 1
    for row, column in np.ndindex(*counts):
        top, left = row * steps[0], column * steps[1]
        yield row, column, image[top : top + sizes[0], left : left + sizes[1]].ravel()


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_inference_is_the_weighted_mean(images, geometry, padding):
    pooled = StochasticPooling2D(padding=padding, **geometry)(images).numpy()
    for n, c in np.ndindex(3, 4):
        for row, column, units in windows(
            images[n, :, :, c], padding=padding, **geometry
        ):
            expected = (units**2).sum() / units.sum() if units.any() else 0
            assert pooled[n, row, column, c] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_training_answers_with_units_of_the_window(images, geometry, padding):
    layer = StochasticPooling2D(padding=padding, seed=1, **geometry)
    pooled = layer(images, training=True).numpy()
    for n, c in np.ndindex(3, 4):
        for row, column, units in windows(
            images[n, :, :, c], padding=padding, **geometry
        ):
            answer = pooled[n, row, column, c]
            assert answer in units
            assert answer > 0 or not units.any(), "a zero was drawn"


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_shapes_are_those_of_max_pooling(images, geometry, padding):
    ours = StochasticPooling2D(padding=padding, **geometry)
    theirs = keras.layers.MaxPooling2D(padding=padding, **geometry)
    assert ours(images).shape == theirs(images).shape
    assert ours.compute_output_shape(images.shape) == theirs(images).shape
    assert ours(keras.Input((None, None, 4))).shape[-1] == 4


def test_units_are_drawn_in_proportion_to_their_activation():
    """Chi-square over 20,000 draws of one window; 0 is never drawn."""
    units = np.array([1.0, 0.0, 4.0, 2.0, 0.5, 2.5], "float32")
    batch = np.tile(units.reshape(1, 2, 3, 1), (20_000, 1, 1, 1))
    drawn = StochasticPooling2D((2, 3), seed=7)(batch, training=True).numpy().ravel()
    counts = np.array([(drawn == unit).sum() for unit in units])
    assert counts[1] == 0
    positive = units > 0
    expected = units[positive] / units.sum() * len(drawn)
    assert chisquare(counts[positive], expected).pvalue > 0.001
    uniform = np.full(positive.sum(), len(drawn) / positive.sum())
    assert chisquare(counts[positive], uniform).pvalue < 1e-6


def test_windows_draw_independently():
    image = np.tile(np.array([1.0, 2.0], "float32"), (1, 60, 60))[..., None]
    pooled = StochasticPooling2D((1, 2), seed=3)(image, training=True).numpy()
    rows = pooled[0, :, :, 0]
    assert len({tuple(row) for row in rows}) == len(rows)
    assert np.mean(rows == 2) == pytest.approx(2 / 3, abs=0.03)


def test_only_the_drawn_unit_receives_a_gradient():
    """By hand: the window (3, 1) passes its gradient to the unit that answered."""
    x = tf.constant(np.array([3.0, 1.0, 0.0, 0.0], "float32").reshape(1, 1, 4, 1))
    layer = StochasticPooling2D((1, 2), seed=0)
    seen = set()
    for _ in range(30):
        with tf.GradientTape() as tape:
            tape.watch(x)
            pooled = layer(x, training=True)
            total = tf.reduce_sum(pooled * [[[[10.0], [7.0]]]])
        gradient = tape.gradient(total, x).numpy().ravel()
        answer = float(pooled[0, 0, 0, 0])
        expected = [10, 0, 0, 0] if answer == 3 else [0, 10, 0, 0]
        np.testing.assert_array_equal(gradient, expected)
        seen.add(answer)
    assert seen == {1.0, 3.0}


def test_inference_gradient_by_hand():
    """d/da of (a² + b²)/(a + b) is (a² + 2ab − b²)/(a + b)²: at 3, 1 it is 14/16."""
    x = tf.constant([[[[3.0], [1.0]]]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        pooled = StochasticPooling2D((1, 2))(x)
    np.testing.assert_allclose(
        tape.gradient(pooled, x).numpy().ravel(), [14 / 16, -2 / 16], rtol=1e-6
    )


def test_zeros_stay_zero_and_have_no_gradient():
    x = tf.zeros((2, 4, 4, 3))
    layer = StochasticPooling2D(seed=0)
    for training in (False, True):
        with tf.GradientTape() as tape:
            tape.watch(x)
            pooled = layer(x, training=training)
        assert np.all(pooled.numpy() == 0)
        assert np.all(tape.gradient(pooled, x).numpy() == 0)


def test_negative_activations_count_as_zero():
    x = np.array([[[[-5.0], [2.0]]]], "float32")
    layer = StochasticPooling2D((1, 2), seed=0)
    assert layer(x).numpy().item() == 2
    assert all(layer(x, training=True).numpy().item() == 2 for _ in range(20))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_dtypes(images, dtype):
    """Half precision is rounded once, at the end; sums of 20,000 do not overflow."""
    layer = StochasticPooling2D(dtype=dtype, seed=0)
    x = tf.cast(images * 6000, dtype)
    reference = StochasticPooling2D(dtype="float64")(tf.cast(x, "float64"))
    for training in (False, True):
        assert layer(x, training=training).dtype == dtype
        assert np.isfinite(tf.cast(layer(x, training=training), "float32")).all()
    rounding = {"float16": 1e-3, "bfloat16": 8e-3, "float32": 2e-7, "float64": 4e-16}
    np.testing.assert_allclose(
        tf.cast(layer(x), "float64"), reference, rtol=rounding[dtype]
    )


def test_large_activations_do_not_overflow():
    x = np.array([[[[3e30], [1e30]]]], "float32")
    pooled = StochasticPooling2D((1, 2))(x).numpy().item()
    assert pooled == pytest.approx(2.5e30, rel=1e-6)


def test_the_seed_governs_the_draws(images):
    def drawn(seed):
        layer = StochasticPooling2D(seed=seed)
        return np.stack([layer(images, training=True) for _ in range(2)])

    np.testing.assert_array_equal(drawn(1), drawn(1))
    assert (drawn(1)[0] != drawn(1)[1]).any(), "every call draws anew"
    assert (drawn(1) != drawn(2)).any()


@pytest.mark.parametrize("jit_compile", [False, True])
def test_compiled_function_draws_anew_each_time(images, jit_compile):
    layer = StochasticPooling2D(seed=1)
    pool = tf.function(lambda x: layer(x, training=True), jit_compile=jit_compile)
    first, second = pool(images).numpy(), pool(images).numpy()
    assert (first != second).any()
    largest = keras.layers.MaxPooling2D()(images).numpy()
    assert ((first > 0) == (largest > 0)).all()
    np.testing.assert_allclose(
        tf.function(layer, jit_compile=jit_compile)(images), layer(images), rtol=1e-5
    )


def small_net():
    net = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(4, 3, activation="relu"),
            StochasticPooling2D(2, strides=1, padding="same", seed=5),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )
    net.compile("sgd", "mse")
    return net


def test_survives_saving_as_keras_file(tmp_path):
    net, x = small_net(), np.random.default_rng(0).random((5, 8, 8, 1))
    net.fit(x, np.zeros((5, 2)), verbose=0)
    net.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    assert loaded.layers[1].get_config() == net.layers[1].get_config()
    np.testing.assert_array_equal(loaded(x), net(x))


def test_survives_export(tmp_path):
    net, x = small_net(), np.random.default_rng(0).random((5, 8, 8, 1), "float32")
    expected = net(x)
    net.export(tmp_path / "net", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "net")
    np.testing.assert_allclose(loaded.serve(x), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pool_size": 0}, "pool_size"),
        ({"pool_size": (2, 2, 2)}, "pool_size"),
        ({"strides": -1}, "strides"),
        ({"padding": "full"}, "padding"),
    ],
)
def test_wrong_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        StochasticPooling2D(**options)


def test_wrong_rank():
    with pytest.raises(ValueError, match="ndim"):
        StochasticPooling2D()(np.zeros((2, 8, 8), "float32"))
