"""Texts that hold half of a character: what is left of a surrogate pair that was cut."""

from __future__ import annotations

import re

_HALF = re.compile("[\ud800-\udfff]")


def has_half(text: str) -> bool:
    """Whether a text holds part of a surrogate pair."""
    return _HALF.search(text) is not None


def whole_text(text: str) -> str:
    r"""Return a text that any encoder takes: pairs are joined, a half becomes U+FFFD.

    Examples
    --------
    >>> whole_text("good \ud83d day") == "good \ufffd day"
    True
    >>> whole_text("\ud83d\ude00") == "\U0001f600"
    True
    """
    if not has_half(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
