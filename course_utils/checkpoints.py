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
UNFINISHED, DISCARDED = ".unfinished-", ".discarded-"  # swept at the next start


class CheckpointError(RuntimeError):
    """Checkpoints cannot be written or used; the message says why and what to do."""


class Checkpoint(NamedTuple):
    """A whole checkpoint: its number, its folder, and what the manifest holds."""

    epoch: int
    path: Path
    content: dict


class CheckpointFolder:
    """The checkpoints of one run, held by one process: ``with CheckpointFolder(…)``.

    The folder is made if it is missing, and nothing in it is touched but what this
    class wrote. The last `keep` checkpoints stay. Every method, and entering, raises
    CheckpointError where the folder cannot be used, and no checkpoint is lost by it.
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
        """The newest `Checkpoint` that is whole, None if the folder holds none at all.

        A damaged one is put aside, under its name with ``.damaged`` behind it, and a
        `UserWarning` names it and the one used instead. If all are damaged, or one is
        of a newer format, that is an error.
        """
        found, damaged = None, {}
        for path in reversed(self._paths()):
            try:
                found = Checkpoint(_epoch(path), path, _verified(path))
                break
            except _DamageError as damage:
                damaged[path] = damage
        if not damaged:
            return found
        reasons = "; ".join(f"{path.name}: {why}" for path, why in damaged.items())
        if not found:
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
        warnings.warn(
            f"{self.path}: damaged checkpoint put aside ({reasons}); going on from "
            f"{found.path.name}, the newest that is whole",
            stacklevel=2,
        )
        return found

    def save(self, epoch, content, write):
        """Add a checkpoint, then remove those older than the last `keep`.

        Its number `epoch` is larger than that of any there; `content`, a dict, goes as
        JSON into the manifest; ``write(path)`` writes files into an empty folder.
        """
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
            os.rename(aside, self.path / f"epoch-{epoch:06d}")
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
    name = MANIFEST
    try:
        manifest = json.loads((path / name).read_bytes())
        if manifest.pop("sha256") != _sha256_of(manifest):
            raise _DamageError(f"{name} has been altered")
        if manifest["format"] > FORMAT:
            raise CheckpointError(
                f"{path} has format {manifest['format']}, and this course_utils reads "
                f"formats up to {FORMAT}. Nothing was changed. Update the course, or "
                "name another folder."
            )
        for name, entry in manifest["files"].items():
            if _sha256(path / name) != entry["sha256"]:
                raise _DamageError(
                    f"{name} does not have the SHA-256 it was written with"
                )
        return manifest["content"]
    except OSError as error:
        raise _DamageError(f"{name}: {_reason(error)}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _DamageError(f"{MANIFEST} is no manifest") from error


def _epoch(path):
    return int(NAME.fullmatch(path.name).group(1))


def _sha256(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256_of(body):
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _sync(path):
    """Wait until a file, or the list of names in a folder, is on the disk."""
    windows = os.name == "nt"
    if windows and path.is_dir():  # which it cannot open; it keeps the names itself
        return
    handle = os.open(path, os.O_RDWR if windows else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reason(error):
    return error.strerror or str(error)
