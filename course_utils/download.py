"""Files too big to bundle: fetched once into a cache, checked, and never half there.

``data/README.md`` explains the settings ``COURSE_DATA_DIR``, ``COURSE_MIRROR`` and
``COURSE_OFFLINE``.
"""

import hashlib
import os
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from course_utils.files import ensure_home

__all__ = [
    "DataError",
    "Remote",
    "cache_folder",
    "fetch",
    "keras_folder",
    "why_unusable",
]

#: Seconds until a connection must stand, and seconds without data that end a transfer.
TIMEOUT = (10, 30)
#: Seconds until a connection must stand when something else will do as well.
QUICK = 3
#: Tries per address, where another try can help.
TRIES = 3
#: Without a rate: pooch restarts the bar's clock when the last piece has arrived.
BAR = "{percentage:3.0f}% |{bar:40}| {n_fmt}/{total_fmt}B, {remaining} left"
#: What is behind a failed request, by an exception's name, and whether to try again.
REASONS = {
    "SSLCertVerificationError": ("the host's certificate is not accepted", False),
    "ProxyError": ("no way through the proxy that is set", False),
    "gaierror": ("name not resolved: no network, or the host is blocked", False),
    "ConnectTimeout": ("no connection within {0} s", False),
    "ConnectionRefusedError": ("no connection: refused", False),
    "TimeoutError": ("stalled: no data for {1} s", True),
    "IncompleteRead": ("ended early", True),
}


class DataError(Exception):
    """A data file cannot be used; the message says which, why, and how to mend it."""


class _Trouble(Exception):
    """Why one place does not give a file, in words; another try will not mend it."""


@dataclass(frozen=True)
class Remote:
    """A file to fetch."""

    name: str  # in the cache and on a mirror
    url: str  # of the host that is asked last
    digest: str  # sha256: or md5: and its digits; nothing else is ever accepted
    size: int  # in bytes, for messages
    otherwise: str  # what to do without the file, a sentence


def cache_folder():
    """Where fetched files are kept: ``COURSE_DATA_DIR``, else the user's cache."""
    ensure_home()
    folder = os.environ.get("COURSE_DATA_DIR", "").strip()
    if folder:
        return Path(folder).expanduser().absolute()
    import pooch

    return pooch.os_cache("course-utils")


def keras_folder():
    """Where Keras keeps its settings and downloads: ``KERAS_HOME``, else ~/.keras."""
    ensure_home()
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")


def fetch(remote, copies=(), quick=False):
    """The path of a verified copy of `remote`, downloaded first if there is none.

    Looked for in the cache, then among `copies`, then on ``COURSE_MIRROR``, then at
    the file's own URL. What is found on the last two is kept in the cache. A damaged
    file in the cache is replaced. Of several processes that ask at once, one fetches
    and the others wait for it. Progress goes to standard error.

    Parameters
    ----------
    remote : Remote
    copies : sequence of pathlib.Path
        Where another program may have put the file; used in place, never changed.
    quick : bool
        Whether to give up soon: one try per address, three seconds to connect.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    DataError
        Naming every place that was tried, what was wrong there, and what to do.
    """
    cached = cache_folder() / remote.name
    tried = []
    for path in (cached, *copies):
        trouble = why_unusable(path, remote.digest)
        if not trouble:
            return path
        tried.append(f"  {path}: {trouble}\n")
    sources = [remote.url]
    if mirror := os.environ.get("COURSE_MIRROR", "").strip():
        sources.insert(0, _on_mirror(mirror, remote.name))
    offline = os.environ.get("COURSE_OFFLINE", "").strip() not in ("", "0")
    for source in sources:
        try:
            if offline and isinstance(source, str):
                raise _Trouble("not tried, because COURSE_OFFLINE forbids the network")
            return _keep(source, cached, remote, quick)
        except _Trouble as trouble:
            tried.append(f"  {source}: {trouble}\n")
        except OSError as error:
            raise DataError(
                f"cannot write to {cached.parent}: {error.strerror or error}. Free "
                "some disk space or get write permission there, or set "
                "COURSE_DATA_DIR to a folder that has both."
            ) from error
    raise DataError(
        f"{remote.name} ({remote.size / 1e6:.0f} MB) could not be fetched. Tried:\n"
        f"{''.join(tried)}Any one of these helps:\n"
        f"  - copy the file, from a machine that has it, to {cached};\n"
        "  - set COURSE_MIRROR to a URL, folder or file that has it;\n"
        + ("  - unset COURSE_OFFLINE;\n" if offline else "")
        + f"  - {remote.otherwise}\nThe right file has {remote.digest}."
    )


