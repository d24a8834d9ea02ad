"""How a label is written as a name, and in which order names stand."""

from __future__ import annotations

import unicodedata
from typing import Any


def sort_classes(names: set[str]) -> tuple[str, ...]:
    """Sort class names, numbers by value: "2" comes before "10"."""

    def key(name: str) -> tuple[int, float, str]:
        try:
            return (0, float(name), name)
        except ValueError:
            return (1, 0.0, name)

    return tuple(sorted(names, key=key))


def class_name(value: Any) -> str | None:
    """Return a label as a class name: 3, 3.0 and "3" are one class; None and NaN are none.

    Examples
    --------
    >>> [class_name(x) for x in (3, 3.0, " ant ", b"bee", None, float("nan"), "")]
    ['3', '3', 'ant', 'bee', None, None, None]
    """
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if is_missing(value):
        return None
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="replace")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    name = str(value).strip()
    # One sign or two ("é"): what looks the same is the same class.
    return (name if name.isascii() else unicodedata.normalize("NFC", name)) or None


def is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, or pandas' NA or NaT."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value
