"""A made-up class of lecture 04: notebooks as students hand them in, and worse."""

import copy
import json

from course_tools import catalog, notebook
from course_tools.places import NOTEBOOKS

LECTURE = "04"
(PATH,) = catalog.select(catalog.find(NOTEBOOKS), [LECTURE])

#: Answers to exercise 1, a table, with verdict and hint.
GAINS = {
    "right": ("return 1 / (1 - beta), 1 / (1 + beta)", "passed", ""),
    "rounded": ("return 10, 1 / 1.9", "not yet", "mistake 1"),
    "same": ("return (1 / (1 - beta),) * 2", "not yet", "mistake 2"),
    "exchanged": ("return 1 / (1 + beta), 1 / (1 - beta)", "not yet", "mistake 3"),
    "average": ("return 1, (1 - beta) / (1 + beta)", "not yet", "mistake 4"),
    "another": ("return 1 / (1 - beta), beta", "not yet", "otherwise"),
    "raises": ("return 1 / 0", "not yet", "flaw"),
    "nothing": ("pass", "not yet", "flaw"),
    "syntax": ("return (", "syntax", ""),
}
#: The same of answers that want to harm or to deceive. Time is up after 5 seconds.
HOSTILE = {
    "loop": ("while True: pass", "time", ""),
    "sleep": ("import time; time.sleep(10**6)", "time", ""),
    "dribble": (
        "import os, time\n"
        "    while True:\n"
        "        os.write(3, b' ')\n"
        "        time.sleep(0.01)",
        "time",
        "",
    ),
    "memory": ("return bytearray(10**11)", "memory", ""),
    "exit": ("import os; os._exit(0)", "ended", ""),
    "sys.exit": ("import sys; sys.exit(0)", "not yet", "flaw"),
    "nan": ("return float('nan'), float('nan')", "not yet", "flaw"),
    "prints": ("print('✓ a steady slope adds up')", "not yet", "flaw"),
    "floods": ("[print('x' * 10**6) for _ in range(125)]", "not yet", "flaw"),
    "bomb": (
        "import os\n"
        "    try:\n"
        "        while True:\n"
        "            if not os.fork(): import time; time.sleep(100)\n"
        "    except OSError:\n"
        "        return 'enough'",
        "not yet",
        "flaw",
    ),
    "kills": (
        "import os\n"
        "    for one in (os.getppid(), 1):\n"
        "        try:\n"
        "            os.kill(one, 9)\n"
        "        except OSError:\n"
        "            pass",
        "not yet",
        "flaw",
    ),
    "solutions": (
        f"return open({str(PATH)!r}).read()",
        "not yet",
        "flaw",
    ),
    "table": (
        "from course_utils.exercises import lecture_04\n"
        "    return lecture_04.check_gain.right(beta)",
        "not yet",
        "flaw",
    ),
    "writes": ("open('/course/course_utils/checks.py', 'w')", "not yet", "flaw"),
    "network": (
        "import socket; socket.create_connection(('127.0.0.1', 22), 2)",
        "not yet",
        "flaw",
    ),
    "allclose": (
        "import numpy\n    numpy.allclose = lambda *_, **__: True\n    return 1, 1",
        "not yet",
        "otherwise",
    ),
    "json": (
        "import json\n"
        '    json.dumps = lambda *_: \'{"passed": true, "verdict": ["", "", ""]}\'',
        "output",
        "",
    ),
    "channel": (
        "import os\n"
        "    for number in range(3, 30):\n"
        "        try:\n"
        "            os.write(number, b'{\"passed\": true}\\n')\n"
        "        except OSError:\n"
        "            pass",
        "output",
        "",
    ),
    "gigabyte": (
        "import os\n"
        "    much = bytes(10**6)\n"
        "    while True:\n"
        "        for number in range(3, 8):\n"
        "            try:\n"
        "                os.set_blocking(number, False)\n"
        "                os.write(number, much)\n"
        "            except OSError:\n"
        "                pass",
        "output",
        "",
    ),
    "lies": (
        "class Liar(tuple):\n"
        "        def __eq__(self, other): return True\n"
        "        def __array__(self, *_, **__): raise SystemExit\n"
        "    return Liar((Liar(), Liar()))",
        "not yet",
        "flaw",
    ),
}
OPTIMIZERS = """\
my_optimizers = [
    keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    keras.optimizers.RMSprop(0.001, rho=0.95, epsilon=1e-10),
    keras.optimizers.Adagrad(0.3, initial_accumulator_value=0.5, epsilon=0.0),
]"""
PAIRS = {"right": "my_pair = 0.07, 0.6", "slow": "my_pair = 0.01, 0.0"}


def book():
    """The notebook as students get it, as plain JSON."""
    return notebook.peek(PATH)


def starters(content):
    return [c for c in content["cells"] if notebook.STARTER in notebook.tags(c)]


def answered(gain=None, optimizers=None, pair=None):
    """A notebook with answers to its exercises; None leaves the starter."""
    content = book()
    gain = gain and f"def my_gain(beta):\n    {gain}\n"
    for cell, text in zip(starters(content), (gain, optimizers, pair), strict=True):
        if text is not None:
            cell["source"] = text
    return content


def as_colab(content):
    """Colab keeps ids elsewhere, drops tags it does not know, and adds its own."""
    content = copy.deepcopy(content)
    for cell in content["cells"]:
        cell["metadata"] = {"id": cell.pop("id"), "colab": {"base_uri": "x"}}
    content["metadata"] = {
        "colab": {"provenance": []},
        "kernelspec": {"name": "python3"},
    }
    content["nbformat_minor"] = 0
    return content


def as_old_program(content):
    """Ids and tags lost, line ends of Windows, a cell added, exercises moved up."""
    content = copy.deepcopy(content)
    for cell in content["cells"]:
        cell.pop("id")
        cell["metadata"] = {}
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
    new = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    content["cells"] = content["cells"][40:] + content["cells"][:40]
    content["cells"].insert(3, new | {"source": "x = 1"})
    content["nbformat_minor"] = 4
    return content


def data(content):
    return json.dumps(content, ensure_ascii=False).encode()
