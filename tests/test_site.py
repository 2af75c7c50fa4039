"""The command that makes the site: what it takes, refuses and leaves behind."""

import importlib.util

import pytest

from course_tools import lectures, site
from course_tools.main import main
from course_tools.places import UserError


@pytest.fixture
def without_sphinx(monkeypatch):
    """A quick stand-in for Sphinx, which writes what marks a site."""

    def write(work):
        (work / "site").mkdir()
        (work / "site" / site.MARK).write_text("", "utf-8")
        (work / "site" / "index.html").write_text("new", "utf-8")

    monkeypatch.setattr(site, "_run_sphinx", write)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(lectures, "read", list)


def test_a_mistake_in_a_lectures_file_is_one_line(
    without_sphinx, monkeypatch, tmp_path, capsys
):
    wrong = {"see": {"Nonsense": ["Section"]}}
    lecture = lectures.Lecture("21", "21_x.ipynb", {}, wrong)
    monkeypatch.setattr(lectures, "read", lambda: [lecture])
    assert main(["site", "--to", str(tmp_path / "site")]) == 1
    told = capsys.readouterr().err
    assert told == "error: docs/lectures/21.toml: no lecture introduces 'Nonsense'\n"
    assert list(tmp_path.iterdir()) == []


def test_a_missing_library_is_one_line(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["site", "--to", str(tmp_path / "site")]) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: the library 'sphinx' is missing in ")
    assert told.endswith("python -m pip install -r requirements.txt\n")
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_else_is_left_alone(without_sphinx, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years", "utf-8")
    assert main(["site", "--to", str(tmp_path)]) == 1
    assert "is not a site that this command made" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_left_alone(without_sphinx, tmp_path, capsys):
    (tmp_path / "file").write_text("mine", "utf-8")
    assert main(["site", "--to", str(tmp_path / "file")]) == 1
    assert "is not a site that this command made" in capsys.readouterr().err
    assert (tmp_path / "file").read_text("utf-8") == "mine"


def test_an_older_site_is_replaced_as_a_whole(without_sphinx, tmp_path):
    target = tmp_path / "site"
    assert main(["site", "--to", str(target)]) == 0
    (target / "old.html").write_text("old", "utf-8")
    assert main(["site", "--to", str(target)]) == 0
    assert not (target / "old.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_site_that_cannot_be_made_leaves_the_older_one(
    without_sphinx, monkeypatch, tmp_path, capsys
):
    target = tmp_path / "site"
    assert main(["site", "--to", str(target)]) == 0

    def fail(work):
        raise UserError("Sphinx could not make the site:\nindex.md:1: WARNING")

    monkeypatch.setattr(site, "_run_sphinx", fail)
    assert main(["site", "--to", str(target)]) == 1
    assert capsys.readouterr().err.startswith("error: Sphinx could not make the site")
    assert (target / "index.html").read_text("utf-8") == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_warning_of_sphinx_is_an_error_with_its_place(tmp_path):
    pytest.importorskip("sphinx")
    (tmp_path / "conf.py").write_text(
        "from pathlib import Path\n"
        "def setup(app):\n"
        "    page = Path(app.srcdir, 'index.rst')\n"
        "    page.write_text('T\\n==\\n\\n:doc:`nowhere`\\n')\n",
        "utf-8",
    )
    (tmp_path / "work").mkdir()
    with pytest.raises(UserError, match=r"\nindex\.rst:4: WARNING: .*nowhere"):
        site._run_sphinx(tmp_path / "work", tmp_path)
