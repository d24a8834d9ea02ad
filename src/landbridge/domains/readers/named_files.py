"""Names of files that a table holds -> the files that are there."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ...base.registry import nearest


def as_there(folder: Path, name: str) -> str:
    """Return a name as the file is called there, or the name as it is where nothing is like it.

    Written on another system a name may hold backslashes, and letters in another case. Where two
    files differ in case alone, none is taken for the other.

    Parameters
    ----------
    folder : Path
        Where relative names begin.
    name : str
    """
    if "\x00" in name or is_file(folder / name):
        return name
    slashed = name.replace("\\", "/")
    if is_file(folder / slashed):
        return slashed
    place = (Path(slashed).anchor and Path(Path(slashed).anchor)) or folder
    found: list[str] = []
    for part in Path(slashed).parts[bool(Path(slashed).anchor) :]:
        there = part if part == ".." else _one_like(place, part)
        if there is None:
            return name
        found.append(there)
        place = place / there
    return "/".join(([str(Path(slashed).anchor)] if Path(slashed).anchor else []) + found)


def is_file(path: Path) -> bool:
    """Whether a file is there; a name that cannot be one is none."""
    try:
        return path.is_file()
    except (ValueError, OSError):  # a NUL in it, or too long
        return False


def near_name(folder: Path, name: str) -> str | None:
    """Return the file beside a missing one whose name is nearest to it."""
    if "\x00" in name:
        return None
    path = folder / name.replace("\\", "/")
    near = nearest(path.name, [x for same in _names(path.parent).values() for x in same])
    return None if near is None else str(path.parent / near)


def _one_like(folder: Path, part: str) -> str | None:
    same = _names(folder).get(part.casefold(), ())
    return part if part in same else (same[0] if len(same) == 1 else None)


def _names(folder: Path) -> dict[str, tuple[str, ...]]:
    try:
        return _listed(folder, folder.stat().st_mtime_ns)
    except (ValueError, OSError):
        return {}


@lru_cache(maxsize=64)
def _listed(folder: Path, changed: int) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted(folder.iterdir()):
        key = path.name.casefold()
        found[key] = (*found.get(key, ()), path.name)
    return found
