"""The state of a run folder: who works on it, how far it is, whether it is what was written."""

from __future__ import annotations

import contextlib
import datetime
import importlib.metadata
import json
import platform
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import landbridge

from ..base.errors import RunError, StorageError
from ..base.files import read_json, storage_errors, write_json
from ..base.hashing import digest, file_digest

FORMAT = 1
"""Version of the run folder's layout."""
STATE = "run.json"
LOCK = ".lock"
_FOR_PEOPLE = ("log.jsonl", "report.html", "README.md", "error.log")
"""May be written again, so they are not among the hashed files."""
OPTIONS = {
    "data.source": "--source",
    "data.target": "--target",
    "data.label": "--label",
    "data.image": "--image",
    "data.text": "--text",
    "data.audio": "--audio",
    "data.columns": "--columns",
    "data.drop": "--drop",
    "data.categorical": "--categorical",
    "data.numeric": "--numeric",
    "data.encoding": "--encoding",
    "data.domain": "--domain",
    "data.source_domains": "--source-domains",
    "data.target_domains": "--target-domains",
    "data.pattern": "--pattern",
    "data.answers": "--answers",
    "data.target_labels": "--target-labels",
    "backbone": "--backbone",
    "method": "--method",
    "teacher": "--teacher",
    "student": "--student",
    "budget": "--budget",
    "seeds": "--seeds",
    "seed": "--seed",
    "offline": "--offline",
}
"""Keys that have an option of their own on the command line."""
_STATUSES = ("running", "failed", "complete")


def vacant(path: Path) -> bool:
    """Say whether a new run may begin at `path`.

    It may where nothing is, and where a run was killed before its configuration was whole:
    nothing was computed then.
    """
    if not path.exists():
        return True
    if not path.is_dir():
        return False
    rest = [entry.name for entry in path.iterdir() if not _left_over(entry)]
    return set(rest) <= {STATE, LOCK} and (STATE not in rest or _is_ours(path / STATE))


def _is_ours(state: Path) -> bool:
    try:
        found = read_json(state)
    except RunError:
        return False
    return isinstance(found, dict) and "landbridge" in found


def begin(path: Path, config: dict[str, Any], given: list[str]) -> None:
    """Write what makes a folder a run.

    Parameters
    ----------
    config : dict
        Resolved.
    given : list of str
        Which of "source" and "target" are objects in memory, which `resume` asks for again.
    """
    _write(
        path,
        {
            "format": FORMAT,
            "landbridge": landbridge.__version__,
            "status": "running",
            "error": None,
            "created": _now(),
            "finished": None,
            "given": given,
            "command": None if given else command(config),
            "versions": versions(),
            "files": {},
        },
    )
    write_json(path / "config.json", config)  # last: from here on there is a run to resume


def command(config: dict[str, Any]) -> str:
    """Return the command line that stands for a resolved configuration."""
    from ..base.config import RunConfig

    usual = RunConfig().model_dump()
    words = ["landbridge transfer"]

    def add(values: dict[str, Any], defaults: dict[str, Any], prefix: str) -> None:
        for key, value in values.items():
            name = f"{prefix}{key}"
            if isinstance(value, dict) and isinstance(defaults.get(key), dict) and defaults[key]:
                add(value, defaults[key], f"{name}.")
            elif value != defaults.get(key):
                option = OPTIONS.get(name)
                if option:
                    value = ",".join(value) if isinstance(value, list) else value
                    words.append(option if value is True else f"{option} {shlex.quote(str(value))}")
                else:
                    words.append(f"--set {shlex.quote(f'{name}={json.dumps(value)}')}")

    add(config, usual, "")
    return " ".join(words)


