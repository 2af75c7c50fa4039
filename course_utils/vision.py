"""Networks that know ImageNet, behind one interface: Inception-v3 and a bundled one.

Inception-v3's weights come from one host only, which many classrooms cannot reach; so
the course brings EfficientNet-Lite0 along, and says which of the two ran. Both are the
published weights, and both tell ImageNet's 1,000 classes apart.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_utils.data import read_rows
from course_utils.download import DataError, Remote, fetch, keras_folder, why_unusable
from course_utils.efficientnet import trained_efficientnet_lite0
from course_utils.feature_store import FeatureStore

__all__ = [
    "INCEPTION",
    "Answer",
    "ImageNetClass",
    "Network",
    "fetch_inception",
    "imagenet_classes",
    "load_network",
    "middle_square",
    "own_inception",
]

#: Images that go through the network together: more need memory, not less time.
BATCH = 8
NAMES = ("auto", "inception_v3", "efficientnet_lite0")
#: The file, the address and the hash that `keras.applications.InceptionV3` has.
INCEPTION = Remote(
    name="inception_v3_weights_tf_dim_ordering_tf_kernels.h5",
    url="https://storage.googleapis.com/tensorflow/keras-applications/"
    "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels.h5",
    digest="md5:9a0d58056eeedaa3f26cb7ebd46da564",
    size=96_112_376,
    otherwise="work with the network that comes with the course: "
    "load_network('efficientnet_lite0')",
)


class ImageNetClass(NamedTuple):
    """A class of ImageNet."""

    wordnet: str  # identifier
    name: str  # which no other class has
    words: str  # all words for it


@lru_cache(maxsize=1)
def imagenet_classes():
    """A tuple of all 1,000 `ImageNetClass`, in the order of the networks' outputs."""
    return tuple(ImageNetClass(**row) for row in read_rows("imagenet_classes.csv"))


class Answer(NamedTuple):
    """One class that a network proposes for an image."""

    name: str
    probability: float
    index: int  # 0…999
    wordnet: str  # identifier


class Network:
    """A network trained on ImageNet, with what belongs to it; `load_network` makes it.

    All methods take images as `preprocess` does, and raise what it raises.

    Attributes
    ----------
    name, title : str
        ``"inception_v3"`` or ``"efficientnet_lite0"``, and as people write it.
    model : keras.Model
        Takes what `preprocess` gives, and gives probabilities of shape (n, 1000).
    input_size : int
        Height and width of its input in pixels.
    scale, offset : float
        Its input is ``scale * pixel + offset``, for pixels in 0…255.
    source : str
        What was loaded from where.
    feature_size : int
        Features per image.
    """

    def __init__(self, name, title, model, scale, offset, source):
        import keras

        self.name, self.title, self.model, self.source = name, title, model, source
        self.scale, self.offset = scale, offset
        self.input_size = model.input_shape[1]
        pooled = model.get_layer("avg_pool").output
        self.feature_size = pooled.shape[-1]
        self._both = keras.Model(model.input, [pooled, model.output])
        self._compiled = None

    def __repr__(self):
        side = self.input_size
        return f"{self.title}, {side} × {side} pixels, {self.source}"

    def preprocess(self, images):
        """Images as the network wants them.

        The largest square in the middle is taken, reduced or enlarged to the network's
        size (bicubic, each new pixel an average over what it covers), and scaled.

        Parameters
        ----------
        images : array or sequence of arrays
            uint8, each of shape (height, width, 3), or (height, width) if gray. Sizes
            may differ. A single image counts as a batch of one.

        Returns
        -------
        numpy.ndarray of float32, shape (n, input_size, input_size, 3)

        Raises
        ------
        ValueError
            If an image is of another type or shape.
        """
        side = self.input_size
        batch = np.empty((len(images := _as_list(images)), side, side, 3), np.float32)
        for place, image in zip(batch, images, strict=True):
            place[:] = middle_square(image, side)
        batch *= np.float32(self.scale)
        batch += np.float32(self.offset)
        return batch

    def probabilities(self, images):
        """The probability of each class for each image: float32, shape (n, 1000)."""
        return self._run(_as_list(images))[1]

    def predict_top(self, images, k=5):
        """The `k` most probable classes for each image.

        Returns
        -------
        list of list of Answer
            For each image the classes, most probable first.

        Raises
        ------
        ValueError
            If `k` is not 1 to 1000.
        """
        if not 1 <= k <= 1000:
            raise ValueError(f"k={k!r}: expected 1 to 1000 classes")
        classes = imagenet_classes()
        rows = self.probabilities(images)
        best = np.argsort(-rows, kind="stable")[:, :k].tolist()
        return [
            [Answer(classes[i].name, float(row[i]), i, classes[i].wordnet) for i in top]
            for row, top in zip(rows, best, strict=True)
        ]

    def features(self, images, cache=True):
        """What the network sees in each image, just before it decides on a class.

        Parameters
        ----------
        cache : bool
            Whether to keep them on disk for the next run, see `FeatureStore`. False
            for images that come only once, such as augmented ones.

        Returns
        -------
        numpy.ndarray of float32, shape (n, feature_size)
            The means of the last feature maps over all places.
        """
        images = _as_list(images)
        if not cache:
            return self._run(images)[0]
        store = FeatureStore(self.model, self.feature_size)
        return store.features(images, lambda new: self._run(new)[0])

    def _run(self, images):
        """Features and probabilities, batch by batch through one compiled function."""
        import tensorflow as tf

        if self._compiled is None:
            shape = (None, self.input_size, self.input_size, 3)
            self._compiled = tf.function(
                lambda x: self._both(x, training=False),
                input_signature=[tf.TensorSpec(shape, tf.float32)],
            )
        features = np.empty((len(images), self.feature_size), np.float32)
        probabilities = np.empty((len(images), self.model.output_shape[-1]), np.float32)
        for start in range(0, len(images), BATCH):
            part = slice(start, start + BATCH)
            pair = self._compiled(self.preprocess(images[part]))
            features[part], probabilities[part] = (array.numpy() for array in pair)
        return features, probabilities


