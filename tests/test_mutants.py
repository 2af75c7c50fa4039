"""The tests notice damage: the quick part of ``tests/mutants.py``."""

import pytest
from mutants import MUTANTS, damaged_copy, survivors


@pytest.mark.long
def test_quick_mutants_are_noticed():
    assert survivors([mutant for mutant in MUTANTS if mutant.fast], jobs=1) == []


def test_there_are_at_least_ten_mutants():
    assert len({mutant.name for mutant in MUTANTS}) >= 10


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_still_finds_what_it_damages(mutant):
    with damaged_copy(mutant.damage):  # raises where it does not
        pass
