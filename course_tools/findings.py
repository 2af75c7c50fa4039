"""What the doctor says: one finding per line, with what to do about it."""

from dataclasses import dataclass

__all__ = ["Finding"]


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
