"""`landbridge stream`: answers in the order of the data, from a model that follows them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from ..base.errors import ConfigError
from . import options as o
from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from ..base.typed import EvalResult
    from ..domains.input_rows import AnswerRow
    from ..streaming.stream import StreamReport


@verb("stream", "label", "outside", keys=("method_options", "training.threads"))
def stream(
    this: Frame,
    run: o.RunFolder,
    data: o.Data,
    method: Annotated[str, o.own("NAME", "How it adapts: sar, eata, adabn or none.")] = "sar",
    batch_size: Annotated[int, o.own("ROWS", "How many rows come at once; 1 is possible.")] = 64,
    guard: Annotated[
        bool,
        o.own("", "Run the source model beside, and let it answer where adapting seems to hurt."),
    ] = True,
    out: o.Rows = None,
) -> None:
    """Predict DATA in its order, with a model that adapts to what it sees, without labels.

    Labels in DATA are used after predicting, to show accuracy over time, and for nothing else.
    """
    from .predict import FORMATS, write

    if out is not None and out.suffix.lower() not in FORMATS:
        raise ConfigError(
            f"--out {out}: {out.suffix or 'no ending'} is not a format that can be written",
            hint=f"end the name in {', '.join(FORMATS)}",
        )
    from ..finished import load
    from ..runs.stream import stream_data

    how = {
        "options": this.given.pop("method_options", None),
        "batch_size": batch_size,
        "guard": guard,
    }
    value = stream_data(load(run), data, method=method, events=this.events(), **how, **this.given)
    rows = value.pop("predictions")
    if out is not None:
        write(out, rows)
        value |= {"rows": len(rows), "out": str(out)}
    else:
        value["predictions"] = rows
    this.result({"run": str(run), **value}, lambda: _show(value, rows, out))


def _show(value: EvalResult, rows: list[AnswerRow], out: Path | None) -> None:
    """Show what happened and accuracy over time; without --out a pipe gets the rows as CSV."""
    if out is None and not sys.stdout.isatty():
        from .predict import write_csv

        write_csv(sys.stdout, rows, shown=True)
        return
    from rich.text import Text

    from ..streaming.stream import StreamReport
    from .tables import console, percent, show_paths, show_rows

    screen, report = console(), StreamReport(**value["report"])
    screen.print(Text(sentence(report), style="bold"))
    if value["over_time"]:
        cells = [
            [
                f"{part['first'] + 1:,} to {part['last'] + 1:,}",
                percent(part["source"]),
                percent(part["adapted"]),
                _gain(part),
            ]
            for part in value["over_time"]
        ]
        total = value["accuracy"]
        cells.append(
            ["all", percent(total["source"]), percent(total["adapted"]), _gain(total)],
        )
        screen.print()
        heads = ["rows", "source model", "stream", "gain"]
        show_rows(screen, heads, cells, right=(1, 2, 3))
    for why, n in (value.get("unanswered") or {}).items():
        screen.print(Text(f"no answer: {n:,} x {why}", style="dim"))
    for note in report.notes:
        screen.print(Text(note, style="dim"))
    screen.print()
    if out is not None:
        show_paths(screen, [("answers", str(out))])
    else:
        screen.print(Text("--out answers.csv keeps the answers", style="dim"))


def sentence(report: StreamReport) -> str:
    """Say in one line what a stream did."""
    parts = [f"{report.rows:,} rows in {report.batches:,} batches with {report.method}"]
    if report.steps or report.filtered:
        parts.append(f"{report.steps:,} steps, {report.filtered:,} rows taught nothing")
    if report.guarded:
        parts.append(f"the source model answered {report.fallbacks:,} rows")
    if report.resets:
        parts.append(f"{report.resets:,} fresh starts")
    return "; ".join(parts)


def _gain(part: dict[str, float]) -> Any:
    from rich.text import Text

    points = 100 * (part["adapted"] - part["source"])
    colour = "green" if points > 0.05 else "red" if points < -0.05 else "dim"
    return Text(f"{points:+.1f}", style=colour)
