"""A folder of checkpoints that can be trusted, whatever happened while one was written.

A checkpoint is a folder ``epoch-000012`` of files and a manifest. It is written under
another name, synced to the disk, and renamed: there is no instant at which a part of it
can be taken for the whole. What is in the files is the caller's business.
"""

import hashlib
import json
import os
import re
import shutil
import warnings
from pathlib import Path
from typing import NamedTuple

import filelock

__all__ = ["Checkpoint", "CheckpointError", "CheckpointFolder"]

FORMAT = 1  # of the manifest; a reader refuses what is newer than itself
MANIFEST = "manifest.json"
NAME = re.compile(r"epoch-(\d{6})")
UNFINISHED, DISCARDED = (
    ".unfinished-",
    ".discarded-",
)  # remains, swept at the next start


class CheckpointError(RuntimeError):
    """Checkpoints cannot be written or used; the message says why and what to do."""


class Checkpoint(NamedTuple):
    """A whole checkpoint: its number, its folder, and what the manifest holds."""

    epoch: int
    path: Path
    content: dict


class CheckpointFolder:
    """The checkpoints of one run, held by one process: ``with CheckpointFolder(…)``.

    Parameters
    ----------
    path : path-like
        The folder; it is made if it is missing. Nothing in it is touched but what this
        class wrote.
    keep : int
        How many checkpoints stay, at least 1; older ones are removed.

    Raises
    ------
    CheckpointError
        On entering, if another process holds the folder or it cannot be written to.
    """

    def __init__(self, path, keep=3):
        if not isinstance(keep, int) or keep < 1:
            raise ValueError(f"keep={keep!r}: expected a whole number, 1 or more")
        self.path, self.keep = Path(path), keep
        # The system lets go of this lock when its process ends, however it ends.
        self._lock = filelock.FileLock(self.path / "lock", timeout=0)

    def __enter__(self):
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except filelock.Timeout:
            raise CheckpointError(
                f"{self.path} is in use: another process, or another call, is training "
                "into it. Wait until it ends, or name another folder."
            ) from None
        except OSError as error:
            raise CheckpointError(
                f"{self.path} cannot hold checkpoints: {_reason(error)}. Nothing in it "
                "was changed. Name a folder that can be written to."
            ) from error
        for prefix in (UNFINISHED, DISCARDED):
            for remains in self.path.glob(f"{prefix}*"):
                shutil.rmtree(remains, ignore_errors=True)
        return self

    def __exit__(self, *_):
        self._lock.release()

    def newest(self):
        """The newest checkpoint that is whole.

        A damaged one is put aside, under its name with ``.damaged`` behind it, and a
        `UserWarning` names it and the one used instead.

        Returns
        -------
        Checkpoint or None
            None if the folder holds no checkpoint at all.

        Raises
        ------
        CheckpointError
            If every checkpoint is damaged, or if one of those looked at is of a newer
            format.
        """
        damaged, found = {}, None
        for path in reversed(self._paths()):
            try:
                content = _verified(path)
            except _DamageError as damage:
                damaged[path] = damage
                continue
            found = Checkpoint(_epoch(path), path, content)
            break
        reasons = "; ".join(f"{path.name}: {why}" for path, why in damaged.items())
        if damaged and not found:
            raise CheckpointError(
                f"no checkpoint in {self.path} is whole ({reasons}). Nothing was "
                "changed. To begin again, name another folder."
            )
        for path in damaged:
            aside = path.with_name(path.name + ".damaged")
            shutil.rmtree(aside, ignore_errors=True)
            try:
                os.rename(path, aside)
            except OSError as error:
                raise CheckpointError(
                    f"{path} is damaged ({reasons}) and cannot be put aside: "
                    f"{_reason(error)}. Nothing was changed."
                ) from error
        if damaged:
            warnings.warn(
                f"{self.path}: damaged checkpoint put aside ({reasons}); going on from "
                f"{found.path.name}, the newest that is whole",
                stacklevel=2,
            )
        return found

    def save(self, epoch, content, write):
        """Add a checkpoint, then remove those older than the last `keep`.

        Parameters
        ----------
        epoch : int
            Its number, larger than that of any checkpoint there.
        content : dict
            What the manifest shall hold, as JSON.
        write : callable
            Called with the path of an empty folder; writes files into it.

        Raises
        ------
        CheckpointError
            If it cannot be written. The checkpoints that exist are unharmed.
        """
        final = self.path / f"epoch-{epoch:06d}"
        aside = self.path / f"{UNFINISHED}{epoch:06d}"
        try:
            aside.mkdir()
            write(aside)
            files = {
                path.name: {"bytes": path.stat().st_size, "sha256": _sha256(path)}
                for path in sorted(aside.iterdir())
            }
            body = {"format": FORMAT, "files": files, "content": content}
            manifest = {"sha256": _sha256_of(body), **body}
            (aside / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
            for path in aside.iterdir():
                _sync(path)
            _sync(aside)  # the names in it, too, must reach the disk before the rename
            os.rename(aside, final)
            _sync(self.path)
            for old in self._paths()[: -self.keep]:
                # not a file of it goes while it still looks like a checkpoint
                remains = old.with_name(DISCARDED + old.name)
                os.rename(old, remains)
                shutil.rmtree(remains)
        except OSError as error:
            raise CheckpointError(
                f"the checkpoint of epoch {epoch} cannot be written to {self.path}: "
                f"{_reason(error)}. The checkpoints before it are unharmed: once there "
                "is room to write, the same call goes on from the last of them."
            ) from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _paths(self):
        """The folders named like a checkpoint, oldest first."""
        found = [p for p in self.path.iterdir() if NAME.fullmatch(p.name)]
        return sorted(found, key=_epoch)


class _DamageError(Exception):
    """A checkpoint is not what was written; the message says in what."""


def _verified(path):
    """The content of a checkpoint's manifest, once every file has passed its hash."""
    try:
        manifest = json.loads((path / MANIFEST).read_bytes())
        claimed = manifest.pop("sha256")
        if claimed != _sha256_of(manifest):
            raise _DamageError(f"{MANIFEST} has been altered")
        version = manifest["format"]
        if version <= FORMAT:
            files, content = manifest["files"], manifest["content"]
    except OSError as error:
        raise _DamageError(f"{MANIFEST}: {_reason(error)}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _DamageError(f"{MANIFEST} is no manifest") from error
    if version > FORMAT:
        raise CheckpointError(
            f"{path} has format {version}, and this course_utils reads formats up to "
            f"{FORMAT}. Nothing was changed. Update the course, or name another folder."
        )
    for name, entry in files.items():
        try:
            intact = _sha256(path / name) == entry["sha256"]
        except OSError as error:
            raise _DamageError(f"{name}: {_reason(error)}") from error
        if not intact:
            raise _DamageError(f"{name} does not have the SHA-256 it was written with")
    return content


def _epoch(path):
    return int(NAME.fullmatch(path.name).group(1))


def _sha256(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256_of(body):
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _sync(path):
    """Wait until a file, or the list of names in a folder, is on the disk."""
    if os.name == "nt":
        if path.is_dir():  # Windows cannot open folders, and keeps their names itself
            return
        flags = os.O_RDWR
    else:
        flags = os.O_RDONLY
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reason(error):
    return error.strerror or str(error)
