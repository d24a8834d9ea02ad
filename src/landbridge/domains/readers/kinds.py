"""What a column is, and a column as what it should be."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np

from ...base.errors import DataError
from ...targets.names import class_name
from ..modalities.table import missing
from ..schema import IN_WORDS, NUMBERS, ColumnSchema
from . import times
from .in_cells import as_files
from .numbers import EXACT, Spelled, is_exact, spelled
from .written import Written, objects_of, words_of

Values = dict[str, np.ndarray]


class NotNumbers(DataError):
    """A column of words where numbers were expected.

    Attributes
    ----------
    column : str
    """

    column = ""


_MOST_CODES = 10
"""Decimal numbers so few may be names of classes."""
_MOST_MISFITS = 0.05
"""So much of a column may be something else than the rest, and is then counted as missing."""


def decide(column: Written, *, commas: bool = False) -> tuple[ColumnSchema, Values] | None:
    """Return what a column is and its values, None where nothing can be made of it.

    Parameters
    ----------
    column : Written
    commas : bool
        Whether "1,234" with nothing else to go by is 1.234.
    """
    from pyarrow import types

    name, array = column.name, column.array
    kind = array.type
    if types.is_null(kind) or (array.null_count == len(array) and not types.is_nested(kind)):
        return ColumnSchema(name, "empty"), {name: np.full(len(array), np.nan)}
    if types.is_string(kind):
        return _of_strings(column, commas)
    if types.is_boolean(kind):
        return ColumnSchema(name, "boolean"), {name: words_of(array)}
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return _of_numbers(name, array)
    if types.is_timestamp(kind) or types.is_date(kind):
        when, zone = times.clock(array)
        return _dates(name, when, zone)
    if types.is_time(kind):
        return ColumnSchema(name, "time"), {name: times.hours(array)}
    if types.is_duration(kind):
        return ColumnSchema(name, "duration"), {name: times.days(array)}
    if types.is_binary(kind):
        return ColumnSchema(name, "files"), {name: objects_of(array.to_pylist())}
    if types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        files = [None if v is None else v.get("bytes") or v.get("path") for v in array.to_pylist()]
        return ColumnSchema(name, "files"), {name: objects_of(files)}
    if types.is_struct(kind) and kind.get_field_index("sampling_rate") >= 0:
        waves = as_files(name, array.to_pylist())
        if waves is not None:
            return ColumnSchema(name, "files"), {name: objects_of(waves)}
    return None


def _of_strings(column: Written, commas: bool) -> tuple[ColumnSchema, Values]:
    import pyarrow.compute as pc

    name, array = column.name, column.array
    if column.typed != "yes":
        when = times.written_times(array)
        if when is not None and when[0] == "datetime":
            return _dates(name, when[1], when[2])
        if when is not None:
            return ColumnSchema(name, "time"), {name: when[1]}
    if column.typed != "no":
        return ColumnSchema(name, "category"), {name: words_of(array)}
    found = spelled(array, commas=commas)
    if found is None:
        distinct = pc.unique(pc.utf8_lower(pc.utf8_trim_whitespace(array.drop_null())))
        if set(distinct.slice(0, 4).to_pylist()) <= {"true", "false"} and len(distinct) <= 2:
            words = words_of(array)
            return ColumnSchema(name, "boolean"), {name: _truths(words)}
        return ColumnSchema(name, "category"), {name: words_of(array)}
    if found.zeros:
        return ColumnSchema(name, "category", why="codes with leading zeros"), {
            name: words_of(array)
        }
    if found.integers and not is_exact(array, found.values):
        return ColumnSchema(name, "category", why=LARGE), {name: words_of(array)}
    if np.isnan(found.values).all() and not found.odd.any():
        return ColumnSchema(name, "empty"), {name: found.values}
    return _schema_of(name, array, found), {name: found.values}


LARGE = "whole numbers above 2^53, kept exact"


def _schema_of(name: str, array: Any, found: Spelled) -> ColumnSchema:
    why = []
    if found.decimal != ".":
        why.append("with decimal commas")
    if found.thousands:
        why.append(f"with {found.thousands!r} between thousands")
    if found.percent:
        why.append("in percent")
    if found.unit:
        why.append(f"in {found.unit}")
    if found.odd.any():
        why.append(_said_odd(array, found.odd))
    return ColumnSchema(
        name,
        "integer" if found.integers and not found.odd.any() else "decimal",
        decimal=found.decimal,
        thousands=found.thousands,
        percent=found.percent,
        unit=found.unit,
        why=", ".join(why),
    )


def _said_odd(array: Any, odd: np.ndarray) -> str:
    rows = np.flatnonzero(odd)
    words = list(dict.fromkeys(array[int(row)].as_py() for row in rows[:100]))
    shown = ", ".join(map(repr, words[:3])) + (", ..." if len(words) > 3 else "")
    return (
        f"but for {len(rows)} of {len(odd)}: {shown}, first in row {rows[0] + 1}, taken as "
        "missing; categorical= reads words"
    )


def _of_numbers(name: str, array: Any) -> tuple[ColumnSchema, Values]:
    import pyarrow as pa
    from pyarrow import types

    numbers = np.array(array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    kind = array.type
    integers = types.is_integer(kind) or (types.is_decimal(kind) and kind.scale == 0)
    if integers and not is_exact(array, numbers):
        return ColumnSchema(name, "category", why=LARGE), {name: words_of(array)}
    return ColumnSchema(name, "integer" if integers else "decimal"), {name: numbers}


def _dates(name: str, when: np.ndarray, zone: str) -> tuple[ColumnSchema, Values]:
    why = "" if not zone else "by the clock of " + ("each" if zone == "as written" else zone)
    return ColumnSchema(name, "datetime", zone=zone, why=why), times.dates(name, when)


def _truths(words: np.ndarray) -> np.ndarray:
    return objects_of([None if word is None else word.capitalize() for word in words])


_TRUTHS = (("false", "true"), ("0", "1"), ("no", "yes"), ("n", "y"), ("f", "t"))
"""How truth values are written elsewhere."""


def _as_truths(words: np.ndarray) -> np.ndarray:
    """Return words as True and False where all of them are one way to write these."""
    there = {word.casefold() for word in words if word is not None}
    for no, yes in _TRUTHS:
        if there <= {no, yes}:
            values = {no: "False", yes: "True"}
            return objects_of([None if w is None else values[w.casefold()] for w in words])
    return words


def label_values(
    column: Written, schema: ColumnSchema, words: np.ndarray | None = None
) -> list[Any]:
    """Return a column as labels: whole numbers exact, decimals, words as they are written.

    Parameters
    ----------
    column : Written
    schema : ColumnSchema
        What it is.
    words : ndarray of object, optional
        What is written in it, where that is known already.
    """
    if schema.kind == "boolean":
        own = column.words() if words is None else words
        return list(_truths(own))
    if schema.kind == "decimal" and "taken as missing" not in schema.why:
        _, values = _as_numbers(column, schema, column.name)
        own = column.words() if words is None else words
        plain = schema.decimal == "." and not (schema.thousands or schema.percent or schema.unit)
        if column.is_strings and plain and _are_codes(own, values):
            return list(own)
        return [None if np.isnan(value) else float(value) for value in values]
    found = column.words() if words is None else words
    if schema.kind == "integer":
        return [None if word is None else _integer(word, schema) for word in found]
    return list(found)


_POWER = re.compile(r"\d+[eE]\d+")


def _are_codes(words: np.ndarray, values: np.ndarray) -> bool:
    """Whether labels that read as decimal numbers are codes: 4E10, or 1.1 beside 1.10."""
    given = [word for word in words if word is not None]
    distinct = set(given)
    if len(distinct) > min(_MOST_CODES, len(given) / 2):
        return False
    spelled_twice = len(distinct) > len(np.unique(values[~np.isnan(values)]))
    return spelled_twice or any(map(_POWER.fullmatch, distinct))


def _integer(word: str, schema: ColumnSchema) -> int:
    mark = schema.thousands
    clean = word.replace("\u2212", "-").replace(mark, "") if mark else word.replace("\u2212", "-")
    if schema.unit:
        below = clean.startswith("(")
        clean = clean.replace(schema.unit, "").strip("() ")
        clean = f"-{clean}" if below else clean
    return int(clean.replace("\u00a0", "").replace("’", ""))


def category_words(column: Written, schema: ColumnSchema) -> np.ndarray:
    """Return a column as categories, by what it is: 3, 3.0 and "3" are one, "03" is another."""
    if schema.kind == "boolean":
        return _truths(column.words())
    if schema.kind in NUMBERS:
        found = label_values(column, schema)
        return objects_of([v if isinstance(v, str) else class_name(v) for v in found])
    return column.words()


def conform(
    column: Written, own: ColumnSchema, values: Values, wanted: ColumnSchema, name: str
) -> tuple[ColumnSchema, Values, str]:
    """Return a column as another table's column of this name was taken, and what to say.

    Parameters
    ----------
    column : Written
    own : ColumnSchema
        What it is by itself.
    values : dict
        Its values by itself.
    wanted : ColumnSchema
        What it should be.
    name : str
        What to call the table.

    Raises
    ------
    DataError
        Where it is something else.
    """
    if "empty" in (own.kind, wanted.kind) or "files" in (own.kind, wanted.kind):
        return own, values, ""
    kept = replace(own, kind=wanted.kind)
    if wanted.kind in ("category", "boolean"):
        words = category_words(column, own)
        if wanted.kind == "boolean":
            words = _as_truths(words)
        note = ""
        if own.kind not in ("category", "boolean"):
            note = f"column {column.name!r} holds {IN_WORDS[own.kind]}, and is read as words"
        return replace(kept, why=own.why), {column.name: words}, note
    if wanted.kind in NUMBERS:
        if own.kind == "boolean":
            truth = {"True": 1.0, "False": 0.0}
            found = [np.nan if w is None else truth[w] for w in values[column.name]]
            return kept, {column.name: np.array(found)}, ""
        if own.kind in NUMBERS:
            note = ""
            if wanted.decimal == "," and own.thousands == ",":  # 1,234 may be either
                note, numbers = _as_numbers(column, wanted, name)
                own = replace(own, kind="decimal", decimal=",", thousands="")
                values = {column.name: numbers}
            _check_units(own, wanted, name)
            return own, values, note
        if own.kind == "category":
            note, numbers = _as_numbers(column, wanted, name)
            return kept, {column.name: numbers}, note
    if own.kind != wanted.kind:
        return _other_times(column, own, wanted, name)
    if own.zone != wanted.zone:
        zones = [zone or "none" for zone in (wanted.zone, own.zone)]
        return own, values, f"column {column.name!r}: the zone was {zones[0]}, here {zones[1]}"
    return own, values, ""


def _check_units(own: ColumnSchema, wanted: ColumnSchema, name: str) -> None:
    """Refuse numbers that are another quantity than those of the other side, or may be."""
    units = ["percent" if one.percent else one.unit for one in (own, wanted)]
    if own.percent != wanted.percent or (own.unit and wanted.unit and own.unit != wanted.unit):
        here, there = (f"in {unit}" if unit else "without a unit" for unit in units)
        raise DataError(
            f"{name}: the numbers of column {own.name!r} are {here}, those of the other side "
            f"{there}",
            hint="write both alike, or leave the column out with drop=",
        )


def _other_times(
    column: Written, own: ColumnSchema, wanted: ColumnSchema, name: str
) -> tuple[ColumnSchema, Values, str]:
    """Return a column of strings as the times it should hold; others are refused."""
    if column.is_strings and own.kind == "category":
        import pyarrow as pa

        kept = np.array([_is_time(word, wanted.kind) for word in column.words()])
        given = int((~missing(column.words())).sum())
        if kept.any() and given - kept.sum() <= max(1, _MOST_MISFITS * given) and given > 1:
            text = pa.array([w if k else None for w, k in zip(column.words(), kept, strict=True)])
            found = times.written_times(text)
            if found is not None:
                made = (
                    _dates(column.name, found[1], found[2])
                    if found[0] == "datetime"
                    else (ColumnSchema(column.name, "time"), {column.name: found[1]})
                )
                odd = ~kept & ~missing(column.words())
                said = (
                    f"column {column.name!r}: {_said_odd(column.array, odd)}" if odd.any() else ""
                )
                return *made, said
    first = next((word for word in column.words() if word is not None), "")
    raise DataError(
        f"{name}: column {column.name!r} holds {IN_WORDS[own.kind]} such as {first!r}, expected "
        f"{IN_WORDS[wanted.kind]} as elsewhere",
        hint="write both alike, or leave the column out with drop=",
    )


def _is_time(word: str | None, kind: str) -> bool:
    import pyarrow as pa

    found = None if word is None else times.written_times(pa.array([word]))
    return found is not None and found[0] == kind


def _as_numbers(column: Written, wanted: ColumnSchema, name: str) -> tuple[str, np.ndarray]:
    """Return a column as numbers, in whatever spelling; a few words are missing, said.

    Raises
    ------
    DataError
        Where there are more, naming the first.
    """
    import pyarrow as pa

    array = column.array
    if not column.is_strings:
        return "", np.array(array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    commas = wanted.decimal == ","
    read = spelled(array, commas=commas)
    if read is not None:
        _check_units(_schema_of(column.name, array, read), wanted, name)
        note = f"column {column.name!r}: {_said_odd(array, read.odd)}" if read.odd.any() else ""
        return note, read.values
    values = np.full(len(array), np.nan)
    odd = np.zeros(len(array), bool)
    for row, word in enumerate(array.to_pylist()):
        one = None if word is None else spelled(pa.array([word], pa.string()), commas=commas)
        odd[row] = word is not None and bool(word.strip()) and one is None
        values[row] = np.nan if one is None else one.values[0]
    given = len(array) - array.null_count
    if odd.sum() > _MOST_MISFITS * given:
        row = int(np.flatnonzero(odd)[0])
        problem = NotNumbers(
            f"{name}: column {column.name!r} holds {array[row].as_py()!r} in row {row + 1}, "
            f"expected a number ({int(odd.sum())} of {given} values are none)",
            hint="correct the value, leave it empty if it is missing, or read the column as words "
            f"on every side: categorical={column.name}",
        )
        problem.column = column.name
        raise problem
    return f"column {column.name!r}: {_said_odd(array, odd)}", values


def exact(values: np.ndarray) -> bool:
    """Whether numbers are small enough for float64 to tell whole ones apart."""
    return not len(values) or bool(np.nanmax(np.abs(values)) <= EXACT)
