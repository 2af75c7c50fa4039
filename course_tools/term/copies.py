"""The course for students, as a folder or a zip, and a lecture as it was.

A copy holds what students run: lectures without solutions and outputs, the package, the
data. It serves as a repository that students pull from, as what an image is built
from, and, packed, for any provider's JupyterLab.
"""

import datetime
import io
import os
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from course_tools import notebook, release
from course_tools.places import NOTEBOOKS, ROOT, UserError
from course_utils import __version__
from course_utils.files import write_atomically

__all__ = ["copy", "fresh"]

#: What a copy holds, besides lectures; folders as a whole.
FOLDERS = ("binder", "course_tools", "course_utils", "data")
FILES = (
    *("LICENSE", "Makefile", "README.md", "README.zh-CN.md", "pyproject.toml"),
    *("requirements.lock", "requirements.txt", "notebooks/how_to_read.md"),
)
#: Not for students: the lecture from which authors start holds a solution.
LEFT_OUT = ("template", "__pycache__")
#: Where a copy keeps its lectures as they were handed out.
ORIGINALS = ROOT / "originals"


def copy(options):
    """Write the course without solutions into a folder, or as a zip into it; 0."""
    folder = options.to.resolve()
    if folder == ROOT or ROOT in folder.parents or folder in ROOT.parents:
        raise UserError(f"{folder}: name a folder outside of the course")
    if options.zip:
        path = folder / f"course-{__version__}.zip"
        write_atomically(path, _packed())
        print(path)
        return 0
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file: name a folder")
    if not options.force and folder.exists() and any(folder.iterdir()):
        raise UserError(
            f"{folder} is not empty: nothing was written. --force replaces the course "
            "in it, and leaves everything else"
        )
    _unpack(zipfile.ZipFile(io.BytesIO(_packed())), folder)
    print(f"the course without solutions is in {folder}")
    return 0


def _packed():
    """The copy as a zip; the same course gives the same bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, runs in sorted(_contents()):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, so that scripts can run
            entry.external_attr = (0o755 if runs else 0o644) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _contents():
    """(name, bytes, whether it is a program) of each file of a copy."""
    for path in notebook.find(NOTEBOOKS):
        text = release.for_students(notebook.read(path)).encode()
        yield f"notebooks/{path.name}", text, False
        yield f"{ORIGINALS.name}/{path.name}", text, False
    paths = [ROOT / name for name in FILES]
    for folder in FOLDERS:
        paths += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    for path in paths:
        name = path.relative_to(ROOT)
        if path.is_file() and not set(LEFT_OUT) & set(name.parts):
            yield name.as_posix(), path.read_bytes(), os.access(path, os.X_OK)


def _unpack(archive, folder):
    """Files beside their places first: only a whole copy takes them."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".course-") as stage:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, stage))
            path.chmod(entry.external_attr >> 16)
        for old in (*FOLDERS, "notebooks", ORIGINALS.name):
            shutil.rmtree(folder / old, ignore_errors=True)
        for path in Path(stage).iterdir():
            os.replace(path, folder / path.name)


def fresh(options):
    """Give lectures as they were handed out; what was edited stays beside them; 0."""
    originals = _originals()
    chosen = [name for name in originals if name[:2] in map(_number, options.lectures)]
    if not chosen:
        known = ", ".join(name[:2] for name in originals)
        raise UserError(f"there is no such lecture; there are: {known}")
    for name in chosen:
        path, content = NOTEBOOKS / name, originals[name]()
        if path.exists() and path.read_bytes() != content:
            kept = _free(path)
            os.replace(path, kept)
            print(f"what you had is now {kept.name}")
        write_atomically(path, content)
        print(f"{name} is as it was handed out")
    return 0


def _number(text):
    return text.zfill(2)


def _free(path):
    """A name beside a notebook's that is no lecture's and is not taken."""
    today = datetime.date.today().isoformat()
    names = (
        f"my_{path.stem}_{today}{n}.ipynb"
        for n in ("", *map("_{}".format, range(2, 999)))
    )
    return next(path.with_name(n) for n in names if not path.with_name(n).exists())


def _originals():
    """Names of the lectures to functions that give what they were."""
    if ORIGINALS.is_dir():
        return {
            path.name: path.read_bytes for path in sorted(ORIGINALS.glob("*.ipynb"))
        }
    here = NOTEBOOKS.relative_to(ROOT).as_posix()
    listed = _git("ls-tree", "--name-only", "HEAD", f"{here}/").decode().splitlines()
    names = [line.rpartition("/")[2] for line in listed if line.endswith(".ipynb")]
    return {n: lambda n=n: _git("show", f"HEAD:{here}/{n}") for n in names}


def _git(*words):
    try:
        return subprocess.run(
            ["git", "-C", str(ROOT), *words], capture_output=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        raise UserError(
            f"{ROOT} is neither a copy for students nor a clone with git: get the "
            "lecture from where you got the course"
        ) from None
