"""Every error a user can meet, and the exit code each one stands for.

An error names what was found (file, row, option), what was expected, and what to do.
"""

from __future__ import annotations

from .shown import visible


class LandbridgeError(Exception):
    """Base of all errors that are about the user's input or machine, not about a bug.

    Parameters
    ----------
    message : str
        What was found and where.
    hint : str, optional
        What the user can do about it.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        # Names from data are in it, and a traceback goes to the terminal as it is.
        super().__init__(visible(f"{message}\n  -> {hint}" if hint else message))


class ConfigError(LandbridgeError, ValueError):
    """An option that is unknown, of the wrong type, or in conflict with another."""

    exit_code = 2


class DataError(LandbridgeError, ValueError):
    """Data that cannot be read, or that does not hold what the task needs."""

    exit_code = 3


class MethodError(LandbridgeError):
    """A method whose needs the data do not meet."""

    exit_code = 4


class BackboneError(LandbridgeError):
    """A backbone that is unknown, missing, or does not fit the data; a hub that does not answer."""

    exit_code = 5


class HubError(BackboneError):
    """Something of a hub, a model or data, that cannot be had from it."""


class RunError(LandbridgeError):
    """A run folder that is missing, damaged, or of another version."""

    exit_code = 6


class TakenError(RunError):
    """A folder to write to that holds something else already: the option that names it is wrong."""

    exit_code = ConfigError.exit_code


class TrainingError(LandbridgeError):
    """Training that cannot go on (a loss that is not finite)."""

    exit_code = 7


class StorageError(LandbridgeError):
    """A disk that is full or cannot be written."""

    exit_code = 8


class SealedError(LandbridgeError):
    """Labels kept for judging were asked for by something other than the verdict."""

    exit_code = 9


class MissingExtra(LandbridgeError):
    """An optional part whose packages are not installed."""

    exit_code = 10

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs packages that are not installed",
            hint=f"pip install 'landbridge[{extra}]'",
        )


class TrustError(BackboneError):
    """Code that nobody has agreed to run on this machine."""

    exit_code = 11


INTERRUPTED = 130
"""Exit code after Ctrl-C: what was computed is kept, `landbridge resume` goes on."""

TERMINATED = 143
"""Exit code after SIGTERM, as shells have it."""


class Terminated(SystemExit):
    """SIGTERM: what was computed is kept, as after Ctrl-C."""

    def __init__(self) -> None:
        super().__init__(TERMINATED)

    def __str__(self) -> str:
        return "ended by SIGTERM"


EXIT_CODES: dict[int, str] = {
    0: "all went well",
    1: "an error that no other code names",
    **{
        cls.exit_code: (cls.__doc__ or "").splitlines()[0]
        for cls in (
            ConfigError,
            DataError,
            MethodError,
            BackboneError,
            RunError,
            TrainingError,
            StorageError,
            SealedError,
            MissingExtra,
            TrustError,
        )
    },
    INTERRUPTED: "interrupted; `landbridge resume` goes on",
    TERMINATED: "ended by SIGTERM; `landbridge resume` goes on",
}


class LandbridgeWarning(UserWarning):
    """Something was left out or changed, and the result still stands."""

    def __str__(self) -> str:
        return visible(super().__str__())


def old_name(old: str, new: str) -> LandbridgeWarning:
    """Return the warning that what was called `old` is called `new` now."""
    return LandbridgeWarning(f"{old} is called {new} now; the old name goes with the next release")
