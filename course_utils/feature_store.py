"""What a network saw in an image, kept on disk, so that it need not look again."""

import contextlib
import hashlib

import numpy as np

from course_utils.download import cache_folder
from course_utils.files import write_atomically

__all__ = ["FeatureStore"]


class FeatureStore:
    """Features on disk, one file per image: SHA-256 of the numbers, then the numbers.

    A file that is not whole counts as absent. Where nothing can be written, nothing is.
    """

    def __init__(self, model, size):
        weights = hashlib.sha256(b"middle square, bicubic, 1")
        for weight in model.weights:  # also after fine-tuning
            weights.update(np.ascontiguousarray(weight.numpy()))
        self.folder = cache_folder() / "features" / weights.hexdigest()[:16]
        self.bytes = 4 * size

    def key(self, image):
        """The name under which an image is kept."""
        content = hashlib.sha256(str(image.shape).encode())
        content.update(np.ascontiguousarray(image))
        return content.hexdigest()

    def read(self, key):
        """The features, or None."""
        try:
            content = (self.folder / key).read_bytes()
        except OSError:
            return None
        numbers = content[32:]
        if len(numbers) != self.bytes:
            return None
        if hashlib.sha256(numbers).digest() != content[:32]:
            return None
        return np.frombuffer(numbers, "<f4")

    def write(self, key, row):
        """Keep the features: the whole file, or none."""
        numbers = row.astype("<f4").tobytes()
        content = hashlib.sha256(numbers).digest() + numbers
        # where it is full or read-only, they are computed again next time
        with contextlib.suppress(OSError):
            write_atomically(self.folder / key, content)
