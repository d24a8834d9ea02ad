"""Work on a folder: however it ends, the state says so."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ..base.errors import LandbridgeError, StorageError
from ..base.events import AT, SILENT, Events
from ..base.shown import visible
from ..base.signals import terminable
from .state import mark_complete, mark_stopped


@contextlib.contextmanager
def working(path: Path, events: Events = SILENT) -> Iterator[None]:
    """Do what makes a folder complete; what stops it is written down, and goes on its way.

    An error makes the folder "failed", Ctrl-C and SIGTERM make it "interrupted". A process that
    is killed outright writes nothing: see `landbridge.artifacts.unfinished`.

    Parameters
    ----------
    events : Events
        Hears of an error.
    """
    AT.set("")
    try:
        with terminable():
            yield
            mark_complete(path)
    except BaseException as error:
        failed = isinstance(error, Exception)
        said = one_line(error)
        mark_stopped(path, "failed" if failed else "interrupted", said, AT.get())
        if failed and not isinstance(error, StorageError):  # there is no room for a line of a log
            with contextlib.suppress(LandbridgeError, OSError):
                events.log("error", said)
        raise


def one_line(error: BaseException) -> str:
    """Return what an error says, in one line.

    Examples
    --------
    >>> one_line(ValueError("no\\nsuch thing"))
    'ValueError: no such thing'
    """
    if isinstance(error, LandbridgeError):
        said = error.message
    elif not isinstance(error, Exception):
        said = str(error) or "Ctrl-C"
    else:
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return visible(" ".join(said.split()))
