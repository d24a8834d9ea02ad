"""What the names of files say: label, domain and whatever else a pattern names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ...base.errors import ConfigError, DataError
from ...base.shown import encodable

FOLDER, SUBFOLDER = "folder", "subfolder"
"""What an option says for the folder that a file lies in; of two levels, for the upper or the lower
one."""
_FIELD = re.compile(r"\{(\w+)\}")


def parts_of(files: Sequence[Path], pattern: str | None) -> list[dict[str, str]]:
    """Return the named parts of each file's name; nothing without a pattern.

    Raises
    ------
    ConfigError
        Where the pattern names nothing.
    DataError
        Where a name does not fit it.

    Examples
    --------
    >>> parts_of([Path("7_theo_3.wav")], "{label}_{speaker}_{take}")
    [{'label': '7', 'speaker': 'theo', 'take': '3'}]
    """
    if pattern is None:
        return []
    check_pattern(pattern)
    pieces = _FIELD.split(pattern)
    # No part holds a mark that separates parts: what could be split in two ways fits in none.
    marks = re.escape("".join(sorted(set("".join(pieces[::2])))))
    part = f"[^{marks}]+" if marks else ".+"
    made = "".join(
        f"(?P<{piece}>{part})" if i % 2 else re.escape(piece) for i, piece in enumerate(pieces)
    )
    found = [re.fullmatch(made, encodable(file.stem)) for file in files]
    strange = [file.name for file, fit in zip(files, found, strict=True) if fit is None]
    if strange:
        raise DataError(
            f"{len(strange)} of {len(files)} file names do not fit {pattern!r}: {strange[:3]}",
            hint="correct the pattern; it is of the name without its ending, and what separates "
            "parts is in none of them",
        )
    return [fit.groupdict() for fit in found if fit is not None]


def check_pattern(pattern: str) -> None:
    """Raise ConfigError where a pattern names nothing, or a part twice."""
    names = _FIELD.findall(pattern)
    if not names or len(set(names)) < len(names):
        raise ConfigError(
            f"the pattern {pattern!r} names {names or 'nothing'}",
            hint='name each part once, such as "{label}_{speaker}_{take}"',
        )


def groups_of(
    parts: Sequence[dict[str, str]], files: Sequence[Path], wanted: str | None, option: str
) -> tuple[str, ...] | None:
    """Return what an option goes by of each file: the part that is named, or the folder it lies in.

    Raises
    ------
    ConfigError
        Where the pattern has no such part.
    """
    if wanted is None:
        return None
    if not parts and wanted in (FOLDER, SUBFOLDER):
        return tuple(encodable(file.parent.name) for file in files)
    if not parts or wanted not in parts[0]:
        there = sorted(parts[0]) if parts else []
        raise ConfigError(
            f"{option} {wanted!r} is no part of the file names; those are {there}",
            hint='give a pattern with it, such as "{label}_{speaker}_{take}", or name "folder"',
        )
    return tuple(part[wanted] for part in parts)
