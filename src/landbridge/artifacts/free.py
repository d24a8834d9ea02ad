"""Whether a folder may be begun somewhere, asked by every command; what is there is never lost."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..base.errors import RunError, TakenError
from ..base.files import read_json
from .holding import left_over
from .kinds import KINDS, RUNS
from .state import CHECKPOINT, LOCK, RUN_STATE, STATE, check_path, read_state
from .unfinished import again

_OTHER = "choose another name: a folder that is not there, or empty"
OLD = ("clusters", "multitask", "space", "tuned")
"""Kinds whose folders had no state once; the file of their facts marks them."""


def is_free(path: Path, kind: str = "run") -> bool:
    """Say whether a folder of this kind may begin at `path`.

    It may where nothing is, and where one was killed before anything was computed.

    Parameters
    ----------
    path : Path
    kind : str, default "run"
        Of `KINDS`.
    """
    check_path(path)
    if not path.exists():
        return not path.is_symlink()  # one that leads nowhere
    if not path.is_dir():
        return False
    names = _names(path)
    if kind in RUNS:
        return names <= {RUN_STATE} and (not names or _is_ours(path / RUN_STATE))
    # A checkpoint alone: nobody can say of which data it is, and nothing else is lost with it.
    return names <= {CHECKPOINT}


def taken(path: Path) -> TakenError:
    """Return the error of a place that something has taken: what it is, and what to do."""
    what, hint = "", _OTHER
    if not path.exists():
        what = "a link that leads nowhere"
    elif not path.is_dir():
        what = "a file"
    if what:
        return TakenError(f"{path} is there already: {what}", hint=hint)
    names = _names(path)
    what = _marked(names)
    if RUN_STATE in names:
        hint = (
            f"`landbridge resume {shlex.quote(str(path))}` says what is wrong with it, or {_OTHER}"
        )
    with contextlib.suppress(RunError):
        state = read_state(path)
        what = KINDS.get(state["kind"]).what
        if state["status"] == "complete":
            what += f", finished {state['finished']}"
            hint = f"open it with landbridge.load({str(path)!r}), or {_OTHER}"
        else:
            what += ", unfinished"
            hint = f"{_OTHER}; or go on: {again(path, state)}"
    return TakenError(f"{path} is there already: it holds {what}", hint=hint)


def check_free(
    out: Path | str | None, kind: str, asked: Mapping[str, Any] | None = None, *, again: bool = True
) -> bool:
    """Say whether a folder of this kind was begun at `out`; False where nothing is there.

    Parameters
    ----------
    out : path or None
    kind : str
        Of `KINDS`.
    asked : mapping, optional
        What is asked for now, as JSON gives it back: data and options. What was begun with other
        ones is not gone on with.
    again : bool, default True
        Whether what was begun is gone on with by the same call; a run is by `resume` alone.

    Raises
    ------
    TakenError
        Where something is there that must not be written over: it says what.
    """
    if out is None or is_free(Path(out), kind):
        return False
    out = Path(out)
    state_name = RUN_STATE if kind in RUNS else STATE
    if not again or not out.is_dir() or state_name not in _names(out):
        raise taken(out)
    state = read_state(out)
    if state["status"] == "complete" or state["kind"] != kind:
        raise taken(out)
    if asked is not None and (other := changed(state.get("asked") or {}, asked)):
        raise TakenError(
            f"{out} is there already: it was begun with other {other}",
            hint="give the same as then to go on, or name another folder",
        )
    return True


def changed(began: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return the names of what is asked for otherwise than when a folder began, "" if nothing is.

    Examples
    --------
    >>> changed({"seed": 0, "steps": 5}, {"seed": 1, "steps": 5})
    'seed'
    """
    return ", ".join(sorted(key for key in {*began, *now} if began.get(key) != now.get(key)))


def _names(path: Path) -> set[str]:
    return {entry.name for entry in path.iterdir() if not left_over(entry)} - {LOCK}


def _is_ours(state: Path) -> bool:
    try:
        found = read_json(state)
    except RunError:
        return False
    return isinstance(found, dict) and "landbridge" in found


def _marked(names: set[str]) -> str:
    """Return what a folder holds whose state says nothing."""
    if names & {RUN_STATE, STATE}:
        return f"{'a run' if RUN_STATE in names else 'what a command made'}, damaged"
    found = [KINDS.get(kind).what for kind in OLD if KINDS.get(kind).facts in names]
    return found[0] if found else "something else"
