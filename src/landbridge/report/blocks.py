"""What a section of a page is made of: every block is drawn by the macro of its name.

The macros are in ``blocks.j2``. Text is escaped there; what is already HTML is `Markup`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from landbridge.metrics.intervals import Interval

from .figures import estimate, scale
from .scatter import HUES, Series, scatter
from .svg import Axis, Mark
from .units import SHARES, Units


class Block:
    """One of the kinds below."""

    @property
    def kind(self) -> str:
        """The name of its macro."""
        return type(self).__name__.lower()


Blocks = Sequence[Block | None]
"""What stands beneath each other; None is nothing."""


@dataclass(frozen=True)
class Text(Block):
    """A paragraph; `css` is "lead", "fine", "missing" or "further"."""

    text: str
    css: str = ""


def lead(text: str) -> Text | None:
    """Return what a section begins with; nothing for no text."""
    return Text(text, "lead") if text else None


def fine(text: str) -> Text | None:
    """Return small print; nothing for no text."""
    return Text(text, "fine") if text else None


@dataclass(frozen=True)
class Heading(Block):
    """A heading inside a section, with a tag ("chosen" is coloured) or a remark after it."""

    text: str
    tag: str = ""
    after: str = ""
    level: int = 3


@dataclass(frozen=True)
class Row:
    """A row of a forest: a name, the value in words, and a drawing."""

    name: str
    said: str
    drawing: Markup
    note: str = ""
    """Small print under the name."""
    below: str = ""
    """Small print under the value."""
    tags: Sequence[str] = ()
    """After the name; "chosen" is coloured."""
    chosen: bool = False
    """Whether it is what the page is about."""


@dataclass(frozen=True)
class Forest(Block):
    """Rows beneath each other on one scale; `end` stands at the scale's right."""

    rows: Sequence[Row]
    scale: Markup | None = None
    end: str = ""
    css: str = ""


@dataclass(frozen=True)
class Estimate:
    """A `Row` before it is drawn: marks on the forest's scale."""

    name: str
    marks: Sequence[Mark]
    said: str
    note: str = ""
    below: str = ""
    tags: Sequence[str] = ()
    chosen: bool = False
    label: str = ""
    """For those who do not see it; "NAME: SAID" where ""."""

    @classmethod
    def of(
        cls,
        name: str,
        figure: Interval,
        units: Units = SHARES,
        *,
        note: str = "",
        chosen: bool = False,
        beside: float | None = None,
    ) -> Estimate:
        """Return a figure with its interval, and perhaps a second one, such as chance."""
        marks = [Mark.of(figure, kind="chosen" if chosen else "baseline")]
        marks += [] if beside is None else [Mark(beside, kind="baseline")]
        return cls(name, marks, units.interval(figure), note, chosen=chosen)

    @classmethod
    def of_gap(
        cls, name: str, gap: Interval, units: Units = SHARES, *, note: str = "", chosen: bool = True
    ) -> Estimate:
        """Return a difference."""
        mark = Mark.of(gap, kind="chosen" if chosen else "baseline")
        return cls(name, [mark], units.difference(gap, unit=False), note, chosen=chosen)


def forest(
    estimates: Sequence[Estimate],
    units: Units = SHARES,
    *,
    zero: bool = False,
    axis: Axis | None = None,
    height: float = 30,
    end: str = "",
) -> Forest:
    """Draw estimates beneath each other on one scale: `axis`, or as wide as the marks need.

    With `zero` they are differences, drawn against none. `height` is that of a row, and `end`
    stands at the right of the scale.
    """
    axis = axis or units.axis([m for one in estimates for m in one.marks], zero)
    rows = [
        Row(
            one.name,
            one.said,
            estimate(axis, one.marks, one.label or f"{one.name}: {one.said}", height, zero),
            one.note,
            one.below,
            one.tags,
            one.chosen,
        )
        for one in estimates
    ]
    return Forest(rows, scale(axis, units.signed if zero else units.tick), end)


