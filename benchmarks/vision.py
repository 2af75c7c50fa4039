"""Images a second through the networks that know ImageNet, preprocessing included."""

import tempfile

from shared import (
    Row,
    alternate,
    middle,
    ratios,
    run_part,
    say,
    spread,
    table,
    target_table,
)

TITLE = "Vision"
ALTS = {
    "vision": "Images a second against the batch size, from 1 to 64, for the bundled "
    "network and for Inception-v3; the bundled one is several times as fast."
}
BATCHES = (1, 2, 4, 8, 16, 32, 64)
IMAGES, ROUNDS = 64, 4
TITLES = {
    "efficientnet_lite0": "EfficientNet-Lite0, bundled",
    "inception_v3": "Inception-v3, random weights",
}
WHY = "nearly all of it is convolutions, at the speed that this processor has."


def networks():
    """The bundled network and Inception-v3, whose weights do not change its speed."""
    import keras

    from course_utils.vision import Network, load_network

    model = keras.applications.InceptionV3(weights=None)
    title = TITLES["inception_v3"]
    random = Network("inception_v3", title, model, 1 / 127.5, -1, "random weights")
    return load_network("efficientnet_lite0"), random


def measure(quick):
    """Seconds per batch and network; features against `predict` and the cache."""
    import os

    from course_utils import vision
    from course_utils.images import load_images

    bundled, inception = networks()
    images = list(load_images().x_train[:IMAGES])
    rounds, batches = (1, (1, 8)) if quick else (ROUNDS, BATCHES)
    data = {"images": IMAGES, "batches": list(batches)}
    for network in (bundled, inception):
        calls = {
            str(size): lambda n=network, size=size: through(n, images[:size])
            for size in batches
        }
        vision.BATCH = max(batches)  # what is measured here is one batch at a time
        data[network.name] = alternate(calls, rounds)
        say(f"{network.title}, batches of 1 to {batches[-1]}")
    vision.BATCH = 8
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COURSE_DATA_DIR"] = folder
        bundled.features(images)  # the first time they are computed and kept
        calls = {
            "features": lambda: bundled.features(images, cache=False),
            "predict": lambda: bundled.model.predict(
                bundled.preprocess(images), batch_size=8, verbose=0
            ),
            "cached": lambda: bundled.features(images),
            "preprocess": lambda: bundled.preprocess(images),
        }
        data["ways"] = alternate(calls, rounds)
    say("features, predict, cached features")
    return data


def through(network, images):
    """Features of one batch, without the cache."""
    network.features(images, cache=False)


def report(data):
    """Rows against the target, and the table over batch sizes."""
    ways, n = data["ways"], data["images"]
    each = [1000 * seconds / n for seconds in ways["features"]]
    rows = [
        Row(
            "`features`, bundled network, ms an image",
            spread(each),
            "`Model.predict`: " + spread(ways["predict"], "", 1000 / n),
            "≤ 25",
            middle(each)[0] <= 25,
            WHY,
        ),
        Row(
            "of it preprocessing, ms an image",
            spread(ways["preprocess"], "", 1000 / n),
            "crop, bicubic, scale",
        ),
        Row(
            "`features` again, from the cache, ms an image",
            spread(ways["cached"], "", 1000 / n),
            "computed anew: "
            + spread(ratios(ways["features"], ways["cached"]))
            + " times as long",
        ),
    ]
    lines = [
        [TITLES[name]]
        + [
            spread([size / s for s in data[name][str(size)]])
            for size in data["batches"]
        ]
        for name in TITLES
    ]
    heads = ["images a second, batch of", *map(str, data["batches"])]
    return target_table(rows) + "\n\n" + table(heads, lines)


def draw(data):
    """Images a second against the batch size."""
    import matplotlib.pyplot as plt

    from course_utils.plotting import COLORS

    fig, ax = plt.subplots(figsize=(10, 4.2))
    styles = zip(TITLES, ("blue", "red"), ("o-", "s--"), strict=True)
    for name, color, style in styles:
        rates = [
            middle([size / s for s in data[name][str(size)]])
            for size in data["batches"]
        ]
        median, low, high = zip(*rates, strict=True)
        ax.plot(data["batches"], median, style, color=COLORS[color], markersize=8)
        ax.fill_between(data["batches"], low, high, color=COLORS[color], alpha=0.2)
        at = {"color": COLORS[color], "ha": "right", "va": "bottom"}
        ax.text(data["batches"][-1], max(high) * 1.04, TITLES[name], **at)
    ax.set_xscale("log", base=2)
    ax.set_xticks(data["batches"], data["batches"])
    ax.set(xlabel="images in a batch", ylabel="images a second", ylim=(0, None))
    return {"vision": fig}


if __name__ == "__main__":
    run_part(measure)
