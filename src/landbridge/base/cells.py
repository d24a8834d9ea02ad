"""CSV for people: a text that a spreadsheet would run as a formula is written as a text."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from .shown import visible

MARK = "'"
"""Before a cell: to spreadsheets, what follows is text."""
RUNS = r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]"
"""What a cell begins with that a spreadsheet may run, or that hides such a beginning."""
_MARKED = re.compile(f"(?:{RUNS}|{MARK})")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")
OURS = frozenset(("name", "predicted"))
"""A table with these columns is one of predictions."""


def cell(value: Any) -> Any:
    """Return what is written for a value: a text that could run gets a mark before it.

    Numbers stay as they are, those in texts as well. A text that begins with the mark gets another
    one, so `unmarked` gives back what there was.

    Examples
    --------
    >>> cell("=1+1"), cell("'s-Hertogenbosch"), cell("-5"), cell(-5), cell("ant")
    ("'=1+1", "''s-Hertogenbosch", '-5', -5, 'ant')
    """
    if not isinstance(value, str) or not _MARKED.match(value) or _NUMBER.match(value):
        return value
    return MARK + value


def unmarked(text: str) -> str:
    """Return a cell as it was before `cell`.

    Examples
    --------
    >>> unmarked("'=1+1"), unmarked("''s-Hertogenbosch"), unmarked("'ant'")
    ('=1+1', "'s-Hertogenbosch", "'ant'")
    """
    return text[1:] if text[:1] == MARK and _MARKED.match(text[1:]) else text


def write_rows(
    file: TextIO, heads: Sequence[str], rows: Iterable[Sequence[Any]], *, shown: bool = False
) -> None:
    """Write heads and rows as CSV.

    Parameters
    ----------
    file : file
        Open for text, with ``newline=""``.
    heads : sequence of str
    rows : iterable of sequences
    shown : bool
        For a screen: control characters become escapes. In a file they are kept.
    """
    writer = csv.writer(file, lineterminator="\n")

    def written(value: Any) -> Any:
        return visible(cell(value)) if shown and isinstance(value, str) else cell(value)

    writer.writerow([written(head) for head in heads])
    writer.writerows([written(value) for value in row] for row in rows)
