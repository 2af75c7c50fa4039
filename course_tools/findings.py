"""What the doctor says: one finding per line, with what to do about it."""

import sys
from dataclasses import dataclass

from course_tools.environment import ON_WINDOWS

__all__ = ["Finding", "command"]


@dataclass(frozen=True)
class Finding:
    """One line of the report, or several that belong together.

    `mark` is ``"✓"`` for what is well, ``"·"`` for what is optional and not here,
    ``"!"`` for what is worth knowing and ``"✗"`` for what keeps class from starting;
    `fix` says what to do about it.
    """

    mark: str
    text: str
    fix: str = ""

    def __str__(self):
        return f"{self.mark} {self.text}" + (f"\n    fix: {self.fix}" * bool(self.fix))


def command(name):
    """What to type for one of the course's commands."""
    if ON_WINDOWS:
        return "py -{}.{} -m course_tools.bootstrap ".format(*sys.version_info) + name
    return f"make {name}"
