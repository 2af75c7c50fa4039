"""Choose a lecture's hyper-parameters, on validation data, and keep what was found.

    python tests/choose.py 05

``tests/choices/lecture_NN.py`` is the procedure: a function ``choose()`` that returns
``{"constants": {name: value}, "found": what was compared}``, of plain numbers, texts,
lists and dicts. The result goes to ``tests/evidence/NN_choices.json``; to that,
``tests/test_choices.py`` holds the notebook's constants and the procedure.
"""

import argparse
import importlib.util
import json
import platform
import sys
import time
from pathlib import Path

from notebook_files import NOTEBOOKS, ROOT, source_hash

from course_tools.catalog import select
from course_tools.machine import versions
from course_utils.files import write_atomically

PROCEDURES = Path(__file__).with_name("choices")


def procedure_of(path):
    """The file that chooses for a notebook."""
    return PROCEDURES / f"lecture_{path.name[:2]}.py"


def result_of(path):
    """The file that keeps what was chosen."""
    return ROOT / f"tests/evidence/{path.name[:2]}_choices.json"


def choose(path):
    """Run the procedure of a notebook, and write what it chose."""
    procedure = procedure_of(path)
    if not procedure.is_file():
        raise SystemExit(
            f"{path.name}: nothing is chosen, there is no {procedure.name}"
        )
    spec = importlib.util.spec_from_file_location(procedure.stem, procedure)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    start = time.perf_counter()
    chosen = module.choose()
    result = {
        "notebook": path.name,
        "procedure": source_hash(procedure),
        "constants": chosen["constants"],
        "found": chosen["found"],
        "seconds": round(time.perf_counter() - start),
        "made_with": versions() | {"machine": platform.machine()},
    }
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    write_atomically(result_of(path), text)
    for name, value in chosen["constants"].items():
        print(f"{path.stem}: {name} = {value!r}")


def main():
    """Choose for the notebooks named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("numbers", nargs="+", metavar="NN", help="notebooks: 04 05")
    for path in select(NOTEBOOKS, parser.parse_args().numbers):
        choose(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
