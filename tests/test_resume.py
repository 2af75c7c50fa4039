"""A training that was interrupted, anyhow, ends like one that was not, bit for bit."""

import contextlib
import io
import multiprocessing
import os
import shutil
import signal
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import resumable_run
from resumable_run import EPOCHS, bits, examples, in_process, network, train

from course_utils.checkpoints import CheckpointError
from course_utils.layers import StochasticPooling2D
from course_utils.training import fit

KILLS = int(os.environ.get("COURSE_KILLS", "50"))
KILLS_PER_CHAIN = 5

pytestmark = pytest.mark.filterwarnings("error::UserWarning")


class Interrupt(keras.callbacks.Callback):
    """Raises in the middle of the first of these epochs that it sees."""

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch in self.epochs and batch == 2:
            raise KeyboardInterrupt

    def get_state(self):
        return {}

    def set_state(self, state):
        pass


def run(folder, net=None, *, at=(), callbacks=(), **options):
    """The run; interrupted in the first of the given epochs, or not at all."""
    callbacks = [*callbacks, Interrupt(at)]
    return train(folder, net, callbacks=callbacks, **options)


def interrupted(folder, at, make_net=network, make_callbacks=tuple, **options):
    """Interrupted in an epoch, resumed in a network built anew, then through."""
    with pytest.raises(KeyboardInterrupt):
        run(folder, make_net(), at=[at], callbacks=make_callbacks(), **options)
    return run(folder, make_net(), callbacks=make_callbacks(), **options)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """(folder, bits, history) of a run that nothing interrupted."""
    folder = tmp_path_factory.mktemp("finished")
    net, history = run(folder)
    return folder, bits(net, history), history


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of that folder, to be changed."""
    shutil.copytree(finished[0], tmp_path / "copied")
    return tmp_path / "copied"


def tree(path):
    return {p.relative_to(path): p.read_bytes() for p in path.rglob("*") if p.is_file()}


# --- interrupted and resumed ---------------------------------------------------------


def test_two_runs_agree(finished, tmp_path):
    assert bits(*run(tmp_path)) == finished[1]


def test_a_seed_is_a_run_of_its_own(finished, tmp_path):
    assert bits(*run(tmp_path, seed=4)) != finished[1]


@pytest.mark.parametrize("at", [0, 5])
def test_interrupted_in_an_epoch(finished, tmp_path, at):
    assert bits(*interrupted(tmp_path, at)) == finished[1]


def scheduled():
    rate = keras.optimizers.schedules.CosineDecay(0.05, 40)
    return network(optimizer=keras.optimizers.SGD(rate, momentum=0.9, use_ema=True))


def rich_adam():
    return network(
        optimizer=keras.optimizers.Nadam(
            0.01, gradient_accumulation_steps=2, weight_decay=0.01, clipnorm=0.5
        )
    )


def functional():
    """With augmentation, a generator in our own layer, and steps joined."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((6,))
    x = keras.layers.Reshape((6, 6, 1))(keras.layers.Dense(36, "relu")(inputs))
    inner = keras.Sequential([keras.layers.RandomTranslation(0.2, 0.2)])
    x = keras.layers.Flatten()(StochasticPooling2D()(inner(x)))
    net = keras.Model(inputs, keras.layers.Dense(3, "softmax")(x))
    net.compile(
        keras.optimizers.RMSprop(0.01, centered=True),
        keras.losses.SparseCategoricalCrossentropy(),
        steps_per_execution=5,
    )
    return net


@pytest.mark.parametrize("make_net", [scheduled, rich_adam])
def test_optimizers_keep_all_they_have(tmp_path, make_net):
    whole = bits(*run(tmp_path / "whole", net=make_net(), epochs=4))
    cut = bits(*interrupted(tmp_path / "cut", 2, make_net, epochs=4))
    assert cut == whole


def test_generators_of_nested_and_own_layers(tmp_path):
    whole = bits(*train(tmp_path / "whole", functional(), epochs=4))
    train(tmp_path / "cut", functional(), epochs=2)
    assert bits(*train(tmp_path / "cut", functional(), epochs=4)) == whole


class Averages(keras.callbacks.Callback):
    """Remembers numbers, text, nothing and arrays, as a reader's callback may."""

    def on_train_begin(self, logs=None):
        self.seen, self.note, self.means = 0, None, []

    def on_epoch_end(self, epoch, logs=None):
        self.seen, self.note = self.seen + 1, f"epoch {epoch}"
        self.means.append(self.model.layers[1].kernel.numpy().mean(axis=0))
        logs["mean"] = float(np.mean(self.means) + len(self.note))

    def get_state(self):
        return {"seen": self.seen, "note": self.note, "means": self.means}

    def set_state(self, state):
        vars(self).update(state)


