"""Tables: imputed, standardised, one-hot encoded, kept as float32."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from ...base.errors import DataError
from ...base.events import SILENT, Events
from ...base.typed import JsonObject
from ...targets.names import class_name
from ..domain import Examples
from ..schema import TableSchema
from .base import PREPROCESSINGS, Preprocessing, Reads, Strength
from .table import TableExamples, all_missing, check_columns, missing

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class NumericColumn:
    """Fitted figures of a column of numbers."""

    name: str
    median: float
    """Takes the place of a missing value."""
    mean: float
    scale: float
    """Standard deviation after imputation; 1 where the column is constant."""
    indicator: bool
    """Whether a second column says where the value was missing."""

    @property
    def width(self) -> int:
        return 2 if self.indicator else 1

    def encode(self, values: np.ndarray) -> np.ndarray:
        gone = missing(values)
        filled = np.where(gone, self.median, values)
        # In float64 until here: a large mean and a small spread cancel badly in float32.
        out = [(filled - self.mean) / self.scale]
        return np.stack([*out, gone.astype(float)] if self.indicator else out, axis=1)


@dataclass(frozen=True)
class CategoricalColumn:
    """Fitted categories of a column of words: one slot each, then "other", then missing."""

    name: str
    categories: tuple[str, ...]
    indicator: bool
    """Whether a last slot says that the value was missing; otherwise that is "other"."""

    @property
    def width(self) -> int:
        return len(self.categories) + 1 + self.indicator

    def encode(self, values: np.ndarray) -> np.ndarray:
        slot = {category: i for i, category in enumerate(self.categories)}
        other = len(self.categories)
        none = other + 1 if self.indicator else other
        index = [none if v is None else slot.get(v, other) for v in values]
        return np.eye(self.width)[index] if len(index) else np.empty((0, self.width))


Column = NumericColumn | CategoricalColumn


@dataclass(frozen=True)
class TabularAugmentation:
    """How far a random change of rows may go.

    Attributes
    ----------
    noise : float
        Standard deviation of Gaussian noise on standardised numbers.
    mask : float
        Chance that a column is set to its mean (a categorical one to no category).
    """

    noise: float = 0.0
    mask: float = 0.0


TABULAR_AUGMENTATIONS = {
    "weak": TabularAugmentation(noise=0.05),
    "strong": TabularAugmentation(noise=0.15, mask=0.2),
}


@PREPROCESSINGS.register("tabular")
@dataclass(frozen=True)
class TablePreprocessing(Preprocessing):
    """Median imputation, standardisation and one-hot encoding, fitted once.

    Parameters
    ----------
    columns : tuple of NumericColumn or CategoricalColumn
        In the order of the table; see `fit`.
    schema : TableSchema, optional
        What the columns were taken for, by which other tables are read.

    Examples
    --------
    >>> import numpy as np
    >>> table = TableExamples({"age": [1.0, np.nan, 3.0], "sex": np.array(["f", "m", "f"], object)})
    >>> prep = TablePreprocessing.fit([table])
    >>> prep.shape, prep.prepare(table).dtype
    ((5,), dtype('float32'))
    """

    columns: tuple[Column, ...]
    schema: TableSchema | None = None
    modality: ClassVar[str] = "tabular"
    columnar: ClassVar[bool] = True

    @classmethod
    def fit(cls, examples: Sequence[Examples], *, cap: int = 50) -> TablePreprocessing:
        """Fit on the rows of one or several domains together.

        Parameters
        ----------
        examples : sequence of TableExamples
            With the same columns.
        cap : int, default 50
            Greatest number of categories of a column; the rarer ones share "other".

        Raises
        ------
        DataError
            Where the tables differ in their columns.
        """
        tables = [_table(x) for x in examples]
        for table in tables[1:]:
            check_columns(tables[0], table, ("the first table", "another table"))
        fitted: list[Column] = []
        for name in tables[0].columns:
            parts = [table.columns[name] for table in tables]
            words = any(p.dtype == object and not all_missing(p) for p in parts)
            values = np.concatenate([_as_kind(p, words, name) for p in parts])
            gone = missing(values)
            if words:
                counts = Counter(values[~gone].tolist())
                ranked = sorted(counts, key=lambda word: (-counts[word], word))[:cap]
                fitted.append(CategoricalColumn(name, tuple(sorted(ranked)), bool(gone.any())))
                continue
            median = float(np.median(values[~gone])) if not gone.all() else 0.0
            filled = np.where(gone, median, values)
            mean, spread = _mean_and_spread(filled)
            constant = spread <= 1e-9 * max(1.0, abs(mean))
            fitted.append(
                NumericColumn(name, median, mean, 1.0 if constant else spread, bool(gone.any()))
            )
        schemas = [table.schema for table in tables if table.schema is not None]
        schema = schemas[0] if schemas else None
        for other in schemas[1:]:
            schema = schema.merged(other) if schema is not None else other
        return cls(tuple(fitted), schema)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that a table must have."""
        return tuple(column.name for column in self.columns)

    @property
    def shape(self) -> tuple[int, ...]:
        """(columns after encoding,)."""
        return (sum(column.width for column in self.columns),)

    def column_names(self) -> tuple[str, ...]:
        """Return of which column each number of an input is."""
        return tuple(column.name for column in self.columns for _ in range(column.width))

    def sketches(self, stored: np.ndarray) -> np.ndarray:
        """Return where each row lies along a few directions."""
        from .sketches import projection_sketches

        return projection_sketches(np.asarray(stored))

    def prepare(
        self, examples: Examples, *, cache: Path | None = None, events: Events = SILENT
    ) -> np.ndarray:
        """Return float32 (n, columns); tables are quick, so `cache` is not used.

        Columns that were not there at fit are left out, with a note.

        Raises
        ------
        DataError
            Where a column is missing, holds words where it held numbers, or a number so far from
            those at fit that float32 does not hold it.
        """
        table = _table(examples)
        lost = [name for name in self.names if name not in table.columns]
        if lost:
            raise DataError(
                f"the table lacks {lost[:10]}; it has {list(table.columns)[:20]}",
                hint="give it the columns that the model was fitted with",
            )
        extra = sorted(set(table.columns) - set(self.names))
        if extra:
            events.log("note", f"columns left out, the model does not know them: {extra[:20]}")
        parts = []
        for column in self.columns:
            words = isinstance(column, CategoricalColumn)
            values = _as_kind(table.columns[column.name], words, column.name)
            if isinstance(column, CategoricalColumn):
                note = unknown_words(column, values)
                if note:
                    events.log("warning", note)
            with np.errstate(over="ignore"):  # said below, with its column and row
                part = column.encode(values).astype(np.float32)
            beyond = np.flatnonzero(~np.isfinite(part).all(axis=1))
            if len(beyond):
                what = f"holds {values[beyond[0]]:g}, beyond the scale that the model knows,"
                table.refuse(column.name, beyond, what)
            parts.append(part)
        return np.concatenate(parts, axis=1)

    def encode(self, stored: torch.Tensor) -> torch.Tensor:
        """Return the rows as float32."""
        return stored.float()

    def augment(
        self, stored: torch.Tensor, strength: Strength, generator: torch.Generator
    ) -> torch.Tensor:
        """Add noise to numbers ("weak"), and set random columns to their mean ("strong")."""
        import torch

        x = self.encode(stored)
        if strength == "none":
            return x
        change = TABULAR_AUGMENTATIONS[strength]
        noise = torch.randn(x.shape, generator=generator, device=generator.device).to(x.device)
        x = x + noise * change.noise * self._is_number(x.device)
        if change.mask:
            drop = torch.rand(
                (len(x), len(self.columns)), generator=generator, device=generator.device
            )
            group = [i for i, column in enumerate(self.columns) for _ in range(column.width)]
            x = x.masked_fill((drop < change.mask)[:, group].to(x.device), 0.0)
        return x

    def _is_number(self, device: torch.device) -> torch.Tensor:
        import torch

        flags: list[float] = []
        for column in self.columns:
            first = isinstance(column, NumericColumn)
            flags += [float(first and i == 0) for i in range(column.width)]
        return torch.tensor(flags, device=device)

    def many(self, what: Any) -> Any:
        """Return one row as several."""
        from .single import row_or_rows

        dates = [] if self.schema is None else self.schema.columns
        made = {f"{c.name} ({part})" for c in dates for part in ("month", "weekday")}
        return row_or_rows(what, self.names, [name for name in self.names if name not in made])

    def reads(self) -> Reads:
        """Return the columns to use."""
        found: Reads = {"columns": list(self.names)}
        if self.schema is not None:
            found["schema"] = self.schema
        return found

    def to_dict(self) -> JsonObject:
        """Return plain values."""
        columns = []
        for column in self.columns:
            kind = "number" if isinstance(column, NumericColumn) else "category"
            values = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(column).items()}
            columns.append({"type": kind, **values})
        found: JsonObject = {"kind": "tabular", "columns": columns}
        return found if self.schema is None else {**found, "schema": self.schema.to_json()}

    @classmethod
    def from_dict(cls, values: JsonObject) -> Self:
        """Undo `to_dict`."""
        columns: list[Column] = []
        for entry in values["columns"]:
            rest = {k: v for k, v in entry.items() if k != "type"}
            if entry["type"] == "number":
                columns.append(NumericColumn(**rest))
            else:
                rest["categories"] = tuple(rest["categories"])
                columns.append(CategoricalColumn(**rest))
        schema = values.get("schema")
        return cls(tuple(columns), None if schema is None else TableSchema.from_json(schema))


