"""The lectures' own networks, taken from the notebooks instead of written down again.

A notebook's statements are cut down to those on which a wanted name depends, and these
are executed, with some names given from outside: data, seed, a `fit` that watches.
"""

import ast
import symtable

from course_tools import notebook
from course_tools.catalog import find, select
from course_tools.places import NOTEBOOKS

MAYBE = (ast.If, ast.For, ast.While, ast.Try)  # these may bind a name or not
IMPORT = (ast.Import, ast.ImportFrom)


def names(statement):
    """(names that a statement binds, global names that it reads, also in functions)."""
    top = symtable.symtable(ast.unparse(statement), "statement", "exec")
    binds = {s.get_name() for s in top.get_symbols() if s.is_assigned()}
    reads = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    scopes = list(top.get_children())
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        reads |= {s.get_name() for s in scope.get_symbols() if s.is_global()}
    return binds | {s.get_name() for s in top.get_symbols() if s.is_imported()}, reads


def changes(statement):
    """``model`` where lines just say ``model.add(…)``; ``x`` in ``x[0] = …``."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return set()
    inside = list(ast.walk(statement))  # of a loop, too
    calls = [node.value for node in inside if isinstance(node, ast.Expr)]
    owners = [getattr(getattr(call, "func", None), "value", None) for call in calls]
    for node in inside:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            owners.append(node.value)
    found = {owner.id for owner in owners if isinstance(owner, ast.Name)}
    return found | done_to(statement)


def done_to(statement):
    """``model`` in ``_ = fit(model, …)``, which is called for what it does to it."""
    if (
        not isinstance(statement, ast.Assign)
        or ast.unparse(statement.targets[0]) != "_"
    ):
        return set()
    first = getattr(statement.value, "args", [])[:1]
    return {name.id for name in first if isinstance(name, ast.Name)}


def needed(program, wanted, given):
    """The statements on which the wanted names depend, in order.

    Backwards from where the last of them is bound, every statement is taken that binds
    a name still missing, or changes it; what it reads is missing then. A function may
    read what is defined below it: that is missing from the start, in another pass.
    """
    wanted, given = set(wanted), set(given)
    about = [(statement, *names(statement)) for statement in program]
    modules = {name for s, binds, _ in about if isinstance(s, IMPORT) for name in binds}
    places = [
        n for n, (s, binds, _) in enumerate(about) if (binds | done_to(s)) & wanted
    ]
    about = about[: max(places, default=-1) + 1]
    made = set().union(*(binds for _, binds, _ in about)) - given
    from_start = wanted - given
    while True:
        missing, chosen, below = set(from_start), [], set()
        for statement, binds, reads in reversed(about):
            # np.save(…) changes a file, not np
            if not (binds - given | changes(statement) - modules) & missing:
                continue
            chosen.insert(0, statement)
            if not isinstance(statement, (ast.Expr, ast.AugAssign, *MAYBE)):
                missing -= binds
            missing |= reads & made
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                below |= reads & made
        found = below & missing - from_start
        if not found:
            return chosen
        from_start |= found


def from_lecture(lecture, *wanted, **given):
    """Execute what names of a notebook need; their values, as a list.

    `lecture` is its number, ``"06"``; `given` are names with other values than it gives
    them. KeyError if it does not bind a wanted name outside its exercises.
    """
    space = dict(given)
    (path,) = select(find(NOTEBOOKS), [lecture])
    program = notebook.statements(notebook.read(path))
    for statement in needed(program, wanted, given):
        module = ast.Module([statement], type_ignores=[])
        exec(compile(module, f"lecture {lecture}", "exec"), space)
        space.update(given)
    return [space[name] for name in wanted]
