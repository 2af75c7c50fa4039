"""The whole download path, against a server on this machine that misbehaves."""

import dataclasses
import errno
import hashlib
import io
import os
import signal
import socket
import ssl
import subprocess
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from http_server import FileServer

from course_utils import data, download
from course_utils.data import DataError, fetch_digits, load_digits

TRAIN, TEST = 40, 20


def small_mnist():
    """An npz file with the layout of MNIST and pixels that do not compress."""
    rng = np.random.default_rng(0)
    arrays = {}
    for part, n in (("train", TRAIN), ("test", TEST)):
        arrays[f"x_{part}"] = rng.integers(0, 256, (n, 28, 28), np.uint8)
        arrays[f"y_{part}"] = np.arange(n, dtype=np.uint8) % 10
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue(), arrays


CONTENT, ARRAYS = small_mnist()
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, a home without Keras' files, and no host but this machine."""
    real = socket.getaddrinfo

    def local_only(host, *rest, **options):
        if host != "127.0.0.1":
            raise socket.gaierror(socket.EAI_NONAME, f"{host} is outside the test")
        return real(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", local_only)
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("COURSE_OFFLINE", raising=False)
    monkeypatch.delenv("COURSE_MIRROR", raising=False)
    monkeypatch.setattr(download, "TIMEOUT", (5, 10))
    serve_at(monkeypatch, "http://nowhere.invalid/mnist.npz")
    return tmp_path / "cache"


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """The pauses between two tries, noted instead of made."""
    import pooch.core

    pauses = []
    monkeypatch.setattr(pooch.core, "time", SimpleNamespace(sleep=pauses.append))
    return pauses


@pytest.fixture
def impatient(cache, monkeypatch):
    """A transfer is given up after a fifth of a second of silence."""
    monkeypatch.setattr(download, "TIMEOUT", (5, 0.2))


def serve_at(monkeypatch, url):
    """Make `url` the place that the full set comes from."""
    remote = dataclasses.replace(data.FULL_MNIST, url=url, digest=DIGEST)
    monkeypatch.setattr(data, "FULL_MNIST", remote)


def files_in(folder):
    """Names of what is in a folder, but for the lock."""
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def failure():
    """The message of the one error that a failed fetch raises."""
    with pytest.raises(DataError) as caught:
        fetch_digits()
    return str(caught.value)


def test_url_and_hash_are_those_of_the_installed_keras():
    keras = Path(find_spec("keras").origin).parent  # reading is faster than importing
    source = (keras / "src" / "datasets" / "mnist.py").read_text(encoding="utf-8")
    folder, _, name = data.FULL_MNIST.url.rpartition("/")
    assert f'"{folder}/"' in source
    assert f"{{origin_folder}}{name}" in source
    assert f'"{data.FULL_MNIST.digest.removeprefix("sha256:")}"' in source


def test_fetched_once_then_served_from_the_cache(cache, monkeypatch, capsys):
    with FileServer(CONTENT, "ok") as server:
        serve_at(monkeypatch, server.url)
        path = fetch_digits()
        assert path == cache / "mnist.npz"
        assert path.read_bytes() == CONTENT
        assert files_in(cache) == ["mnist.npz"]
        assert path.stat().st_mode & 0o444 == 0o444  # others may share the cache
        assert fetch_digits() == path
        assert server.paths == ["/mnist.npz"]
    progress = capsys.readouterr()
    assert "100%" in progress.err
    assert f"{len(CONTENT) / 1000:.1f}k/" in progress.err
    assert progress.out == ""


def test_load_digits_full_gives_what_the_file_holds(cache, monkeypatch):
    with FileServer(CONTENT, "ok") as server:
        serve_at(monkeypatch, server.url)
        digits = load_digits("full", validation=10)
    np.testing.assert_array_equal(digits.x_test, ARRAYS["x_test"] / np.float32(255))
    np.testing.assert_array_equal(digits.y_test, ARRAYS["y_test"])
    assert digits.x_train.shape == (TRAIN - 10, 28, 28)
    assert np.bincount(digits.y_validation).tolist() == [1] * 10


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("trouble", ["500", "truncated", "stalled", "silent", "wrong"])
def test_what_passes_is_tried_again(cache, monkeypatch, pauses, trouble):
    with FileServer(CONTENT, trouble, "ok") as server:
        serve_at(monkeypatch, server.url)
        assert fetch_digits().read_bytes() == CONTENT
        assert len(server.paths) == 2
    assert len(pauses) == 1
    assert files_in(cache) == ["mnist.npz"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("trouble", "reason", "tries"),
    [
        ("404", "404 Not Found", 1),
        ("500", "500 Internal Server Error (tries: 3)", 3),
        ("truncated", "ended early (tries: 3)", 3),
        ("stalled", "stalled: no data for 0.2 s (tries: 3)", 3),
        ("silent", "stalled: no data for 0.2 s (tries: 3)", 3),
        ("wrong", "wrong content: another hash (tries: 3)", 3),
        ("loop", "TooManyRedirects", None),
    ],
)
def test_what_stays_is_one_error_that_says_so(
    cache, monkeypatch, trouble, reason, tries
):
    with FileServer(CONTENT, trouble) as server:
        serve_at(monkeypatch, server.url)
        message = failure()
        assert f"{server.url}: {reason}" in message
        assert tries in (len(server.paths), None)
    assert files_in(cache) == []
    for needed in (
        "mnist.npz (11 MB)",
        f"{cache / 'mnist.npz'}: not there",
        f"copy the file, from a machine that has it, to {cache / 'mnist.npz'}",
        "COURSE_MIRROR",
        "load_digits()",
        DIGEST,
    ):
        assert needed in message
    assert "unset COURSE_OFFLINE" not in message


def test_redirects_are_followed(cache, monkeypatch):
    with FileServer(CONTENT, "redirect", "ok") as server:
        serve_at(monkeypatch, server.url)
        assert fetch_digits().read_bytes() == CONTENT
        assert server.paths == ["/mnist.npz", "/moved/mnist.npz"]


def test_a_name_that_does_not_resolve_is_not_tried_again(cache, pauses):
    assert "http://nowhere.invalid/mnist.npz: name not resolved" in failure()
    assert pauses == []


def test_a_refused_connection_is_not_tried_again(cache, monkeypatch, pauses):
    with FileServer(CONTENT, "ok") as server:
        serve_at(monkeypatch, server.url)
    assert f"{server.url}: no connection: refused" in failure()
    assert pauses == []


def test_a_proxy_that_is_not_there(cache, monkeypatch, pauses):
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert "mnist.npz: no way through the proxy that is set" in failure()
    assert pauses == []


def test_a_certificate_that_is_not_accepted(cache, monkeypatch, pauses):
    def refused(*_, **__):
        raise ssl.SSLCertVerificationError(1, "certificate verify failed")

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", refused)
    with FileServer(CONTENT, "ok") as server:
        serve_at(monkeypatch, server.url.replace("http:", "https:"))
        assert "the host's certificate is not accepted" in failure()
    assert pauses == []


def test_the_reason_is_not_taken_from_what_happened_before(cache, monkeypatch):
    """An error that is being handled when a file is asked for is not its cause."""
    with FileServer(CONTENT, "truncated") as server:
        serve_at(monkeypatch, server.url)
        try:
            raise socket.gaierror("of something else")
        except socket.gaierror:
            assert "ended early" in failure()


def test_a_connection_that_never_stands_is_given_up(cache, monkeypatch, pauses):
    def unanswered(*_, **__):
        raise TimeoutError("timed out")

    monkeypatch.setattr("urllib3.util.connection.create_connection", unanswered)
    assert "mnist.npz: no connection within 5 s" in failure()
    assert pauses == []


@pytest.mark.parametrize("form", ["{0}", "{0}/", "{0}/mnist.npz"])
def test_http_mirror_comes_first(cache, monkeypatch, form):
    with FileServer(CONTENT, "ok") as host, FileServer(CONTENT, "ok") as mirror:
        serve_at(monkeypatch, host.url)
        monkeypatch.setenv("COURSE_MIRROR", form.format(f"http://{mirror.host}/sets"))
        fetch_digits()
        assert mirror.paths == ["/sets/mnist.npz"]
        assert host.paths == []


def test_a_bad_mirror_is_passed_over(cache, monkeypatch):
    with FileServer(CONTENT, "ok") as host, FileServer(CONTENT, "wrong") as mirror:
        serve_at(monkeypatch, host.url)
        monkeypatch.setenv("COURSE_MIRROR", f"http://{mirror.host}")
        assert fetch_digits().read_bytes() == CONTENT


def test_mirror_and_host_are_both_reported(cache, monkeypatch):
    with FileServer(CONTENT, "500") as host, FileServer(CONTENT, "404") as mirror:
        serve_at(monkeypatch, host.url)
        monkeypatch.setenv("COURSE_MIRROR", f"http://{mirror.host}")
        message = failure()
    assert f"{mirror.url}: 404" in message
    assert f"{host.url}: 500" in message
    assert message.index(mirror.url) < message.index(host.url)


@pytest.mark.parametrize("offline", ["", "1"])
@pytest.mark.parametrize("kind", ["folder", "file", "folder URL", "file URL"])
def test_local_mirror_is_copied_even_offline(
    cache, tmp_path, monkeypatch, kind, offline
):
    folder = tmp_path / "a stick"
    folder.mkdir()
    file = folder / ("mnist.npz" if "folder" in kind else "mnist (1).npz")
    file.write_bytes(CONTENT)
    place = folder if "folder" in kind else file
    monkeypatch.setenv("COURSE_MIRROR", place.as_uri() if "URL" in kind else str(place))
    monkeypatch.setenv("COURSE_OFFLINE", offline)
    assert fetch_digits() == cache / "mnist.npz"
    file.unlink()  # the stick is taken away
    assert fetch_digits().read_bytes() == CONTENT
    assert files_in(cache) == ["mnist.npz"]


def test_local_mirror_with_another_file_is_reported(cache, tmp_path, monkeypatch):
    (tmp_path / "mnist.npz").write_bytes(CONTENT[:100])
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path))
    assert f"{tmp_path / 'mnist.npz'}: wrong content: 100 bytes" in failure()
    assert files_in(cache) == []


