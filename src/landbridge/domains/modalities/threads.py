"""Pictures and recordings decoded side by side: a few threads, and never two large ones at once."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from ...base.events import SILENT, Events
from .pieces import Item

A = TypeVar("A")
B = TypeVar("B")

_LARGE = 16_000_000
_ONE_LARGE = threading.RLock()
BAR_FROM = 200
"""Files from which on there is a bar."""


@contextlib.contextmanager
def one_if_large(amount: int) -> Iterator[None]:
    """Let large pictures and recordings be decoded one at a time, however many threads there are.

    Parameters
    ----------
    amount : int
        Of pixels, or of samples.
    """
    if amount < _LARGE:
        yield
        return
    with _ONE_LARGE:
        yield


def unreadable(
    items: Sequence[Item],
    reason: Callable[[Item], str | None],
    *,
    what: str,
    events: Events = SILENT,
) -> dict[int, str]:
    """Return the rows that cannot be decoded, each with its reason, as `reason` gives it."""
    flaws: dict[int, str] = {}
    with (events if len(items) > BAR_FROM else SILENT).progress(f"check {what}", len(items)) as bar:
        for row, why in enumerate(in_threads(reason, items)):
            if why is not None:
                flaws[row] = why
            bar.advance()
    return flaws


def in_threads(function: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
    """Map in order over a few threads (Pillow lets go of the interpreter while it decodes)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    workers = min(8, cores or 1)
    if workers == 1:
        yield from map(function, items)
        return
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(workers)
    try:
        yield from pool.map(function, items)
    finally:  # after Ctrl-C what is queued is not waited for
        pool.shutdown(cancel_futures=True)