def versions() -> dict[str, str]:
    """Return the versions that figures can depend on."""
    found = {"python": platform.python_version()}
    for package in ("torch", "numpy", "scikit-learn", "transformers"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def tidy(path: Path) -> None:
    """Take away what a killed process left: unfinished files, half a line of the log."""
    for entry in path.iterdir():
        if _left_over(entry):
            entry.unlink()
    log = path / "log.jsonl"
    if not log.exists():
        return
    with storage_errors(log), log.open("r+b") as file:
        whole = file.read().rfind(b"\n") + 1
        file.truncate(whole)


def _left_over(entry: Path) -> bool:
    """Whether it is a temporary file of `landbridge.base.files.whole_file`."""
    return entry.name.startswith(".") and entry.name.endswith(".part")


# The state ----------------------------------------------------------------------------------


def read_state(path: Path) -> dict[str, Any]:
    """Return ``run.json``, checked.

    Raises
    ------
    RunError
        Where there is none, it is damaged, or the run is of a newer format.
    """
    file = path / STATE
    if not file.exists():
        raise RunError(
            f"{path} is not a run folder: it has no {STATE}",
            do="give the folder named by --out",
        )
    state = read_json(file)
    restore = "restore the run folder, or run again"
    if not isinstance(state, dict):
        raise RunError(f"{file} holds a {type(state).__name__}, not a run's state", do=restore)
    # A newer version may seal its state otherwise, so this comes first.
    number = state.get("format")
    if isinstance(number, int) and number > FORMAT:
        raise RunError(
            f"{path} has format {number} (landbridge {state.get('landbridge')}), this version "
            f"reads up to {FORMAT}",
            do="update landbridge",
        )
    if state.get("seal") != _seal(state) or state.get("status") not in _STATUSES:
        raise RunError(f"{file} is damaged: its content is not what the run wrote", do=restore)
    return state


def mark(path: Path, **changes: Any) -> None:
    """Write ``run.json`` with these changes."""
    _write(path, read_state(path) | changes)


def _write(path: Path, state: dict[str, Any]) -> None:
    write_json(path / STATE, state | {"seal": _seal(state)})


def mark_failed(path: Path, error: str) -> None:
    """Write why the run stopped; a full disk must not hide that."""
    with contextlib.suppress(StorageError):
        mark(path, status="failed", error=error)


def mark_complete(path: Path) -> None:
    """Write the hash of every file, which makes the run a finished one."""
    files = {
        file.name: file_digest(file)
        for file in sorted(path.iterdir())
        if file.is_file()
        and file.name not in (STATE, *_FOR_PEOPLE)
        and not file.name.startswith(".")
    }
    mark(path, status="complete", error=None, finished=_now(), files=files)


def check_complete(path: Path) -> None:
    """Check that the run is finished and that every file is what it wrote.

    Raises
    ------
    RunError
        Naming the file that is missing or damaged.
    """
    state = read_state(path)
    if state["status"] != "complete":
        why = f": {state['error']}" if state["error"] else ""
        raise RunError(
            f"{path} is not finished ({state['status']}{why})", do=f"landbridge resume {path}"
        )
    for name, expected in state["files"].items():
        file = path / name
        if not file.exists():
            raise RunError(f"{file} is missing", do="restore the run folder, or run again")
        if file_digest(file) != expected:
            raise RunError(
                f"{file} is damaged: its content is not what the run wrote",
                do="restore the run folder, or run again",
            )


def _seal(state: dict[str, Any]) -> str:
    return digest({key: value for key, value in state.items() if key != "seal"})


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


# One process at a time ----------------------------------------------------------------------


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the run folder: a second process would race for its files.

    The system lets go of it however the holder ends. Windows has no such lock: there two
    processes do the same work twice, and either result is whole and the same.

    Raises
    ------
    RunError
        Where another process holds it.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with storage_errors(path):
        path.mkdir(parents=True, exist_ok=True)
        file = (path / LOCK).open("a")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunError(
                f"another process is working on {path}",
                do="wait for it to end, or end it; then `landbridge resume`",
            ) from error
        yield
