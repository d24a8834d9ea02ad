"""Columns that only say which side a row is of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ..base.events import SILENT, Events
from .domain import Domain


def without_markers(
    source: Domain, target: Domain, named: Collection[str] = (), events: Events = SILENT
) -> tuple[Domain, Domain]:
    """Return both sides without columns that have one value on each, another on either.

    A segment's name, or the year, tells the sides apart and nothing else. What is `named` stays.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.domains.read import read_domain
    >>> def side(name, year):
    ...     x = np.stack([np.arange(6.0), np.full(6, year)], 1)
    ...     return read_domain(x, name=name)
    >>> first, second = without_markers(side("old", 2020), side("new", 2024))
    >>> list(first.examples.columns), list(second.examples.columns)
    (['x0'], ['x0'])
    """
    ours, theirs = source.examples.constants(), target.examples.constants()
    marks = {
        name: (value, theirs[name])
        for name, value in ours.items()
        if name in theirs and value != theirs[name] and name not in named
    }
    columns = getattr(source.examples, "columns", {})
    if not marks or len(marks) == len(columns):
        return source, target
    said = ", ".join(f"{name!r} ({a} and {b})" for name, (a, b) in marks.items())
    note = (
        f"columns with one value on each side left out, which only tell the sides apart: {said}; "
        "columns=[...] names the ones to use"
    )
    events.log("note", note)
    return (
        replace(source, examples=source.examples.without(marks)).noting(note),
        replace(target, examples=target.examples.without(marks)).noting(note),
    )
