"""Printing where not every terminal can show every character."""

import codecs
import sys

#: What stands for a character that the terminal's encoding lacks.
SUBSTITUTES = {"✓": "ok", "✗": "FAILED", "…": "...", "≥": ">=", "≤": "<=", "→": "->"}
SUBSTITUTES |= dict(zip("·–−×≈‘’“”", "---x~''\"\"", strict=True))


def tolerate_narrow_encodings():
    """Let standard output and error replace what they cannot encode, not raise."""
    codecs.register_error("course_tools.substitute", _substitute)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a test's replacement may not have it
            stream.reconfigure(errors="course_tools.substitute")


def readable(text):
    """The parts of ``English · 中文`` that standard output can encode."""
    return " · ".join(part for part in text.split(" · ") if _can_show(part))


def _can_show(text):
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return all(char in SUBSTITUTES or char.isascii() for char in text)
    return True


def _substitute(error):
    missing = error.object[error.start : error.end]
    return "".join(SUBSTITUTES.get(char, "?") for char in missing), error.end
