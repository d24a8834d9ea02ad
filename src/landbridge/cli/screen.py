"""The one way to a screen: texts of unknown origin are shown on it, never obeyed by it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO

from ..base.shown import one_line, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


def say(text: str, stream: TextIO | None = None) -> None:
    """Print a text, to stdout unless a stream is given.

    Names of files, classes and columns, and what outside libraries say, are in it: what a terminal
    would obey is shown as an escape. Lines after the first are set in, so that none of them can
    pass for one of ours.
    """
    print(visible(text).replace("\n", "\n  "), file=sys.stdout if stream is None else stream)


def console(stream: TextIO, **options: Any) -> Console:
    """Return a console that shows what a terminal would obey, in any text and table."""
    from rich.console import Console
    from rich.segment import Segment

    class Shown(Console):
        def render(self, renderable: Any, options: Any = None) -> Iterable[Segment]:
            for part in super().render(renderable, options):
                # what moves the cursor is made by rich itself, and marked so
                yield part if part.control else Segment(visible(part.text), part.style)

        def on_broken_pipe(self) -> None:
            raise  # `frame` knows what to do; rich would exit with 1

    # Brackets and colons in names are just that.
    return Shown(file=stream, highlight=False, markup=False, emoji=False, **options)


def cell(value: Any) -> Text:
    """Return a cell of a table as it is shown: its width is known then.

    A string is one line; the lines of a rich text are ours.
    """
    from rich.text import Text

    found = value if isinstance(value, Text) else Text(one_line(str(value)))
    plain = visible(found.plain, keep="\n")
    return found if plain == found.plain else Text(plain, style=found.style)
