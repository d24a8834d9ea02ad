"""The process that reads: it makes tables, one file each, and says where they lie.

It is the first to meet a file, so it imports no more of this package than the function that it is
asked for. It ends when nobody can ask any more.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypedDict

from ..base.errors import DataError, LandbridgeError, StorageError
from ..base.orphans import end_with

OWN = "LANDBRIDGE_"
"""What the names of this package's variables begin with."""
_GRACE = 10
"""Seconds after which a reader that hangs ends itself: whoever asked may be gone."""


class Answer(TypedDict, total=False):
    """A line that is answered: a table's place, an error, the end, or that it can be asked."""

    ready: bool
    table: str
    error: str
    found: str
    do: str
    end: bool


def serve(folder: str, parent: int) -> None:
    """Answer every line of the standard input with lines on the standard output.

    Parameters
    ----------
    folder : str
        Where tables are put; it goes where nobody is there any more to take them.
    parent : int
        The process that asks.
    """
    end_with(parent, lambda: shutil.rmtree(folder, ignore_errors=True))
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what libraries print is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked decides
    memory = _Memory()
    with contextlib.suppress(BrokenPipeError):  # nobody listens any more
        _say(answers, {"ready": True})
        for line in iter(sys.stdin.readline, ""):
            request = json.loads(line)
            memory.allow(request["bytes"])
            _set_own(request["environment"])
            for answer in _answers(request, Path(folder)):
                faulthandler.cancel_dump_traceback_later()
                _say(answers, answer)
                if "table" in answer and not sys.stdin.readline():
                    break
    shutil.rmtree(folder, ignore_errors=True)


def _answers(request: Mapping[str, Any], folder: Path) -> Iterator[Answer]:
    """Yield a place for each table, and then how it ended."""
    name = request["arguments"]["name"]
    try:
        module, _, function = request["function"].partition(":")
        _at_most(request["seconds"])
        tables = getattr(importlib.import_module(module), function)(**request["arguments"])
        for number, table in enumerate(tables):
            path = folder / f"{number}.arrows"
            _write(table, path, name)
            yield {"table": str(path)}
            _at_most(request["seconds"])
    except LandbridgeError as error:
        yield {"error": type(error).__name__, "found": error.message, "do": error.hint}
    except MemoryError as error:
        message = f"{name} takes more memory than it may, or than there is: {error}"
        yield {"error": "DataError", "found": message, "do": "write it again, in smaller pieces"}
    else:
        yield {"end": True}


def _write(table: Any, path: Path, name: str) -> None:
    """Write a table that was looked through, as a stream: dictionaries may differ by batch."""
    import pyarrow as pa

    try:
        _check(table)
        with path.open("wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
            stream.write_table(table)
    except MemoryError:
        raise
    except pa.ArrowException as error:
        raise DataError(f"{name} is damaged: {error}", hint="write or download it again") from error
    except OSError as error:
        raise StorageError(
            f"{path.parent} cannot take what {name} holds, {table.nbytes:,} bytes: {error}",
            hint="free some space, or name another folder for temporary files: TMPDIR=...",
        ) from error


def _check(table: Any) -> None:
    """Raise ArrowInvalid where a column leads out of itself; words are looked at when they are."""
    import pyarrow as pa
    from pyarrow import types

    for column in table.columns:
        if types.is_string(column.type) or types.is_large_string(column.type):
            column = column.cast(pa.binary() if types.is_string(column.type) else pa.large_binary())
        column.validate(full=True)


def _say(answers: IO[str], answer: Answer) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _set_own(environment: Mapping[str, str]) -> None:
    """Set this package's variables as they are where it is asked, and no others."""
    for name in [name for name in os.environ if name.startswith(OWN)]:
        del os.environ[name]
    os.environ.update(environment)


def _at_most(seconds: float) -> None:
    faulthandler.dump_traceback_later(seconds + _GRACE, exit=True)


class _Memory:
    """How much this process may take, where the system can say so."""

    def __init__(self) -> None:
        self._kept = (-1, -1)
        with contextlib.suppress(ImportError, ValueError, OSError):
            import resource

            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # of files of unknown origin
            self._kept = resource.getrlimit(resource.RLIMIT_DATA)

    def allow(self, more: int) -> None:
        """Let it take so many bytes more than it has."""
        if not sys.platform.startswith("linux"):
            return  # elsewhere it is not counted
        import resource

        with open("/proc/self/statm") as file:
            taken = int(file.read().split()[5]) * resource.getpagesize()
        soft, hard = self._kept
        limits = [taken + more, *(one for one in (soft, hard) if one != resource.RLIM_INFINITY)]
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (min(limits), hard))
