"""Files written in one step, and a home folder where the user has none."""

import os
from pathlib import Path

import pytest

from course_utils import files


def test_a_drive_that_knows_no_rights(tmp_path, monkeypatch):
    """FAT and some network drives refuse chmod; the content is what counts."""
    asked = []

    def refused(path, mode, **_):
        asked.append(path)
        raise PermissionError(1, "Operation not permitted", str(path))

    monkeypatch.setattr(os, "chmod", refused)
    path = tmp_path / "file.txt"
    files.write_atomically(path, "one")
    files.write_atomically(path, "two")
    assert path.read_text() == "two"
    assert list(tmp_path.iterdir()) == [path]
    assert len(asked) == 1


@pytest.fixture
def homeless(tmp_path, monkeypatch):
    """As in a container that knows neither HOME nor the user's number."""
    pwd = pytest.importorskip("pwd")  # not on Windows
    (tmp_path / "temporary").mkdir()

    def unknown(number):
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(files.tempfile, "tempdir", str(tmp_path / "temporary"))
    with pytest.raises(RuntimeError):
        Path.home()
    yield tmp_path / "temporary"
    os.environ.pop("HOME", None)


def test_a_home_for_all_libraries(homeless):
    files.ensure_home()
    home = homeless / f"course-home-{os.getuid()}"
    assert Path.home() == home
    assert home.stat().st_mode & 0o777 == 0o700
    del os.environ["HOME"]
    files.ensure_home()  # the next process finds what this one has kept
    assert Path.home() == home


def test_a_home_that_somebody_else_has_put_there_is_not_used(homeless, monkeypatch):
    theirs = homeless / "theirs"
    theirs.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    (homeless / "course-home-12345").symlink_to(theirs)
    files.ensure_home()
    assert Path.home().parent == homeless
    assert Path.home().name not in ("theirs", "course-home-12345")


def test_who_has_a_home_keeps_it(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    files.ensure_home()
    assert Path.home() == tmp_path
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("homeless")
def test_caches_where_there_is_no_home(homeless, monkeypatch):
    from course_utils import download

    for name in ("COURSE_DATA_DIR", "KERAS_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    home = homeless / f"course-home-{os.getuid()}"
    assert download.cache_folder() == home / ".cache" / "course-utils"
    del os.environ["HOME"]
    assert download.keras_folder() == home / ".keras"
