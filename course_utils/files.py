"""Files that are either written whole or left as they were."""

import os
import tempfile
from pathlib import Path

__all__ = ["write_atomically"]


def write_atomically(path, content):
    """Write a file in one step: readers see the old content or the new, never a part.

    Parameters
    ----------
    path : path-like
        Its folder is made if it is missing.
    content : str or bytes
        Text is written as UTF-8 with LF.

    Raises
    ------
    OSError
        If it cannot be written; an existing file is unharmed then.
    """
    path = Path(path)
    data = content.encode("utf-8") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        # mkstemp makes files that only their owner can read
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
