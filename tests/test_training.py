"""Seeding reaches every generator; `fit` is Keras' own training, well shuffled."""

import gc
import random
import subprocess
import sys
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_utils.training import fit, seed_everything


def draw():
    return (
        random.random(),
        np.random.random(),  # noqa: NPY002 - the global generator is what is tested
        float(keras.random.uniform(())),
        float(keras.layers.Dense(1)(np.ones((1, 1)))[0, 0]),
    )


def test_the_seed_governs_python_numpy_and_keras():
    seed_everything(3)
    first = draw()
    seed_everything(3)
    assert draw() == first
    seed_everything(4)
    assert all(a != b for a, b in zip(draw(), first, strict=True))


def test_the_seed_in_force_is_returned_and_can_be_shifted(monkeypatch):
    assert seed_everything(3) == 3
    monkeypatch.setenv("COURSE_SEED_OFFSET", "")
    assert seed_everything(3) == 3
    monkeypatch.setenv("COURSE_SEED_OFFSET", "100")
    assert seed_everything(3) == 103
    shifted = draw()
    monkeypatch.delenv("COURSE_SEED_OFFSET")
    seed_everything(103)
    assert draw() == shifted


def test_seeding_loads_no_tensorflow():
    code = (
        "import sys; from course_utils.training import seed_everything;"
        "seed_everything(1); print('keras' in sys.modules, 'tensorflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]


def small_net():
    keras.utils.set_random_seed(0)
    net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    net.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(60, 4)), rng.integers(0, 3, 60)


def test_fit_trains_as_keras_does(data, capsys):
    """With all examples in one batch, where their order cannot matter."""
    x, y = data
    ours, theirs = small_net(), small_net()
    options = {"epochs": 3, "batch_size": 60, "validation_data": (x, y)}
    options["class_weight"] = {0: 1.0, 1: 2.0, 2: 0.5}
    history = fit(ours, x, y, **options)
    reference = theirs.fit(x, y, **options, verbose=0)
    assert set(history) == {*reference.history, "seconds"}
    for key, values in reference.history.items():
        np.testing.assert_allclose(history[key], values, rtol=1e-5)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4)
    assert history["seconds"].shape == (3,)
    assert (np.diff(history["seconds"]) > 0).all()


def test_in_keras_own_order_the_bits_are_keras_own(data, capsys):
    x, y = data
    ours, theirs = small_net(), small_net()
    options = {"epochs": 3, "batch_size": 16, "shuffle": False}
    history = fit(ours, x, y, **options)
    reference = theirs.fit(x, y, **options, verbose=0)
    for key, values in reference.history.items():
        np.testing.assert_array_equal(history[key], values)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def orders(n, epochs, batch_size, steps_per_execution=1):
    """The examples' numbers, batch by batch, as `fit` shows them; updates made."""
    shown = []

    class Noting(keras.layers.Layer):
        def call(self, inputs):
            if isinstance(inputs, tf.Tensor):  # not Keras' symbol of one
                tf.py_function(lambda v: shown.append(v.numpy()[:, 0]), [inputs], [])
            return inputs

    keras.utils.set_random_seed(5)
    net = keras.Sequential([keras.Input((1,)), Noting(), keras.layers.Dense(1)])
    net.compile("sgd", "mse", steps_per_execution=steps_per_execution)
    x = np.arange(n, dtype=float)[:, None]
    fit(net, x, np.zeros(n), epochs=epochs, batch_size=batch_size)
    return shown, int(net.optimizer.iterations)


