"""What a server asks of a reply before it touches the model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .arrays import Arrays, flat

LARGEST = 100.0
"""A reply longer than so many times the median of its round is no honest step of any client."""


def wrong_with(reply: Mapping[str, np.ndarray], like: Arrays) -> str:
    """Return what is wrong with a reply, "" where nothing is.

    Parameters
    ----------
    reply : mapping of ndarray
        From outside: anything may be in it.
    like : Arrays
        What an honest reply looks like: names, shapes, kinds.

    Examples
    --------
    >>> wrong_with({"w": np.array([np.nan, 1])}, {"w": np.zeros(2)})
    "'w' holds 1 number that is not finite"
    >>> wrong_with({"w": np.zeros(3)}, {"w": np.zeros(2)})
    "'w' has the shape (3,), expected (2,)"
    """
    missing, strange = sorted(set(like) - set(reply)), sorted(set(reply) - set(like))
    if missing:
        return f"{missing[0]!r} is missing"
    if strange:
        return f"{strange[0]!r} is nothing that was asked for"
    for name, wanted in like.items():
        own = reply[name]
        if not isinstance(own, np.ndarray) or own.dtype.kind != "f":
            kind = own.dtype if isinstance(own, np.ndarray) else type(own).__name__
            return f"{name!r} holds {kind}, expected floating-point numbers"
        if own.shape != wanted.shape:
            return f"{name!r} has the shape {own.shape}, expected {wanted.shape}"
        bad = int((~np.isfinite(own)).sum())
        if bad:
            which = "number that is" if bad == 1 else "numbers that are"
            return f"{name!r} holds {bad} {which} not finite"
    return ""


def too_long(replies: Mapping[str, Arrays]) -> dict[str, str]:
    """Return the clients whose reply is far longer than those of the round, and why.

    With fewer than three replies nobody can say who is wrong.
    """
    if len(replies) < 3:
        return {}
    with np.errstate(over="ignore"):
        norms = {name: float(np.linalg.norm(flat(reply))) for name, reply in replies.items()}
    usual = float(np.median(list(norms.values())))
    return {
        name: f"its norm is {norm:.3g}, over {LARGEST:g} times the round's median of {usual:.3g}"
        for name, norm in norms.items()
        if norm > LARGEST * usual > 0
    }
