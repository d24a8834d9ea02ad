"""A page: a verdict, then sections of blocks; one HTML file that loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from landbridge.base.files import write_text
from landbridge.metrics.intervals import Interval

from . import html
from .blocks import Block, Blocks, Note, fine
from .figures import verdict_line
from .units import SHARES, Units

BADGES = {
    "helped": ("good", "▲"),
    "better than chance": ("good", "▲"),
    "groups found": ("good", "▲"),
    "hurt": ("bad", "▼"),
    "can't tell": ("unsure", "≈"),
    "passed its checks": ("good", "✓"),
    "not to be relied on": ("bad", "✗"),
    "not judged": ("unsure", "–"),
    "no verdict": ("unsure", "–"),
}
"""How an outcome looks; any other is plain."""


@dataclass(frozen=True)
class Outcome:
    """What came out, with the difference that it rests on."""

    outcome: str
    """"helped", "hurt", "can't tell", or any other word."""
    sentence: str = ""
    """Said where a page has several."""
    difference: Interval | None = None
    """To be drawn against no difference."""
    what: str = ""
    """Said beside the difference: of what, and against what."""
    units: Units = SHARES

    @property
    def badge(self) -> tuple[str, str]:
        """Its tone and its sign."""
        return BADGES.get(self.outcome, ("plain", ""))

    @property
    def said(self) -> str:
        """The difference in words."""
        return self.units.difference(self.difference)

    @property
    def crosses(self) -> bool:
        """Whether no difference is inside the interval."""
        return self.difference is not None and self.difference.low <= 0 <= self.difference.high

    @property
    def line(self) -> Markup | None:
        """The drawing; None without an interval."""
        return verdict_line(self.difference, self.outcome, self.units)


@dataclass(frozen=True)
class Section:
    """Blocks under a heading."""

    id: str
    title: str
    blocks: Blocks
    nav: str | None = ""
    """What leads to it in the bar; the id in words where "", nothing where None."""

    @property
    def link(self) -> str | None:
        """What leads to it in the bar."""
        return self.id[0].upper() + self.id[1:].replace("-", " ") if self.nav == "" else self.nav


@dataclass(frozen=True)
class Page:
    """What a page shows."""

    title: str
    """What it is about; the line above the headline."""
    headline: str
    outcomes: Sequence[Outcome]
    """The one that the headline says, or several, listed beneath it."""
    sections: Sequence[Section]
    intro: Blocks = ()
    """Beneath the outcomes."""
    badges: Sequence[str] = ()
    """Beside the outcome."""
    further: str = ""
    """The rest of what the headline says."""
    name: str = ""
    """In the window's title; the headline where ""."""
    first: str = "verdict"
    """The id of what comes first."""
    source: str = ""
    """In the last line: from what the page was made."""


def noted(text: str, notes: Sequence[str] = ()) -> list[Block | None]:
    """Return an intro: on how many rows, and what was left out or done otherwise than asked."""
    return [fine(text), Note("Noted on the way", notes) if notes else None]


def write_page(page: Page, path: Path | str) -> Path:
    """Write a page as one HTML file that loads nothing; the same page gives the same bytes."""
    write_text(Path(path), html.render(page))
    return Path(path)
