"""Asks a process of its own to read a file; what ends that process is an error, and no more."""

from __future__ import annotations

import atexit
import contextlib
import os
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..base.errors import DataError, LandbridgeWarning
from ..base.files import storage_errors
from ..base.stored import look_of
from .process import ReaderProcess

_idle: list[ReaderProcess] = []
"""One, as a rule: further ones are made while several files are read at once, and ended."""
_REST = 60.0
"""Seconds after which they are ended: they wait next to a run that may take hours."""
_ends: list[threading.Timer] = []
_own: set[tuple[int, ...]] = set()
"""How files look that this process wrote."""


def isolated(
    function: Callable[..., Iterator[Any]],
    path: Path,
    content: bytes | None = None,
    **arguments: Any,
) -> Iterator[Any]:
    """Yield the tables that a function makes of a file, in another process.

    Parameters
    ----------
    function : callable
        ``function(file, name, **arguments)`` of a module yields tables: `file` is absolute, and
        `name` what it is called in errors.
    path : Path
    content : bytes, optional
        What is read in the file's place: its text in another encoding.
    **arguments
        Plain values.

    Yields
    ------
    pyarrow.Table

    Raises
    ------
    EndedError
        Where that process ended or took too long.
    LandbridgeError
        What the function raised.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror}", hint="check the path, or who may read it"
        ) from error
    with _file(path, content) as file:
        process = None if look_of(found) in _own else _taken()
        arguments |= {"file": file, "name": str(path)}
        if process is None:
            yield from function(**arguments)
            return
        try:
            yield from process.ask(function, arguments, found.st_size)
        finally:
            if process.is_free and not _idle:
                _wait(process)
            else:
                process.end()


@contextlib.contextmanager
def _file(path: Path, content: bytes | None) -> Iterator[str]:
    """Yield where a file lies, or one that holds `content` and goes."""
    if content is None:
        yield str(path.absolute())
        return
    with storage_errors(Path(tempfile.gettempdir())):
        handle, name = tempfile.mkstemp(prefix="landbridge-")
        with open(handle, "wb") as file:
            file.write(content)
    try:
        yield name
    finally:
        os.unlink(name)


def wrote(path: Path) -> None:
    """Remember that this process wrote a file, which is then no foreign one until it changes."""
    _own.add(look_of(path.stat()))


def _taken() -> ReaderProcess | None:
    """Return a process that waits for work; None where none can be had."""
    for process in _waiting():
        if process.is_alive:
            return process
        process.end()
    try:
        return ReaderProcess()
    except (OSError, EOFError) as error:
        warnings.warn(
            f"files are read in this process, which a damaged one may end: {error}",
            LandbridgeWarning,
            stacklevel=3,
        )
        return None


def _wait(process: ReaderProcess) -> None:
    """Let a process wait for more work, for a while."""
    _idle.append(process)
    if not any(timer.is_alive() for timer in _ends):
        _ends[:] = [threading.Timer(_REST, end_all)]
        _ends[0].daemon = True
        _ends[0].start()


def end_all() -> None:
    """End the processes that wait for work."""
    for process in _waiting():
        process.end()


def _waiting() -> Iterator[ReaderProcess]:
    """Yield those that wait for work, and are nobody else's then."""
    with contextlib.suppress(IndexError):  # of two threads one comes late
        while True:
            yield _idle.pop()


atexit.register(end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # theirs are not ours
