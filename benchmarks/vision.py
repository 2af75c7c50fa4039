"""What the bundled network needs for an image of 224 × 224 pixels (target: ≤ 25 ms).

    python benchmarks/vision.py

Preprocessing included. Batches go through one compiled function; the first call, which
traces it, is not counted. Keras' own `predict` runs in turn with it, A B A B ….
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import statistics
import time

from course_utils.data import load_images
from course_utils.vision import load_network

IMAGES, ROUNDS = 96, 8


def milliseconds(run):
    """Wall time of one call, per image."""
    start = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - start) / IMAGES


def main():
    """Print the medians and the spread of the rounds."""
    network = load_network("efficientnet_lite0")
    images = load_images().x_train[:IMAGES]

    def ours():
        network.features(images, cache=False)

    def theirs():
        network.model.predict(network.preprocess(images), batch_size=8, verbose=0)

    times = {ours: [], theirs: []}
    for _ in range(ROUNDS + 1):
        for run, taken in times.items():
            taken.append(milliseconds(run))
    for name, run in (("features", ours), ("keras.Model.predict", theirs)):
        low, median, high = statistics.quantiles(times[run][1:], n=4)
        print(
            f"{name}: median {median:.1f} ms an image, "
            f"middle half {low:.1f} to {high:.1f}"
            + (" (target ≤ 25)" if run is ours else "")
        )


if __name__ == "__main__":
    main()