_CAP = 50
_SQUARES_END = 1e150
"""Numbers from here on have squares beyond what a float holds."""


def _mean_and_spread(values: np.ndarray) -> tuple[float, float]:
    if not len(values):
        return 0.0, 0.0
    largest = float(np.abs(values).max())
    if largest < _SQUARES_END:
        return float(values.mean()), float(values.std())
    small = values / largest
    return float(small.mean()) * largest, float(small.std()) * largest


def unknown_words(column: CategoricalColumn, values: np.ndarray) -> str:
    """Return what to say of words that a column of categories does not know, "" where it knows all.

    Raises
    ------
    DataError
        Where none is known and they are spelled otherwise: no answer could depend on them.
    """
    given = [value for value in values if value is not None]
    categories = set(column.categories)
    strange = [value for value in given if value not in categories]
    if not strange or not categories:
        return ""
    shown = ", ".join(map(repr, dict.fromkeys(strange[:100])))
    shown = shown if len(shown) < 100 else shown[:97] + "..."
    if len(strange) == len(given) and (
        not {_look(value) for value in strange} & {_look(value) for value in categories}
        or {_plainly(value) for value in strange} <= {_plainly(value) for value in categories}
    ):
        some = ", ".join(map(repr, sorted(categories)[:5]))
        raise DataError(
            f"column {column.name!r} holds {shown} in all of its {len(given)} rows, and the model "
            f"knows {some}: it is spelled otherwise",
            hint="write the column as the model knows it",
        )
    if len(column.categories) >= _CAP:
        return ""
    return (
        f"column {column.name!r}: {len(strange)} of {len(given)} values are unknown to the model "
        f'and count as "other": {shown}'
    )


def _look(word: str) -> str:
    """Return what a word looks like: the kinds of its characters, each kind once in a row."""
    if word in ("True", "False"):
        return "truth"
    if word.isdigit():
        return "zeros" if len(word) > 1 and word[0] == "0" else "digits"
    return "number" if not any(char.isalpha() for char in word) else "word"


def _plainly(word: str) -> str:
    return unicodedata.normalize("NFC", word).casefold().strip().lstrip("0")


def _table(examples: Examples) -> TableExamples:
    if not isinstance(examples, TableExamples):
        raise DataError(
            f"table preprocessing was given {examples.modality} examples",
            hint="use the preprocessing of that modality",
        )
    return examples


def _as_kind(values: np.ndarray, words: bool, name: str) -> np.ndarray:
    """Return a column as words or as numbers, where it is the other kind but can be read so."""
    if words == (values.dtype == object):
        return values
    gone = missing(values)
    if words:
        return np.array([class_name(v) for v in values], dtype=object)
    if not gone.all():
        raise DataError(
            f"column {name!r} holds {values[~gone][0]!r} where the model knows numbers",
            hint="correct the column",
        )
    return np.full(len(values), np.nan)
