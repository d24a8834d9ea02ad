"""Markdown of the cards: text from a user is shown, and does nothing else."""

from __future__ import annotations

import re

from landbridge.base.shown import one_line

_UNSAFE = re.compile(r"([\\`*_\[\]<>#|~$&])")
_TICKS = re.compile("`+")


def md(text: object) -> str:
    r"""Return text as Markdown that reads the same, on one line.

    Examples
    --------
    >>> print(md("a|b <i> [x](y)"))
    a\|b \<i\> \[x\](y)
    """
    return _UNSAFE.sub(r"\\\1", one_line(" ".join(str(text).split())))


def code(text: object) -> str:
    """Return text as code, whatever marks of code are in it.

    Examples
    --------
    >>> print(code("ls a`b"))
    ``ls a`b``
    """
    plain = one_line(str(text))
    fence = "`" * (max(map(len, _TICKS.findall(plain)), default=0) + 1)
    room = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{room}{plain}{room}{fence}"
