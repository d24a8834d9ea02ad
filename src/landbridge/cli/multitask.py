"""`landbridge multitask`: several columns of labels on one backbone."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..base.errors import ConfigError
from ..base.formatting import percent
from . import options as o
from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from ..base.typed import JsonObject
    from ..metrics.intervals import Interval


@verb(
    "multitask",
    *("backbone", *o.ROWS, "steps", "seeds", "seed", "budget", "holdout", "keep_duplicates"),
    *("device", "offline"),
    keys=("backbone_options", "data.test_size", "data.max_rows", "training.threads"),
)
def multitask(
    this: Frame,
    data: Annotated[str, o.argument("DATA", "A table with several labels.")],
    labels: Annotated[str, o.own("A,B", "The columns of labels.")],
    out: Annotated[Path, o.own("FOLDER", "Where to keep it.")],
    weights: Annotated[
        str | None, o.own("A=W,B=W", "Of each task's loss; learned if not given.")
    ] = None,
    alone: Annotated[bool, o.own("", "Learn each task alone as well, to compare.")] = True,
) -> None:
    """Learn several tasks on one backbone, and say of each whether the others helped.

    As a backbone the result is reused by --backbone run/FOLDER; `landbridge predict FOLDER DATA`
    answers all tasks at once.
    """
    from ..multi_task.fit import multitask as together

    this.run = out
    made = together(
        data,
        o.names(labels) or (),
        out=out,
        weights=_weights(weights),
        alone=alone,
        events=this.events(),
        **this.given,
    )
    this.result({"run": str(out), **made.facts}, lambda: _show(out, made.facts))


def _weights(text: str | None) -> dict[str, float] | None:
    if text is None:
        return None
    found = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals:
            raise ConfigError(
                f"--weights {text!r}: {part!r} is no weight", hint="write kind=1,size=2"
            )
    return found


def _show(out: Path, facts: JsonObject) -> None:
    from rich.text import Text

    from ..multi_task.verdicts import TaskVerdict
    from .tables import console, show_folder, show_rows

    rows = []
    for task in map(TaskVerdict.from_json, facts["verdict"]):
        shares = task.metric == "accuracy"
        colour = {"helped": "green", "hurt": "red"}.get(task.outcome, "yellow")
        rows.append(
            [
                task.task,
                task.metric,
                _figure(task.together.value, shares),
                _figure(task.alone, shares),
                "" if task.difference is None else _gap(task.difference, shares),
                Text(task.outcome, colour),
            ]
        )
    heads = ["task", "score", "together", "alone", "better by (95 %)", "the other tasks"]
    screen = console()
    screen.print()
    show_rows(screen, heads, rows, right=(2, 3))
    if facts["seen_sentence"]:
        screen.print(f"{facts['seen_sentence']}.")
    screen.print(
        f"{facts['rows']:,} rows learned from, {facts['judged']:,} kept aside\n", style="dim"
    )
    show_folder(
        screen,
        out,
        ("use it", "landbridge predict {} DATA --out predictions.csv"),
        ("build on it", f"--backbone {shlex.quote(f'run/{out}')}"),
    )


def _figure(value: float, shares: bool) -> str:
    if math.isnan(value):
        return ""
    return percent(value) if shares else f"{value:.4g}"


def _gap(gap: Interval, shares: bool) -> str:
    scale, form = (100, "+z.1f") if shares else (1, "+z.3g")
    mean, low, high = (format(scale * v, form) for v in (gap.value, gap.low, gap.high))
    return f"{mean} ({low} to {high})"
