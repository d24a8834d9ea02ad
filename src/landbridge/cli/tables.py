"""Tables for people, on stdout: a verdict, and any rows at all."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base import formatting as fmt
from ..base.formatting import counted, quantity
from ..base.shown import in_one_line
from .screen import cell

if TYPE_CHECKING:
    from rich.console import Console

    from ..base.typed import JsonObject
    from ..metrics.intervals import Interval
    from ..verdict.records import MethodScore, Verdict

WIDE_TERMINAL = 100
"""From this many columns on, tables show what is nice to have."""

NAMED = 8
"""So many rows are named in a line."""

ENTRIES_WIDE = 120
"""From this many columns on, a sentence fits beside the other columns."""

_COLOURS = {"helped": "bold green", "hurt": "bold red", "can't tell": "bold yellow"}


def console() -> Console:
    """Return a console on stdout; where that is no terminal, lines may be long."""
    from . import screen

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 140
    return screen.console(sys.stdout, width=width)


def show_rows(
    out: Console,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    title: str = "",
    right: Sequence[int] = (),
    keep: Sequence[int] = (0,),
) -> None:
    """Print rows under column heads.

    Parameters
    ----------
    out : Console
        Where to.
    columns : sequence of str
        Heads.
    rows : sequence of sequences
        Strings or rich texts.
    title : str
        A line above.
    right : sequence of int
        Columns of numbers.
    keep : sequence of int
        Columns that must not be broken into lines.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if title:
        out.print(Text(title, style="bold"))
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    for i, head in enumerate(columns):
        justify: Any = "right" if i in right else "left"
        table.add_column(
            cell(head), justify=justify, no_wrap=i in keep or i in right, overflow="fold"
        )
    for row in rows:
        table.add_row(*(cell(one) for one in row))
    out.print(table)


def show_entries(
    out: Console, columns: Sequence[str], rows: Sequence[Sequence[Any]], keep: Sequence[int]
) -> None:
    """Print rows that end in a sentence or two: under the rest where it would be squeezed."""
    from rich.padding import Padding
    from rich.text import Text

    if out.width >= ENTRIES_WIDE:
        show_rows(out, columns, rows, keep=keep)
        return
    cells = [[cell(one) for one in row] for row in rows]
    heads = [Text(head, "dim") for head in columns[:-1]]
    widths = [max(row[i].cell_len for row in [heads, *cells]) for i in range(len(heads))]
    for row in [heads, *cells]:
        line = Text()
        for one, width in zip(row, widths, strict=False):
            line += one + Text(" " * (width - one.cell_len + 2))
        line.rstrip()
        out.print(line, soft_wrap=True)
        if len(row) > len(heads) and row[-1]:
            out.print(Padding(row[-1], (0, 0, 0, 4)))


USES = (
    ("use it", "landbridge predict {} DATA --out predictions.csv"),
    ("test it", "landbridge eval {} DATA"),
)
"""What can be done with a run ("{}" is its folder)."""


def show_verdict(out: Console, run: Path, found: JsonObject, report: Path | None) -> None:
    """Print what came out of a run: the sentence, the figures, and where to go from here."""
    from rich.text import Text

    from ..verdict.records import Verdict

    verdict = Verdict.from_json(found)
    out.print()
    out.print(Text(verdict.sentence, _COLOURS.get(verdict.outcome, "bold")))
    out.print()
    if verdict.chosen.score.measured:
        _show_figures(out, verdict)
    else:
        _show_scores(out, verdict.scores)
    out.print()
    for note in _notes(verdict):
        out.print(Text(note, style="dim"))
    name = shlex.quote(str(run))
    ways = [(what, way.replace("{}", name)) for what, way in USES]
    show_paths(out, [*([("report", str(report))] if report is not None else []), *ways])