def test_mirror_of_unknown_kind(cache, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", "ftp://host/sets")
    message = failure()
    assert "COURSE_MIRROR=ftp://host/sets" in message
    assert "file://" in message


def test_offline_asks_no_server_and_writes_nothing(cache, monkeypatch):
    with FileServer(CONTENT, "ok") as host, FileServer(CONTENT, "ok") as mirror:
        serve_at(monkeypatch, host.url)
        monkeypatch.setenv("COURSE_MIRROR", f"http://{mirror.host}")
        monkeypatch.setenv("COURSE_OFFLINE", "1")
        message = failure()
        assert host.paths == mirror.paths == []
        monkeypatch.setenv("COURSE_OFFLINE", "0")
        fetch_digits()
        assert mirror.paths == ["/mnist.npz"]
    for url in (host.url, mirror.url):
        assert f"{url}: not tried, because COURSE_OFFLINE forbids" in message
    assert "unset COURSE_OFFLINE" in message


def test_offline_leaves_no_folder_behind(cache, monkeypatch):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    failure()
    assert not cache.exists()


def test_file_that_keras_has_fetched_is_used_in_place(cache, tmp_path, monkeypatch):
    keras_file = tmp_path / "keras" / "datasets" / "mnist.npz"
    keras_file.parent.mkdir(parents=True)
    keras_file.write_bytes(CONTENT)
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    assert fetch_digits() == keras_file
    keras_file.write_bytes(b"broken")
    assert f"{keras_file}: wrong content: 6 bytes" in failure()
    assert keras_file.read_bytes() == b"broken"  # not ours to repair


def test_without_keras_home_the_file_is_looked_for_at_home(
    cache, tmp_path, monkeypatch
):
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert f"{tmp_path / '.keras' / 'datasets' / 'mnist.npz'}: not there" in failure()


def test_without_course_data_dir_the_users_cache_is_used(monkeypatch):
    import platformdirs

    monkeypatch.delenv("COURSE_DATA_DIR", raising=False)
    assert str(download.cache_folder()) == platformdirs.user_cache_dir("course-utils")
    monkeypatch.setenv("COURSE_DATA_DIR", "~/here")
    assert download.cache_folder() == Path.home() / "here"


def test_local_mirror_that_is_not_there(cache, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "stick"))
    assert f"{tmp_path / 'stick'}: not there" in failure()


