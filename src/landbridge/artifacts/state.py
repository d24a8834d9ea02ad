"""The state of a folder: which command made it, how far it is, whether it is what was written."""

from __future__ import annotations

import contextlib
import datetime
import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Required, TypedDict

import landbridge

from ..base.errors import LandbridgeError, RunError
from ..base.files import read_json, write_json
from ..base.halves import has_half
from ..base.hashing import digest, file_digest
from ..base.inside import is_device
from ..base.typed import JsonObject, checked
from .kinds import KINDS, RUNS
from .unfinished import again, happened

FORMAT = 1
"""Version of the layout of every kind of folder."""
RUN_STATE = "run.json"
STATE = "artifact.json"
"""Of every kind that is no run."""
LOCK = ".lock"
WORK = "work"
CHECKPOINT = "checkpoint.safetensors"
"""What training that was interrupted leaves in its folder."""
_FOR_PEOPLE = ("log.jsonl", "report.html", "README.md", "error.log")
"""May be written again, so they are not among the hashed files."""
_STATUSES = ("running", "failed", "interrupted", "complete")
_RUNNING = {"status": "running", "error": None, "stopped": None, "at": None}


class FolderState(TypedDict, total=False):
    """What the state file of a folder holds; kind and status are always there."""

    format: int
    kind: Required[str]
    landbridge: str
    status: Required[str]
    error: str | None
    stopped: str | None
    at: str | None
    created: str
    finished: str | None
    command: str | None
    asked: JsonObject | None
    given: list[str]
    versions: dict[str, str]
    files: dict[str, str]
    seal: str


_SHAPE = {
    "kind": str,
    "status": str,
    "error?": (str, None),
    "stopped?": (str, None),
    "at?": (str, None),
    "finished?": (str, None),
    "command?": (str, None),
    "asked?": ({str: object}, None),
    "given?": [str],
    "files?": {str: str},
}


def state_file(path: Path) -> Path:
    """Return where the state is: ``artifact.json``, or ``run.json`` of a run."""
    own = path / STATE
    return own if own.exists() and not (path / RUN_STATE).exists() else path / RUN_STATE


def create(path: Path, kind: str, **facts: Any) -> None:
    """Write what makes a folder one of this kind, unfinished.

    Parameters
    ----------
    **facts
        "command" (how to make the same), "asked" (what of data and options), ...
    """
    state = {
        "format": FORMAT,
        "kind": kind,
        "landbridge": landbridge.__version__,
        **_RUNNING,
        "created": _now(),
        "finished": None,
        "versions": versions(),
        "files": {},
    }
    _write(path / (RUN_STATE if kind in RUNS else STATE), state | facts)


