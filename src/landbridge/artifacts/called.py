"""The command line that is running, where there is one: folders keep how they were made."""

from __future__ import annotations

import shlex
from contextvars import ContextVar

CALLED: ContextVar[str | None] = ContextVar("called", default=None)
"""Set by the command line, None in Python."""


def as_command(text: object) -> str | None:
    """Return a command line that a folder holds, to be typed again; None where it is none of ours.

    The folder may be somebody else's: each word is quoted, so that a shell does one thing with it.

    Examples
    --------
    >>> as_command("landbridge cluster a.csv --out 'my groups'")
    "landbridge cluster a.csv --out 'my groups'"
    >>> as_command("landbridge cluster a.csv; echo x")
    "landbridge cluster 'a.csv;' echo x"
    >>> as_command("echo x")
    """
    try:
        words = shlex.split(text) if isinstance(text, str) else []
    except ValueError:  # a quotation mark without its other
        return None
    return shlex.join(words) if words[:1] == ["landbridge"] else None