def why_unusable(path, digest):
    """What is wrong with a local file, in words; None if it has the digest."""
    algorithm = digest.partition(":")[0]
    try:
        with open(path, "rb") as file:
            found = f"{algorithm}:{hashlib.file_digest(file, algorithm).hexdigest()}"
            size = file.tell()
    except FileNotFoundError:
        return "not there"
    except OSError as error:
        return f"not readable: {error.strerror or error}"
    if found != digest:
        return f"wrong content: {size:,} bytes with {found[:20]}…"
    return None


def _on_mirror(mirror, name):
    """Where the mirror keeps the file: a URL as str, or a local path as Path."""
    if mirror.startswith(("http://", "https://")):
        return mirror if mirror.endswith(f"/{name}") else f"{mirror.rstrip('/')}/{name}"
    if mirror.startswith("file://"):
        from urllib.request import url2pathname  # slow to import

        mirror = url2pathname(mirror[5:].replace("//localhost/", "///", 1))
    elif "://" in mirror:
        raise DataError(
            f"COURSE_MIRROR={mirror} cannot be used: expected a URL that starts with "
            "http://, https:// or file://, or the path of a folder or file."
        )
    path = Path(mirror).expanduser().absolute()
    # not path.is_dir(), which raises where the path may not be looked at
    return path / name if os.path.isdir(path) else path


def _keep(source, cached, remote, quick):
    """The path in the cache, once `source` is there, whole and verified."""
    cached.parent.mkdir(parents=True, exist_ok=True)
    with _lock(cached):
        if not why_unusable(cached, remote.digest):
            return cached  # another process was faster
        partial = cached.with_name(f".{cached.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)  # left by a process that was killed
        partial.mkdir()
        try:
            _transfer(source, partial, remote, quick)
            with suppress(OSError):  # a drive without rights
                (partial / remote.name).chmod(0o644)  # a shared cache is for all
            os.replace(partial / remote.name, cached)
            return cached
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _lock(target):
    """Hold the lock beside `target`; the operating system frees it if we are killed."""
    from filelock import FileLock, Timeout

    lock = FileLock(target.with_name(f".{target.name}.lock"))
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        print(f"waiting: another process is fetching {target.name}", file=sys.stderr)
        return lock.acquire()


def _transfer(source, folder, remote, quick):
    """Let pooch bring a file, verified, or raise why it cannot."""
    import pooch
    from requests import RequestException
    from tqdm import tqdm

    pooch.get_logger().setLevel("ERROR")  # what matters of its news is said here
    timeout = (min(QUICK, TIMEOUT[0]) if quick else TIMEOUT[0], TIMEOUT[1])
    tries = 1 if quick else TRIES
    web = pooch.HTTPDownloader(chunk_size=1 << 16, timeout=timeout)

    def bring(url, file, store):
        if isinstance(source, Path):
            return _copy(source, file, remote)
        try:  # the bar is ours, to be closed whatever happens
            with tqdm(total=remote.size, unit_scale=True, bar_format=BAR) as bar:
                web.progressbar = bar
                return web(url, file, store)
        except RequestException as error:
            reason, again = _diagnosis(error, timeout)
            if again:
                raise
            raise _Trouble(reason) from error

    files, urls = {remote.name: remote.digest}, {remote.name: str(source)}
    store = pooch.Pooch(folder, "", files, urls, retry_if_failed=tries - 1)
    try:
        store.fetch(remote.name, downloader=bring)
    except RequestException as error:
        reason = _diagnosis(error, timeout)[0]
        raise _Trouble(f"{reason} (tries: {tries})") from error
    except ValueError as error:  # pooch has compared the hash
        raise _Trouble(f"wrong content: another hash (tries: {tries})") from error


def _copy(source, target, remote):
    """Copy a file of a local mirror, where another try would not help."""
    if trouble := why_unusable(source, remote.digest):
        raise _Trouble(trouble)
    try:
        content = source.read_bytes()
    except OSError as error:  # a share may go away at any moment
        raise _Trouble(f"not readable: {error.strerror or error}") from error
    Path(target).write_bytes(content)


def _diagnosis(error, timeout):
    """What a failed request means, in words, and whether another try may help."""
    answer = error.response
    if answer is not None and not answer.ok:
        again = answer.status_code >= 500 or answer.status_code in (408, 429)
        return f"{answer.status_code} {answer.reason}", again
    cause = error
    while cause:
        if type(cause).__name__ in REASONS:
            reason, again = REASONS[type(cause).__name__]
            return reason.format(*timeout), again
        cause = cause.__cause__ or cause.__context__
    return f"{type(error).__name__}: {error}"[:200], True
