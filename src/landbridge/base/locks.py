"""A lock between processes on one machine, released by the system when its holder dies."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .files import open_plain

_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
"""What file systems answer that have no locks."""


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
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
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
