"""Making a folder, going on with one that was interrupted, and opening a finished one."""

from __future__ import annotations

import contextlib
import json
import shutil
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import LandbridgeWarning, RunError
from ..base.files import read_json
from ..base.hashing import digest, file_digest
from ..base.typed import Shape, checked
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
    check_complete,
    check_format,
    create,
    mark_running,
    read_state,
)
from .working import working


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
        begun = check_free(out, kind, plain(asked))
        tidy(out)
        if begun:
            mark_running(out)
        else:
            (out / CHECKPOINT).unlink(missing_ok=True)  # of no known data
            create(out, kind, command=CALLED.get(), asked=plain(asked))
        try:
            with working(out):
                yield out
                (out / CHECKPOINT).unlink(missing_ok=True)
        except BaseException:
            _leave_nothing(out)
            raise
        # Not before: what is half gone when a process is killed is no checkpoint to go on from.
        shutil.rmtree(out / WORK, ignore_errors=True)
    (out / LOCK).unlink(missing_ok=True)


def _leave_nothing(out: Path) -> None:
    """Take away a folder in which nothing was computed."""
    if {p.name for p in out.iterdir()} <= {STATE, LOCK}:
        (out / STATE).unlink()
        (out / LOCK).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            out.rmdir()


def verified(path: Path | str, kind: str, shape: Shape = object) -> dict[str, Any]:
    """Return the facts of a finished folder, after every file of it was checked.

    A folder from before there were seals opens with a warning.

    Raises
    ------
    RunError
        Where it is no folder of the kind, not finished, of a newer format, or a file was changed.
    """
    path, own = Path(path), KINDS.get(kind)
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
    warnings.warn(
        f"{path} is not sealed: an older version made it, so changes to its files go unnoticed",
        LandbridgeWarning,
        stacklevel=3,
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
