"""Files too big to bundle: fetched once into a cache, checked, and never half there.

Three environment variables govern it:

``COURSE_DATA_DIR``
    The cache: a folder that may be shared and read-only once the files are in it.
    Without it, the user's cache folder.
``COURSE_MIRROR``
    Where to look before the usual host: an http(s) URL, a ``file://`` URL or a path,
    of the file itself or of a folder that holds it.
``COURSE_OFFLINE``
    Anything but empty or 0 forbids the network. Local files still count.
"""

import hashlib
import os
import shutil
import socket
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

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
#: Tries per address, where another try can help.
TRIES = 3
#: Seconds until a connection must stand when something else will do as well.
QUICK = 3

# no rate: pooch restarts the bar's clock when the last piece has arrived
BAR = "{percentage:3.0f}% |{bar:40}| {n_fmt}/{total_fmt}B, {remaining} left"


class DataError(Exception):
    """A data file cannot be used; the message says which, why, and how to mend it."""


@dataclass(frozen=True)
class Remote:
    """A file to fetch.

    Parameters
    ----------
    name : str
        Its name in the cache and on a mirror.
    url : str
        The host that is asked last.
    sha256 : str
        64 hexadecimal digits; nothing else is accepted, wherever it comes from. Empty
        if only an MD5 was published.
    size : int
        Bytes, for messages.
    otherwise : str
        What to do without the file, a sentence.
    md5 : str
        32 hexadecimal digits, for a file without a published SHA-256.
    """

    name: str
    url: str
    sha256: str
    size: int
    otherwise: str
    md5: str = ""

    @property
    def digest(self):
        """The hash that the file must have."""
        return self.sha256 or self.md5


def cache_folder():
    """Where fetched files are kept: ``COURSE_DATA_DIR``, else the user's cache.

    Returns
    -------
    pathlib.Path
        Absolute; need not exist yet.
    """
    folder = os.environ.get("COURSE_DATA_DIR", "").strip()
    if folder:
        return Path(folder).expanduser().absolute()
    import pooch

    return Path(pooch.os_cache("course-utils"))


def keras_folder():
    """Where Keras keeps its settings and what it has fetched.

    Returns
    -------
    pathlib.Path
        ``KERAS_HOME``, else ``~/.keras``; need not exist.
    """
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
        tried.append((path, trouble))
    sources = [remote.url]
    if mirror := os.environ.get("COURSE_MIRROR", "").strip():
        sources.insert(0, _on_mirror(mirror, remote.name))
    if _offline():  # found out before anything is written
        reason = "not tried, because COURSE_OFFLINE forbids the network"
        tried += [(source, reason) for source in sources if isinstance(source, str)]
        sources = [source for source in sources if not isinstance(source, str)]
    with _writing(cached.parent):
        if sources:
            cached.parent.mkdir(parents=True, exist_ok=True)
            with _alone(cached):
                if not why_unusable(cached, remote.digest):
                    return cached  # another process was faster
                for source in sources:
                    trouble = _keep(source, cached, remote, quick)
                    if not trouble:
                        return cached
                    tried.append((source, trouble))
    raise DataError(_report(remote, tried, cached))


def why_unusable(path, digest):
    """What is wrong with a local file, in words; None if nothing is.

    Parameters
    ----------
    path : pathlib.Path
    digest : str
        Expected, 64 hexadecimal digits of a SHA-256 or 32 of an MD5.

    Returns
    -------
    str or None
    """
    try:
        with open(path, "rb") as file:
            found = hashlib.file_digest(file, _function(digest)).hexdigest()
    except FileNotFoundError:
        return "not there"
    except OSError as error:
        return f"not readable: {error.strerror or error}"
    if found != digest:
        size = path.stat().st_size
        return f"wrong content: {size:,} bytes with {_kind(digest)} {found[:12]}…"
    return None


def _kind(digest):
    """The name of a hash, by its length."""
    return {64: "SHA-256", 32: "MD5"}[len(digest)]


def _function(digest):
    """What hashlib calls it."""
    return _kind(digest).replace("-", "").lower()


def _offline():
    return os.environ.get("COURSE_OFFLINE", "").strip() not in ("", "0")


def _on_mirror(mirror, name):
    """Where the mirror keeps the file: a URL as str, or a local path as Path."""
    scheme, host, path = urlsplit(mirror)[:3]
    if "://" not in mirror:
        path = mirror
    elif scheme in ("http", "https"):
        return mirror if mirror.endswith(f"/{name}") else f"{mirror.rstrip('/')}/{name}"
    elif scheme == "file":
        from urllib.request import url2pathname  # slow to import

        path = url2pathname(path if host in ("", "localhost") else f"//{host}{path}")
    else:
        raise DataError(
            f"COURSE_MIRROR={mirror} cannot be used: expected a URL that starts with "
            "http://, https:// or file://, or the path of a folder or file."
        )
    path = Path(path).expanduser().absolute()
    # not path.is_dir(), which raises where the path may not be looked at
    return path / name if os.path.isdir(path) else path


