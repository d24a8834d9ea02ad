"""Making a folder, going on with one that was interrupted, and opening a finished one."""

from __future__ import annotations

import contextlib
import json
import shutil
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ..base.errors import LandbridgeWarning, RunError
from ..base.events import SILENT, Events
from ..base.files import read_json, write_json
from ..base.hashing import digest, file_digest
from ..base.typed import JsonObject, Shape, checked
from .called import CALLED
from .free import OLD, check_free
from .holding import held, tidy
from .kinds import KINDS
from .state import (
    CHECKPOINT,
    LOCK,
    RUN_STATE,
    STATE,
    WORK,
    FolderState,
    check_complete,
    check_format,
    create,
    mark_running,
    read_state,
)
from .working import working


@contextlib.contextmanager
def making(
    out: Path | str | None,
    kind: str,
    asked: Mapping[str, Any] | None,
    *,
    files: Mapping[str, Any] = MappingProxyType({}),
    facts: Mapping[str, Any] = MappingProxyType({}),
    nothing: Collection[str] = (),
    undone: type[BaseException] | tuple[type[BaseException], ...] = BaseException,
    events: Events = SILENT,
    keep_work: bool = False,
) -> Iterator[Path | None]:
    """Hold a folder while it is made: begun, or gone on with; sealed at the end.

    Parameters
    ----------
    out : path or None
        None keeps nothing.
    kind : str
    asked : mapping or None
        Hashes of the data, and all options that the result depends on: the same call goes on with
        what it began. None: it does not.
    files : mapping, optional
        JSON files by name that are there from the beginning, written last.
    facts : mapping, optional
        More that the state says: "command" where it is not the one that runs, ...
    nothing : collection of str, optional
        Names of what may be there though nothing was computed, beside state, lock and `files`.
    undone : exception type or tuple of them
        After which a folder in which nothing was computed is taken away.
    events, keep_work
        As in `going_on`.

    Yields
    ------
    Path or None

    Raises
    ------
    RunError
        Where something else is there, also if it came between a first look and this one.
    """
    if out is None:
        yield None
        return
    out = Path(out)
    own = None if asked is None else plain(asked)
    with held(out):
        begun = check_free(out, kind, own, again=asked is not None)
        if not begun:
            (out / CHECKPOINT).unlink(missing_ok=True)  # of no known data
            tidy(out)
            command = facts.get("command", CALLED.get())
            create(out, kind, **{**facts, "command": command, "asked": own})
        for name, content in files.items():
            write_json(out / name, content)
        try:
            with going_on(out, events, keep_work=keep_work):
                yield out
        except undone:
            _leave_nothing(out, {RUN_STATE, STATE, LOCK, *files, *nothing})
            raise


@contextlib.contextmanager
def going_on(out: Path, events: Events = SILENT, *, keep_work: bool = False) -> Iterator[None]:
    """Do the rest of a folder that was begun and that this process holds; seal it at the end.

    Parameters
    ----------
    out : Path
    events : Events
        Hears of an error.
    keep_work : bool, default False
        Whether what is needed no more once it is finished stays.
    """
    tidy(out)
    mark_running(out)
    with working(out, events):
        yield
        (out / CHECKPOINT).unlink(missing_ok=True)
    clear(out, keep_work=keep_work)


def clear(out: Path, *, keep_work: bool = False) -> None:
    """Take away what a finished folder needs no more.

    Not before it is sealed: what is half gone when a process is killed is nothing to go on from.
    """
    if not keep_work:
        shutil.rmtree(out / WORK, ignore_errors=True)
    (out / LOCK).unlink(missing_ok=True)  # whoever holds it by now finds a finished folder


def _leave_nothing(out: Path, names: Collection[str]) -> None:
    """Take away a folder that holds nothing but what these names are of."""
    if not {p.name for p in out.iterdir()} <= {*names}:
        return
    shutil.rmtree(out / WORK, ignore_errors=True)
    for name in names:
        if name != WORK:
            (out / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        out.rmdir()


def is_sealed(path: Path) -> bool:
    """Whether a folder has a state, as all have that this version makes."""
    return (path / STATE).exists() or (path / RUN_STATE).exists()


def check_finished(
    path: Path, kinds: Sequence[str] = (), *, older: str | None = None
) -> FolderState:
    """Check a folder that is to be opened: whoever opens one comes through here.

    Parameters
    ----------
    path : Path
    kinds : sequence of str, optional
        Those that are wanted; any where not given.
    older : str, optional
        The file that marks a finished folder of before there were seals, which opens with a
        warning; where not given none of those opens.

    Returns
    -------
    FolderState
        Kind and status alone, of a folder without a seal.

    Raises
    ------
    RunError
        Where it is no folder of the kind, not finished, of a newer format, or a file was changed.
    """
    if older is not None and not is_sealed(path) and (path / older).is_file():
        warn_unsealed(path)
        return {"kind": kind_of(path), "status": "complete"}
    return check_complete(path, kinds)


def verified(path: Path | str, kind: str, shape: Shape = object) -> JsonObject:
    """Return the facts of a finished folder, after every file of it was checked.

    A folder from before there were seals opens with a warning.

    Raises
    ------
    RunError
        Where it is no folder of the kind, not finished, of a newer format, or a file was changed.
    """
    path, own = Path(path), KINDS.get(kind)
    file = path / own.facts
    if not is_sealed(path) and not file.is_file():
        raise RunError(
            f"{path} has no {own.facts}", hint=f"give a folder that `landbridge {own.verb}` made"
        )
    check_finished(path, (kind,), older=own.facts)
    facts = read_json(file)
    if not isinstance(facts, dict) or not isinstance(facts.get("format"), int):
        raise RunError(
            f"{file} is damaged: it does not say what {own.what} are made of",
            hint="restore the folder, or make it again",
        )
    check_format(path, facts)
    checked(facts, shape, str(file))
    return facts


def kind_of(path: Path | str) -> str:
    """Return the kind of a folder, "run" where nothing says so."""
    path = Path(path)
    if (path / STATE).exists() and not (path / RUN_STATE).exists():
        kind: str = read_state(path)["kind"]
        return kind
    if not (path / RUN_STATE).exists():
        for kind in OLD:
            if (path / KINDS.get(kind).facts).is_file():
                return kind
    return "run"


def warn_unsealed(path: Path) -> None:
    """Say that a folder is from before there were seals."""
    verb = KINDS.get(kind_of(path)).verb
    warnings.warn(
        f"{path} was made by an older version of landbridge, which wrote no {STATE}: whether its "
        f"files were changed since then cannot be checked. Make it again with `landbridge {verb}` "
        "to have that checked",
        LandbridgeWarning,
        stacklevel=4,
    )


# What was asked for -------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """Return values as they come back from JSON; anything that has none is hashed.

    Files are hashed by their content, arrays and pictures by their bytes.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted(str(inner) for inner in value)
    if isinstance(value, Path):
        return file_digest(value) if value.is_file() else str(value)
    if isinstance(value, bytes | np.ndarray):
        return digest(value)
    if hasattr(value, "tobytes"):  # a picture
        return digest(value.tobytes())
    if hasattr(value, "__dataclass_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return json.loads(json.dumps(str(type(value).__qualname__)))
