"""A process that works for another one ends with it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable


def end_with(parent: int, last: Callable[[], object] = lambda: None) -> None:
    """End this process when its parent is gone, so that what is killed leaves nothing behind.

    Parameters
    ----------
    parent : int
        Its number.
    last : callable, optional
        Called before the end.
    """
    if os.name == "nt":
        return  # the number stays what it was

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        last()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
