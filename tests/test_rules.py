"""Every notebook keeps the figures of the house style, or is listed as not yet."""

import pytest
from notebook_files import NOTEBOOKS
from rules import RULES, listed


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_rule(path, name):
    rule, allowed = RULES[name], listed().get(path.stem, {})
    value, what = rule.measure(path)
    told = f"{path.name}, {rule.words}: {value}, at most {rule.limit}"
    if name not in allowed:
        assert value <= rule.limit, "\n  ".join([told, *what])
        return
    assert value > rule.limit, f"{told}: kept now, strike it out of tests/not_yet.json"
    assert value <= allowed[name], "\n  ".join([f"{told}; was {allowed[name]}", *what])


def test_the_list_names_notebooks_and_rules_that_there_are():
    stems = {path.stem for path in NOTEBOOKS}
    assert set(listed()) <= stems
    assert all(set(rules) <= set(RULES) for rules in listed().values())
