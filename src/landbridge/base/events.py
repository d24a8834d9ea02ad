"""What happens during a run, told once and heard by many: the log file, the terminal, tests."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

from .files import lines_of, open_plain, storage_errors
from .shown import to_json

Event = dict[str, Any]
AT: ContextVar[str] = ContextVar("at", default="")
"""What is being done: the stage or the bar that was begun last. After an error, where that was."""


class Progress(Protocol):
    """A bar over a known number of steps."""

    def advance(self, steps: int = 1, **figures: float) -> None:
        """Move the bar on, showing the latest figures beside it."""


class Listener(Protocol):
    """Something that wants to know what happens."""

    def event(self, event: Event) -> None:
        """Hear one event."""

    def progress(self, what: str, total: int) -> Any:
        """Return a context manager that gives a `Progress`."""


class _Silent:
    def advance(self, steps: int = 1, **figures: float) -> None:
        return


class Events:
    """Sends events to a `log.jsonl` and to any number of listeners.

    Parameters
    ----------
    path : Path, optional
        Where to append one JSON object per event; nothing is written without it.
    listeners : sequence of Listener
        Heard in order.
    """

    def __init__(self, path: Path | None = None, *listeners: Listener) -> None:
        self.path = path
        self.listeners = listeners

    def log(self, kind: str, message: str = "", **fields: Any) -> None:
        """Report that something happened.

        Parameters
        ----------
        kind : str
            One word: "stage", "step", "note", "warning", "reuse", "choice", ...
        message : str
            One sentence for a person.
        **fields
            Plain JSON values for machines.
        """
        if kind == "stage":
            AT.set(message)
        event: Event = {"time": round(time.time(), 3), "event": kind}
        if message:
            event["message"] = message
        event.update(fields)
        if self.path is not None:
            with storage_errors(self.path):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with open_plain(self.path, "a", encoding="utf-8") as file:
                    file.write(to_json(event, default=str) + "\n")
        for listener in self.listeners:
            listener.event(event)

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Progress]:
        """Show a bar over `total` steps for as long as the block runs."""
        before = AT.get()
        AT.set(what)
        if self.listeners:
            with self.listeners[0].progress(what, total) as bar:
                yield bar
        else:
            yield _Silent()
        AT.set(before)


SILENT = Events()
"""Events that nobody hears."""


def read_log(path: Path) -> list[Event]:
    """Read a `log.jsonl`; a last line cut short by a crash is left out."""
    events: list[Event] = []
    if not path.exists():
        return events
    for line in lines_of(path.read_text("utf-8", errors="replace")):
        try:
            events.append(json.loads(line))
        except json.JSONDecodeError:
            continue  # a crash can cut one line short; everything else stands
    return events
