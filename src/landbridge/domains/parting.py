"""One set of rows that holds several domains -> a source and a target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..base.errors import ConfigError, DataError
from ..base.registry import nearest
from .domain import Domain


def part(
    domain: Domain, target: Sequence[str], source: Sequence[str] | None = None
) -> tuple[Domain | None, Domain]:
    """Take a source and a target out of a domain whose rows are of several.

    Parameters
    ----------
    domain : Domain
        With `groups`.
    target : sequence of str
        The groups that are the target, stacked where there are several.
    source : sequence of str, optional
        The groups that are the source; all others where not given.

    Returns
    -------
    source : Domain or None
        None where no row is left for it.
    target : Domain

    Raises
    ------
    ConfigError
        Where a group is on both sides, or there is none of that name.
    DataError
        Where the rows have no groups.
    """
    if domain.groups is None:
        raise DataError(
            f"{domain.name} does not say which domain a row is of",
            hint="name the column, or the part of file names, with --domain",
        )
    counts = Counter(group for group in domain.groups if group is not None)
    for name in (*target, *(source or ())):
        if name not in counts:
            near = nearest(name, counts)
            raise ConfigError(
                f"{domain.name} has no domain {name!r}; it has {sorted(counts)[:20]}",
                hint=f"did you mean {near!r}?" if near else "name one of these",
            )
    both = set(target) & set(source or ())
    if both:
        raise ConfigError(f"{sorted(both)} are source and target", hint="name each on one side")
    others = source if source is not None else [g for g in sorted(counts) if g not in target]
    named = np.array(domain.groups, dtype=object)
    theirs = _rows(domain, np.flatnonzero(np.isin(named, list(target))), "+".join(target))
    if not len(others):
        return None, theirs
    label = "+".join(others) if len(others) <= 4 else f"{len(others)} domains"
    ours = _rows(domain, np.flatnonzero(np.isin(named, list(others))), label)
    return replace(ours, held_out=np.zeros(len(ours), bool)), theirs


def _rows(domain: Domain, rows: np.ndarray, name: str) -> Domain:
    """Return rows before anything is sealed; what is held out stays so."""
    return replace(domain.select(rows), held_out=domain.held_out[rows], name=name)
