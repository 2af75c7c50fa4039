"""Files that are either written whole or left as they were."""

import os
import secrets
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
    # opened as any program opens a file, not by mkstemp: others may read it then
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        temporary.write_bytes(data)
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
