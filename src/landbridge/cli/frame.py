"""What surrounds every verb: one place for JSON, errors, interrupts and exit codes."""

from __future__ import annotations

import contextlib
import inspect
import math
import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

from ..base.errors import (
    INTERRUPTED,
    TERMINATED,
    LandbridgeError,
    LandbridgeWarning,
    StorageError,
    Terminated,
)
from ..base.files import open_plain
from ..base.shown import to_json, visible
from ..base.trust import ask_by
from .screen import say

if TYPE_CHECKING:
    from ..base.config import RunConfig
    from ..base.typed import Options


class Frame:
    """What a verb uses to speak.

    Attributes
    ----------
    as_json : bool
        Whether stdout gets one JSON object and nothing else.
    run : Path or None
        The run folder the verb works on, once known; messages name it.
    exit_code : int
        What the command exits with when nothing goes wrong.
    config : RunConfig
        What options, a file and settings ask for.
    given : dict
        What they say that is no default, by the keyword that Python has for it.
    """

    config: RunConfig

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.run: Path | None = None
        self.exit_code = 0
        self.given: Options = {}
        self._value: Any = {}
        self._show: Callable[[], None] | None = None
        self._terminal: Any = None

    @property
    def terminal(self) -> Any:
        """The listener that shows what happens, on stderr."""
        if self._terminal is None:
            from .terminal import terminal

            self._terminal = terminal(quiet=self.quiet)
        return self._terminal

    def events(self) -> Any:
        """Return events heard by the terminal."""
        from ..base.events import Events

        return Events(None, self.terminal)

    def result(self, value: Any, show: Callable[[], None]) -> None:
        """Keep the result: `value` for JSON, or what shows it to a person."""
        self._value, self._show = value, show

    def keywords(self, function: Callable[..., Any]) -> Options:
        """Return what was given that a function takes; each goes to the first that takes it."""
        parameters = inspect.signature(function).parameters
        rest = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
        return {name: self.given.pop(name) for name in [*self.given] if rest or name in parameters}

    def close(self) -> None:
        """Take progress bars off the screen."""
        if self._terminal is not None:
            self._terminal.close()

    def deliver(self) -> None:
        """Write the result to stdout."""
        if self.as_json:
            print(dumps(self._value))
        elif self._show is not None:
            self._show()
        sys.stdout.flush()


@contextlib.contextmanager
def frame(*, as_json: bool = False, quiet: bool = False, debug: bool = False) -> Iterator[Frame]:
    """Run the body of a verb; whatever it raises becomes a message and an exit code."""
    stdout = sys.stdout
    this = Frame(as_json=as_json, quiet=quiet)
    _who_is_asked(this)
    code = 0
    try:
        # stdout is for the result alone: a stray print of any library must not reach it.
        with contextlib.redirect_stdout(sys.stderr), _warnings_shown(this):
            yield this
        this.close()
        this.deliver()
        code = this.exit_code
    except typer.Exit:
        raise
    except BrokenPipeError:
        silence(stdout)  # the reader (`| head`) has what it wanted
    except (KeyboardInterrupt, Terminated) as error:
        this.close()
        code = TERMINATED if isinstance(error, Terminated) else INTERRUPTED
        kept = _goes_on(this.run)
        found = "interrupted" + ("; everything finished so far is kept" if kept else "")
        tell(found, hint=kept, kind="Interrupted", code=code, as_json=as_json, stdout=stdout)
    except LandbridgeError as error:
        this.close()
        code = error.exit_code
        if debug:
            say(traceback.format_exc(), sys.stderr)
        kind = type(error).__name__
        tell(error.message, hint=error.hint, kind=kind, code=code, as_json=as_json, stdout=stdout)
    except Exception as error:  # noqa: BLE001 - the one place where a bug becomes a message
        this.close()
        code = 1
        found = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        hint = "this is a bug in landbridge or in a package below it"
        if debug:
            say(traceback.format_exc(), sys.stderr)
        else:
            hint += f"; the traceback is in {keep_traceback(this.run)}, and --debug shows it"
        kind = type(error).__name__
        tell(found, hint=hint, kind=kind, code=code, as_json=as_json, stdout=stdout)
    finally:
        this.close()
        ask_by(None)
    if code:
        raise typer.Exit(code)


def _goes_on(folder: Path | None) -> str:
    """Return how to go on with what a verb had begun, "" where it had begun nothing."""
    from ..artifacts.state import read_state
    from ..artifacts.unfinished import again

    with contextlib.suppress(LandbridgeError, OSError):
        return again(folder, read_state(folder)) if folder is not None else ""
    return ""


def _who_is_asked(this: Frame) -> None:
    """Let code that nobody has agreed to be asked about, where there is a person to ask."""

    def asker(code: Any, why: str) -> bool:
        from .trust import ask

        this.close()  # a bar would write over the question
        return ask(code, why)

    there = not this.as_json and sys.stdin is not None and sys.stdin.isatty()
    ask_by(asker if there and sys.stderr.isatty() else None)


def tell(
    found: str, *, hint: str, kind: str, code: int, as_json: bool, stdout: TextIO | None = None
) -> None:
    """Say what went wrong and what to do: for a person on stderr, for a program on stdout."""
    with contextlib.suppress(BrokenPipeError):
        if as_json:
            error = {"type": kind, "message": found, "do": hint, "exit_code": code}
            print(dumps({"error": error}), file=stdout or sys.stdout, flush=True)
            return
        red, plain = ("\033[1;31m", "\033[0m") if coloured(sys.stderr) else ("", "")
        head = "" if code in (INTERRUPTED, TERMINATED) else f"{red}error:{plain} "
        print(head, end="", file=sys.stderr)
        say(found, sys.stderr)
        if hint:
            say(f"→ {hint}", sys.stderr)


def coloured(stream: TextIO) -> bool:
    """Say whether `stream` is a terminal that wants colour."""
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def silence(stream: TextIO) -> None:
    """Point a closed pipe at nothing, so that Python's last flush stays silent."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def keep_traceback(run: Path | None) -> Path:
    """Write the traceback of the current exception and return where it is."""
    text = visible(traceback.format_exc())
    if run is not None and run.is_dir():
        with (
            contextlib.suppress(OSError, StorageError),
            open_plain(run / "error.log", "w", encoding="utf-8", errors="replace") as log,
        ):
            log.write(text)
            return run / "error.log"
    handle, name = tempfile.mkstemp(prefix="landbridge-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
    return Path(name)


def dumps(value: Any) -> str:
    """Return strict JSON: what has no number (NaN) is null, arrays are lists."""
    return to_json(_plain(value), allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if hasattr(value, "tolist"):  # NumPy and torch
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    return str(value)


@contextlib.contextmanager
def _warnings_shown(this: Frame) -> Iterator[None]:
    """Show our own warnings as one line each, without file names and source lines."""
    with warnings.catch_warnings():

        def show(message: Any, category: Any, *rest: Any, **more: Any) -> None:
            if issubclass(category, LandbridgeWarning):
                this.terminal.event({"event": "warning", "message": str(message)})
            else:
                say(warnings.formatwarning(message, category, *rest[:2]).rstrip(), sys.stderr)

        warnings.showwarning = show
        yield