def test_callbacks_go_on(tmp_path):
    def callbacks():
        return [
            Averages(),
            keras.callbacks.EarlyStopping(
                "val_loss", mode="min", patience=4, restore_best_weights=True
            ),
            keras.callbacks.ReduceLROnPlateau("val_loss", patience=1, factor=0.5),
        ]

    # labels that validation contradicts: its loss rises, and both callbacks act
    x, y = examples(30)
    options = {"validation_data": (x, (y + 1) % 3), "epochs": 12}
    whole, history = run(tmp_path / "whole", callbacks=callbacks(), **options)
    assert len(history["loss"]) < 12
    assert len(set(history["learning_rate"])) > 1
    for at in (1, len(history["loss"]) - 1):
        cut = interrupted(tmp_path / f"{at}", at, make_callbacks=callbacks, **options)
        assert bits(*cut) == bits(whole, history)
    again = run(tmp_path / "whole", callbacks=callbacks(), **options)
    assert bits(*again) == bits(whole, history), "stopped early is finished, too"


def test_weights_of_examples_and_classes_matter(finished, tmp_path):
    each = {"sample_weight": np.linspace(0, 2, 70)}
    classes = {"class_weight": {0: 1.0, 1: 2.0, 2: 3.0}}
    first = bits(*run(tmp_path / "examples", **each))
    second = bits(*run(tmp_path / "classes", **classes))
    assert len({first, second, finished[1]}) == 3
    assert bits(*interrupted(tmp_path / "cut", 3, **each)) == first


def test_each_epoch_sees_every_example_once_in_an_order_of_its_own(tmp_path):
    orders = []

    class Look(keras.layers.Layer):
        def call(self, x):
            if hasattr(x, "numpy"):  # not while Keras only traces shapes
                orders[-1].extend(x.numpy()[:, 0].tolist())
            return x

    class Begin(Interrupt):
        def on_epoch_begin(self, epoch, logs=None):
            super().on_epoch_begin(epoch)
            orders.append([])

    def look():
        net = keras.Sequential([keras.Input((1,)), Look(), keras.layers.Dense(1)])
        net.compile("sgd", "mse", run_eagerly=True)
        return net

    x = np.arange(50.0)[:, None]
    options = {"batch_size": 8, "seed": 1, "epochs": 3, "callbacks": [Begin(())]}
    orders.append([])  # Keras looks at the model once before it trains
    fit(look(), x, x, checkpoint_dir=tmp_path / "shuffled", **options)
    *_, first, second, third = orders
    assert sorted(first) == sorted(second) == sorted(third) == x.ravel().tolist()
    assert len({tuple(order) for order in (first, second, third)}) == 3
    fit(look(), x, x, checkpoint_dir=tmp_path / "plain", shuffle=False, **options)
    assert orders[-1] == orders[-2] == x.ravel().tolist()


# --- finished ------------------------------------------------------------------------


def test_a_finished_run_returns_at_once(finished, copied):
    before = tree(copied)
    net, history = run(copied, at=range(EPOCHS))  # no epoch is begun
    assert bits(net, history) == finished[1]
    np.testing.assert_array_equal(history["seconds"], finished[2]["seconds"])
    assert tree(copied) == before


def test_more_epochs_continue_a_finished_run(finished, copied, tmp_path):
    longer = bits(*run(tmp_path / "longer", epochs=EPOCHS + 2))
    net, history = run(copied, epochs=EPOCHS + 2)
    assert bits(net, history) == longer
    assert (np.diff(history["seconds"]) > 0).all()
    assert len(history["seconds"]) == EPOCHS + 2


def test_the_last_checkpoints_are_kept(finished, tmp_path):
    names = sorted(path.name for path in finished[0].glob("epoch-*"))
    assert names == [f"epoch-{n:06d}" for n in range(EPOCHS - 2, EPOCHS + 1)]
    run(tmp_path, epochs=3, keep=1)
    assert [path.name for path in tmp_path.glob("epoch-*")] == ["epoch-000003"]


# --- damaged, or another's -----------------------------------------------------------


@pytest.mark.parametrize("name", ["variables.data-00000-of-00001", "callbacks.npz"])
def test_a_damaged_checkpoint_costs_an_epoch_and_no_more(finished, copied, name):
    path = copied / f"epoch-{EPOCHS:06d}" / name
    content = bytearray(path.read_bytes())
    content[-3] ^= 16
    path.write_bytes(content)
    with pytest.warns(UserWarning, match=rf"{EPOCHS:06d}: {name}.*{EPOCHS - 1:06d}"):
        result = run(copied)
    assert bits(*result) == finished[1]


