"""How much memory a process and all below it take together, and the most that it was."""

from __future__ import annotations

import contextlib
import threading
import time
from types import TracebackType

LEAST_S = 0.25
"""Seconds between two looks, at least."""
SHARE = 0.02
"""Of the time: what looking may take."""


class PeakMemory:
    """Watches this process and those that it starts, from another thread.

    Counted is the proportional set size where the system tells it (Linux): a page that several
    processes share counts once. Elsewhere it is the resident size.

    Examples
    --------
    >>> with PeakMemory() as peak:
    ...     rows = bytearray(1_000_000)
    >>> peak.mb > 1
    True
    """

    def __init__(self) -> None:
        self.mb = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    def __enter__(self) -> PeakMemory:
        self.look()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()
        self.look()

    def look(self) -> float:
        """Measure once more, and return the most so far in MB."""
        self.mb = max(self.mb, tree_mb())
        return round(self.mb, 1)

    def _watch(self) -> None:
        pause = LEAST_S
        while not self._done.wait(pause):
            start = time.thread_time()
            self.look()
            pause = max(LEAST_S, (time.thread_time() - start) / SHARE)


def tree_mb(pid: int | None = None) -> float:
    """Return what a process (this one, where none is named) and all below it take, in MB."""
    import psutil

    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0.0
    total = 0.0
    for one in family:
        with contextlib.suppress(psutil.Error):  # it ended meanwhile, or is another user's
            total += _size(one)
    return total / 1e6


def _size(process: object) -> float:
    import psutil

    assert isinstance(process, psutil.Process)
    try:
        full = process.memory_full_info()
    except psutil.AccessDenied:
        return float(process.memory_info().rss)
    return float(getattr(full, "pss", 0) or full.rss)
