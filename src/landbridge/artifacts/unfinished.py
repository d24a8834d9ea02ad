"""What became of a folder that is not finished, in words, and how to go on with it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..base.locks import is_locked
from .called import as_command
from .kinds import KINDS, RUNS


def happened(state: Mapping[str, Any], lock: Path) -> tuple[str, bool]:
    """Return what stopped the work, and whether a process is still at it.

    Parameters
    ----------
    state : mapping
        Of a folder that is not complete.
    lock : Path
        Whose holder is at work: one that was killed could not write that it stopped.
    """
    if state["status"] == "running" and is_locked(lock):
        return "a process is working on it", True
    stopped, at = state.get("stopped"), state.get("at")
    said = "it failed" if state["status"] == "failed" else "it was interrupted"
    said += f" at {stopped}" if stopped else ""
    said += f" during {at!r}" if at else ""
    return said + (f": {state['error']}" if state.get("error") else ""), False


def again(path: Path, state: Mapping[str, Any]) -> str:
    """Return how to go on with an unfinished folder.

    Examples
    --------
    >>> again(Path("my run"), {"kind": "run"})
    "landbridge resume 'my run'"
    """
    kind = KINDS.get(state["kind"])
    if kind.name in RUNS:
        return f"landbridge resume {shlex.quote(str(path))}"
    if typed := as_command(state.get("command")):
        return f"call the same again, it goes on: {typed}"
    return f"call the same again, it goes on: landbridge.{kind.verb}(..., out={str(path)!r})"
