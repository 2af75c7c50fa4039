"""Training throughput against what Keras, TensorFlow and the processor allow.

Three networks of the lectures train on the same digits: lecture 05's dense one, lecture
06's LeNet-5, lecture 07's LSTM.
"""

import functools
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from shared import (
    Row,
    alternate,
    middle,
    ratios,
    run_part,
    say,
    seconds,
    spread,
    table,
    target_table,
)

TITLE = "Close to the limit"
ALTS = {
    "limit": "Bars: images a second of the dense, the convolutional and the recurrent "
    "network under each setting, relative to Keras' defaults with batches of 128."
}
BATCH = 128
IMAGES = 30 * BATCH  # whole batches only: a last, smaller one is traced again
NETS = ("dense", "CNN", "LSTM")
LECTURES = {"dense": "05", "CNN": "06", "LSTM": "07"}
#: Epochs of one timed run and rounds of runs; the dense net's epochs are short.
WAYS = {"dense": (10, 12), "CNN": (1, 20), "LSTM": (1, 20)}
ROUNDS = 4
ONE_THREAD = "one thread"
MATRIX = 2048
WHY_HELPER = (
    "what the progress line costs is less than what two runs differ by; see the spread."
)


def networks(seed):
    """The lectures' networks with fresh weights: images (n, 28, 28) to ten logits."""
    import keras

    from course_tools.excerpt import from_lecture

    untrained = {"fit": lambda *_, **options: None, "seed": seed}
    model, _ = from_lecture("05", "model", "finished", **untrained)
    (lenet,) = from_lecture("06", "model", seed=seed)
    (reader,) = from_lecture("07", "model", seed=seed)
    dense = keras.Sequential([keras.Input((28, 28)), *model.layers[2:]])
    dense.layers[-1].activation = keras.activations.linear
    return dict(zip(NETS, (dense, lenet, reader), strict=True))


def examples():
    """The training images and labels that all of them see."""
    from course_utils.data import load_digits

    digits = load_digits()
    return digits.x_train[:IMAGES], digits.y_train[:IMAGES]


def compiled(net, **options):
    """A copy of the network with the same weights, ready to train."""
    import keras

    unroll = options.pop("unroll", False)

    def copy(layer):
        config = layer.get_config()
        if unroll and isinstance(layer, keras.layers.LSTM):
            config["unroll"] = True
        return type(layer).from_config(config)

    twin = keras.models.clone_model(net, clone_function=copy)
    twin.set_weights(net.get_weights())
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    twin.compile("adam", loss, **options)
    return twin


def hand_written(net, x, y):
    """An epoch as a loop over batches, each one call of a compiled step."""
    import keras
    import tensorflow as tf

    net = compiled(net)
    loss, adam = net.loss, keras.optimizers.Adam()
    weights = net.trainable_variables
    adam.build(weights)
    rng = np.random.default_rng(0)

    @tf.function
    def step(images, labels):
        with tf.GradientTape() as tape:
            cost = loss(labels, net(images, training=True))
        adam.apply(tape.gradient(cost, weights), weights)

    def epochs(count):
        for _ in range(count):
            for rows in rng.permutation(len(x)).reshape(-1, BATCH):
                step(tf.constant(x[rows]), tf.constant(y[rows]))

    return epochs


def ways(net, x, y, epochs, rounds):
    """Seconds of training by Keras' `fit`, by the course's, and by a loop, in turn."""
    from course_utils.training import fit

    keras_net, our_net, loop = compiled(net), compiled(net), hand_written(net, x, y)
    count = {"epochs": epochs, "batch_size": BATCH}
    return alternate(
        {
            "keras": lambda: keras_net.fit(x, y, verbose=0, **count),
            "fit": lambda: fit(our_net, x, y, **count),
            "loop": lambda: loop(epochs),
        },
        rounds,
    )


