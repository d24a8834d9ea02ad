"""A polite request to end (SIGTERM) becomes an exception, so that work can say that it stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

from .errors import Terminated


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Raise `Terminated` in the block where SIGTERM comes.

    Only where nobody has decided otherwise what the signal means, and in the main thread: Python
    lets no other one decide. A second one ends the process at once, and so does one in a child.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    owner = os.getpid()

    def end(number: int, frame: Any) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if os.getpid() != owner:
            os.kill(os.getpid(), signal.SIGTERM)
        raise Terminated

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
