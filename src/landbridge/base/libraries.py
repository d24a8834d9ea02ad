"""What an outside library raises on a file that it cannot read, as an error that names the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .errors import LandbridgeError

_USUAL = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


@contextmanager
def library_errors(error: type[LandbridgeError], found: str, *, hint: str) -> Iterator[None]:
    """Turn what a library raises in the block into an error of ours.

    Parameters
    ----------
    error : type
        Which one.
    found : str
        What could not be done, with the file; what the library says is put after it.
    do : str
    """
    try:
        yield
    except LandbridgeError:
        raise
    except Exception as raised:
        # tokenizers raises the bare class, others one of their own right below it.
        home = type(raised).__module__.partition(".")[0]
        own = type(raised) is Exception or home not in ("builtins", "landbridge")
        if not own and not isinstance(raised, _USUAL):
            raise
        first = (str(raised).splitlines() or [""])[0][:300]
        raise error(f"{found}: {first or type(raised).__name__}", hint=hint) from raised


def type_errors() -> tuple[type[Exception], ...]:
    """Return what Arrow raises where values are not of one type, or not of the type asked for."""
    import pyarrow as pa

    return (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError)
