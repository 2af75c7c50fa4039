"""What a check answers: one line, right or a hint."""

from collections import defaultdict

#: Name of a check → the lines it has answered in this run of the tests.
ANSWERED = defaultdict(set)


def verdict(capsys, check, *answer):
    """The one line that the check prints."""
    assert check(*answer) is None
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith(("✓ ", "Not yet: ")), lines
    ANSWERED[check.__name__].add(lines[0])
    return lines[0]


def passes(line):
    return line.startswith("✓ ")


def hint(line, words):
    """Whether the line is a hint that names what is wrong."""
    return line.startswith("Not yet: ") and words in line