@pytest.mark.parametrize(
    ("net", "options", "words"),
    [
        ({"width": 9}, {}, "variables, .* was 8 then and is 9 now"),
        ({"rate": 0.2}, {}, "layers, .* rate was 0.3 then and is 0.2 now"),
        ({"optimizer": "adam"}, {}, "optimizer, .* learning_rate was 0.0099"),
        ({"optimizer": "sgd"}, {}, "variables was"),
        ({"loss": "kl_divergence"}, {}, "loss was"),
        ({}, {"batch_size": 8}, "batch_size was 16 then and is 8 now"),
        ({}, {"seed": 4}, "seed was 3 then and is 4 now"),
        ({}, {"n": 71}, r"data, 0 was .*\(70, 6\).* and is .*\(71, 6\)"),
        ({}, {"shuffle": False}, "shuffle was"),
        ({}, {"validation_data": examples(9)}, "validation_data was null then"),
        ({}, {"class_weight": {0: 2.0}}, "class_weight was"),
        ({}, {"epochs": 4}, "8 epochs on, and epochs=4 asks for fewer"),
    ],
)
def test_another_run_is_refused_and_nothing_changed(finished, net, options, words):
    before = tree(finished[0])
    with pytest.raises(CheckpointError, match=words):
        run(finished[0], network(**net), **options)
    assert tree(finished[0]) == before


def test_other_callbacks_are_another_run(finished):
    with pytest.raises(CheckpointError, match=r"callbacks was .*Interrupt.* \[\] now"):
        train(finished[0])


def test_other_versions_are_told(copied, finished, monkeypatch):
    monkeypatch.setattr(keras, "__version__", "3.99.0")
    with pytest.warns(UserWarning, match=r"made with .* the last bits may"):
        run(copied)


def test_names_that_count_on_do_not_matter(finished, copied):
    """dense_5 in a kernel that built other networks before is dense here."""
    for _ in range(3):
        network()
    keras.backend.clear_session()
    assert bits(*run(copied)) == finished[1]


@pytest.mark.parametrize("eagerly", [False, True])
def test_a_model_that_is_built_by_its_data(tmp_path, eagerly):
    def lazy():
        keras.utils.set_random_seed(1)
        parts = [keras.layers.Dense(4), keras.layers.Dropout(0.5)]
        net = keras.Sequential([*parts, keras.layers.Dense(3, "softmax")])
        net.compile("adam", "sparse_categorical_crossentropy", run_eagerly=eagerly)
        return net

    whole = bits(*train(tmp_path / "whole", lazy(), epochs=3))
    train(tmp_path / "cut", lazy(), epochs=1)
    assert bits(*train(tmp_path / "cut", lazy(), epochs=3)) == whole


def test_a_single_callback_needs_no_list(tmp_path):
    stop = keras.callbacks.EarlyStopping("loss", patience=0, min_delta=9.0)
    _, history = train(tmp_path, callbacks=stop)
    assert len(history["loss"]) == 2


# --- what does not go with it --------------------------------------------------------


def test_what_a_callback_remembers_is_never_lost_silently(tmp_path):
    with pytest.raises(TypeError, match=r"LambdaCallback .*get_state"):
        train(tmp_path, callbacks=[keras.callbacks.LambdaCallback()])


@pytest.mark.parametrize(
    "option", [{"validation_split": 0.2}, {"steps_per_epoch": 2}, {"initial_epoch": 1}]
)
def test_options_that_would_break_it_are_refused(tmp_path, option):
    with pytest.raises(TypeError, match="does not go with checkpoint_dir"):
        train(tmp_path, **option)


@pytest.mark.parametrize("seed", [None, -1, 0.5, "1"])
def test_a_seed_is_needed(tmp_path, seed):
    with pytest.raises(TypeError, match="needs seed"):
        train(tmp_path, seed=seed)


def test_a_seed_alone_is_refused():
    with pytest.raises(TypeError, match="goes with checkpoint_dir"):
        fit(network(), *examples(), epochs=1, seed=1)


@pytest.mark.parametrize(
    ("x", "y", "error"),
    [
        (np.zeros((5, 6)), np.zeros(4), ValueError),
        ({"a": np.zeros((5, 6))}, np.zeros(5), TypeError),
        (object(), np.zeros(5), TypeError),
    ],
)
def test_data_must_be_arrays_of_one_length(tmp_path, x, y, error):
    with pytest.raises(error):
        fit(network(), x, y, epochs=1, checkpoint_dir=tmp_path, seed=1)


