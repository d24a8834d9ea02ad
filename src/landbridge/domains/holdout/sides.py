"""Rows to learn from and rows to judge where labels are not one column: pairs, answers, tasks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ...base.typed import JsonObject, Shape
from ..schema import no_column
from .base import USUAL, SplitRows, check_effect, split_rule


@dataclass(frozen=True)
class Sides:
    """Which of n rows judge, and which are learned from.

    Attributes
    ----------
    test, learn : bool ndarray, shape (n,)
        No row is both; one that is neither cannot be used.
    groups : int64 ndarray, shape (n,), or None
        Rows of one number may be alike: intervals go by groups.
    rule : str
    notes : tuple of str
        What was held out, where a rule was named.
    """

    test: np.ndarray
    learn: np.ndarray
    groups: np.ndarray | None = None
    rule: str = USUAL
    notes: tuple[str, ...] = ()

    def groups_of(self, rows: np.ndarray) -> np.ndarray | None:
        """Return the groups of some rows, None where each row stands for itself."""
        return None if self.groups is None else self.groups[rows]

    def facts(self) -> JsonObject:
        """Return "holdout" for a folder's facts; nothing where no rule was named."""
        if self.rule == USUAL:
            return {}
        alike = self.groups is not None
        return {"holdout": {"rule": self.rule, "alike": alike, "notes": list(self.notes)}}


SHAPE: Shape = {"rule": str, "alike": bool, "notes": [str]}
"""What `Sides.facts` gives."""


def groups_column(facts: JsonObject) -> str | None:
    """Return the column of groups, whose rows may be alike, that a folder's facts name."""
    found = facts.get("holdout")
    return split_rule(found["rule"])[1] if found and found["alike"] else None


def holdout_notes(facts: JsonObject) -> tuple[str, ...]:
    """Return what a folder's facts say of the rule by which rows were held out."""
    return tuple(facts["holdout"]["notes"]) if "holdout" in facts else ()


def two_sides(
    holdout: str,
    rows: SplitRows,
    fraction: float,
    rng: np.random.Generator,
    *,
    given: np.ndarray | None = None,
    columns: Iterable[str] = (),
) -> Sides:
    """Hold rows out by the split that is given, else by a rule.

    Parameters
    ----------
    holdout : str
        The rule, and its column.
    rows : SplitRows
        With `values`, where there is such a column.
    fraction : float
    rng : numpy.random.Generator
    given : bool ndarray, shape (n,), optional
        The rows of a split that the data have; none where there is no True.
    columns : iterable of str
        What columns there are, for the error that names the nearest.

    Raises
    ------
    ConfigError, DataError
        As of `landbridge.domains.sealing.seal`.
    """
    rule, column = split_rule(holdout)
    if given is not None and given.any():
        check_effect(holdout, f"{rows.name} has a split of its own")
        return Sides(given, ~given)
    if column is not None and rows.values is None:
        raise no_column(rows.name, column, "holdout=", columns)
    found = rule.split(replace(rows, column=column or ""), fraction, rng)
    unused = np.zeros(len(found.test), bool) if found.unused is None else found.unused
    notes: tuple[str, ...] = ()
    if holdout != USUAL:
        n_test = int((found.test & rows.labeled).sum())
        held = f"judged on {n_test} of {rows.total} rows, {found.how} and held out"
        notes = (held, *found.notes)
    groups = found.blocks if found.alike else None
    return Sides(found.test & ~unused, ~found.test & ~unused, groups, holdout, notes)
