"""The command line that is running, where there is one: folders keep how they were made."""

from __future__ import annotations

from contextvars import ContextVar

CALLED: ContextVar[str | None] = ContextVar("called", default=None)
"""Set by the command line, None in Python."""
