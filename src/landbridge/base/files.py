"""Files written whole: a crash at any moment leaves either the old file or the new one."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

from .errors import RunError, StorageError
from .shown import to_json

if TYPE_CHECKING:
    import numpy as np


_PICTURE = "data:image/png;base64,"
"""How pictures are written into JSON and pages."""


@contextlib.contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn 'disk full' and 'not writable' into a StorageError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(
                f"no space left while writing {path}",
                hint="free some space, then go on: `landbridge resume` with a run, the same call "
                "again with anything else; what was written before this file is whole",
            ) from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise StorageError(
                f"{path} cannot be written: {error.strerror}", hint="choose another folder"
            ) from error
        raise


def open_plain(path: Path, mode: str, *, private: bool = False, **options: Any) -> IO[Any]:
    """Open a file for writing or appending, only if it is no link and no device.

    What lies in a folder may have come with it: a link would lead the writing out of there.

    Raises
    ------
    StorageError
        Where it is a link, or anything but an ordinary file.
    """

    def opener(name: str, flags: int) -> int:
        more = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        return os.open(name, flags | more, 0o600 if private else 0o666)

    plain = not path.is_symlink()
    try:
        file = open(path, mode, opener=opener, **options) if plain else None  # noqa: SIM115
    except OSError as error:
        # ELOOP: it became a link just now; ENXIO: a pipe that nobody reads
        if error.errno not in (errno.ELOOP, errno.ENXIO):
            raise
        file = None
    if file is not None and stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    if file is not None:
        file.close()
    refuse_link(path)


def refuse_link(path: Path) -> NoReturn:
    """Raise: what is written there would go somewhere else.

    Raises
    ------
    StorageError
        Naming it.
    """
    raise StorageError(
        f"{path} is {'a link' if path.is_symlink() else 'no ordinary file'}, and what is written "
        "there would go somewhere else",
        hint="remove it; if the folder came from somebody else, look at what else is in it",
    )


@contextlib.contextmanager
def atomic_file(path: Path | str, *, private: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success it is synced and takes its place.

    Where `private`, only its owner may read it; else it is as any new file.
    """
    path = Path(path)
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            if not private:  # the temporary one is
                umask = os.umask(0)
                os.umask(umask)
                temporary.chmod(0o666 & ~umask)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path | str, data: bytes, *, private: bool = False) -> None:
    """Write `data` to `path` atomically."""
    with atomic_file(path, private=private) as temporary:
        temporary.write_bytes(data)


def write_array(path: Path | str, array: np.ndarray, *, private: bool = False) -> None:
    """Write an array to `path` atomically, as .npy."""
    import numpy as np

    with atomic_file(path, private=private) as temporary, temporary.open("wb") as file:
        # Through write(), in pieces: np.save's own way says of a full disk that some bytes
        # were not written, and not why.
        np.save(_Writer(file.write), array, allow_pickle=False)


class _Writer:
    def __init__(self, write: Callable[[bytes], int]) -> None:
        self.write = write


def write_text(path: Path | str, text: str, *, private: bool = False) -> None:
    """Write `text` to `path` atomically, as UTF-8; where pictures are in it, for its owner only.

    Bytes of a file's name that are no UTF-8 are written as escapes.
    """
    content = text.encode("utf-8", "backslashreplace")
    write_bytes(path, content, private=private or _PICTURE in text)


def write_json(path: Path | str, value: Any, *, private: bool = False) -> None:
    """Write `value` to `path` atomically, as indented JSON."""
    text = to_json(value, indent=2, default=_plain) + "\n"
    write_text(path, text, private=private)


def read_json(path: Path | str) -> Any:
    """Read JSON; a missing or damaged file is a RunError that names it."""
    path = Path(path)
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise RunError(f"{path} is missing", hint="check the path, or run again") from error
    # ValueError: no JSON, no UTF-8, thousands of digits; RecursionError: thousands of brackets
    except (ValueError, RecursionError, IsADirectoryError, NotADirectoryError) as error:
        raise RunError(f"{path} is damaged: {error}", hint="restore it, or run again") from error


def as_json(value: Any) -> Any:
    """Return a value as `write_json` and `read_json` would give it back."""
    return json.loads(json.dumps(value, default=_plain))


def _plain(value: Any) -> Any:
    """Turn numpy scalars and arrays, paths, sets and dataclasses into plain JSON values."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def lines_of(text: str) -> list[str]:
    r"""Return the lines of a text file: they end with ``\n``, ``\r\n`` or ``\r``, and nothing else.

    ``str.splitlines`` splits at eight further marks, such as U+2028, that stand within a text.

    Examples
    --------
    >>> lines_of("a\u2028b\r\nc\n")
    ['a\u2028b', 'c']
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if not lines[-1] else lines
