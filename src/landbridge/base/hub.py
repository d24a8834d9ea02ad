"""A hub that cannot be reached: which exceptions say so, and the one error that a user sees."""

from __future__ import annotations

import sys

from .errors import HubError

PATIENCE = 10.0
"""Seconds to wait for a hub that does not answer."""


def hub_errors() -> tuple[type[Exception], ...]:
    """Return what huggingface_hub raises where it cannot give what it was asked for.

    Its errors of the network are those of whichever HTTP library it uses, which are no OSError.
    """
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    return (
        *(HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError),
        *_of_libraries("HTTPError", "InvalidURL", "RequestException"),
    )


def is_network(error: BaseException) -> bool:
    """Say whether an exception, or what it came from, is that the hub does not answer."""
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    network = (ConnectionError, TimeoutError, OfflineModeIsEnabled)
    kinds: tuple[type[BaseException], ...] = (
        *network,
        *_of_libraries("TransportError", "ConnectionError", "Timeout"),
    )
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, HfHubHTTPError):
            return False  # it answered
        if isinstance(seen, kinds):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _of_libraries(*names: str) -> tuple[type[Exception], ...]:
    """Return the exceptions of those names of the HTTP libraries that are loaded."""
    modules = [sys.modules.get(name) for name in ("httpx2", "httpx", "requests")]
    kinds = [getattr(module, name, None) for module in modules for name in names]
    return tuple(k for k in kinds if isinstance(k, type) and issubclass(k, Exception))


def unreachable(what: str, error: Exception, *, instead: str) -> HubError:
    """Return the error for something of the hub that cannot be had.

    Parameters
    ----------
    what : str
        The id, and what it is.
    error : Exception
        What the hub's library raised.
    instead : str
        What works without a network.
    """
    return HubError(
        f"{what} could not be downloaded from the Hugging Face hub: {first_line(error)}",
        hint="check the id and the network (HF_ENDPOINT where a mirror is used); a private one "
        f"needs `hf auth login`; {instead} works without a network",
    )


def first_line(error: Exception) -> str:
    """Return what an exception says, in one line."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__