@contextmanager
def _alone(target):
    """Hold the lock beside `target`; the operating system frees it if we are killed."""
    from filelock import FileLock, Timeout

    lock = FileLock(target.with_name(f".{target.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"waiting: another process is fetching {target.name}", file=sys.stderr)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _writing(folder):
    """Turn what keeps us from writing (full disk, no permission) into one error."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"cannot write to {folder}: {error.strerror or error}. Free some disk "
            "space or get write permission there, or set COURSE_DATA_DIR to a folder "
            "that has both."
        ) from error


def _keep(source, target, remote, quick):
    """Bring `source` to `target`, whole and verified or not at all; why not, if not.

    The transfer happens in a folder of its own beside `target`: what a killed process
    left there is swept away by the next one, which holds the lock.
    """
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        if isinstance(source, Path):
            if trouble := why_unusable(source, remote.digest):
                return trouble
            trouble = _copy(source, partial / target.name)
            trouble = trouble or why_unusable(partial / target.name, remote.digest)
        else:
            trouble = _download(source, partial, remote, quick)
        if not trouble:
            (partial / target.name).chmod(0o644)  # a shared cache is for all to read
            os.replace(partial / target.name, target)
        return trouble
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _copy(source, target):
    """Copy a file; why it cannot be read, if so. What cannot be written is raised."""

    def pieces():
        try:
            with open(source, "rb") as file:
                while piece := file.read(1 << 20):
                    yield piece
        except OSError as error:  # a share may go away at any moment
            raise _GivenUp(f"not readable: {error.strerror or error}") from error

    try:
        with open(target, "wb") as copy:
            copy.writelines(pieces())
    except _GivenUp as error:
        return str(error)
    return None


def _download(url, folder, remote, quick):
    """Download and verify; return what went wrong in words, or None."""
    import pooch
    import requests

    pooch.get_logger().setLevel("ERROR")  # what matters of its news is said here
    connect, silence = TIMEOUT
    timeout = (min(QUICK, connect) if quick else connect, silence)
    downloader = _downloader(remote.size, timeout)
    store = pooch.create(
        folder,
        base_url="",
        registry={remote.name: f"{_function(remote.digest)}:{remote.digest}"},
        urls={remote.name: url},
        retry_if_failed=0 if quick else TRIES - 1,
    )
    try:
        store.fetch(remote.name, downloader=downloader)
    except _GivenUp as error:
        return str(error)
    except requests.RequestException as error:
        trouble, _ = _diagnosis(error, timeout)
    except ValueError:  # pooch has compared the hash
        kind = _kind(remote.digest)
        trouble = f"wrong content: {downloader.received:,} bytes with another {kind}"
    else:
        return None
    return f"{trouble} ({downloader.tries} {'try' if quick else 'tries'})"


class _GivenUp(Exception):
    """A failure that another try will not mend; pooch does not retry it."""


def _downloader(size, timeout):
    """Pooch's downloader with a progress bar that is closed whatever happens."""
    import pooch
    import requests
    from tqdm import tqdm

    class Downloader(pooch.HTTPDownloader):
        tries = received = 0

        def __call__(self, url, output_file, *rest, **options):
            self.tries += 1
            with tqdm(total=size, unit="B", unit_scale=True, bar_format=BAR) as bar:
                self.progressbar = bar  # pooch sets the total that the server tells
                try:
                    super().__call__(url, output_file, *rest, **options)
                except requests.RequestException as error:
                    trouble, again = _diagnosis(error, timeout)
                    if again:
                        raise
                    raise _GivenUp(trouble) from error
            self.received = os.path.getsize(output_file)

    return Downloader(timeout=timeout, chunk_size=1 << 16)


def _diagnosis(error, timeout):
    """What a failed request means, in words, and whether another try may help."""
    import requests
    from urllib3 import exceptions as urllib3

    causes = {type(cause): cause for cause in _causes(error)}

    def caused_by(*kinds):
        return next((c for kind, c in causes.items() if issubclass(kind, kinds)), None)

    if isinstance(error, requests.HTTPError):
        status = error.response.status_code
        temporary = status >= 500 or status in (408, 429)
        return f"{status} {error.response.reason}", temporary
    if caused_by(socket.gaierror):
        return "name not resolved: no network, or the host is blocked", False
    if caused_by(requests.ConnectTimeout):
        return f"no connection within {timeout[0]} s", False
    if refused := caused_by(ConnectionRefusedError):
        return f"no connection: {refused.strerror}", False
    if caused_by(urllib3.ReadTimeoutError):
        return f"stalled: no data for {timeout[1]} s", True
    if short := caused_by(urllib3.IncompleteRead):
        return f"ended early, {short.expected:,} bytes short", True
    return f"{type(error).__name__}: {error}"[:200], True


def _causes(error):
    """The error and all those it was made of, through every wrapper."""
    seen, waiting = [], [error]
    while waiting:
        error = waiting.pop()
        if isinstance(error, BaseException) and error not in seen:
            seen.append(error)
            reason = getattr(error, "reason", None)
            waiting += [*error.args, error.__cause__, error.__context__, reason]
    return seen


def _report(remote, tried, cached):
    """The message when nothing worked: where, what was wrong there, what to do."""
    places = "\n".join(f"  {place}: {trouble}" for place, trouble in tried)
    return (
        f"{remote.name} ({remote.size / 1e6:.0f} MB) could not be fetched. Tried:\n"
        f"{places}\nAny one of these helps:\n"
        f"  - copy the file, from a machine that has it, to {cached};\n"
        "  - set COURSE_MIRROR to a URL, folder or file that has it;\n"
        + ("  - unset COURSE_OFFLINE;\n" if _offline() else "")
        + f"  - {remote.otherwise}\n"
        f"The right file has {_kind(remote.digest)} {remote.digest}."
    )