# --- the disk ------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
def test_a_disk_that_fills_up_loses_nothing(finished, tmp_path):
    """A limit on file sizes: NumPy fails to write, or TensorFlow, or the manifest."""
    import resource

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, at=[3])
    before = tree(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit in (0, 700, 4500):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            with (
                contextlib.redirect_stdout(io.StringIO()),  # else a file, limited too
                pytest.raises(CheckpointError, match=r"epoch 4 cannot .* too large"),
            ):
                run(tmp_path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert tree(tmp_path) == before
    assert bits(*run(tmp_path)) == finished[1]


# --- other processes, and SIGKILL ----------------------------------------------------


@pytest.fixture(scope="module")
def start():
    """A function: start the run in a process of its own, (process, pipe).

    TensorFlow is imported once, in a server process, from which each run forks.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        pytest.skip("processes cannot be forked here")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["resumable_run"])
    before = dict(os.environ)
    os.environ["PYTHONPATH"] = str(Path(resumable_run.__file__).parent)
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

    def started(folder, **options):
        ours, theirs = context.Pipe()
        process = context.Process(
            target=in_process, args=(folder, theirs), kwargs=options
        )
        process.start()
        theirs.close()
        return process, ours

    yield started
    os.environ.clear()
    os.environ.update(before)


def result(process, pipe):
    """(bits, seconds) that a process sent before it ended."""
    message = pipe.recv()
    while message == "begun":
        message = pipe.recv()
    process.join()
    return message


@pytest.fixture(scope="module")
def undisturbed(start, tmp_path_factory):
    """The bits of a run in a process of its own that nothing disturbs."""
    return result(*start(tmp_path_factory.mktemp("undisturbed")))[0]


def test_a_second_process_is_refused(start, undisturbed, tmp_path):
    process, pipe = start(tmp_path, wait=True)
    assert pipe.recv() == "begun"
    with pytest.raises(CheckpointError, match="in use"):
        train(tmp_path)
    pipe.send("go on")
    assert result(process, pipe)[0] == undisturbed


#: What a process is about to do when it is killed, one process after the other.
INSTANTS = {
    "before there is a checkpoint": ("os.mkdir", ".unfinished-000000"),
    "in the midst of an epoch": ("step", "epoch 1, step 2"),
    "while a checkpoint is written": ("open", ".unfinished-000003/manifest.json"),
    "before it gets its name": ("os.rename", ".unfinished-000005"),
    "while an old one is removed": ("shutil.rmtree", ".discarded-epoch-000003"),
}


def test_killed_at_each_instant(start, undisturbed, tmp_path):
    done = []
    for instant, dies in INSTANTS.items():
        process, _ = start(tmp_path, dies=dies)
        process.join()
        assert process.exitcode == -signal.SIGKILL, instant
        done.append(epochs_done(tmp_path))
    assert done == [0, 1, 2, 4, 6]
    assert result(*start(tmp_path))[0] == undisturbed


@pytest.mark.long
def test_killed_at_random_instants(start, tmp_path):
    """Killed, resumed, killed again…, then through: the same bits, chain after chain.

    Every kill but a chain's first strikes a run that goes on from the kill before. Its
    instant is drawn evenly from what is left of the run, counted from its first step;
    one time in six, from the time before that step. COURSE_KILLS=200 makes it 200.
    """
    process, pipe = start(tmp_path / "whole")
    assert pipe.recv() == "begun"
    begun = time.perf_counter()
    whole, seconds = result(process, pipe)
    running = time.perf_counter() - begun
    rng = np.random.default_rng()
    kills = in_midst = in_writing = 0
    # On a machine of uneven speed too few strike where it matters: then there are more.
    while kills < KILLS or (
        kills < 3 * KILLS and (in_midst < KILLS / 3 or in_writing < KILLS / 25)
    ):
        folder = tmp_path / f"after {kills} kills"
        for _ in range(KILLS_PER_CHAIN):
            left = 1 - epochs_done(folder) / EPOCHS
            process, pipe = start(folder)
            if rng.random() < 1 / 6:
                process.join(rng.uniform(0, max(0.1, seconds - running)))
            elif pipe.recv() == "begun":  # else it had nothing left to do
                process.join(rng.uniform(0, running * left))
            process.kill()
            process.join()
            kills += process.exitcode == -signal.SIGKILL  # else it had ended by itself
            in_midst += 0 < epochs_done(folder) < EPOCHS
            in_writing += any(folder.glob(".unfinished-*"))
        assert result(*start(folder))[0] == whole
        shutil.rmtree(folder)
    print(f"{kills} kills, {in_midst} in the midst, {in_writing} while writing")
    assert in_midst >= KILLS / 3
    assert in_writing >= KILLS / 25


def epochs_done(folder):
    """How many epochs the checkpoints in a folder tell of."""
    return max((int(p.name[-6:]) for p in folder.glob("epoch-??????")), default=0)
