"""The 1,000 classes of ImageNet, as the networks' outputs are ordered."""

import csv
import io
from functools import lru_cache
from typing import NamedTuple

from course_utils.data import read_bundled

__all__ = ["ImageNetClass", "imagenet_classes"]


class ImageNetClass(NamedTuple):
    """A class of ImageNet."""

    wordnet: str
    name: str
    words: str


@lru_cache(maxsize=1)
def imagenet_classes():
    """The classes of ImageNet, in the order of the networks' outputs.

    Returns
    -------
    tuple of ImageNetClass
        1,000, each with its ``wordnet`` identifier, one ``name`` that no other class
        has, and all ``words`` for it.
    """
    text = read_bundled("imagenet_classes.csv").decode("utf-8")
    return tuple(ImageNetClass(*row) for row in list(csv.reader(io.StringIO(text)))[1:])
