"""What a split rule is: it says which rows are held out, before anything is learned."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...base.errors import ConfigError, DataError
from ...base.registry import Registry

USUAL = "stratified"
"""The rule where none is named."""


@dataclass(frozen=True)
class SplitRows:
    """What a rule may know of n rows.

    Attributes
    ----------
    name : str
        What the data are called in messages.
    labeled : bool ndarray, shape (n,)
        Rows that may be drawn; a share of these is wanted.
    strata : int ndarray, shape (n,), or None
        Classes, or bins of numbers, of the labelled rows; None where rows are alike.
    classes : bool
        Whether strata are classes, of each of which something has to stay to learn from.
    stratified_by : str
        The strata in words, "" where there are none: "evenly over the range ".
    values : tuple of (str or None), length n, or None
        What each row has in the column that the rule names.
    column : str
        What that column is called.
    """

    name: str
    labeled: np.ndarray
    strata: np.ndarray | None = None
    classes: bool = False
    stratified_by: str = ""
    values: tuple[str | None, ...] | None = None
    column: str = ""

    @property
    def total(self) -> int:
        """How many rows may be drawn."""
        return int(self.labeled.sum())


@dataclass(frozen=True)
class Split:
    """What a rule has drawn.

    Attributes
    ----------
    test : bool ndarray, shape (n,)
        Rows to hold out: those of them that are labelled judge, the others are not learned from
        either.
    how : str
        Which ones they are, in words that follow "judged on 36 of 120 labelled rows, ".
    by_chance : bool
        Whether another seed would draw others.
    blocks : int64 ndarray, shape (n,), or None
        Rows of one number stay together where methods are compared by folds; None where each row
        stands for itself.
    alike : bool
        Whether rows of a block may be alike, as those of one patient are: intervals then go by
        blocks.
    unused : bool ndarray, shape (n,), or None
        Rows that can be neither judged nor learned from.
    notes : tuple of str
        What else there is to say.
    """

    test: np.ndarray
    how: str
    by_chance: bool = True
    blocks: np.ndarray | None = None
    alike: bool = False
    unused: np.ndarray | None = None
    notes: tuple[str, ...] = ()


class SplitRule(ABC):
    """A rule by which rows are held out; registered in `SPLIT_RULES`.

    Attributes
    ----------
    summary : str
        One line: what is held out.
    by_column : bool
        Whether it needs a column: "group:patient".
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    by_column: ClassVar[bool] = True

    @abstractmethod
    def split(self, rows: SplitRows, fraction: float, rng: np.random.Generator) -> Split:
        """Hold out about a fraction of the labelled rows.

        Parameters
        ----------
        rows : SplitRows
            With `values` where the rule is by a column.
        fraction : float
            From over 0 to under 1.
        rng : numpy.random.Generator
            The only source of chance.

        Raises
        ------
        DataError
            Where the rows cannot be parted like this.
        """


SPLIT_RULES: Registry[type[SplitRule]] = Registry("split rule", "landbridge.domains.holdout")


def split_rule(said: str) -> tuple[SplitRule, str | None]:
    """Return the rule that is named, and its column.

    Parameters
    ----------
    said : str
        "stratified", or a rule and its column: "group:patient".

    Raises
    ------
    ConfigError
        For an unknown rule, or a column too many or too few.

    Examples
    --------
    >>> rule, column = split_rule("group:patient")
    >>> rule.name, column
    ('group', 'patient')
    """
    name, colon, column = said.partition(":")
    rule = SPLIT_RULES.get(name)()
    if rule.by_column and not column:
        raise ConfigError(
            f"holdout = {said!r} names no column",
            hint=f"name the column that it goes by: {name}:COLUMN",
        )
    if colon and not rule.by_column:
        raise ConfigError(
            f"holdout = {said!r} names a column, and {name} goes by none", hint=f"write {name}"
        )
    return rule, column or None


def check_effect(said: str, why: str) -> None:
    """Raise where a rule was named, and something else decides what is judged."""
    if said != USUAL:
        raise ConfigError(
            f"holdout = {said} would be without effect: {why}",
            hint="leave it out, or give data without it",
        )


def blocks_of(values: Sequence[str | None]) -> np.ndarray:
    """Return a number for each row, the same for the same value; a row without one is alone."""
    names = [f"={v}" if v is not None else f"#{i}" for i, v in enumerate(values)]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def drawn(rows: np.ndarray, fraction: float, rng: np.random.Generator) -> np.ndarray:
    """Return a share of some row numbers by chance, at least 2 of them."""
    return rng.permutation(rows)[: max(2, round(fraction * len(rows)))]


def check_filled(rows: SplitRows) -> None:
    """Raise where no labelled row has a value in the column."""
    filled = np.array([value is not None for value in rows.values or ()], bool)
    if not (filled & rows.labeled).any():
        raise nothing_to_part(rows, f"column {rows.column!r} is empty in all labelled rows")


def nothing_to_part(rows: SplitRows, found: str, first: str = "") -> DataError:
    """Return the error of rows that a rule cannot part, with what may be tried first."""
    return DataError(
        f"{rows.name}: {found}, so nothing can be held out by it",
        hint=f"{first}name another column, or hold out rows by chance: holdout stratified",
    )
