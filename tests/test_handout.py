"""Handouts without a browser; with one: tests/browser/test_decks.py."""

from course_tools import handout
from course_tools.main import main


def test_without_a_browser_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("COURSE_CHROMIUM", raising=False)
    monkeypatch.setattr(handout.shutil, "which", lambda name: None)
    assert main(["handout", "--to", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("error: no Chromium or Chrome is found")
    assert not any(tmp_path.iterdir())


def test_a_browser_that_does_not_start_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_CHROMIUM", str(tmp_path / "none"))
    assert main(["handout", "22", "--to", str(tmp_path / "slides")]) == 1
    assert f"{tmp_path / 'none'} did not print" in capsys.readouterr().err
