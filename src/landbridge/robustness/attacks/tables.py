"""Attacks on tables, by scores alone: numbers within what is plausible, and other categories.

Whole numbers stay whole, nothing leaves the range that its column has in the data, missing values
stay missing, and columns named as fixed stay as they are.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...domains.modalities.table import TableExamples
from ..base import ATTACKS, Attack, Attacked
from ..corruptions.tables import spreads
from ..subject import Subject

_CATEGORIES = 20
"""Of a column, the most frequent ones, that are tried."""


class Cells:
    """Rows of a table while their cells change.

    Parameters
    ----------
    subject : Subject
    rows : int ndarray
    """

    def __init__(self, subject: Subject, rows: np.ndarray) -> None:
        table = subject.rows.examples
        assert isinstance(table, TableExamples)
        self.subject, self.whole, self.table = subject, table, table.select(rows)
        self.truth = np.asarray(subject.truth[rows])
        self.columns = {name: column.copy() for name, column in self.table.columns.items()}
        self.loss = self._margins(self.columns)

    def _margins(self, columns: dict[str, np.ndarray]) -> np.ndarray:
        examples = TableExamples(columns, self.table.names(), self.table.schema)
        return self.subject.margins(examples, self.truth)

    def free(self, names: list[str]) -> list[str]:
        """Return the columns that may change."""
        return [name for name in names if name not in self.subject.fixed]

    def with_cells(self, name: str, values: np.ndarray) -> np.ndarray:
        """Return margins with other values in one column."""
        return self._margins({**self.columns, name: values})

    def take(self, name: str, values: np.ndarray, where: np.ndarray) -> None:
        """Keep values in some rows."""
        self.columns[name] = np.where(where, values, self.columns[name])

    def found(self) -> Attacked:
        """Return what became of the rows."""
        changed = [
            {name: column[i] for name, column in self.columns.items()}
            for i in range(len(self.truth))
        ]
        return Attacked(self.loss < 0, self.loss, changed)


class TableAttack(Attack):
    """A search over cells."""

    modalities = ("tabular",)
    default = True
    curve = True

    def applies(self, subject: Subject) -> bool:
        """Whether there is a column that it can change."""
        table = subject.rows.examples
        return isinstance(table, TableExamples) and any(
            name not in subject.fixed for name in self.names(table)
        )

    def shown(
        self, subject: Subject, row: int, changed: object
    ) -> tuple[list[tuple[np.ndarray, str]], list[tuple[str, str]]]:
        """Return the cells that changed."""
        assert isinstance(changed, dict)
        before = subject.rows.examples.values(row)
        cells = [
            (name, f"{_cell(before[name])} → {_cell(value)}")
            for name, value in changed.items()
            if value != before[name] and not (value != value and before[name] != before[name])
        ]
        return [], cells

    @abstractmethod
    def names(self, table: TableExamples) -> list[str]:
        """Return the columns that it changes."""


@ATTACKS.register("within-range")
class WithinRange(TableAttack):
    """Each number moved by at most a share of its column's spread, one after the other, twice.

    A margin that is linear in a number is worst at an end of what the number may be, so ends alone
    are tried: for a linear model of two classes nothing within the ranges is worse.
    """

    summary = "numbers moved within their range, to the end where scores are worst"
    norm = "standard deviations of each column"
    sweeps = 2

    def names(self, table: TableExamples) -> list[str]:
        """Return the columns of numbers."""
        return table.numeric

    def sizes(self, subject: Subject) -> tuple[float, ...]:
        """Return shares of the spread."""
        return (0.05, 0.1, 0.25, 0.5, 1.0)

    def largest(self, subject: Subject) -> float:
        """Return ten spreads, beyond which there is no range left."""
        return 10.0

    def cost(self, subject: Subject) -> float:
        """Return the passes of one row."""
        table = subject.rows.examples
        assert isinstance(table, TableExamples)
        return 1.0 + 2 * self.sweeps * len(table.numeric)

    def run(self, subject: Subject, rows: np.ndarray, size: float) -> Attacked:
        """Try both ends of each number, and keep the worse."""
        cells = Cells(subject, rows)
        wide = spreads(cells.whole)
        start = {name: cells.columns[name].copy() for name in cells.table.numeric}
        for _ in range(self.sweeps):
            for name in cells.free(cells.table.numeric):
                for values in ends(start[name], cells.whole.columns[name], size * wide[name]):
                    values = np.where(np.isnan(values), start[name], values)
                    loss = cells.with_cells(name, values)
                    worse = (loss > cells.loss) & (cells.loss < 0)
                    cells.take(name, values, worse)
                    cells.loss = np.where(worse, loss, cells.loss)
        return cells.found()

    def said(self, size: float) -> str:
        """Write a size in words."""
        return f"{size:g} sd"


def ends(values: np.ndarray, column: np.ndarray, reach: float) -> Iterator[np.ndarray]:
    """Yield how low and how high each value may go; whole numbers stay whole, NaN stays NaN.

    Examples
    --------
    >>> low, high = ends(np.array([3.0]), np.array([1.0, 3.0, 4.0]), 2.5)
    >>> low.tolist(), high.tolist()
    ([1.0], [4.0])
    """
    there = column[~np.isnan(column)]
    if not len(there):
        return
    least, most = float(there.min()), float(there.max())
    whole = bool((there == np.rint(there)).all())
    for low in (True, False):
        moved = np.maximum(values - reach, least) if low else np.minimum(values + reach, most)
        if whole:
            moved = np.ceil(moved - 1e-9) if low else np.floor(moved + 1e-9)
        yield moved


@ATTACKS.register("category-flip")
class CategoryFlip(TableAttack):
    """So many cells of words replaced, each time by the word where scores are worst."""

    summary = "words replaced by other words of their column, one after the other"
    norm = "cells of a row"

    def names(self, table: TableExamples) -> list[str]:
        """Return the columns of words."""
        return table.categorical

    def sizes(self, subject: Subject) -> tuple[float, ...]:
        """Return how many cells."""
        table = subject.rows.examples
        assert isinstance(table, TableExamples)
        free = [name for name in table.categorical if name not in subject.fixed]
        return tuple(float(k) for k in range(1, min(3, len(free)) + 1))

    def largest(self, subject: Subject) -> float:
        """Return the number of columns of words."""
        table = subject.rows.examples
        assert isinstance(table, TableExamples)
        return float(len(table.categorical))

    def cost(self, subject: Subject) -> float:
        """Return the passes of one row, of one cell."""
        table = subject.rows.examples
        assert isinstance(table, TableExamples)
        return 1.0 + 2 * sum(len(_words(table.columns[name])) for name in table.categorical)

    def ladder(self, size: float, largest: float) -> tuple[float, ...]:
        """Return whole numbers of cells."""
        return tuple(float(k) for k in range(1, int(size) + 1)) or (1.0,)

    def run(self, subject: Subject, rows: np.ndarray, size: float) -> Attacked:
        """Replace one cell after the other."""
        cells = Cells(subject, rows)
        names = cells.free(cells.table.categorical)
        touched: dict[str, np.ndarray] = {name: np.zeros(len(rows), bool) for name in names}
        for _ in range(int(size)):
            best = cells.loss.copy()
            pick: list[tuple[str, Any] | None] = [None] * len(rows)
            for name in names:
                own = cells.columns[name]
                there = np.array([value is not None for value in own], bool)
                for word in _words(cells.whole.columns[name]):
                    values = np.where(there, np.array(word, object), own)
                    loss = cells.with_cells(name, values)
                    better = (loss > best) & (cells.loss < 0) & ~touched[name]
                    best = np.where(better, loss, best)
                    for i in np.flatnonzero(better).tolist():
                        pick[i] = (name, word)
            for row, choice in enumerate(pick):
                if choice is not None:
                    name, word = choice
                    cells.columns[name][row] = word
                    touched[name][row] = True
            cells.loss = best
        return cells.found()

    def said(self, size: float) -> str:
        """Write a size in words."""
        return f"{int(size)} cell{'s' if size > 1 else ''}"


def _cell(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _words(column: np.ndarray) -> list[str]:
    """Return the most frequent words of a column, in the order of the alphabet."""
    words, counts = np.unique([v for v in column if v is not None], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:_CATEGORIES]
    return sorted(str(words[i]) for i in order)