def _show_figures(out: Console, verdict: Verdict) -> None:
    """Print accuracies, and how much better the chosen method is than each baseline."""
    from rich.text import Text

    wide = out.width >= WIDE_TERMINAL
    shares = verdict.target_type.metric.percent
    rows = []
    for one in verdict.scores:
        is_chosen = one is verdict.chosen
        name = Text(one.method, style="bold" if is_chosen else "")
        if one.method == verdict.reference and not is_chosen:
            name.append(" *", style="dim")
        gap = Text("") if is_chosen else _difference(one.difference, shares)
        value = percent(one.score.value) if shares else quantity(one.score.value)
        row: list[Any] = [name, value, interval(one.score, shares), gap]
        rows.append([*row, Text(one.what, style="dim")] if wide else row)
    columns = [
        "method",
        verdict.metric or "accuracy",
        "95 % interval",
        "chosen saves" if verdict.lower_is_better else "chosen gains",
        *(["what it is"] if wide else []),
    ]
    show_rows(out, columns, rows, right=(1, 2, 3))
    if verdict.reference and verdict.baseline(verdict.reference) is not None:
        out.print(Text(f"* the reference: {_without(verdict.reference)}", style="dim"))


def _without(reference: str) -> str:
    """Say what a reference stands for: not every one is without transfer."""
    if reference == "source-only":
        return "the source's model unchanged, what you would have without adapting"
    if reference == "probe":
        return "a simple classifier on frozen features, what you would have without adapting"
    return "what you would have without transfer"


def _show_scores(out: Console, scores: Sequence[MethodScore]) -> None:
    """Print label-free scores: there are no accuracies without labels."""
    from rich.text import Text

    from ..metrics.labelfree import explained, heading

    names = list(dict.fromkeys(name for one in scores for name in one.figures or {}))
    rows = [
        [
            Text(one.method, style="bold" if i == 0 else ""),
            *(_score((one.figures or {}).get(name)) for name in names),
        ]
        for i, one in enumerate(scores)
    ]
    columns = ["method", *(heading(name) for name in names)]
    show_rows(out, columns, rows, right=range(1, len(columns)))
    if said := explained(names):
        out.print(Text(f"{said}.", style="dim"))


def _notes(verdict: Verdict) -> list[str]:
    notes = []
    if verdict.judged_rows:
        # the note counts seeds, too
        of = verdict.seeds_note or counted(len(verdict.seeds), "seed")
        rows = counted(verdict.judged_rows, "judged example")
        notes.append(f"{rows}, compared pair by pair; {of}")
    notes += [verdict.assumption] if verdict.assumption else []
    settle = verdict.settle
    if settle is not None and settle.rows:
        names = in_one_line([name for _, name in settle.rows[:NAMED]])
        rest = (settle.differ or 0) - NAMED
        more = f" and {rest:,} more" if rest > 0 else ""
        notes.append(f"chosen and reference answer differently: {names}{more}")
    if verdict.unseen_classes:
        notes.append(f"never seen in the source: {', '.join(verdict.unseen_classes)}")
    return notes


def _difference(gap: Interval | None, shares: bool = True) -> Any:
    from rich.text import Text

    if gap is None:
        return Text("–")
    say = (lambda v: fmt.as_points(v, "")) if shares else (lambda v: f"{v:+.3g}")
    if not gap.bounded:
        return Text(say(gap.value))
    colour = "green" if gap.low > 0 else "red" if gap.high < 0 else "yellow"
    text = Text(say(gap.value), style=colour)
    return text.append(f"  ({say(gap.low)} to {say(gap.high)})", "dim")


def percent(value: float | None) -> str:
    """Return a fraction as a person reads it."""
    return fmt.plain(fmt.percent(value))


def interval(figure: Interval, shares: bool = True) -> str:
    """Return the interval of a figure."""
    if not figure.bounded:
        return ""
    if not shares:
        return f"{quantity(figure.low)} to {quantity(figure.high)}"
    return fmt.plain(fmt.between(figure))


def _score(value: Any) -> str:
    return "–" if value is None else f"{value:.3f}"


def show_paths(out: Console, pairs: Sequence[tuple[str, str]]) -> None:
    """Print names and what they stand for; never broken into lines, so they can be copied."""
    from rich.text import Text

    width = max(len(name) for name, _ in pairs) + 2
    for name, value in pairs:
        out.print(Text.assemble((f"{name:<{width}}", "dim"), value), soft_wrap=True)


def show_folder(out: Console, folder: Path, *then: tuple[str, str]) -> None:
    """Print where a folder's report is, and what can be done with it ("{}" is the folder)."""
    name = shlex.quote(str(folder))
    ways = [(what, way.replace("{}", name)) for what, way in then]
    show_paths(out, [("report", str(folder / "report.html")), *ways])