def test_damaged_file_in_the_cache_is_replaced(cache, tmp_path, monkeypatch):
    """In one step: who has the old file open keeps it whole, as a hard link shows."""
    cache.mkdir()
    (cache / "mnist.npz").write_bytes(CONTENT[:-1])
    (tmp_path / "old").hardlink_to(cache / "mnist.npz")
    with FileServer(CONTENT, "ok") as server:
        serve_at(monkeypatch, server.url)
        assert fetch_digits().read_bytes() == CONTENT
    assert (tmp_path / "old").read_bytes() == CONTENT[:-1]


def test_damaged_file_stays_and_is_named_if_it_cannot_be_replaced(cache):
    cache.mkdir()
    (cache / "mnist.npz").write_bytes(CONTENT[:-1])
    size = f"{len(CONTENT) - 1:,}"
    assert f"{cache / 'mnist.npz'}: wrong content: {size} bytes" in failure()
    assert files_in(cache) == ["mnist.npz"]


def test_folder_in_place_of_the_file_is_named(cache):
    (cache / "mnist.npz").mkdir(parents=True)
    assert f"{cache / 'mnist.npz'}: not readable: Is a directory" in failure()


def test_cache_that_is_a_file(cache, monkeypatch):
    cache.write_text("in the way")
    with FileServer(CONTENT, "ok") as server:
        serve_at(monkeypatch, server.url)
        message = failure()
    assert f"cannot write to {cache}: " in message
    assert "COURSE_DATA_DIR" in message


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_cache_without_write_permission(cache, monkeypatch, number):
    def denied(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "mkdir", denied)  # root may write anywhere
    with FileServer(CONTENT, "ok") as server:
        serve_at(monkeypatch, server.url)
        assert f"cannot write to {cache}: {os.strerror(number)}. Free" in failure()


