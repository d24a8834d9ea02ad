"""A short report: verdicts, then sections of estimates, tables and examples; one offline file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from landbridge.base import formatting as fmt
from landbridge.base.errors import RunError
from landbridge.base.files import write_text
from landbridge.metrics.intervals import Interval

from . import html
from .figures import estimate, scale, verdict_line
from .scatter import HUES, Series, scatter
from .svg import Axis, Mark, around

BADGES = {
    "helped": ("good", "▲"),
    "better than chance": ("good", "▲"),
    "groups found": ("good", "▲"),
    "hurt": ("bad", "▼"),
    "can't tell": ("unsure", "≈"),
}
"""How an outcome looks; any other is plain."""


@dataclass(frozen=True)
class Verdict:
    """One outcome, said in a sentence.

    Attributes
    ----------
    outcome : str
        "helped", "hurt", "can't tell", or any other word.
    sentence : str
    difference : Interval or None
        Of shares, to be drawn against no difference.
    what : str
        Said beside the difference: of what, and against what.
    """

    outcome: str
    sentence: str
    difference: Interval | None = None
    what: str = ""


@dataclass(frozen=True)
class Estimate:
    """One row of a drawing: a value with its interval.

    Attributes
    ----------
    name, note : str
    figure : Interval
    said : str
        The value in words; written as a share where "".
    chosen : bool
        Whether it is what the page is about.
    beside : float or None
        A second value on the same line, such as chance.
    """

    name: str
    figure: Interval
    note: str = ""
    said: str = ""
    chosen: bool = False
    beside: float | None = None

    @classmethod
    def of_gap(
        cls,
        name: str,
        gap: Interval,
        *,
        said: str = "",
        note: str = "",
        chosen: bool = False,
    ) -> Estimate:
        """Return a difference; of shares it is said in points."""
        said = said or fmt.difference(gap, unit=False)
        return cls(name, gap, note, said, chosen)


@dataclass(frozen=True)
class Estimates:
    """Estimates beneath each other on one scale.

    Attributes
    ----------
    title, lead : str
    rows : sequence of Estimate
    shares : bool
        Whether the scale is in percent.
    zero : bool
        Whether the values are differences, drawn against none.
    """

    kind: ClassVar[str] = "estimates"
    title: str
    rows: Sequence[Estimate]
    lead: str = ""
    shares: bool = True
    zero: bool = False

    def drawn(self) -> dict[str, Any]:
        """Return what the template shows."""
        marks = [
            [
                Mark.of(row.figure, kind="chosen" if row.chosen else "baseline"),
                *([] if row.beside is None else [Mark(row.beside, kind="baseline")]),
            ]
            for row in self.rows
        ]
        values = [v for own in marks for m in own for v in (m.mean, m.low, m.high)]
        low, high = around([*values, 0.0] if self.zero else values, floor=0.04 * self.shares)
        if self.shares and not self.zero:
            low, high = max(0.0, low), min(1.0, high)
        axis = Axis(low, high)
        rows = []
        for row, own in zip(self.rows, marks, strict=True):
            said = row.said or fmt.interval(row.figure)
            track = estimate(axis, own, f"{row.name}: {said}", 30, zero=self.zero)
            rows.append({"row": row, "said": said, "track": track})
        write = fmt.figure if not self.shares else fmt.points if self.zero else None
        ticks = scale(axis, write)
        return {"rows": rows, "scale": ticks}


@dataclass(frozen=True)
class Table:
    """Rows of words.

    Attributes
    ----------
    title, lead : str
    heads : sequence of str
    rows : sequence of sequences of str
        The first of each names the row.
    right : collection of int
        Columns of numbers.
    """

    kind: ClassVar[str] = "table"
    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    lead: str = ""
    right: Sequence[int] = ()


@dataclass(frozen=True)
class Card:
    """One example.

    Attributes
    ----------
    name : str
    pictures : sequence of (data URI, what it shows)
    lines : sequence of (str, str)
        Such as ("said", "thee") and ("true", "three").
    right : bool or None
        Whether the answer is right, where that can be said.
    """

    name: str
    pictures: Sequence[tuple[str, str]] = ()
    lines: Sequence[tuple[str, str]] = ()
    right: bool | None = None


@dataclass(frozen=True)
class Cards:
    """Examples beside each other."""

    kind: ClassVar[str] = "cards"
    title: str
    cards: Sequence[Card]
    lead: str = ""


@dataclass(frozen=True)
class Points:
    """Points in the plane, by group."""

    kind: ClassVar[str] = "points"
    title: str
    x: Sequence[float]
    y: Sequence[float]
    groups: Sequence[int]
    """Of each point, as an index into `names`."""
    names: Sequence[str]
    lead: str = ""

    def drawn(self) -> Any:
        """Return what the template shows."""
        x, y, own = (np.asarray(values) for values in (self.x, self.y, self.groups))
        series = [
            Series(name, x[own == k], y[own == k], f"h{k % HUES}")
            for k, name in enumerate(self.names)
        ]
        label = f"{len(x):,} points in {len(self.names)} groups"
        return scatter(series, label, id="plane", numbers=True)


@dataclass(frozen=True)
class Facts:
    """What was done, as names and values."""

    kind: ClassVar[str] = "facts"
    title: str
    pairs: Sequence[tuple[str, str]]
    lead: str = ""


@dataclass(frozen=True)
class Commands:
    """What can be done now, as lines for a terminal."""

    kind: ClassVar[str] = "commands"
    title: str
    lines: Sequence[tuple[str, str]]
    """What it does, and the command."""
    lead: str = ""


_DRAWN = (Estimates, Points)
Section = Estimates | Table | Cards | Points | Facts | Commands


@dataclass(frozen=True)
class Page:
    """What a short report shows.

    Attributes
    ----------
    title : str
        What it is about; the line above the verdict.
    headline : str
    verdicts : sequence of Verdict
    sections : sequence of (id, Section)
    fine : str
        Beneath the verdicts: on how many rows, with which seeds.
    notes : sequence of str
        What was left out, or done otherwise than asked.
    """

    title: str
    headline: str
    verdicts: Sequence[Verdict]
    sections: Sequence[tuple[str, Section]]
    fine: str = ""
    notes: Sequence[str] = field(default_factory=tuple)


def write_page(page: Page, path: Path | str) -> Path:
    """Write a short report as one HTML file that loads nothing.

    Parameters
    ----------
    page : Page
    path : path

    Returns
    -------
    path
        The same page gives the same bytes.
    """
    shown = [_verdict(one) for one in page.verdicts]
    sections = [
        {
            "id": name,
            "body": own,
            "drawn": own.drawn() if isinstance(own, Estimates | Points) else None,
        }
        for name, own in page.sections
    ]
    text = html.render(
        "page.html.j2",
        {"page": page, "verdicts": shown, "sections": sections},
        styles=["page.css"],
        scripts=["scatter.js"] if any(isinstance(own, Points) for _, own in page.sections) else [],
    )
    write_text(Path(path), text)
    return Path(path)


def folder_report(
    folder: Path | None,
    page: Callable[[Path, dict[str, Any]], Page],
    facts: dict[str, Any],
    out: Path | str | None,
    *,
    what: str,
    verb: str,
) -> Path:
    """Write the report of what a command made, to `out` or into its folder.

    Parameters
    ----------
    folder : Path or None
        Where it is kept, if it is.
    page : callable
        Makes the page from the folder and the facts.
    facts : dict
    out : path or None
    what, verb : str
        What it is ("the space was"), and the function that made it: for the message.

    Raises
    ------
    RunError
        Where it is in no folder.
    """
    if folder is None:
        raise RunError(f"{what} not kept in a folder", do=f"give {verb} out=FOLDER")
    return write_page(page(folder, facts), out or folder / "report.html")


def _verdict(one: Verdict) -> dict[str, Any]:
    tone, sign = BADGES.get(one.outcome, ("plain", ""))
    shown: dict[str, Any] = {
        "tone": tone,
        "sign": sign,
        "outcome": one.outcome[:1].upper() + one.outcome[1:],
        "sentence": one.sentence,
        "what": one.what,
        "line": None,
        "said": "",
    }
    if one.difference is not None:
        gap = one.difference
        shown |= {"line": verdict_line(gap, one.outcome), "said": fmt.difference(gap)}
    return shown
