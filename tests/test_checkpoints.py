"""A checkpoint shows when it is whole and not before, whatever happens meanwhile."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from course_utils.checkpoints import CheckpointError, CheckpointFolder

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
POWER_CUT = 77


def writer(text):
    """Writes two files, one of them with this text."""

    def write(path):
        (path / "weights").write_text(text)
        (path / "other").write_bytes(b"")

    return write


def filled(path, epochs=(1, 2, 3), keep=3):
    with CheckpointFolder(path, keep) as folder:
        for epoch in epochs:
            folder.save(epoch, {"n": epoch}, writer(f"weights {epoch}"))
    return path


def newest(path):
    """Epoch, text and content of the newest whole checkpoint; None if there is none."""
    with CheckpointFolder(path) as folder:
        found = folder.newest()
    return found and (
        found.epoch,
        (found.path / "weights").read_text(),
        found.content,
    )


def tree(path):
    """All files with their content."""
    return {p.relative_to(path): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def test_an_empty_folder_holds_none(tmp_path):
    assert newest(tmp_path / "new") is None


def test_what_was_saved_last_is_the_newest(tmp_path):
    filled(tmp_path)
    assert newest(tmp_path) == (3, "weights 3", {"n": 3})


def test_the_last_are_kept(tmp_path):
    filled(tmp_path, range(9, 12), keep=2)  # not the alphabet's order: 9, 10, 11
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["epoch-000010", "epoch-000011", "lock"]


@pytest.mark.parametrize("keep", [0, -1, 1.5, None])
def test_keep_is_a_positive_number(tmp_path, keep):
    with pytest.raises(ValueError, match="keep="):
        CheckpointFolder(tmp_path, keep)


def test_the_manifest_holds_size_and_hash_of_each_file(tmp_path):
    filled(tmp_path)
    manifest = json.loads((tmp_path / "epoch-000003/manifest.json").read_text())
    content = b"weights 3"
    assert manifest["format"] == 1
    assert manifest["files"]["weights"] == {
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


# --- interrupted ---------------------------------------------------------------------


def die_at(step):
    """In this process, end at the n-th file operation as a power cut would."""
    left = [step]

    def count(event, arguments):
        if event.startswith(("os.", "open", "shutil.")):
            left[0] -= 1
            if left[0] < 0:
                os._exit(POWER_CUT)

    sys.addaudithook(count)


def in_fork(action):
    """Exit status of a forked process that does it."""
    child = os.fork()
    if child == 0:
        try:
            action()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@forks
def test_a_death_at_every_step_of_a_save_leaves_a_whole_checkpoint(tmp_path):
    """Before the rename the old one is the newest, after it the new one; no third."""
    seen, steps = [], 0
    while True:
        path = filled(tmp_path / f"cut-{steps}")

        def save(path=path, steps=steps):
            with CheckpointFolder(path) as folder:
                die_at(steps)
                folder.save(4, {"n": 4}, writer("weights 4"))

        status = in_fork(save)
        assert status in (0, POWER_CUT)
        seen.append(newest(path))
        left = {p.name for p in path.iterdir()}
        assert not [name for name in left if name.startswith(".")], "remains not swept"
        if status == 0:
            break
        steps += 1
    old, new = (3, "weights 3", {"n": 3}), (4, "weights 4", {"n": 4})
    turn = seen.index(new)
    assert turn > 5
    assert seen == [old] * turn + [new] * (len(seen) - turn)
    assert len(seen) - turn > 3  # deaths while the old ones are removed


def test_an_error_while_writing_loses_nothing(tmp_path):
    filled(tmp_path)
    before = tree(tmp_path)

    def broken(path):
        (path / "weights").write_text("half")
        raise KeyboardInterrupt

    with CheckpointFolder(tmp_path) as folder, pytest.raises(KeyboardInterrupt):
        folder.save(4, {}, broken)
    assert tree(tmp_path) == before


def test_what_others_keep_in_the_folder_is_left_alone(tmp_path):
    mine = tmp_path / "epoch-notes.txt"
    mine.write_text("mine")
    (tmp_path / "epoch-1").mkdir()
    filled(tmp_path, range(1, 9))
    assert mine.read_text() == "mine"
    assert (tmp_path / "epoch-1").is_dir()


# --- damaged -------------------------------------------------------------------------


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [flip, truncate, Path.unlink])
@pytest.mark.parametrize("name", ["weights", "manifest.json"])
def test_a_damaged_one_is_put_aside_for_the_one_before(tmp_path, damage, name):
    filled(tmp_path)
    damage(tmp_path / "epoch-000003" / name)
    with pytest.warns(UserWarning, match=rf"epoch-000003: {name}.*epoch-000002"):
        assert newest(tmp_path) == (2, "weights 2", {"n": 2})
    assert (tmp_path / "epoch-000003.damaged").is_dir()
    filled(tmp_path, [3])  # its place is free
    assert newest(tmp_path) == (3, "weights 3", {"n": 3})


def test_a_flipped_bit_in_any_byte_of_a_manifest_is_noticed(tmp_path):
    """It is damage, or, in the number of the format, a newer format."""
    filled(tmp_path / "good", [1])
    path = tmp_path / "good/epoch-000001/manifest.json"
    good = path.read_bytes()
    for place in range(len(good)):
        bad = bytearray(good)
        bad[place] ^= 1 << place % 8
        path.write_bytes(bad)
        with pytest.raises(CheckpointError, match=r"whole|newer|format"):
            newest(tmp_path / "good")


def test_two_damaged_ones(tmp_path):
    filled(tmp_path)
    flip(tmp_path / "epoch-000003/weights")
    truncate(tmp_path / "epoch-000002/weights")
    with pytest.warns(UserWarning, match="epoch-000003: .*epoch-000002: .*on from epo"):
        assert newest(tmp_path)[0] == 1


def test_nothing_whole_is_an_error_and_changes_nothing(tmp_path):
    filled(tmp_path)
    for epoch in (1, 2, 3):
        flip(tmp_path / f"epoch-00000{epoch}/weights")
    before = tree(tmp_path)
    with pytest.raises(CheckpointError, match=r"no checkpoint in .* is whole"):
        newest(tmp_path)
    assert tree(tmp_path) == before


def test_a_newer_format_is_an_error_and_changes_nothing(tmp_path):
    filled(tmp_path)
    path = tmp_path / "epoch-000003/manifest.json"
    body = json.loads(path.read_text()) | {"format": 2, "unheard": "of"}
    del body["sha256"]
    text = json.dumps(body, sort_keys=True).encode()
    body = {"sha256": hashlib.sha256(text).hexdigest()} | body
    path.write_text(json.dumps(body))
    before = tree(tmp_path)
    with pytest.raises(CheckpointError, match=r"format 2.*up to 1.*Update"):
        newest(tmp_path)
    assert tree(tmp_path) == before


# --- a folder that cannot be written to ----------------------------------------------


def test_a_held_folder_is_refused(tmp_path):
    with CheckpointFolder(tmp_path) as folder:
        with pytest.raises(CheckpointError, match="in use"):
            newest(tmp_path)
        folder.save(1, {}, writer("on it goes"))
    assert newest(tmp_path)[0] == 1


@contextlib.contextmanager
def unprivileged():
    """Root may write everywhere; be nobody for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_a_read_only_folder_is_an_error_and_keeps_what_it_has():
    path = Path(tempfile.mkdtemp())  # tmp_path lies in a folder closed to nobody
    try:
        filled(path)
        for each in (path / "lock", path):
            each.chmod(0o555 if each.is_dir() else 0o444)
        before = tree(path)
        for where in (path, path / "new"):
            with (
                unprivileged(),
                pytest.raises(CheckpointError, match=r"cannot hold .*:"),
            ):
                newest(where)
        assert tree(path) == before
    finally:
        path.chmod(0o755)
        shutil.rmtree(path)


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="cannot hold checkpoints"):
        newest(tmp_path / "file")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_failing_write_names_reason_and_what_to_do(tmp_path, number):
    filled(tmp_path)
    before = tree(tmp_path)

    def full(path):
        (path / "weights").write_text("half")
        raise OSError(number, os.strerror(number))

    with (
        CheckpointFolder(tmp_path) as folder,
        pytest.raises(CheckpointError, match=f"epoch 4 .*{os.strerror(number)}"),
    ):
        folder.save(4, {}, full)
    assert tree(tmp_path) == before


@forks
def test_a_limit_on_file_size_at_every_byte(tmp_path):
    """The manifest is what is longest here: it fails where the system cuts it."""
    import resource

    filled(tmp_path)
    before = tree(tmp_path)
    for limit in (0, 1, 8, 9, 50, 300):

        def save(limit=limit):
            with CheckpointFolder(tmp_path) as folder:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                with pytest.raises(CheckpointError, match="too large"):
                    folder.save(4, {}, writer("weights 4"))

        assert in_fork(save) == 0
        assert tree(tmp_path) == before


@forks
def test_a_full_disk(tmp_path):
    """A file system of 64 KB, where one may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=64k none '{disk}' 2>/dev/null"):
        pytest.skip("no right to mount a file system")
    try:
        filled(disk, [1, 2])
        with (
            CheckpointFolder(disk) as folder,
            pytest.raises(CheckpointError, match="No space left"),
        ):
            folder.save(3, {}, writer("3" * 80_000))
        assert newest(disk)[0] == 2
        filled(disk, [3])
        assert newest(disk)[0] == 3
    finally:
        os.system(f"umount '{disk}'")
