"""The converter of the bundled network: reads tensors, runs nothing."""

import importlib
import io
import os
import pickle
import struct
import sys
from collections import OrderedDict

import numpy as np
import pytest

from course_utils import data


@pytest.fixture(scope="module")
def network():
    """data/network.py as a module; sources.py comes with it."""
    sys.path.insert(0, str(data.DATA))
    try:
        return importlib.import_module("network")
    finally:
        sys.path.remove(str(data.DATA))


def checkpoint(tensors, storages, magic=0x1950A86A20F9469CFC6C):
    """A legacy checkpoint, written opcode by opcode, so that no PyTorch is needed."""

    def name(module, attribute):
        return b"c" + f"{module}\n{attribute}\n".encode()

    def integers(values):
        body = b"".join(b"J" + struct.pack("<i", value) for value in values)
        return b"(" + body + b"t"

    def text(value):
        return b"X" + struct.pack("<I", len(value)) + value.encode()

    state = b"\x80\x02" + name("collections", "OrderedDict") + b"(tR("
    for key, (storage, offset, shape, strides) in tensors.items():
        kind = "FloatStorage"
        reference = b"(" + text("storage") + name("torch", kind) + text(storage)
        reference += text("cpu") + b"J" + struct.pack("<i", len(storages[storage]))
        reference += b"NtQ"
        call = name("torch._utils", "_rebuild_tensor_v2")
        arguments = reference + b"J" + struct.pack("<i", offset)
        arguments += integers(shape) + integers(strides) + b"\x89"
        arguments += name("collections", "OrderedDict") + b"(tR"
        state += text(key) + call + b"(" + arguments + b"tR"
    state += b"u."
    start = b"".join(pickle.dumps(part, 2) for part in (magic, 1001, {}))
    numbers = b"".join(
        struct.pack("<q", len(array)) + np.asarray(array, "<f4").tobytes()
        for array in storages.values()
    )
    return start + state + pickle.dumps(list(storages), 2) + numbers


def test_arrays_of_a_checkpoint(network):
    numbers = np.arange(24, dtype=np.float32)
    content = checkpoint(
        {
            "rows": ("7", 0, (2, 3), (3, 1)),
            "turned": ("7", 6, (2, 3), (1, 2)),
            "one": ("8", 1, (), ()),
        },
        {"7": numbers, "8": [5, 6]},
    )
    arrays = network.checkpoint_arrays(content)
    assert list(arrays) == ["rows", "turned", "one"]
    np.testing.assert_array_equal(arrays["rows"], numbers[:6].reshape(2, 3))
    np.testing.assert_array_equal(arrays["turned"], numbers[6:12].reshape(3, 2).T)
    assert arrays["one"] == 6


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [(0, (5, 5), (5, 1)), (20, (5,), (1,)), (-1, (2,), (1,)), (5, (3,), (-2,))],
)
def test_a_tensor_that_reaches_beyond_its_numbers(network, offset, shape, strides):
    content = checkpoint({"a": ("0", offset, shape, strides)}, {"0": np.zeros(24)})
    with pytest.raises(pickle.UnpicklingError, match="beyond its numbers"):
        network.checkpoint_arrays(content)


class Harm:
    """Runs a command if it is unpickled without restrictions."""

    def __reduce__(self):
        return os.system, ("echo harm > harmed",)


@pytest.mark.parametrize("place", range(4))
def test_nothing_in_the_file_can_run(network, tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    parts = [0x1950A86A20F9469CFC6C, 1001, {}, OrderedDict()]
    parts[place] = Harm()
    content = b"".join(pickle.dumps(part, 2) for part in [*parts, []])
    with pytest.raises(pickle.UnpicklingError, match="has no place in a checkpoint"):
        network.checkpoint_arrays(content)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "name"),
    [("builtins", "eval"), ("torch", "load"), ("torch._utils", "_import_dotted_name")],
)
def test_only_what_tensors_need_is_known(network, module, name):
    unpickler = network.CheckpointUnpickler(io.BytesIO())
    with pytest.raises(pickle.UnpicklingError, match=f"{module}.{name}"):
        unpickler.find_class(module, name)


def test_another_pickle_is_no_checkpoint(network):
    content = checkpoint({}, {}, magic=12345)
    with pytest.raises(pickle.UnpicklingError, match="no legacy PyTorch checkpoint"):
        network.checkpoint_arrays(content)


def test_a_package_that_cannot_be_had(network):
    sources = sys.modules["sources"]
    fail = "import sys; sys.exit('bad https://host.invalid/x')"
    with pytest.raises(sources.Unavailable, match="course-no-such: no-such-program"):
        sources.run("course-no-such", ["no-such-program-here"], [], ".")
    with pytest.raises(sources.Unavailable, match="a: bad …"):
        sources.run("a", [sys.executable, "-c", fail], [], ".")
    with pytest.raises(SystemExit, match="expected 00"):
        sources.verify("a", b"content", "00")