def failure_on_a_full_disk():
    """As `failure`, while no file may grow past a third of the content."""
    resource = pytest.importorskip("resource")  # not on Windows
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(CONTENT) // 3, hard))
    try:
        return failure()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_disk_that_fills_up(cache, monkeypatch, pauses):
    with FileServer(CONTENT, "ok") as server:
        serve_at(monkeypatch, server.url)
        message = failure_on_a_full_disk()
    assert f"cannot write to {cache}: {os.strerror(errno.EFBIG)}" in message
    assert "disk space" in message
    assert pauses == []
    assert files_in(cache) == []


CHILD = textwrap.dedent(
    """
    import dataclasses, sys
    from course_utils import data
    url, digest = sys.argv[1:]
    data.FULL_MNIST = dataclasses.replace(data.FULL_MNIST, url=url, digest=digest)
    print(data.fetch_digits())
    """
)


def start_child(server):
    """Another process that fetches; the server decides when it gets on."""
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, server.url, DIGEST],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_fetch_once(cache):
    with FileServer(CONTENT, "held", "404") as server:
        first = start_child(server)
        assert server.arrived.wait(30)
        second = start_child(server)
        line = second.stderr.readline()  # it has found the lock taken
        server.release()
        outputs = [child.communicate(timeout=30)[0] for child in (first, second)]
    assert "waiting: another process is fetching mnist.npz" in line
    assert outputs == [f"{cache / 'mnist.npz'}\n"] * 2
    assert server.paths == ["/mnist.npz"]
    assert files_in(cache) == ["mnist.npz"]


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_process_leaves_nothing_that_matters(cache, monkeypatch, blow):
    with FileServer(CONTENT, "held", "ok") as server:
        child = start_child(server)
        assert server.arrived.wait(30)
        child.send_signal(blow)
        child.communicate(timeout=30)
        assert child.returncode != 0
        assert not (cache / "mnist.npz").exists()
        if blow == signal.SIGINT:
            assert files_in(cache) == []
        serve_at(monkeypatch, server.url)
        assert fetch_digits().read_bytes() == CONTENT
    assert files_in(cache) == ["mnist.npz"]


def test_nothing_in_the_file_is_unpickled(cache, monkeypatch):
    cache.mkdir()
    np.savez(cache / "mnist.npz", x_train=np.array([{}], dtype=object))
    digest = f"sha256:{hashlib.sha256((cache / 'mnist.npz').read_bytes()).hexdigest()}"
    remote = dataclasses.replace(data.FULL_MNIST, digest=digest)
    monkeypatch.setattr(data, "FULL_MNIST", remote)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_digits("full")


def test_a_share_that_goes_away_while_it_is_read(cache, tmp_path, monkeypatch):
    """Once it has been looked at; the usual address is tried then."""
    share = tmp_path / "share"
    share.mkdir()
    (share / "mnist.npz").write_bytes(CONTENT)
    monkeypatch.setenv("COURSE_MIRROR", str(share))
    real = Path.read_bytes

    def gone(path):
        if path == share / "mnist.npz":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", gone)
    message = failure()
    assert f"{share / 'mnist.npz'}: not readable: {os.strerror(errno.EIO)}" in message
    assert "cannot write" not in message
    with FileServer(CONTENT, "ok") as server:
        serve_at(monkeypatch, server.url)
        assert fetch_digits().read_bytes() == CONTENT
        assert server.paths == ["/mnist.npz"]


def test_a_mirror_that_may_not_be_looked_at(monkeypatch):
    def denied(path, *rest, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    mirror = Path("/closed/share").absolute()
    monkeypatch.setattr(Path, "stat", denied)  # root may look anywhere
    assert download._on_mirror(str(mirror), "mnist.npz") == mirror


def test_a_disk_that_is_full_when_a_mirror_is_copied(cache, tmp_path, monkeypatch):
    (tmp_path / "mnist.npz").write_bytes(CONTENT)
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path))
    message = failure_on_a_full_disk()
    assert f"cannot write to {cache}: {os.strerror(errno.EFBIG)}" in message
    assert files_in(cache) == []
