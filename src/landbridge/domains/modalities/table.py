"""Raw tables: named columns that are numbers or words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from ...base.errors import DataError
from ...base.hashing import digest
from ..examples import Examples, InputSpec
from ..schema import TableSchema

_LEAST_CONSTANT = 5
"""Rows from which on a column of one value says nothing but which table it is of."""


class TableExamples(Examples):
    """Rows of a table, kept by column.

    Parameters
    ----------
    columns : mapping of str to ndarray, shape (n,)
        A column is numeric (anything that float64 holds; NaN is missing) or categorical
        (an object array of str, None is missing).
    names : sequence of str, optional
        What to call each row in messages, "row i" (from 0) where not given.
    schema : TableSchema, optional
        What the columns were taken for.

    Raises
    ------
    DataError
        Where a number is infinite, naming row and column.

    Examples
    --------
    >>> import numpy as np
    >>> table = TableExamples({"age": [63, np.nan], "sex": np.array(["f", "m"], object)})
    >>> len(table), table.numeric, table.categorical
    (2, ['age'], ['sex'])
    """

    modality = "tabular"

    def __init__(
        self,
        columns: Mapping[str, Sequence | np.ndarray],
        names: Sequence[str] | None = None,
        schema: TableSchema | None = None,
    ) -> None:
        self.columns: dict[str, np.ndarray] = {}
        self.schema = schema
        self._names = None if names is None else list(names)
        for name, values in columns.items():
            array = np.asarray(values)
            if array.dtype != object:
                array = array.astype(np.float64)
            self.columns[str(name)] = array
        if len({array.shape for array in self.columns.values()}) > 1:
            raise ValueError("columns differ in length")
        if not self.columns:
            raise DataError("a table has no column to learn from", hint="give it at least one")
        self._check_finite()

    def _check_finite(self) -> None:
        for name in self.numeric:
            self.refuse(name, np.flatnonzero(np.isinf(self.columns[name])), "is infinite")

    def refuse(self, column: str, rows: np.ndarray, what: str) -> None:
        """Raise DataError of a column's `rows`, naming the first and counting them, if any."""
        if len(rows):
            raise DataError(
                f"column {column!r} {what} in {self._call(rows[0])}"
                + (f" and {len(rows) - 1} more rows" if len(rows) > 1 else ""),
                hint="correct the value, or leave it empty if it is missing",
            )

    def _call(self, row: int) -> str:
        return self._names[row] if self._names is not None else f"row {row}"

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __repr__(self) -> str:
        return f"TableExamples({len(self)} rows, {len(self.columns)} columns)"

    @property
    def numeric(self) -> list[str]:
        """Names of the columns of numbers."""
        return [name for name, array in self.columns.items() if array.dtype != object]

    @property
    def categorical(self) -> list[str]:
        """Names of the columns of words."""
        return [name for name, array in self.columns.items() if array.dtype == object]

    def names(self) -> list[str]:
        """Return what to call each row."""
        return [self._call(i) for i in range(len(self))]

    def fingerprint(self) -> str:
        """Return a hash of the names, types and values of the columns."""
        return digest("table", *(part for pair in self.columns.items() for part in pair))

    def select(self, rows: np.ndarray) -> TableExamples:
        """Return the rows at integer `rows`, in that order."""
        return TableExamples(
            {name: array[rows] for name, array in self.columns.items()},
            None if self._names is None else [self._names[i] for i in rows],
            self.schema,
        )

    def constants(self) -> Mapping[str, Any]:
        """Return the columns that have one value in every row, and it."""
        found = {}
        for name, array in self.columns.items():
            first = array[0] if len(array) >= _LEAST_CONSTANT else None
            if first is not None and first == first and (array == first).all():
                found[name] = first
        return found

    def without(self, columns: Collection[str]) -> TableExamples:
        """Return the rows without some columns."""
        kept = {name: array for name, array in self.columns.items() if name not in columns}
        schema = None if self.schema is None else self.schema.only(kept)
        return TableExamples(kept, self._names, schema)

    def contents(self) -> list[str]:
        """Return a hash of the cells of each row, whatever the order of columns."""
        columns = [[repr(v) for v in self.columns[name].tolist()] for name in sorted(self.columns)]
        return [digest(cells) for cells in zip(*columns, strict=True)]

    def near(self, other: Examples) -> np.ndarray | None:
        """Return pairs that are the same but for case and rounding."""
        from .table_likeness import alike

        return alike(self.columns, other.columns) if isinstance(other, TableExamples) else None

    def by_chance(self, rows: np.ndarray, other: Examples, total: int | None = None) -> np.ndarray:
        """Say which rows have values that so many other rows have that equal ones are no copies."""
        from .table_likeness import by_chance

        assert isinstance(other, TableExamples)
        return by_chance(self.columns, rows, other.columns, total)

    def values(self, row: int) -> Mapping[str, Any]:
        """Return the cells of a row."""
        return {name: column[row] for name, column in self.columns.items()}

    def check_like(self, other: Examples, names: tuple[str, str]) -> None:
        """Check that another table has the same columns of the same kind."""
        if isinstance(other, TableExamples):
            check_columns(self, other, names)

    @classmethod
    def hint(cls, parts: Sequence[Examples]) -> InputSpec:
        """Return the number of columns after encoding."""
        from .tabular import TablePreprocessing

        return InputSpec(cls.modality, columns=TablePreprocessing.fit(parts).shape[0])


def check_columns(source: TableExamples, target: TableExamples, names: tuple[str, str]) -> None:
    """Check that two tables have the same columns of the same kind.

    Parameters
    ----------
    source, target : TableExamples
    names : tuple of str
        What to call the two in the error.

    Raises
    ------
    DataError
        Listing the columns that are missing on either side, or that differ in kind. A
        column with no value at all fits either kind.
    """
    only_source = [c for c in source.columns if c not in target.columns]
    only_target = [c for c in target.columns if c not in source.columns]
    if only_source or only_target:
        found = []
        if only_source:
            found.append(f"{names[1]} lacks {listed(only_source)}")
        if only_target:
            found.append(f"{names[0]} lacks {listed(only_target)}")
        raise DataError(
            "the tables differ in their columns: " + "; ".join(found),
            hint="give both the same columns, or name the ones to use with columns=[...]",
        )
    for name, array in source.columns.items():
        other = target.columns[name]
        if (array.dtype == object) != (other.dtype == object) and not (
            all_missing(array) or all_missing(other)
        ):
            kinds = ["words" if a.dtype == object else "numbers" for a in (array, other)]
            raise DataError(
                f"column {name!r} holds {kinds[0]} in {names[0]} and {kinds[1]} in {names[1]}",
                hint="write both the same way, or leave the column out with columns=[...]",
            )


def listed(names: Sequence[str], most: int = 10) -> str:
    """Return names for a message: the first `most` of them, and how many more there are."""
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def all_missing(array: np.ndarray) -> bool:
    """Whether a column has no value at all."""
    return bool(missing(array).all())


def missing(array: np.ndarray) -> np.ndarray:
    """Return where a column has no value, bool (n,)."""
    if array.dtype == object:
        return np.array([value is None for value in array], dtype=bool)
    return np.isnan(array)


def with_schema(examples: Examples, schema: TableSchema) -> Examples:
    """Return examples whose table, where they have one, knows what its columns were taken for."""
    for part in (examples, *getattr(examples, "parts", {}).values()):
        if isinstance(part, TableExamples):
            part.schema = schema
    return examples
