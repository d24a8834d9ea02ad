"""How much a small file may become in memory: a few kB that claim gigabytes are refused."""

from __future__ import annotations

import os

from .errors import ConfigError, DataError

MOST = "LANDBRIDGE_MOST_BYTES"
TIMES = 1000
"""From how many times its own size on the growth of a table in a file is suspicious."""
_STANDARD = 1_000_000_000
_UNITS = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}


def most_bytes() -> int:
    """Return what little data may become: $LANDBRIDGE_MOST_BYTES ("3GB"), or 1 GB.

    Raises
    ------
    ConfigError
        Where the variable holds no size.
    """
    said = os.environ.get(MOST, "").strip().lower()
    if not said:
        return _STANDARD
    unit = _UNITS.get(said[-2:], 1)
    number = said[:-2] if unit > 1 else said
    try:
        found = float(number) * unit
    except ValueError:
        found = 0.0
    if not 1 <= found < float("inf"):
        raise ConfigError(f"{MOST} is {said!r}", hint='give bytes, or "3GB"')
    return int(found)


def check_growth(name: str, size: int, claimed: int, what: str, *, times: int) -> None:
    """Raise DataError where data become far more than they are, and more than is allowed.

    Parameters
    ----------
    name : str
        What to call the file.
    size, claimed : int
        Bytes that it has, and that it would take.
    what : str
        What it claims to hold.
    times : int
        From how many times its own size on growth is suspicious: data that are large themselves
        are read whatever they take.
    """
    most = most_bytes()
    if claimed > most and claimed > times * max(size, 1):
        raise DataError(
            f"{name} has {size:,} bytes and holds {what}: that takes {in_words(claimed)} or more, "
            f"and at most {in_words(most)} are made of so little",
            hint=f"if it is meant so, allow more: {MOST}={-(-claimed // 10**9)}GB",
        )


def in_words(count: int) -> str:
    """Return a number of bytes as it is said.

    Examples
    --------
    >>> in_words(950), in_words(1_440_000), in_words(17_200_000_000)
    ('950 bytes', '1.4 MB', '17.2 GB')
    """
    for size, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count:,} bytes"
