"""A process that reads files for this one: how it is started, asked and ended."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..base import errors
from ..base.errors import ConfigError, DataError
from ..base.growth import TIMES, most_bytes
from .serve import OWN, Answer

SECONDS = "LANDBRIDGE_READ_SECONDS"
_SECONDS, _PACE = 120, 1_000_000
"""A file may take so long, and a second more for so many of its bytes."""
_START = 120
"""Seconds that a process may take to begin."""
_SLACK = 1_000_000_000
_START_CODE = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from landbridge.isolation.serve import serve; serve(sys.argv[2], int(sys.argv[3]))"
)


class EndedError(DataError):
    """A file that ended the process that read it, or took it too long."""


class ReaderProcess:
    """A process that reads files, one after another.

    Raises
    ------
    OSError, EOFError
        Where it cannot be started.
    """

    def __init__(self) -> None:
        from multiprocessing.spawn import get_executable

        if getattr(sys, "frozen", False) or not get_executable():
            raise EOFError("there is no Python to start beside it")
        self._maker = os.getpid()
        self.folder = Path(tempfile.mkdtemp(prefix="landbridge-"))
        self._process: subprocess.Popen[str] | None = None
        self.is_free = False
        self._late = threading.Event()
        command = [os.fsdecode(get_executable()), "-P", "-c", _START_CODE]
        try:
            with (self.folder / "said").open("wb") as said:
                self._process = subprocess.Popen(
                    [*command, json.dumps(sys.path), str(self.folder), str(self._maker)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=said,
                    text=True,
                    encoding="ascii",
                    env={**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system"},
                )
            import pyarrow  # noqa: F401  # meanwhile: what comes back needs it

            if self._answer(_START) is None:
                raise EOFError(f"another one did not begin: {self._last_words() or self._how()}")
        except BaseException:
            self.end()
            raise

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Its number."""
        return None if self._process is None else self._process.pid

    def ask(
        self, function: Callable[..., Any], arguments: Mapping[str, Any], size: int
    ) -> Iterator[Any]:
        """Yield the tables that a function of a module makes there of a file of `size` bytes."""
        seconds = _seconds(size)
        self.is_free = False
        request = {
            "function": f"{function.__module__}:{function.__qualname__}",
            "arguments": arguments,
            "seconds": seconds,
            "bytes": 2 * max(most_bytes(), TIMES * size) + _SLACK,
            "environment": {k: v for k, v in os.environ.items() if k.startswith(OWN)},
        }
        answer = self._send(json.dumps(request), seconds)
        while answer is not None and "table" in answer:
            yield _opened(Path(answer["table"]))
            answer = self._send("next", seconds)
        if answer is None:
            raise self._ended(arguments["name"], seconds)
        self.is_free = True
        if "error" in answer:
            raise getattr(errors, answer["error"])(answer["found"], hint=answer["do"])

    def _send(self, line: str, seconds: float) -> Answer | None:
        """Return the answer to a line, None where there is none."""
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except OSError:  # it is gone
            return None
        return self._answer(seconds)

    def _answer(self, seconds: float) -> Answer | None:
        process = self._process
        assert process is not None
        assert process.stdout is not None

        def stop() -> None:
            self._late.set()
            process.kill()

        watch = threading.Timer(seconds, stop)
        watch.daemon = True
        watch.start()
        try:
            line = process.stdout.readline()
        finally:
            watch.cancel()
        return json.loads(line) if line.endswith("\n") else None

    def _ended(self, name: str, seconds: float) -> EndedError:
        if self._late.is_set():
            return EndedError(
                f"{name} was not read within {seconds:,.5g} seconds, and its reader was ended",
                hint="write or download it again; where it is whole and its disk slow, allow more: "
                f"{SECONDS}={10 * seconds:.5g}",
            )
        words = self._last_words()
        return EndedError(
            f"{name} ended the process that read it ({self._how()})" + (words and f": {words}"),
            hint="it is damaged, or made to do harm: write or download it again, and keep pyarrow "
            "up "
            "to date",
        )

    def _how(self) -> str:
        """Return how it ended: a signal's name, or a code."""
        assert self._process is not None
        try:
            code = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            return "it said nothing more"
        if code >= 0:
            return f"code {code:#x}" if code > 255 else f"code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"{name}, as where memory runs out" if name == "SIGKILL" else name

    def _last_words(self) -> str:
        try:
            said = (self.folder / "said").read_text("utf-8", "replace")
        except OSError:
            return ""
        lines = [line.strip().removeprefix("what():").strip()[:300] for line in said.split("\n")]
        return next(filter(None, reversed(lines)), "")

    def end(self) -> None:
        """End it, whatever it does, and what it left."""
        if self._maker != os.getpid():
            return  # it is that of the process that this one was forked from
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):  # what was to be sent has nobody to read it
                    if pipe is not None:
                        pipe.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _opened(path: Path) -> Any:
    """Return the table in a file, which goes: where the system allows it, its bytes are mapped."""
    import pyarrow as pa

    if os.name == "nt":  # a file that is mapped cannot be deleted there
        source = pa.BufferReader(path.read_bytes())
    else:
        source = pa.memory_map(str(path))
    table = pa.ipc.open_stream(source).read_all()
    path.unlink()
    return table if len(table) else table.schema.empty_table()


def _seconds(size: int) -> float:
    """Return how long a file of so many bytes may take.

    Raises
    ------
    ConfigError
        Where the variable holds no number of seconds.
    """
    said = os.environ.get(SECONDS, "").strip()
    if not said:
        return _SECONDS + size / _PACE
    try:
        found = float(said)
    except ValueError:
        found = 0.0
    if not 0 < found < 1e6:
        raise ConfigError(f"{SECONDS} is {said!r}", hint="give a number of seconds")
    return found
