"""What the tests of the exercises share."""

import pytest
from verdicts import verdict


@pytest.fixture
def said(capsys):
    """Run a check and return the one line it printed."""
    return lambda check, *answer: verdict(capsys, check, *answer)
