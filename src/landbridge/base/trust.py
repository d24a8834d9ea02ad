"""What code a person has agreed to run: kept in their own configuration, never in a folder.

A choice is for one function, and for every file that is executed or that it can import: where one
of them is otherwise, the choice is made again. Naming code in a call is a choice; what a folder
names is none.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import stat
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .errors import LandbridgeWarning, StorageError, TrustError
from .files import storage_errors, write_json
from .locks import locked
from .places import config_folder

FILE = "trust.json"
TRUST = "LANDBRIDGE_TRUST_CODE"
"""Digests of code, joined by commas, that this process and its children may run."""
_FORMAT = 1


@dataclass(frozen=True)
class Code:
    """A function, and all that runs with it.

    Attributes
    ----------
    what : str
        As a backbone is written: "local//home/me/nets.py:make".
    root : str
        The folder, or the one file, that its files lie in.
    files : mapping of str to str
        Name, relative to `root`, to the hash of the content.
    """

    what: str
    root: str
    files: Mapping[str, str]

    @property
    def digest(self) -> str:
        """The hash of the name, the place and every file."""
        said = json.dumps(["code", self.what, self.root, sorted(self.files.items())])
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True)
class Choice:
    """What was agreed to, and when."""

    code: Code
    when: str


Asker = Callable[[Code, str], bool]
"""Asks a person: the code, and why it is asked ("" the first time)."""

_asker: list[Asker] = []
"""Who asks, where there is a terminal; set by the command line alone."""


def ask_by(asker: Asker | None) -> None:
    """Set who is asked about code that nobody has agreed to; None: nobody."""
    _asker[:] = [] if asker is None else [asker]


def trusted(code: Code) -> bool:
    """Say whether somebody has agreed to exactly this on this machine."""
    if code.digest in _named_by_variable():
        return True
    return any(choice.code.digest == code.digest for choice in choices())


def require(code: Code) -> None:
    """Return where code may be run; ask where there is a terminal.

    Raises
    ------
    TrustError
        Where nobody has agreed to it.
    """
    if trusted(code):
        return
    why = _why(code)
    if _asker and _asker[0](code, why):
        grant(code)
        return
    if os.environ.get(TRUST) == "1":
        why += f"{'; ' * bool(why)}{TRUST}=1 trusts nothing any more: it takes digests of code"
    raise TrustError(
        f"{code.what} (digest {code.digest}) is code that would be run here, and "
        + "nobody has agreed to that on this machine"
        + f" ({why})" * bool(why),
        hint=f"read {code.root}; if you trust it: landbridge trust add {shlex.quote(code.what)}",
    )


def grant(code: Code) -> None:
    """Keep that a person has agreed to this code; an earlier choice on it is replaced."""
    if trusted(code):
        return
    try:
        _change(lambda found: [*(c for c in found if c.code.what != code.what), _now(code)])
    except (StorageError, OSError) as error:
        # Named just now, so it runs just now; it can only not be kept for the next time.
        os.environ[TRUST] = ",".join(sorted({*_named_by_variable(), code.digest} - {""}))
        why = error.message if isinstance(error, StorageError) else str(error)
        warnings.warn(
            f"that you agreed to {code.what} holds for this process alone: {why}",
            LandbridgeWarning,
            stacklevel=3,
        )


def revoke(wanted: Callable[[Code], bool]) -> list[Code]:
    """Take back what `wanted` says, and return it."""
    gone: list[Code] = []

    def kept(found: Sequence[Choice]) -> list[Choice]:
        gone[:] = [choice.code for choice in found if wanted(choice.code)]
        return [choice for choice in found if not wanted(choice.code)]

    kept(choices())
    if gone:
        _change(kept)
    return gone


def choices() -> list[Choice]:
    """Return all that was agreed to on this machine, oldest first.

    Raises
    ------
    TrustError
        Where the file is damaged, or may have been written by somebody else.
    """
    try:
        path = store()
    except StorageError:  # there is no place for them
        return []
    try:
        facts = path.stat()
        text = path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise TrustError(f"{path} cannot be read: {error}", hint=_ANEW) from error
    if os.name != "nt" and (facts.st_uid != os.getuid() or stat.S_IMODE(facts.st_mode) & 0o022):
        raise TrustError(f"{path} can be written by others: what it says is no choice", hint=_ANEW)
    try:
        found = json.loads(text)
        if found["format"] != _FORMAT:
            raise ValueError(f"it has format {found['format']!r}, this version reads {_FORMAT}")
        return [_choice(item) for item in found["trusted"]]
    except (ValueError, KeyError, TypeError) as error:
        raise TrustError(f"{path} is damaged: {error}", hint=_ANEW) from error


_ANEW = "look at it, and remove it: what you agreed to is then asked again"


def store() -> Path:
    """Return where choices are kept."""
    return config_folder() / FILE


def _choice(item: Mapping[str, Any]) -> Choice:
    files = item["files"]
    if not isinstance(files, dict) or not all(isinstance(v, str) for v in files.values()):
        raise TypeError("a list of files is none")
    return Choice(Code(str(item["what"]), str(item["root"]), files), str(item["when"]))


def _now(code: Code) -> Choice:
    return Choice(code, datetime.now(UTC).isoformat(timespec="seconds"))


def _change(how: Callable[[Sequence[Choice]], list[Choice]]) -> None:
    path = store()
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(path.parent / f".{FILE}.lock"):
            kept = [
                {"what": c.code.what, "root": c.code.root, "files": dict(c.code.files)}
                | {"when": c.when, "digest": c.code.digest}
                for c in how(choices())
            ]
            write_json(path, {"format": _FORMAT, "trusted": kept}, private=True)


def _named_by_variable() -> set[str]:
    return {part.strip() for part in os.environ.get(TRUST, "").split(",")}


def _why(code: Code) -> str:
    """Return what is otherwise than what was agreed to, "" where nothing of it was."""
    found = [choice.code for choice in choices() if choice.code.root == code.root]
    same = [agreed for agreed in found if agreed.what == code.what]
    if not same:
        others = sorted(c.what.rpartition(":")[2] for c in found if dict(c.files) == code.files)
        other = "you agreed to another function of these files"
        return f"{other}: {', '.join(others)}" if others else ""
    before = same[-1].files
    parts = {
        "changed since you agreed": [n for n in code.files if before.get(n, "") != code.files[n]],
        "gone since": [n for n in before if n not in code.files],
    }
    return "; ".join(f"{what}: {_few(names)}" for what, names in parts.items() if names)


def _few(names: Sequence[str]) -> str:
    some = sorted(names)
    return ", ".join(some[:4]) + (f" and {len(some) - 4} more" if len(some) > 4 else "")