def settings(net, x, y, epochs, rounds, quick):
    """Seconds of training under each of Keras' settings, in turn."""
    from keras.layers import LSTM

    options = {
        "batch 128": {},
        "batch 32": {"batch_size": 32},
        "batch 512": {"batch_size": 512},
        "steps_per_execution=10": {"steps_per_execution": 10},
        "XLA": {"jit_compile": True},
    }
    if any(isinstance(layer, LSTM) for layer in net.layers):
        options["unroll"] = {"unroll": True}
    if quick:  # each of the others takes seconds to trace
        options = {name: options[name] for name in ("batch 128", "batch 512")}
    calls, first = {}, {}
    for name, changes in options.items():
        size = changes.pop("batch_size", BATCH)
        twin = compiled(net, **changes)
        n = len(x) // size * size
        count = {"batch_size": size, "epochs": epochs, "verbose": 0}

        def train(twin=twin, n=n, count=count):
            twin.fit(x[:n], y[:n], **count)

        first[name] = seconds(train)  # traces, and XLA compiles
        calls[name] = train
    times = alternate(calls, rounds, warm=0)
    return {
        name: {"first": first[name], "later": later, "images": images_of(name)}
        for name, later in times.items()
    }


@functools.cache
def trainer(name):
    """A function that trains one of the networks, for as long as this process lives."""
    net, (x, y) = compiled(networks(seed=0)[name]), examples()
    return functools.partial(net.fit, x, y, batch_size=BATCH, verbose=0)


def train_here(name, epochs):
    """Train in the process that this is called in; what comes of it stays there."""
    trainer(name)(epochs=epochs)


def use_one_thread():
    """Must come before TensorFlow is loaded."""
    os.environ["TF_NUM_INTRAOP_THREADS"] = "1"


def threads(names, rounds):
    """Seconds of training with a thread for each core, and with a single one, in turn.

    Threads are a matter of the whole process, so there are two.
    """
    spawn = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(1, spawn) as every,
        ProcessPoolExecutor(1, spawn, initializer=use_one_thread) as one,
    ):

        def train(pool, name):
            return pool.submit(train_here, name, WAYS[name][0]).result()

        pools = {"every": every, "one": one}
        return {
            name: alternate(
                {kind: functools.partial(train, p, name) for kind, p in pools.items()},
                rounds,
            )
            for name in names
        }


def images_of(name):
    """Images in one epoch: whole batches."""
    size = int(name.removeprefix("batch ")) if name.startswith("batch") else BATCH
    return IMAGES // size * size


def operations(net):
    """Multiplications and additions for one image, forwards.

    Only layers with a matrix product are counted; a training step counts three times
    that: forwards, and backwards for the weights and for the inputs.
    """
    total = 0
    for layer in net.layers:
        kind = type(layer).__name__
        if kind == "LSTM":
            steps, inputs = layer.input.shape[1:]
            total += 2 * 4 * layer.units * (inputs + layer.units) * steps
        elif kind in ("Dense", "Conv2D"):
            places = np.prod(layer.output.shape[1:-1], dtype=int)
            total += 2 * int(np.prod(layer.kernel.shape)) * int(places)
    return total


def product_peak():
    """Operations a second of a large matrix product, the best of several."""
    import tensorflow as tf

    a = tf.random.normal((MATRIX, MATRIX), seed=0)
    multiply = tf.function(lambda: tf.reduce_sum(tf.matmul(a, a)))
    times = alternate({"": lambda: multiply().numpy()}, 8)[""]
    return 2 * MATRIX**3 / min(times)


