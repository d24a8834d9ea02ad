"""A lock between processes on one machine, released by the system when its holder dies."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from .errors import StorageError
from .files import open_plain

_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
"""What file systems answer that have no locks."""
_A_LOOK = 0.05
"""Seconds for which `is_locked`, which takes a lock for a moment, is waited for."""


@contextmanager
def locked(path: Path, waiting: Callable[[], None] | None = None) -> Iterator[bool]:
    """Hold the lock file at `path`, waiting for it.

    Parameters
    ----------
    path : Path
        Its folder must exist.
    waiting : callable, optional
        Called once where another process holds it.

    Yields
    ------
    bool
        Whether it is held. On Windows, and on file systems without locks, it is not: two
        processes may then do the same work, and must not share an unfinished file.
    """
    if sys.platform == "win32":
        yield False
        return
    import fcntl

    with open_plain(path, "a", private=True) as file:
        held = True
        try:
            if not _taken_within(file, _A_LOOK):
                if waiting is not None:
                    waiting()
                fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            held = False
        try:
            yield held  # the file stays: removing it would let a waiting and a new process both in
        finally:
            if held:  # said aloud: a forked child may still have the file open
                fcntl.flock(file, fcntl.LOCK_UN)


def is_locked(path: Path) -> bool:
    """Say whether a process holds the lock file at `path`; it is not made where it is not there.

    Where there are no locks nobody can tell, and this is False.
    """
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        with open_plain(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            fcntl.flock(file, fcntl.LOCK_UN)
    except BlockingIOError:
        return True
    except (OSError, StorageError):  # not there, not readable, or there are no locks
        return False
    return False


def _taken_within(file: IO[Any], seconds: float) -> bool:
    """Take a lock if it is free, or becomes so within these seconds."""
    import fcntl

    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(seconds / 5)
        else:
            return True