def test_every_epoch_shows_every_example_once_in_an_order_of_its_own(capsys):
    shown, updates = orders(n=10, epochs=4, batch_size=4)
    assert updates == 12
    assert [len(batch) for batch in shown] == [4, 4, 2] * 4
    epochs = [tuple(np.concatenate(shown[k : k + 3])) for k in range(0, 12, 3)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len(set(epochs)) == 4
    again, _ = orders(n=10, epochs=4, batch_size=4)
    assert [*map(list, again)] == [*map(list, shown)]


@pytest.mark.parametrize("steps_per_execution", [3, 2, 7])
def test_no_epoch_takes_examples_of_the_next(steps_per_execution, capsys):
    """Two and seven do not divide the three batches of an epoch."""
    shown, updates = orders(10, 4, 4, steps_per_execution)
    assert updates == 12
    for k in range(0, 12, 3):
        assert sorted(np.concatenate(shown[k : k + 3])) == list(range(10))


def test_its_pipeline_is_not_autotuned(data, capsys, monkeypatch):
    """Which slows down training; `benchmarks/limit.py` measures by how much."""
    given = []

    def keras_fit(net, *arguments, **options):
        given.append(options["x"])
        return whole_fit(net, *arguments, **options)

    whole_fit = keras.Sequential.fit
    monkeypatch.setattr(keras.Sequential, "fit", keras_fit)
    fit(small_net(), *data, epochs=1, batch_size=20)
    assert given[0].options().autotune.enabled is False


def test_nothing_of_the_data_stays_in_memory(data, capsys, monkeypatch):
    convert, made = tf.convert_to_tensor, []

    def noted(value, *arguments, **options):
        tensor = convert(value, *arguments, **options)
        if isinstance(value, np.ndarray) and value.shape == (60, 4):
            made.append(weakref.ref(tensor))
        return tensor

    monkeypatch.setattr(tf, "convert_to_tensor", noted)
    net = small_net()
    gc.disable()  # who waits for it runs out of memory first
    try:
        fit(net, *data, epochs=2, batch_size=20)
        assert made
        assert all(tensor() is None for tensor in made)
    finally:
        gc.enable()


def test_a_model_that_is_not_compiled_is_refused(data):
    net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    with pytest.raises(ValueError, match=r"call model\.compile"):
        fit(net, *data, epochs=1)


def test_arrays_that_differ_in_length_are_refused(data, capsys):
    x, y = data
    for inputs, targets in ((x[:50], y), (x, y[:50])):
        with pytest.raises(ValueError, match="50"):
            fit(small_net(), inputs, targets, epochs=1)


def test_the_step_of_training_is_traced_once(data, capsys):
    """Keras' own `fit` traces it twice: the first time makes variables."""
    traced = []

    class Noted(keras.layers.Layer):
        def call(self, inputs):
            traced.append(1)
            return inputs

    net = keras.Sequential([keras.Input((4,)), Noted(), keras.layers.Dense(3)])
    net.compile("adam", "mse", metrics=["mae"])
    x, y = data[0], np.zeros((60, 3))
    traced.clear()
    fit(net, x, y, epochs=2, batch_size=20)
    assert len(traced) == 1


def test_networks_whose_answer_has_no_fixed_shape_train_too(data, capsys):
    class OfNoKnownShape(keras.Model):
        def __init__(self):
            super().__init__()
            self.last = keras.layers.Dense(3, "softmax")

        def call(self, inputs):
            return self.last(inputs)

    nets = OfNoKnownShape(), keras.Sequential([keras.layers.Dense(3, "softmax")])
    for net in nets:  # the second gets its weights only with the first batch
        net.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        assert set(fit(net, *data, epochs=1)) == {"loss", "accuracy", "seconds"}
    anywhere = keras.Sequential([keras.Input((None, 4)), keras.layers.Dense(1)])
    anywhere.compile("adam", "mse", metrics=["mae"])
    assert "mae" in fit(anywhere, data[0][:, None], np.zeros((60, 1, 1)), epochs=1)


def test_fit_prints_one_line_on_standard_output(data, capsys):
    fit(small_net(), *data, epochs=3, name="plain net")
    printed = capsys.readouterr()
    assert printed.err == ""
    frames = printed.out.replace("\n", "\r").split("\r")
    assert all(not frame or frame.startswith("plain net") for frame in frames)
    assert "3/3 epochs" in printed.out
    assert "accuracy=" in printed.out


def test_fit_hands_callbacks_and_options_on(data, capsys):
    stop = keras.callbacks.EarlyStopping("loss", patience=0, min_delta=9.0)
    for callbacks in ([stop], (stop,), stop):
        history = fit(small_net(), *data, epochs=9, callbacks=callbacks)
        assert len(history["loss"]) == len(history["seconds"]) == 2
    with pytest.raises(TypeError, match="nonsense"):
        fit(small_net(), *data, epochs=1, nonsense=True)