def measure(quick):
    """Everything, network by network."""
    from course_utils.training import seed_everything

    seed = seed_everything(0)
    x, y = examples()
    peaks = [product_peak()]
    data = {"images": IMAGES, "networks": {}}
    for name, net in networks(seed).items():
        epochs, rounds = (1, 1) if quick else WAYS[name]
        found = {"epochs": epochs, "operations": operations(net)}
        found["weights"] = net.count_params()
        found["ways"] = ways(net, x, y, epochs, rounds)
        say(f"{name}: three ways to train")
        once = max(1, epochs // 2)
        taken = settings(net, x, y, once, 1 if quick else ROUNDS, quick)
        found["settings"] = taken
        found["epochs in settings"] = once
        say(f"{name}: settings")
        data["networks"][name] = found
        peaks.append(product_peak())
    if not quick:  # two more processes have to load everything
        for name, taken in threads(NETS, 2 * ROUNDS).items():
            data["networks"][name]["threads"] = taken
    return data | {"peak": peaks}


def rates(found, times, images):
    """Images a second, run by run."""
    return [found["epochs"] * images / s for s in times]


def report(data):
    """Rows against targets, and the table of settings."""
    peak = middle(data["peak"])[0]
    rows, rates_of = [], {}
    for name, found in data["networks"].items():
        taken = found["ways"]
        helper = ratios(taken["fit"], taken["keras"])
        rows.append(
            Row(
                f"`fit` of the course / `Model.fit`, {name}",
                spread(helper),
                "`Model.fit` = 1",
                "≤ 1.02",
                middle(helper)[0] <= 1.02,
                WHY_HELPER,
            )
        )
        rates_of[name] = rates(found, taken["keras"], data["images"])
    for name, found in data["networks"].items():
        loop = ratios(found["ways"]["keras"], found["ways"]["loop"])
        rows.append(
            Row(
                f"`Model.fit` / hand-written `tf.function` loop, {name}",
                spread(loop),
                "the loop = 1",
            )
        )
    for name, found in data["networks"].items():
        reached = 3 * found["operations"] * middle(rates_of[name])[0]
        rows.append(
            Row(
                f"images a second of training, {name} ({found['weights']:,} weights)",
                spread(rates_of[name]),
                f"a matrix product's {peak / 1e9:.0f} Gflop/s; here "
                f"{reached / 1e9:.1f}, {reached / peak:.0%}",
            )
        )
    lines = []
    for name in names_of_settings(data):
        line = [name]
        for found in data["networks"].values():
            values = gains(found, name)
            first = found["settings"].get(name, {}).get("first")
            after = f" · {first:.1f} s" if first else ""
            line.append(spread(values) + after if values else "–")
        lines.append(line)
    heads = ("setting", *(f"{n} (lecture {LECTURES[n]})" for n in data["networks"]))
    return (
        f"{target_table(rows)}\n\nThe course's `fit` sets up its data once for all "
        "epochs, without tf.data's autotuning; Keras does so for every epoch, with it."
        "\n\nWhat Keras' settings do to images a second, relative "
        "to batches of 128 and defaults (above 1: faster); after the dot the first "
        "training call, which traces, and with XLA compiles. Larger batches mean fewer "
        "updates: what that does to accuracy is another question. One thread: "
        "`tf.config.threading.set_intra_op_parallelism_threads(1)` instead of one for "
        "each core, compared in two processes.\n\n"
        f"{table(heads, lines)}"
    )


def names_of_settings(data):
    """All settings that were tried, Keras' defaults first."""
    recurrent = data["networks"]["LSTM"]
    return [*recurrent["settings"], *([ONE_THREAD] if "threads" in recurrent else [])]


def gains(found, name):
    """Images a second under a setting over those by default, round by round."""
    if name == ONE_THREAD:
        return ratios(found["threads"]["every"], found["threads"]["one"])
    if name not in found["settings"]:
        return []
    default, other = found["settings"]["batch 128"], found["settings"][name]
    share = other["images"] / default["images"]
    return [share * r for r in ratios(default["later"], other["later"])]


def draw(data):
    """One group of bars per setting."""
    import matplotlib.pyplot as plt

    from course_utils.plotting import COLORS

    fig, ax = plt.subplots(figsize=(11, 4.6))
    names = names_of_settings(data)[1:]
    looks = zip(
        data["networks"].items(),
        ("blue", "red", "green"),
        ("", "//", ".."),
        strict=True,
    )
    for place, ((net, found), color, hatch) in enumerate(looks):
        for column, name in enumerate(names):
            if not (values := gains(found, name)):
                continue
            median, low, high = middle(values)
            x = column + 0.27 * (place - 1)
            style = {"color": COLORS[color], "hatch": hatch, "edgecolor": "white"}
            ax.bar(x, median, width=0.25, **style)
            ax.plot([x, x], [low, high], "-", color="black", linewidth=1.5)
            if name == names[0]:
                at = {"rotation": 90, "ha": "center", "va": "bottom"}
                ax.text(x, high + 0.04, net, color=COLORS[color], **at)
    ax.axhline(1, color="black", linestyle=":")
    two_lines = [name.replace("_execution", "_\nexecution") for name in names]
    ax.set_xticks(range(len(names)), two_lines)
    ax.set(ylabel="images a second, batch 128 = 1")
    return {"limit": fig}


if __name__ == "__main__":
    run_part(measure)
