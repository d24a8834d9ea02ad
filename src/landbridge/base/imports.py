"""Which modules Python code can import, read from its text."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Mapping

_ANY_MODULE = ("importlib", "runpy", "pkgutil", "imp", "zipimport")
_ANY_CALL = ("__import__", "exec", "eval", "compile")
"""Modules and built-in functions with which code imports what its text does not name."""


def reached(start: Iterable[bytes], beside: Mapping[str, Iterable[bytes]]) -> set[str]:
    """Return which neighbours code can import, itself or by one another.

    Parameters
    ----------
    start : iterable of bytes
        Sources that are run.
    beside : mapping of str to iterable of bytes
        The sources of each neighbour, a module or a whole package, by its name.

    Returns
    -------
    set of str
        Of the names in `beside`; all of them where the code may import by names that it makes up.
    """
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        names = imports(waiting.pop())
        if names is None:
            return set(beside)
        new = (names & set(beside)) - found
        found |= new
        waiting += [source for name in sorted(new) for source in beside[name]]
    return found


def imports(source: bytes) -> set[str] | None:
    """Return the first parts of the names that a source imports, None where it may be any.

    Examples
    --------
    >>> sorted(imports(b"import a.b as c, d\\nfrom e.f import g\\nfrom . import h"))
    ['a', 'd', 'e']
    >>> imports(b"__import__(name)") is None
    True
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in somebody's strings
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()  # it cannot be run either
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.partition(".")[0])
        elif isinstance(node, ast.Name) and node.id in _ANY_CALL:
            return None
    return None if found & set(_ANY_MODULE) else found
