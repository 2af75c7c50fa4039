"""Files that are written whole or not at all; a home folder where there is none."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

__all__ = ["ensure_home", "write_atomically"]


def write_atomically(path, content):
    """Write a file in one step: readers see the old content or the new, never a part.

    Parameters
    ----------
    path : path-like
        Its folder is made if it is missing. The rights of an existing file are kept
        where the drive knows rights.
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
        with contextlib.suppress(OSError):  # no old file, or a drive without rights
            temporary.chmod(path.stat().st_mode & 0o777)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def ensure_home():
    """Where the user has no home folder, as in some containers, make a temporary one.

    Libraries find it too, as it is named in the environment: without any, TensorFlow
    leaves a folder named ``~`` wherever it is started.
    """
    try:
        Path.home()
    except RuntimeError:
        user = getattr(os, "getuid", int)()  # Windows has none
        home = Path(tempfile.gettempdir(), f"course-home-{user}")
        with contextlib.suppress(OSError):  # it is there already
            home.mkdir(mode=0o700)
        if not home.is_dir() or home.lstat().st_uid != user:  # somebody else's trap
            home = Path(tempfile.mkdtemp(prefix="course-home-"))
        os.environ["USERPROFILE" if os.name == "nt" else "HOME"] = str(home)
