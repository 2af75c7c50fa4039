"""Seconds until a lecture's network is as accurate as a well-known tutorial's ends up.

Both train on the same digits, and are looked at on the same validation digits, with the
clock stopped, each time they have seen as many digits as there are: after every epoch,
or within it, where a lecture's epoch shows every digit more than once. The clock starts
with the call of `fit`, so that making variables and tracing are included.
"""

from shared import (
    Row,
    middle,
    number,
    run_part,
    say,
    seeds,
    spread,
    table,
    target_table,
)

TITLE = "Time to accuracy"
ALTS = {
    "accuracy": "Validation accuracy against seconds of training, a panel each for "
    "lectures 05, 06 and 07, a line per seed: the lecture's network and the tutorial's."
}
VALIDATION = 1000
#: Comparison: who is compared with whom.
NAMES = {
    "05": ("lecture 05's net, last recipe", "TensorFlow's beginner tutorial"),
    "05, eight epochs": (
        "lecture 05's net, eight epochs",
        "TensorFlow's beginner tutorial",
    ),
    "06": ("lecture 06's net, last recipe", "keras.io's simple convnet"),
    "06, six epochs": ("lecture 06's net, six epochs", "keras.io's simple convnet"),
    "07": ("lecture 07's net", "plain LSTM(128)"),
}
REFERENCES = {
    "05": "dense 128 ReLU, dropout 0.2, Adam, batch 32, 5 epochs",
    "06": "conv 32, pool, conv 64, pool, dropout 0.5, Adam, batch 128, 15 epochs",
    "07": "LSTM 128, Adam, batch 128, 15 epochs",
}
WHY = {
    "05": "the tutorial's training is over in a second or two, of which the lecture's "
    "net, whose moving digits make a larger graph, spends much on tracing. Its recipe "
    "is made for the accuracy at its end, which the tutorial's never reaches.",
    "05, eight epochs": "both are over within seconds, of which the graph's tracing is "
    "a good part for either.",
    "06": "the last recipe spreads its learning rate over all its epochs of moving "
    "digits and is made for its end; the same net with the recipe of six epochs is the "
    "row below.",
    "06, six epochs": "it needs fewer epochs, but its graph is larger, and tracing it "
    "is a fixed cost in a race that is over in seconds.",
    "07": "both are LSTMs of 128 units, so a step and its tracing cost the same, and "
    "tracing takes about half of the time that the target grants; the lecture's recipe "
    "begins with a warm-up of its learning rate.",
}


def watching(x, y, enough=lambda seconds, accuracy: False):
    """A Keras callback that notes (seconds, validation accuracy) after each epoch.

    Its method `begin` starts the clock, and may ask for a look every so many batches
    instead; `enough` of the last pair ends the training with its epoch.
    """
    import time

    import keras
    import numpy as np

    class Watch(keras.callbacks.Callback):
        def begin(self, batches=None):
            self.seconds, self.accuracy = [], []
            self.batches = batches
            self.start = time.perf_counter()

        def on_train_batch_end(self, batch, logs=None):
            if self.batches and (batch + 1) % self.batches == 0:
                self.look()

        def on_epoch_end(self, epoch, logs=None):
            if not self.batches:
                self.look()

        def look(self):
            stopped = time.perf_counter()
            answers = np.argmax(self.model(x, training=False), axis=1)
            self.seconds.append(stopped - self.start)
            self.accuracy.append(float(np.mean(answers == y)))
            if enough(self.seconds[-1], self.accuracy[-1]):
                self.model.stop_training = True
            self.start += time.perf_counter() - stopped

        def kept(self):
            return {"seconds": self.seconds, "accuracy": self.accuracy}

    return Watch()