def versions() -> dict[str, str]:
    """Return the versions that figures can depend on."""
    found = {"python": platform.python_version()}
    for package in ("torch", "numpy", "scikit-learn", "transformers"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def read_state(path: Path) -> FolderState:
    """Return the state, checked; "kind" is always there.

    Raises
    ------
    RunError
        Where there is none, it is damaged, or the folder is of a newer format.
    """
    check_path(path)
    file = state_file(path)
    if not file.exists():
        raise RunError(
            f"{path} is not a run folder, nor any other: it has no {RUN_STATE} and no {STATE}",
            hint="give the folder named by --out",
        )
    state = read_json(file)
    restore = "restore the folder, or make it again"
    if not isinstance(state, dict):
        kind = type(state).__name__
        raise RunError(f"{file} holds a {kind}, not the state of a folder", hint=restore)
    # A newer version may seal its state otherwise, so this comes first.
    check_format(path, state)
    if not _sealed(state) or state.get("status") not in _STATUSES:
        raise RunError(f"{file} is damaged: its content is not what was written", hint=restore)
    if "kind" not in state:  # of a run made before there were kinds
        merged = str(state.get("command") or "").startswith("landbridge merge")
        state["kind"] = "merge" if merged or (path / "merge.json").exists() else "run"
    found: FolderState = checked(state, _SHAPE, str(file), hint=restore)
    if found["kind"] not in KINDS or (found["kind"] in RUNS) != (file.name == RUN_STATE):
        raise RunError(f"{file} names the kind {found['kind']!r}", hint="update landbridge")
    return found


def check_path(path: Path) -> None:
    """Raise where files of a folder could not be opened by all that reads them.

    Raises
    ------
    RunError
        Where its path is no UTF-8.
    """
    if has_half(str(path.absolute())):
        raise RunError(
            f"{path.absolute()} has a name in it that is no UTF-8, and weights are read and "
            "written under names that are",
            hint="choose another name, or move the folder",
        )


def check_format(path: Path, state: Mapping[str, Any]) -> None:
    """Raise where the folder is of a newer format than this version reads."""
    number = state.get("format")
    if isinstance(number, int) and number > FORMAT:
        raise RunError(
            f"{path} has format {number} (landbridge {state.get('landbridge')}), this version "
            f"reads up to {FORMAT}",
            hint="update landbridge",
        )


def mark(path: Path, **changes: Any) -> None:
    """Write the state with these changes."""
    _write(state_file(path), {**read_state(path), **changes})


def mark_running(path: Path) -> None:
    """Write that work goes on."""
    mark(path, **_RUNNING)


def mark_stopped(path: Path, status: str, error: str, at: str) -> None:
    """Write that work stopped before its end, and why; what prevents that must not hide it.

    Parameters
    ----------
    status : {"failed", "interrupted"}
    error : str
        In one line.
    at : str
        What was being done, "" where that is not known.
    """
    with contextlib.suppress(LandbridgeError, OSError):
        mark(path, status=status, error=error, stopped=_now(), at=at or None)


def mark_complete(path: Path) -> None:
    """Write the hash of every file, which makes the folder a finished one."""
    files = {
        name: file_digest(file)
        for file in sorted(path.rglob("*"))
        if file.is_file()
        and (name := file.relative_to(path).as_posix()) not in (RUN_STATE, STATE, *_FOR_PEOPLE)
        and not file.name.startswith(".")
        and not name.startswith(f"{WORK}/")
    }
    mark(path, **_RUNNING | {"status": "complete"}, finished=_now(), files=files)


def check_complete(path: Path, kinds: Sequence[str] = ()) -> FolderState:
    """Check that the folder is finished and that every file is what was written.

    Parameters
    ----------
    kinds : sequence of str, optional
        Those that are wanted; any where not given.

    Returns
    -------
    dict
        The state.

    Raises
    ------
    RunError
        Naming the file that is missing or damaged.
    """
    state = read_state(path)
    if kinds and state["kind"] not in kinds:
        wanted = " or ".join(KINDS.get(kind).what for kind in kinds)
        raise RunError(
            f"{path} holds {KINDS.get(state['kind']).what}, expected {wanted}",
            hint=f"give a folder that `landbridge {KINDS.get(kinds[0]).verb}` made",
        )
    if state["status"] != "complete":
        found, held = happened(state, path / LOCK)
        raise RunError(
            f"{path} holds {KINDS.get(state['kind']).what} and is not finished: {found}",
            hint="wait for it to end" if held else again(path, state),
        )
    for name, expected in (state.get("files") or {}).items():
        file = path / name
        if Path(name).is_absolute() or ".." in Path(name).parts or is_device(file):
            raise RunError(
                f"{state_file(path)} names {name!r}, which is no file in the folder",
                hint="restore the folder, or make it again",
            )
        if not file.exists():
            raise RunError(f"{file} is missing", hint="restore the folder, or make it again")
        if file_digest(file) != expected:
            raise RunError(
                f"{file} is damaged: its content is not what was written",
                hint="restore the folder, or make it again",
            )
    return state


def _write(file: Path, state: Mapping[str, object]) -> None:
    write_json(file, {**state, "seal": _seal(state)})


def _seal(state: Mapping[str, object]) -> str:
    return digest({key: value for key, value in state.items() if key != "seal"})


def _sealed(state: Mapping[str, object]) -> bool:
    try:
        return bool(state.get("seal") == _seal(state))
    except (ValueError, RecursionError):  # what no JSON of ours holds
        return False


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