def load_network(name="auto", weights=None):
    """A network trained on ImageNet.

    Parameters
    ----------
    name : {"auto", "inception_v3", "efficientnet_lite0"}
        ``"efficientnet_lite0"`` comes with the course. The weights of Inception-v3
        (96 MB) are used from `weights`, from the path in ``COURSE_INCEPTION_WEIGHTS``,
        from the cache or Keras' own, from ``COURSE_MIRROR``, or downloaded, in this
        order, and must have the hash that Keras publishes. ``"auto"`` takes
        Inception-v3 if its weights can be had so, giving each host one try and three
        seconds to connect, else the bundled network, and prints which.
    weights : str or pathlib.Path, optional
        A file with the weights of Inception-v3, or a folder that holds it.

    Returns
    -------
    Network

    Raises
    ------
    ValueError
        If the name is none of these, or `weights` are given for the bundled network.
    DataError
        If the weights cannot be had, or a file is not the right one. A file that was
        asked for by its path is never replaced silently, not with ``"auto"`` either.
    """
    if name not in NAMES:
        raise ValueError(f"name={name!r}: expected one of {NAMES}")
    if name == "efficientnet_lite0":
        if weights:
            raise ValueError("weights: only for Inception-v3; the bundled has its own")
        return _efficientnet_lite0()
    path = weights or os.environ.get("COURSE_INCEPTION_WEIGHTS", "").strip()
    try:
        path = own_inception(Path(path)) if path else fetch_inception(name == "auto")
    except DataError:
        if path or name == "inception_v3":
            raise
        print(
            "Network: EfficientNet-Lite0, which comes with the course "
            "(Inception-v3's weights are not on this machine)."
        )
        return _efficientnet_lite0()
    if name == "auto":
        print("Network: Inception-v3.")
    return _inception_v3(path)


def fetch_inception(quick=False):
    """The path of Inception-v3's weights: Keras' own download, or the course's.

    `quick` and the errors are those of `course_utils.download.fetch`.
    """
    return fetch(INCEPTION, [keras_folder() / "models" / INCEPTION.name], quick)


def own_inception(path):
    """The path of weights in a file or its folder; DataError if not the right ones."""
    path = path.expanduser().absolute()
    if path.is_dir():
        path = path / INCEPTION.name
    if trouble := why_unusable(path, INCEPTION.digest):
        raise DataError(
            f"{path}: {trouble}. Expected: the weights of Inception-v3 that Keras "
            f"publishes, {INCEPTION.size:,} bytes with {INCEPTION.digest}. Fix: name "
            "another file, or none (COURSE_INCEPTION_WEIGHTS too) and then run "
            "python -m course_tools fetch inception-v3"
        )
    return path


def _inception_v3(path):
    import keras

    model = keras.applications.InceptionV3(weights=None)
    model.load_weights(path)
    source = f"weights from {path}"
    return Network("inception_v3", "Inception-v3", model, 1 / 127.5, -1, source)


def _efficientnet_lite0():
    model = trained_efficientnet_lite0()
    source = "weights that come with the course (data/efficientnet_lite0.npz)"
    title, scale = "EfficientNet-Lite0", 1 / 128
    return Network("efficientnet_lite0", title, model, scale, -127 / 128, source)


def _as_list(images):
    """Images one by one, once each is uint8, gray or red, green and blue."""
    alone = isinstance(images, np.ndarray) and images.ndim < 4
    images = [np.asarray(image) for image in ([images] if alone else images)]
    for number, image in enumerate(images):
        color = image.ndim == 3 and image.shape[-1] == 3
        if image.dtype != np.uint8 or not (color or image.ndim == 2) or not image.size:
            raise ValueError(
                f"image {number} is {image.dtype} of shape {image.shape}: expected "
                "uint8 in 0…255 of shape (height, width, 3), or (height, width) if gray"
            )
    return images


def middle_square(image, side):
    """An image's middle square, bicubically resized: uint8, shape (side, side, 3)."""
    from PIL import Image

    height, width = image.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2  # as Keras rounds
    square = Image.fromarray(image[top : top + edge, left : left + edge])
    return np.asarray(
        square.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
    )
