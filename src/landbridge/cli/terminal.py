"""Shows what happens during a run: bars on a terminal, plain lines elsewhere; all on stderr."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Any, TextIO

from ..base.events import Event
from ..base.shown import one_line, visible
from .screen import console, say

PATIENCE_S = 2.0
"""Something shorter than this needs no bar."""
WIDE = 110
"""From this many columns on there is room for figures beside a bar."""
LEAST_STEPS, LEAST_S = 2, 1.0
"""So much has to be done, after the first step, before the rest of the time is estimated."""
MARK_S, MARKS = 0.5, 64
"""How often, and how many times, a bar remembers how much was done."""
LINE_EVERY_S = 10.0
"""How often a bar becomes a line where there is no terminal."""

_HIDDEN = {"step", "verdict", "error"}
"""Steps are what bars are for; the verdict is the result and an error ends it: both come last."""
_STYLES = {"stage": "bold", "choice": "cyan", "warning": "yellow", "reuse": "dim"}


def terminal(*, quiet: bool = False, stream: TextIO | None = None) -> PlainTerminal:
    """Return the listener that suits `stream` (stderr unless given)."""
    stream = sys.stderr if stream is None else stream
    if quiet or not stream.isatty():
        return PlainTerminal(stream, quiet=quiet)
    return BarTerminal(stream)


class PlainTerminal:
    """A listener that writes whole lines without any control characters.

    Parameters
    ----------
    stream : file
        Where to.
    quiet : bool
        Only warnings.
    """

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self.stream = stream
        self.quiet = quiet
        self.start = time.monotonic()
        self._reused: set[str] = set()

    def event(self, event: Event) -> None:
        """Write one line, if the event is for people."""
        kind, message = event.get("event", ""), event.get("message", "")
        if (
            kind in _HIDDEN
            or event.get("heard")
            or not message
            or (self.quiet and kind != "warning")
        ):
            return
        if kind == "reuse":
            if message in self._reused:  # many fits read the same features: once is enough
                return
            self._reused.add(message)
        self.line(kind, f"warning: {message}" if kind == "warning" else message)

    @contextlib.contextmanager
    def progress(self, what: str, total: int) -> Iterator[_Bar]:
        """Follow `total` steps; a line now and then if it takes long."""
        bar = self.bar(what, total)
        try:
            yield bar
        finally:
            bar.close()

    def bar(self, what: str, total: int) -> _Bar:
        """Return what follows `total` steps here."""
        return _LineBar(self, what, total)

    def line(self, kind: str, text: str) -> None:
        """Write one line of this kind."""
        with contextlib.suppress(BrokenPipeError):  # a run goes on when nobody listens
            since = clock(time.monotonic() - self.start)
            say(f"[{since:>6}] {text}", self.stream)
            self.stream.flush()

    def close(self) -> None:
        """Leave the screen clean."""


class _Bar:
    """What both kinds of bar share: how far, how long, the latest figures."""

    def __init__(self, what: str, total: int) -> None:
        self.what = what
        self.total = total
        self.done = 0
        self.figures: dict[str, float] = {}
        self.start = time.monotonic()
        self.marks: list[tuple[float, int]] = []
        """When how much was done, from the first step on."""

    def advance(self, steps: int = 1, **figures: float) -> None:
        """Move on by `steps`."""
        self.done += steps
        now = time.monotonic()
        # Getting ready is not what a step takes: counting begins after the first.
        if not self.marks or now - self.marks[-1][0] >= MARK_S:
            self.marks.append((now, self.done))
            if len(self.marks) > MARKS:
                del self.marks[1::2]
        self.figures = figures or self.figures
        if time.monotonic() - self.start >= PATIENCE_S:
            self.show()

    def left(self) -> str:
        """Return how much time is left, "" where too little is known of it.

        By the later half of what was done: what was slow at the beginning, or is busy no more, is
        not what is left.
        """
        if not self.marks or self.done >= self.total:
            return ""
        first, now = self.marks[0], time.monotonic()
        if self.done - first[1] < LEAST_STEPS or now - first[0] < LEAST_S:
            return ""
        half = (first[1] + self.done) / 2
        since = max((mark for mark in self.marks if mark[1] <= half), default=first)
        took, steps = now - since[0], self.done - since[1]
        return f"{clock(took / steps * (self.total - self.done))} left"

    def figures_text(self) -> str:
        """Return the first two figures, short."""
        return "  ".join(f"{k} {v:.3g}" for k, v in list(self.figures.items())[:2])

    def show(self) -> None:
        """Make the bar say where it is."""

    def close(self) -> None:
        """Take the bar away."""


class _LineBar(_Bar):
    def __init__(self, owner: PlainTerminal, what: str, total: int) -> None:
        super().__init__(what, total)
        self.owner = owner
        self.last = -LINE_EVERY_S

    def show(self) -> None:
        now = time.monotonic()
        if self.owner.quiet or now - self.last < LINE_EVERY_S or self.done >= self.total:
            return
        self.last = now
        parts = [f"{self.what}: {self.done:,}/{self.total:,}", self.figures_text(), self.left()]
        self.owner.line("progress", ", ".join(part for part in parts if part))


class BarTerminal(PlainTerminal):
    """A listener that draws bars below the lines, with rich."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.console = console(stream)
        self._progress: Any = None

    def line(self, kind: str, text: str) -> None:
        from rich.table import Table
        from rich.text import Text

        # A grid, so that a long sentence goes on under its own beginning.
        grid = Table.grid(padding=(0, 1))
        grid.add_column(justify="right", width=6, no_wrap=True)
        grid.add_column()
        since = Text(clock(time.monotonic() - self.start), style="dim")
        grid.add_row(since, Text(visible(text), style=_STYLES.get(kind, "")))
        self.console.print(grid)

    def bar(self, what: str, total: int) -> _Bar:
        return _RichBar(self, what, total)

    @property
    def live(self) -> Any:
        """The bars on the screen, started when the first is needed."""
        if self._progress is None:
            from rich.progress import BarColumn, Progress, TextColumn
            from rich.table import Column

            wide = self.console.width >= WIDE
            # Never the whole width: the "^C" that a terminal echoes would wrap, and the bar
            # would then be wiped from the wrong line.
            room = self.console.width - (77 if wide else 42)
            columns: list[Any] = [
                TextColumn(
                    "       {task.description}", table_column=Column(no_wrap=True, max_width=room)
                ),
                BarColumn(bar_width=20 if wide else 14),
                TextColumn("{task.completed:,.0f}/{task.total:,.0f}", justify="right"),
                TextColumn("{task.fields[left]}", table_column=Column(no_wrap=True, min_width=10)),
            ]
            if wide:
                column = Column(no_wrap=True, max_width=28)
                columns.append(
                    TextColumn("{task.fields[figures]}", style="dim", table_column=column)
                )
            self._progress = Progress(*columns, console=self.console, transient=True)
            self._progress.start()
        return self._progress

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


class _RichBar(_Bar):
    def __init__(self, owner: BarTerminal, what: str, total: int) -> None:
        super().__init__(what, total)
        self.owner = owner
        self.task: Any = None

    def show(self) -> None:
        from rich.markup import escape

        text = self.figures_text()
        if self.task is None:
            self.task = self.owner.live.add_task(
                escape(one_line(self.what)),
                total=self.total,
                completed=self.done,
                figures=text,
                left="",
            )
        self.owner.live.update(self.task, completed=self.done, figures=text, left=self.left())

    def close(self) -> None:
        if self.task is None:
            return
        self.owner.live.remove_task(self.task)
        if not self.owner.live.tasks:
            self.owner.close()
        took = clock(time.monotonic() - self.start)
        self.owner.line("reuse", f"{self.what}: {self.done:,}/{self.total:,} in {took}")


def clock(seconds: float) -> str:
    """Return a time that is short to read: "12s", "3m05s", "1h02m"."""
    rounded = round(seconds)
    if rounded < 60:
        return f"{rounded}s"
    if rounded < 3600:
        return f"{rounded // 60}m{rounded % 60:02d}s"
    return f"{rounded // 3600}h{rounded % 3600 // 60:02d}m"