def reference(lecture):
    """The tutorial's network, compiled, from its published description; its recipe."""
    import keras
    from keras import layers

    stacks = {
        "05": (
            layers.Flatten(),
            layers.Dense(128, "relu"),
            layers.Dropout(0.2),
        ),
        "06": (
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
        ),
        "07": (layers.LSTM(128),),
    }
    stack = stacks[lecture]
    net = keras.Sequential([keras.Input((28, 28)), *stack, layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net.compile("adam", loss, metrics=["accuracy"])
    recipes = {"05": (32, 5), "06": (128, 15), "07": (128, 15)}
    return net, dict(zip(("batch_size", "epochs"), recipes[lecture], strict=True))


def train_reference(lecture, digits):
    """What the tutorial's network did, epoch by epoch."""
    net, recipe = reference(lecture)
    watch = watching(digits.x_validation, digits.y_validation)
    watch.begin()
    net.fit(digits.x_train, digits.y_train, verbose=0, callbacks=[watch], **recipe)
    return watch.kept()


def train_ours(name, digits, seed, enough):
    """What the lecture's network did, epoch by epoch, by the lecture's own code."""
    from course_tools.excerpt import from_lecture
    from course_utils.training import fit

    lecture = name[:2]
    x, y = digits.x_train, digits.y_train
    watch = watching(digits.x_validation, digits.y_validation, enough)

    def watched_fit(net, inputs, targets, *, batch_size, callbacks=(), **options):
        again = len(inputs) > len(x)  # shows every digit several times an epoch
        watch.begin(len(x) // batch_size if again else None)
        options |= {"batch_size": batch_size, "callbacks": [*callbacks, watch]}
        return fit(net, inputs, targets, **options)

    given = {"fit": watched_fit, "seed": seed}
    if lecture == "05":
        train_dense(name == "05", x, y, **given)
    elif name == "06, six epochs":
        lenet, form, trained = from_lecture("06", "lenet", "MODERN", "trained", **given)
        trained("six epochs", lenet(**form), x, y)
    else:
        from_lecture(lecture, "history", digits=digits, **given)
    return watch.kept()


def train_dense(moving, x, y, fit, seed):
    """Lecture 05's finished program; or eight epochs of digits that stand still."""
    import keras

    from course_tools.excerpt import from_lecture

    wanted = ("model", "RATES", "BATCH", "finished")
    untrained = {"fit": lambda *_, **options: None, "seed": seed}
    model, rates, batch, _ = from_lecture("05", *wanted, **untrained)
    rate, epochs = (rates["longer"], 24) if moving else (rates["adam_decayed"], 8)
    if not moving:
        model = keras.Sequential([keras.Input((28, 28)), *model.layers[2:]])
    steps = len(x) // batch
    falling = keras.optimizers.schedules.CosineDecay(rate, epochs * steps)
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(falling), loss, steps_per_execution=steps)
    fit(model, x, y, epochs=epochs, batch_size=batch)


def compare(name, digits, seed, known=None):
    """The reference's run and ours, which ends when all is known."""
    import keras

    keras.utils.set_random_seed(seed)
    theirs = known or train_reference(name[:2], digits)
    end, wanted = theirs["seconds"][-1], theirs["accuracy"][-1]
    reached = False

    def enough(seconds, accuracy):
        nonlocal reached
        reached = reached or accuracy >= wanted
        return reached and seconds >= end

    keras.utils.set_random_seed(seed)
    return {"reference": theirs, "ours": train_ours(name, digits, seed, enough)}


def measure(quick):
    """Every comparison under every seed, reference and lecture in turn."""
    from course_utils.data import load_digits

    train_reference("05", load_digits(validation=VALIDATION))  # wakes the libraries
    data = {name: [] for name in NAMES}
    for seed in range(1 if quick else seeds()):
        digits = load_digits(validation=VALIDATION, seed=seed)
        digits = digits._replace(x_test=None, y_test=None)  # nobody looks at them here
        for name in ("05",) if quick else NAMES:
            before = data[name[:2]]  # of the lecture's other recipe: the same reference
            known = before[-1]["reference"] if len(name) > 2 else None
            data[name].append(compare(name, digits, seed, known))
        say(f"seed {seed} done")
    return {name: runs for name, runs in data.items() if runs}


# --- reporting


def time_to(run, accuracy):
    """Seconds until a run is this accurate; None if it never is."""
    pairs = zip(run["seconds"], run["accuracy"], strict=True)
    return next((seconds for seconds, reached in pairs if reached >= accuracy), None)


def speed(run):
    """Our time to the reference's last accuracy over the reference's own; or None."""
    wanted = run["reference"]["accuracy"][-1]
    ours = time_to(run["ours"], wanted)
    return ours and ours / time_to(run["reference"], wanted)


def lead(run):
    """Our accuracy minus the reference's when that ends, in points; None: no epoch."""
    end = run["reference"]["seconds"][-1]
    pairs = zip(run["ours"]["seconds"], run["ours"]["accuracy"], strict=True)
    ours = [accuracy for seconds, accuracy in pairs if seconds <= end]
    return 100 * (ours[-1] - run["reference"]["accuracy"][-1]) if ours else None


def of_those(values, otherwise):
    """Those that are there, and in how many runs they are not."""
    there, missing = [v for v in values if v is not None], values.count(None)
    parts = [spread(there)] if there else []
    if missing:
        parts.append(f"{otherwise} in {missing} of {len(values)} runs")
    return "; ".join(parts)


def rows_of(name, runs, target=1 / 3):
    """Time to accuracy and accuracy at equal time of one comparison."""
    ours, theirs = NAMES[name]
    found, leads = [speed(run) for run in runs], [lead(run) for run in runs]
    ratio = middle([r or float("inf") for r in found])[0]
    last = spread([run["reference"]["accuracy"][-1] for run in runs])
    return [
        Row(
            f"{ours}: time to the reference's final accuracy, its own time = 1",
            of_those(found, "not reached"),
            f"{theirs}: {last}",
            "≤ 1/3",
            ratio <= target,
            WHY[name],
        ),
        Row(
            f"{ours}: accuracy when the reference ends, percentage points above it",
            of_those(leads, "no epoch was over"),
            f"{theirs}, "
            f"{number(middle([r['reference']['seconds'][-1] for r in runs])[0])} s",
        ),
    ]


def report(data):
    """Rows, and what the references are."""
    rows = [row for name, runs in data.items() for row in rows_of(name, runs)]
    count = max(map(len, data.values()))
    lines = [(NAMES[name][1], text) for name, text in REFERENCES.items()]
    return (
        f"{count} seed{'s' * (count > 1)}, each with its own split: {VALIDATION:,} "
        "of the bundled training digits for validation, the others for training. "
        "A lecture's run is stopped when it has both reached the reference's accuracy "
        f"and used up its time.\n\n{target_table(rows)}\n\n"
        + table(("reference", "rebuilt from its published description"), lines)
    )


def panel(ax, runs, ours, theirs, color="blue", style="-"):
    """Validation accuracy of every run against seconds."""
    from course_utils.plotting import COLORS

    for run in runs:
        for who, line_color, line in (
            ("reference", "red", "--"),
            ("ours", color, style),
        ):
            look = {"color": COLORS[line_color], "linestyle": line, "linewidth": 1.5}
            ax.plot(run[who]["seconds"], run[who]["accuracy"], **look)
    for place, (text, name) in enumerate(((ours, color), (theirs, "red"))):
        at = {"transform": ax.transAxes, "ha": "right", "va": "bottom"}
        ax.text(0.98, 0.10 - 0.08 * place, text, color=COLORS[name], **at)
    best = max(max(run[who]["accuracy"]) for run in runs for who in run)
    ax.set(xlabel="seconds of training", xlim=(0, None))
    ax.set(ylim=(max(0.5, best - 0.25), best + 0.01))


def draw(data):
    """One panel per lecture; lecture 06's has two recipes."""
    import matplotlib.pyplot as plt

    shown = [name for name in NAMES if name in data and len(name) == 2]
    fig, axes = plt.subplots(1, len(shown), figsize=(14, 4.6), squeeze=False)
    for ax, name in zip(axes[0], shown, strict=True):
        panel(ax, data[name], f"lecture {name}", NAMES[name][1])
        ax.set_title(f"lecture {name}")
        for other in (other for other in data if other.startswith(f"{name}, ")):
            panel_of_own(ax, data[other], other.partition(", ")[2])
    axes[0, 0].set_ylabel("validation accuracy")
    return {"accuracy": fig}


def panel_of_own(ax, runs, recipe):
    """The lecture's net by another of its recipes, into its panel."""
    from course_utils.plotting import COLORS

    for run in runs:
        look = {"color": COLORS["green"], "linestyle": "-.", "linewidth": 1.5}
        ax.plot(run["ours"]["seconds"], run["ours"]["accuracy"], **look)
    at = {"transform": ax.transAxes, "ha": "right", "va": "bottom"}
    ax.text(0.98, 0.18, f"its recipe of {recipe}", color=COLORS["green"], **at)


if __name__ == "__main__":
    run_part(measure)
