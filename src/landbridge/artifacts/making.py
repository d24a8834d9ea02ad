"""Making a folder, going on with one that was interrupted, and opening a finished one."""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import LandbridgeError, LandbridgeWarning, RunError
from ..base.files import read_json
from ..base.hashing import digest, file_digest
from .called import CALLED
from .kinds import KINDS
from .state import (
    CHECKPOINT,
    LOCK,
    RUN_STATE,
    STATE,
    again,
    check_complete,
    check_format,
    create,
    held,
    left_over,
    mark,
    mark_complete,
    mark_failed,
    read_state,
    tidy,
)


def check_free(out: Path | str | None, kind: str, asked: Mapping[str, Any] | None = None) -> bool:
    """Say whether a folder of this kind was begun at `out`; False where nothing is there.

    Parameters
    ----------
    out : path or None
    kind : str
        Of `KINDS`.
    asked : mapping, optional
        What is asked for now: data and options. What was begun with other ones is not gone on
        with.

    Raises
    ------
    RunError
        Where something is there that must not be written over.
    """
    if out is None:
        return False
    out = Path(out)
    if not out.exists():
        return False
    other = "name a folder that is not there, or empty"
    if not out.is_dir():
        raise RunError(f"{out} is there already: a file", do=other)
    names = {p.name for p in out.iterdir() if not left_over(p)} - {LOCK}
    # A checkpoint alone: nobody can say of which data it is, and nothing else is lost with it.
    if names <= {CHECKPOINT}:
        return False
    if STATE not in names:
        what = "a run" if RUN_STATE in names else _marked(names)
        raise RunError(f"{out} is there already: it holds {what}", do=other)
    state = read_state(out)
    what = KINDS[state["kind"]].what
    if state["status"] == "complete":
        raise RunError(
            f"{out} is there already: it holds {what}, finished {state['finished']}",
            do=f"open it with landbridge.load({str(out)!r}), or {other}",
        )
    if state["kind"] != kind:
        raise RunError(
            f"{out} is there already: it holds {what}, unfinished",
            do=f"{other}; or go on: {again(out, state)}",
        )
    if asked is not None:
        check_same(out, state.get("asked") or {}, asked)
    return True


def check_same(path: Path, began: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise where a folder was begun with other data or options.

    Raises
    ------
    RunError
        Naming what is otherwise.
    """
    now = plain(now)
    changed = sorted(key for key in {*began, *now} if began.get(key) != now.get(key))
    if changed:
        raise RunError(
            f"{path} is there already: it was begun with other {', '.join(changed)}",
            do="give the same as then to go on, or name another folder",
        )


@contextlib.contextmanager
def making(out: Path | str | None, kind: str, asked: Mapping[str, Any]) -> Iterator[Path | None]:
    """Hold a folder while it is made: begun, or gone on with; sealed at the end.

    Parameters
    ----------
    out : path or None
        None keeps nothing.
    kind : str
    asked : mapping
        Hashes of the data, and all options that the result depends on.

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
    with held(out):
        begun = check_free(out, kind, asked)
        tidy(out)
        if begun:
            mark(out, status="running", error=None)
        else:
            (out / CHECKPOINT).unlink(missing_ok=True)  # of no known data
            create(out, kind, command=CALLED.get(), asked=plain(asked))
        try:
            yield out
        except BaseException as error:
            _failed(out, error)
            raise
        mark_complete(out)
    (out / LOCK).unlink(missing_ok=True)


def _failed(out: Path, error: BaseException) -> None:
    if {p.name for p in out.iterdir()} <= {STATE, LOCK}:  # nothing was computed
        (out / STATE).unlink()
        (out / LOCK).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            out.rmdir()
    elif isinstance(error, LandbridgeError):
        mark_failed(out, str(error))


def verified(path: Path | str, kind: str) -> dict[str, Any]:
    """Return the facts of a finished folder, after every file of it was checked.

    A folder from before there were seals opens with a warning.

    Raises
    ------
    RunError
        Where it is no folder of the kind, not finished, of a newer format, or a file was changed.
    """
    path, own = Path(path), KINDS[kind]
    file = path / own.facts
    if (path / STATE).exists() or (path / RUN_STATE).exists():
        check_complete(path, (kind,))
    elif not file.is_file():
        raise RunError(
            f"{path} has no {own.facts}", do=f"give a folder that `landbridge {own.verb}` made"
        )
    else:
        warn_unsealed(path)
    facts = read_json(file)
    if not isinstance(facts, dict) or not isinstance(facts.get("format"), int):
        raise RunError(
            f"{file} is damaged: it does not say what {own.what} are made of",
            do="restore the folder, or make it again",
        )
    check_format(path, facts)
    return facts


def kind_of(path: Path | str) -> str:
    """Return the kind of a folder, "run" where nothing says so."""
    path = Path(path)
    if (path / STATE).exists() and not (path / RUN_STATE).exists():
        kind: str = read_state(path)["kind"]
        return kind
    if not (path / RUN_STATE).exists():
        for kind in _OLD:
            if (path / KINDS[kind].facts).is_file():
                return kind
    return "run"


def warn_unsealed(path: Path) -> None:
    """Say that a folder is from before there were seals."""
    warnings.warn(
        f"{path} is not sealed: an older version made it, so changes to its files go unnoticed",
        LandbridgeWarning,
        stacklevel=3,
    )


_OLD = ("clusters", "multitask", "space", "tuned")


def _marked(names: set[str]) -> str:
    found = [KINDS[kind].what for kind in _OLD if KINDS[kind].facts in names]
    return found[0] if found else "something else"


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
