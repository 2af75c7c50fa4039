"""Time to accuracy on the full Fashion-MNIST set, where its files are present.

Sixty thousand pictures of clothes, 28 × 28 pixels. Looked for in ``COURSE_DATA_DIR``,
where Debian's package ``dataset-fashion-mnist`` puts them, and where Keras does.
"""

import gzip
from pathlib import Path

import accuracy
import numpy as np
from accuracy import panel, rows_of
from shared import run_part, say, seeds, target_table

TITLE = "Time to accuracy on Fashion-MNIST"
ALTS = {
    "fashion": "Validation accuracy on Fashion-MNIST against seconds of training, each "
    "seed a line: lecture 06's network and keras.io's simple convnet."
}
NAME = "06, six epochs"
VALIDATION = 10_000


def folders():
    """Where the set may be."""
    from course_utils.download import cache_folder, keras_folder

    return [
        cache_folder() / "fashion-mnist",
        cache_folder(),
        Path("/usr/share/datasets/fashion-mnist"),
        keras_folder() / "datasets" / "fashion-mnist",
    ]


def idx(path):
    """The array of uint8 in a gzipped IDX file."""
    content = gzip.decompress(path.read_bytes())
    kind, dimensions = content[2], content[3]
    if content[:2] != b"\0\0" or kind != 8:
        raise ValueError(f"{path} is no IDX file of bytes")
    start = 4 + 4 * dimensions
    shape = np.frombuffer(content[4:start], ">u4")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def load():
    """Training images and labels, or None if the files are nowhere."""
    for folder in folders():
        files = [
            folder / f"train-{part}.gz"
            for part in ("images-idx3-ubyte", "labels-idx1-ubyte")
        ]
        if all(file.exists() for file in files):
            images, labels = map(idx, files)
            return images / np.float32(255), labels.astype(np.int64)
    return None


def measure(quick):
    """Reference and lecture in turn, or why not."""
    from course_utils.data import Digits

    found = load()
    if found is None:
        say("its files are not on this machine: nothing measured")
        return {"absent": [str(folder) for folder in folders()[2:]]}
    x, y = (array[:4000] for array in found) if quick else found
    held = VALIDATION if len(x) > 2 * VALIDATION else len(x) // 4
    runs = []
    for seed in range(1 if quick else seeds()):
        order = np.random.default_rng(seed).permutation(len(x))
        train, validation = order[held:], order[:held]
        split = Digits(x[train], y[train], x[validation], y[validation], None, None)
        runs.append(accuracy.compare(NAME, split, seed))
        say(f"seed {seed} done")
    return {"runs": runs, "images": len(x), "held": held}


def report(data):
    """Rows, or what is missing."""
    if "absent" in data:
        return (
            "Its files are not on this machine. Debian and Ubuntu have them: "
            "`apt install dataset-fashion-mnist`; or put them into "
            "`COURSE_DATA_DIR/fashion-mnist`."
        )
    count = len(data["runs"])
    return (
        f"{data['images']:,} training images, {data['held']:,} of them for validation; "
        f"{count} seed{'s' * (count > 1)}.\n\n"
        + target_table(rows_of(NAME, data["runs"]))
    )


def draw(data):
    """Accuracy against seconds."""
    if "absent" in data:
        return {}
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(9, 4.4))
    panel(ax, data["runs"], "lecture 06, six epochs", accuracy.NAMES[NAME][1])
    ax.set_ylabel("validation accuracy")
    return {"fashion": fig}


if __name__ == "__main__":
    run_part(measure)
