"""Holding a folder: one process at a time, and what a killed one left is taken away."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ..base.errors import RunError
from ..base.files import open_plain, refuse_link, storage_errors
from ..base.locks import locked
from .state import LOCK


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the folder: a second process would race for its files.

    The system lets go of it however the holder ends. Where there is no such lock (see
    `landbridge.base.locks`) two processes do the same work twice, and either result is whole and
    the same.

    Raises
    ------
    RunError
        Where another process holds it.
    StorageError
        Where a link in it would lead what is written elsewhere.
    """

    def other_holds() -> None:
        raise RunError(
            f"another process is working on {path}",
            hint="wait for it to end, or end it and go on",
        )

    with contextlib.ExitStack() as stack:
        with storage_errors(path):
            path.mkdir(parents=True, exist_ok=True)
            check_links(path)
            stack.enter_context(locked(path / LOCK, waiting=other_holds))
        yield


def tidy(path: Path) -> None:
    """Take away what a killed process left: unfinished files, half a line of the log."""
    for entry in path.iterdir():
        if left_over(entry) and (entry.is_symlink() or not entry.is_dir()):
            entry.unlink()
    log = path / "log.jsonl"
    if not log.exists():
        return
    with storage_errors(log), open_plain(log, "r+b") as file:
        whole = file.read().rfind(b"\n") + 1
        file.truncate(whole)


def left_over(entry: Path) -> bool:
    """Whether it is a temporary file of `landbridge.base.files.whole_file`."""
    return entry.name.startswith(".") and entry.name.endswith(".part")


def check_links(path: Path) -> None:
    """Raise where a folder that is to be written to holds a link: no command makes any.

    What is written, or cleared away, below a folder that is a link would be somewhere else.

    Raises
    ------
    StorageError
        Naming the link.
    """
    for place, folders, files in os.walk(path):
        for name in (*folders, *files):
            if os.path.islink(os.path.join(place, name)):
                refuse_link(Path(place) / name)
