"""Lists that were written into one cell: ``["Ada", "sat"]`` or ``['Ada', 'sat']``."""

from __future__ import annotations

import ast
import io
import json
import tokenize
from typing import Any

from .errors import DataError

WRITTEN = ("tokens", "words", "ner_tags", "tags", "pos_tags", "chunk_tags", "objects", "boxes")
"""Columns that hold a list in each row, whatever the task."""
_LONGEST = 1_000_000
_SKIPPED = (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT)


def written_list(value: Any, column: str, name: str) -> Any:
    """Return the list or mapping that a cell holds as JSON or Python writes it; else the cell.

    Raises
    ------
    DataError
        Where a cell is a list as numpy prints it, or is cut: words cannot be told apart then.
    """
    text = value.strip() if isinstance(value, str) else ""
    if not _looks_written(text):
        return value
    if len(text) <= _LONGEST:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = _python(text)
        if isinstance(found, list | dict):
            return found
        if isinstance(found, tuple):
            return list(found)
        if isinstance(found, set):
            return sorted(found, key=str)
    raise DataError(
        f"{name}, column {column!r}: {text[:60]!r} looks like a list that was written down, and is "
        "neither JSON nor a Python list",
        hint='write ["one", "two"], words between blanks, or JSONL or Parquet, which hold lists',
    )


def _looks_written(text: str) -> bool:
    """A list in brackets: quoted items, numbers, or nothing; "[ x ]" is three words."""
    if len(text) < 2 or (text[0], text[-1]) not in (("[", "]"), ("{", "}"), ("(", ")")):
        return False
    inner = text[1:-1].lstrip()
    if not inner:
        return True
    if text[0] == "(":  # one word may stand in parentheses: "(3)", "('n')"
        return inner[0] in "'\"" and "," in inner
    if inner[0] in "'\"[{":
        return len(inner.rstrip()) > 1
    return all(c in "0123456789+-.,eE \t\r\n" for c in inner) and any(c.isdigit() for c in inner)


def _python(text: str) -> Any:
    """Return a Python literal; None where it is none, or joins strings that stand side by side."""
    try:
        before = None
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.STRING and before == tokenize.STRING:
                return None  # as numpy prints: Python would make one word of two
            if token.type not in _SKIPPED:
                before = token.type
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, tokenize.TokenError, RecursionError, MemoryError):
        return None