@dataclass(frozen=True)
class Table(Block):
    """Rows of words."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    """The first of each names the row."""
    right: Sequence[int] = ()
    """Columns of numbers."""
    label: str = "Table"
    """What it is, for those who do not see it."""
    css: Sequence[str] = ()
    """Of each row: "is-chosen", "is-gated" or ""."""
    stacks: bool = False
    """Whether the last column stands beneath the others on a phone."""


@dataclass(frozen=True)
class Card:
    """One example."""

    name: str
    pictures: Sequence[tuple[str, str]] = ()
    lines: Sequence[tuple[str, str]] = ()
    """Such as ("said", "thee") and ("true", "three")."""
    right: bool | None = None
    """Whether the answer is right, where that can be said."""
    answer: str = ""
    foot: str = ""
    """Beneath the lines, and under the name."""
    row: str = ""
    """By which a map finds its picture."""


@dataclass(frozen=True)
class Cards(Block):
    """Examples beside each other."""

    cards: Sequence[Card]

    @property
    def small(self) -> bool:
        """Whether each is one picture with little beside it."""
        return all(len(one.pictures) == 1 and not one.lines for one in self.cards)


@dataclass(frozen=True)
class Shots(Block):
    """Pictures beside each other, each with what it shows."""

    pictures: Sequence[tuple[str, str]]
    row: str = ""
    """By which a map finds them."""


@dataclass(frozen=True)
class Recording(Block):
    """A spectrogram above a time line, and the sound to be played."""

    picture: str
    line: Markup
    sound: str
    """As the address of an audio file."""
    what: str
    part: tuple[float, float]
    """Which share of the picture's time the sound is: first and last."""
    span: tuple[float, float]
    """Seconds of the sound that a button plays."""
    button: str


@dataclass(frozen=True)
class Box:
    """Blocks in a frame, under a name."""

    name: str
    blocks: Blocks
    right: bool | None = None
    """Whether what it is about is right, where that can be said."""
    tag: str = ""
    """After the name; a warning is coloured."""
    warned: bool = False


@dataclass(frozen=True)
class Boxes(Block):
    """Frames beside each other, where there is room."""

    boxes: Sequence[Box]


@dataclass(frozen=True)
class Figure(Block):
    """A drawing with its caption, which may scroll where it is wide."""

    drawing: Markup
    caption: str = ""
    css: str = ""
    scrolls: str = ""
    """What it is called where it scrolls."""
    above: bool = False
    """Whether the caption stands over it."""


def points(
    x: Sequence[float], y: Sequence[float], groups: Sequence[int], names: Sequence[str]
) -> Figure:
    """Draw points in the plane by group, each an index into `names`."""
    at_x, at_y, own = (np.asarray(values) for values in (x, y, groups))
    series = [
        Series(name, at_x[own == k], at_y[own == k], f"h{k % HUES}") for k, name in enumerate(names)
    ]
    label = f"{len(at_x):,} points in {len(names)} groups"
    return Figure(scatter(series, label, id="plane", numbers=True), css="plane")


@dataclass(frozen=True)
class Figures(Block):
    """Small drawings in boxes, beside each other."""

    figures: Sequence[Figure]


@dataclass(frozen=True)
class Columns(Block):
    """Blocks side by side, where there is room."""

    columns: Sequence[Blocks]
    css: str = ""


@dataclass(frozen=True)
class Details(Block):
    """Blocks that are folded away."""

    summary: str
    blocks: Blocks
    css: str = ""
    open: bool = False


@dataclass(frozen=True)
class Panels(Block):
    """Small drawings beside each other."""

    drawings: Sequence[Markup]


@dataclass(frozen=True)
class Tiles(Block):
    """Figures in boxes: a name, a value, what it is."""

    tiles: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Facts(Block):
    """Names and values; `css` "tensors" gives both the same room."""

    pairs: Sequence[tuple[str, str]]
    css: str = ""


@dataclass(frozen=True)
class Code(Block):
    """Lines for a terminal, or a file; those with an id can be copied by a button."""

    text: str
    id: str = ""


def commands(lines: Sequence[tuple[str, str]]) -> list[Block | None]:
    """Return what can be done now: what each line does, and the line."""
    return [block for what, line in lines for block in (fine(what), Code(line))]


@dataclass(frozen=True)
class Bars(Block):
    """Bars with a name and a number."""

    bars: Sequence[tuple[str, Markup, str]]
    css: str = ""


@dataclass(frozen=True)
class Note(Block):
    """A box with a heading and a list, or blocks."""

    title: str
    items: Sequence[str] = ()
    blocks: Blocks = ()
    css: str = ""


@dataclass(frozen=True)
class Items(Block):
    """Names, each with its reason; `css` "against" where they are warned of."""

    items: Sequence[tuple[str, str]]
    css: str = ""


@dataclass(frozen=True)
class Maps(Block):
    """Two drawings of the same points, with what ``map.js`` needs to colour them."""

    drawn: Sequence[tuple[str, Markup]]
    json: Markup
    """What the points are, safe inside HTML."""
    colours: Sequence[tuple[str, str]]
    """By what points can be coloured."""
    group: str
    """What one can pick."""
