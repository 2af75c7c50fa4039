"""The command that makes the site: what it takes, refuses and leaves behind."""

import importlib.util
import json

import pytest
from notebook_files import NOTEBOOKS, ROOT

from course_tools import site
from course_tools.main import main


@pytest.fixture
def without_sphinx(monkeypatch):
    """A quick stand-in for Sphinx, which writes what marks a site."""

    def write(work):
        (work / "site").mkdir()
        (work / "site" / site.MARK).write_text("", "utf-8")
        (work / "site" / "index.html").write_text("new", "utf-8")

    monkeypatch.setattr(site, "_run_sphinx", write)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)


def test_a_missing_library_is_one_line(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["site", "--to", str(tmp_path / "site")]) == 1
    told = capsys.readouterr().err
    assert told.startswith(
        "error: the site needs sphinx, myst-nb, pydata-sphinx-theme: "
    )
    assert told.endswith('-m pip install -e ".[site]"\n')
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_else_is_left_alone(without_sphinx, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years", "utf-8")
    assert main(["site", "--to", str(tmp_path)]) == 1
    assert "is not a site that this command made" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


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
        raise site.SiteError("Sphinx could not make the site:\nindex.md:1: WARNING")

    monkeypatch.setattr(site, "_run_sphinx", fail)
    assert main(["site", "--to", str(target)]) == 1
    assert capsys.readouterr().err.startswith("error: Sphinx could not make the site")
    assert (target / "index.html").read_text("utf-8") == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_warning_of_sphinx_is_an_error_with_its_place(tmp_path):
    pytest.importorskip("sphinx")
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text("", "utf-8")
    (source / "index.rst").write_text("Title\n=====\n\n:doc:`nowhere`\n", "utf-8")
    with pytest.raises(site.SiteError, match=r"\nindex\.rst:4: WARNING: .*nowhere"):
        site._run_sphinx(tmp_path)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """What Sphinx gets to read."""
    folder = tmp_path_factory.mktemp("site") / "source"
    site.write_sources(ROOT, folder)
    return folder


def test_sources_are_whole(sources):
    names = {path.name for path in (sources / "notebooks").glob("*.ipynb")}
    assert names == {path.name for path in NOTEBOOKS}
    assert (sources / "_static/mathjax/tex-svg.js").is_file()
    assert (sources / "_static/mathjax/LICENSE").is_file()
    for page in ("index.md", "glossary.md", "notebooks/README.md", "data/README.md"):
        assert "<!--" not in (sources / page).read_text("utf-8")


def test_notebooks_for_readers(sources):
    """No cell for Colab; a solution is offered as a solution."""
    for path in (sources / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        for cell in cells:
            tags = cell["metadata"].get("tags", [])
            assert site.GUARD_TAG not in tags
            if "exercise-solution" in tags:
                assert "hide-input" in tags
                shown = cell["metadata"]["mystnb"]["code_prompt_show"]
                assert shown == "Show the solution"


def test_a_term_without_its_section_is_named(sources, tmp_path):
    terms = {"Nonsense": {"zh": "", "means": "", "see": [("01", "No such section")]}}
    with pytest.raises(site.SiteError, match=r"01_.* has no ## No such"):
        site._glossary_text(terms, NOTEBOOKS)
