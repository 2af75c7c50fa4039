"""A class shares one folder of data, which a seat may read and not write."""

import errno
import hashlib
import io
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

from course_utils import data, download, images, vision


@pytest.fixture
def frozen(tmp_path, monkeypatch):
    """`COURSE_DATA_DIR`, on a disk that is mounted read-only; root is denied too."""
    folder = tmp_path / "shared"
    folder.mkdir()
    monkeypatch.setenv("COURSE_DATA_DIR", str(folder))
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "no keras"))

    def deny(function, writes):
        def guarded(path, *arguments, **options):
            inside = folder in (Path(path), *Path(path).parents)
            if inside and writes(arguments):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
            return function(path, *arguments, **options)

        return guarded

    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT

    def freeze():
        monkeypatch.setattr(os, "mkdir", deny(os.mkdir, lambda _: True))
        opens = deny(os.open, lambda given: bool(given and given[0] & writing))
        monkeypatch.setattr(os, "open", opens)
        for_writing = deny(io.open, lambda given: bool(given and given[0][0] != "r"))
        monkeypatch.setattr(io, "open", for_writing)  # as pathlib opens files

    return folder, freeze


def test_the_folder_is_really_closed(frozen):
    """Else the tests below would show nothing."""
    folder, freeze = frozen
    freeze()
    with pytest.raises(OSError, match="Read-only"):
        (folder / "new").mkdir()
    with pytest.raises(OSError, match="Read-only"):
        (folder / "new").write_text("")
    with pytest.raises(OSError, match="Read-only"):
        tempfile.mkstemp(dir=folder)


def test_a_fetched_file_is_used(frozen, monkeypatch):
    folder, freeze = frozen
    content = b"the digits"
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    remote = download.Remote("mnist.npz", "https://x.invalid/", digest, 10, "none")
    monkeypatch.setattr(data, "FULL_MNIST", remote)
    (folder / "mnist.npz").write_bytes(content)
    freeze()
    assert data.fetch_digits() == folder / "mnist.npz"
    assert [path.name for path in folder.iterdir()] == ["mnist.npz"]


def test_a_file_that_is_not_there_is_one_clear_error(frozen):
    folder, freeze = frozen
    freeze()
    with pytest.raises(data.DataError, match="COURSE_OFFLINE"):
        data.load_digits("full")
    assert list(folder.iterdir()) == []


def test_bundled_data_does_not_care(frozen):
    folder, freeze = frozen
    freeze()
    assert len(data.load_digits().x_train) == 4_000
    assert images.load_photo("cat").dtype == np.uint8
    assert list(folder.iterdir()) == []


def test_features_are_read_and_else_computed(frozen):
    """What the lecturer's run has left there is used; what is new is computed."""
    folder, freeze = frozen
    network = vision.load_network("efficientnet_lite0")
    pictures = np.random.default_rng(0).integers(0, 256, (2, 40, 40, 3), np.uint8)
    known = network.features(pictures[:1])
    before = sorted(path.name for path in folder.rglob("*"))
    assert before
    freeze()
    found = network.features(pictures)
    np.testing.assert_array_equal(found[:1], known)
    assert found.shape == (2, known.shape[1])
    assert sorted(path.name for path in folder.rglob("*")) == before
