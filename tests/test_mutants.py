"""The tests notice damage: the quick part of ``tests/mutants.py``."""

from mutants import MUTANTS, survivors


def test_quick_mutants_are_noticed():
    assert survivors([mutant for mutant in MUTANTS if mutant.fast], jobs=1) == []


def test_there_are_at_least_ten_mutants():
    assert len({mutant.name for mutant in MUTANTS}) >= 10
