"""What each column of a table is: decided once, stored, and applied to every other table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from ..base.errors import DataError, RunError
from ..base.registry import nearest
from ..base.typed import JsonObject, checked, wrong_field

Kind = Literal[
    "integer", "decimal", "boolean", "category", "datetime", "time", "duration", "files", "empty"
]
Role = Literal["feature", "label", "text", "image", "audio", "split", "domain", "unused"]

IN_WORDS: dict[str, str] = {
    "integer": "whole numbers",
    "decimal": "decimal numbers",
    "boolean": "truth values",
    "category": "words",
    "datetime": "dates",
    "time": "times of day, in hours",
    "duration": "durations, in days",
    "files": "files",
    "empty": "without a value",
}
NUMBERS: tuple[Kind, ...] = ("integer", "decimal")
WORDS: tuple[Kind, ...] = ("category", "boolean")
_SHOWN = 20
_SHAPE = {"columns": [{"name": str, "kind": str}], "encoding?": (str, None)}


@dataclass(frozen=True)
class ColumnSchema:
    """What one column of a table was taken for.

    Attributes
    ----------
    name : str
    kind : str
        "integer", "decimal", "boolean", "category" (words as they are written), "datetime", "time"
        (of day), "duration", "files" (contents of files), "empty" (no value at all).
    role : str
        What it is used for: "feature", "label", "text", "image", "audio", "split", "domain", or
        "unused".
    decimal, thousands : str
        The marks that its numbers are written with.
    percent : bool
        Whether they end in a percent sign.
    unit : str
        The sign of the currency that they are written with.
    zone : str
        The time zone whose clock was read, "" where times have none.
    why : str
        What is to be said about it.
    """

    name: str
    kind: Kind
    role: Role = "feature"
    decimal: str = "."
    thousands: str = ""
    percent: bool = False
    unit: str = ""
    zone: str = ""
    why: str = ""

    def to_json(self) -> JsonObject:
        """Return plain values; what is as usual is left out."""
        usual = {field.name: field.default for field in fields(self)}
        return {key: value for key, value in asdict(self).items() if value != usual[key]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ColumnSchema:
        """Undo `to_json`."""
        names = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in values.items() if key in names})


@dataclass(frozen=True)
class TableSchema:
    """What the columns of a table were taken for, in their order.

    Attributes
    ----------
    columns : tuple of ColumnSchema
    encoding : str, optional
        The encoding of text files that was named.

    Examples
    --------
    >>> schema = TableSchema((ColumnSchema("zip", "category", why="codes with leading zeros"),))
    >>> TableSchema.from_json(schema.to_json()) == schema, schema["zip"].kind, schema.get("age")
    (True, 'category', None)
    """

    columns: tuple[ColumnSchema, ...] = ()
    encoding: str | None = None

    def __getitem__(self, name: str) -> ColumnSchema:
        return next(column for column in self.columns if column.name == name)

    def get(self, name: str) -> ColumnSchema | None:
        """Return a column, None where there is none of that name."""
        return next((column for column in self.columns if column.name == name), None)

    def named(self, *roles: Role) -> list[str]:
        """Return the names of the columns with one of these roles."""
        return [column.name for column in self.columns if column.role in roles]

    @property
    def names(self) -> list[str]:
        """What the columns are called."""
        return [column.name for column in self.columns]

    def only(self, names: Iterable[str]) -> TableSchema:
        """Return it with these columns alone."""
        wanted = set(names)
        return replace(self, columns=tuple(c for c in self.columns if c.name in wanted))

    def merged(self, other: TableSchema | None) -> TableSchema:
        """Return it with what another table tells of columns that are empty or not there here."""
        if other is None:
            return self
        theirs = {column.name: column for column in other.columns if column.kind != "empty"}
        own = {column.name for column in self.columns}
        columns = [theirs.get(c.name, c) if c.kind == "empty" else c for c in self.columns]
        more = [column for name, column in theirs.items() if name not in own]
        return replace(self, columns=(*columns, *more))

    def to_json(self) -> JsonObject:
        """Return plain values."""
        found: JsonObject = {"columns": [column.to_json() for column in self.columns]}
        return found if self.encoding is None else {**found, "encoding": self.encoding}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TableSchema:
        """Undo `to_json`.

        Raises
        ------
        RunError
            Where a column is none that a table has.
        """
        checked(values, _SHAPE, "the schema of columns")
        columns = tuple(ColumnSchema.from_json(column) for column in values["columns"])
        made = cls(columns, values.get("encoding"))
        if problem := wrong_field(made):
            raise RunError(
                f"the schema of columns is damaged: {problem}", hint="restore it, or run again"
            )
        return made


def said(columns: Sequence[ColumnSchema]) -> str:
    """Return what columns were taken for in one sentence, those alike together.

    Examples
    --------
    >>> said([ColumnSchema("a", "integer"), ColumnSchema("b", "integer")])
    "columns read as whole numbers: 'a', 'b'"
    """
    groups: dict[str, list[str]] = {}
    for column in columns:
        what = IN_WORDS[column.kind] + (f" ({column.why})" if column.why else "")
        groups.setdefault(what, []).append(repr(column.name))
    return "columns read as " + "; ".join(
        f"{what}: {', '.join(names[:_SHOWN])}"
        + (f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else "")
        for what, names in groups.items()
    )


class NoColumnError(DataError):
    """Data lack a column that an option names: of the user's, or of what a model learned from."""

    def __init__(self, what: str, option: str, there: str, hint: str) -> None:
        super().__init__(f"{what} ({option}){there}", hint=hint)
        self.what, self.option, self.there = what, option, there


def no_column(name: str, wanted: str, option: str, there: Iterable[str]) -> NoColumnError:
    """Return the error of data without a column that an option names, with the nearest.

    Parameters
    ----------
    name : str
        What to call the data.
    wanted : str
    option : str
        As it is written: "text=", "--labels".
    there : iterable of str
        The columns that there are.
    """
    names = list(there)
    if not names:
        return NoColumnError(
            f"{name} has no column {wanted!r}",
            option,
            ": it has none that has a name",
            "give it as a table that has the column",
        )
    near = nearest(wanted, names)
    return NoColumnError(
        f"{name} has no column {wanted!r}",
        option,
        f"; it has {names[:30]}",
        f"did you mean {near!r}?" if near else "name one of these columns",
    )
