"""The first lines of a text table: a separator, comments, names, or already data."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .guessing import ID_NAMES, LABEL_NAMES, SPLIT_NAMES, TEXT_NAMES
from .numbers import MISSING_WORDS

_BYTES, _LINES = 1 << 16, 400
_YEARS = range(1900, 2101)
_DECIMAL = re.compile(r'"?[+-]?\d*,\d+([eE][+-]?\d+)?\s*%?"?')
_USUAL = {*LABEL_NAMES, *TEXT_NAMES, *ID_NAMES, *SPLIT_NAMES}


@dataclass(frozen=True)
class Start:
    """How a text table begins.

    Attributes
    ----------
    skip : int
        Lines before the names or the data.
    delimiter : str
    fields : tuple of str
        What the first line holds, as it stands.
    names : bool
        Whether these are names.
    notes : tuple of str
    """

    skip: int
    delimiter: str
    fields: tuple[str, ...]
    names: bool
    notes: tuple[str, ...]


def start_of(
    content: bytes,
    file: str,
    *,
    tabs: bool = False,
    plain: bool = False,
    column_names: Collection[str] = (),
) -> Start | None:
    """Look at the first lines of a table in UTF-8; None where the first is empty.

    Parameters
    ----------
    content : bytes
    file : str
        What to call it.
    tabs : bool
        Whether tabs separate its columns, whatever else is there.
    plain : bool
        Whether quotation marks are characters as any other.
    column_names : collection of str
        Names that columns should have.
    """
    head = content[:_BYTES].decode("utf-8", "replace")
    lines = re.split("\r\n|\n|\r", head)  # not splitlines: a form feed ends no line of a table
    if len(content) > _BYTES:
        lines = lines[:-1] or lines
    skip, notes, delimiter = 0, [], "\t" if tabs else None
    if lines and lines[0].strip().lower().startswith("sep=") and len(lines[0].strip()) <= 5:
        delimiter = lines[0].strip()[4:] or ","
        delimiter = "\t" if lines[0].rstrip("\r\n").endswith("\t") else delimiter
        notes.append(f"the first line of {file} says what separates columns: {delimiter!r}")
        skip = 1
    comments = 0
    while skip + comments + 1 < len(lines) and _is_comment(lines, skip + comments, delimiter):
        comments += 1
    if comments:
        notes.append(f"{comments} comment line{'s'[: comments > 1]} on top of {file} left out")
    skip += comments
    if skip >= len(lines) or not lines[skip].strip():
        return None
    mark = delimiter or delimiter_of(lines[skip])
    rows = _rows(lines[skip : skip + _LINES], mark, plain)
    fields = rows[0] if rows else []
    first = [field.strip() for field in fields]
    names, why = are_names(first, rows[1:], column_names)
    if not names:
        notes.append(
            f"the first line of {file} holds no names ({why}): columns are called x0, x1, ..."
        )
    elif why:
        notes.append(f"the first line of {file} holds names ({why})")
    return Start(skip, mark, tuple(fields), names, tuple(notes))


def delimiter_of(line: str) -> str:
    """Return the mark that a line has most of; a tab where there is one."""
    counts = {mark: line.count(mark) for mark in (",", ";", "\t", "|")}
    if line.count("\t"):
        return "\t"  # never in a word, as the others may be
    with_comma = [field for field in line.split(";") if "," in field]
    if ";" in line and all(_DECIMAL.fullmatch(field.strip()) for field in with_comma):
        return ";"
    return max(counts, key=lambda mark: counts[mark])


def are_names(
    first: Sequence[str], rows: Sequence[Sequence[str]], column_names: Collection[str] = ()
) -> tuple[bool, str]:
    """Say whether a table's first line holds names, from the lines below it, and why if in doubt.

    Names stand over numbers without being one; data hold numbers, or words that come again below.

    Examples
    --------
    >>> are_names(["a", "b"], [["1", "x"]]), are_names(["5.1", "ant"], [["4.9", "ant"]])[0]
    ((True, ''), False)
    """
    given = [field for field in first if field not in MISSING_WORDS]
    if column_names and given and sum(field in column_names for field in given) >= 0.5 * len(given):
        return True, ""
    numbers = [is_number(field) for field in first]
    columns = [[row[i].strip() for row in rows if i < len(row)] for i in range(len(first))]
    over = [_all_numbers(column) for column in columns]
    named = [
        field for field, is_one in zip(first, numbers, strict=True)
        if not is_one and field not in MISSING_WORDS
    ]  # fmt: skip
    if any(
        not own and below and field not in MISSING_WORDS
        for field, own, below in zip(first, numbers, over, strict=True)
    ):
        return True, ""
    again = sum(
        field in column for field, column in zip(first, columns, strict=True) if field in named
    )
    if any(numbers):
        counting = _counting(first, all(field.lower() in _USUAL for field in named))
        if counting and len(set(first)) == len(first) and not again and (named or len(given) > 2):
            return True, f"its numbers are {counting}"
        return False, "numbers stand in it"
    if named and again >= max(1, 0.5 * len(named)) and len(rows) > 1:
        return False, "its words come again below it"
    return bool(named), "" if named else "it has no word"


def is_number(text: str) -> bool:
    """Whether a text is a number, with a decimal point or comma."""
    try:
        float(text.replace(",", ".") if text.count(",") == 1 else text)
    except ValueError:
        return False
    return not any(char.isalpha() for char in text.replace("e", "").replace("E", ""))


def _all_numbers(column: Sequence[str]) -> bool:
    given = [field for field in column if field not in MISSING_WORDS]
    return bool(given) and all(is_number(field) for field in given)


def _counting(first: Sequence[str], usual: bool) -> str:
    """Return what numbers as names are: 0, 1, 2, ... or years in order.

    Where all words are `usual` names, one number is enough, and they may begin at 1.
    """
    if any(is_number(field) and not field.isdigit() for field in first):
        return ""
    numbers = [int(field) for field in first if field.isdigit()]
    if numbers == list(range(len(numbers))) and (usual or len(numbers) > 1):
        return "0, 1, 2, ..."
    if usual and numbers == list(range(1, len(numbers) + 1)):
        return "1, 2, 3, ..."
    steps = {b - a for a, b in pairwise(numbers)}
    years = len(numbers) > 1 and all(number in _YEARS for number in numbers) and len(steps) == 1
    return "years" if years and 0 not in steps else ""


def _is_comment(lines: Sequence[str], at: int, delimiter: str | None) -> bool:
    """Whether a line that begins with # or % is no header: the next has other fields."""
    line, after = lines[at].strip(), lines[at + 1].strip()
    if not line.startswith(("#", "%")):
        return False
    if after.startswith(("#", "%")):
        return True
    mark = delimiter or delimiter_of(after)
    return line.count(mark) != after.count(mark)


def _rows(lines: Sequence[str], mark: str, plain: bool) -> list[list[str]]:
    if plain:
        return [line.split(mark) for line in lines]
    try:
        return list(csv.reader([f"{line}\n" for line in lines], delimiter=mark))
    except csv.Error:  # a field of more than 128 kB
        return [line.split(mark) for line in lines]
