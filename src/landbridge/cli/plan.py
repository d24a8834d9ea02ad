"""`landbridge plan`: what a transfer would do, and how long it would take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.formatting import counted, size
from . import options as o
from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from ..runs.records import Plan


@verb("plan", *o.TRANSFER, keys=None)
def plan(this: Frame) -> None:
    """Show what a transfer would do under its budget.

    Takes the options of transfer, measures the machine for a moment, and trains nothing.
    """
    from .transfer import need_target

    need_target(this.config)
    from ..runs.pipeline import plan as make_plan
    from ..runs.records import Plan

    facts = make_plan(this.config, events=this.events())
    this.result(facts, lambda: _show(Plan.from_json(facts)))


def _show(found: Plan) -> None:
    from rich.table import Table
    from rich.text import Text

    from .tables import WIDE_TERMINAL, console, show_rows
    from .terminal import clock

    out = console()
    facts = [
        ("setting", found.setting),
        ("classes", "" if found.match in found.setting else found.match),
        ("backbone", found.backbone),
        ("", found.backbone_reason),
    ]
    grid = Table.grid(padding=(0, 2))
    for name, value in facts:
        if value:
            grid.add_row(Text(name, "dim"), Text(value))
    out.print(grid)
    out.print()
    wide = out.width >= WIDE_TERMINAL
    rows = [
        [
            fit.method,
            fit.role,
            str(len(fit.seeds)),
            str(fit.steps or "–"),
            clock(fit.seconds),
            *([Text(fit.why, style="dim")] if wide else []),
        ]
        for fit in found.fits
    ]
    columns = ["fit", "role", "seeds", "steps", "about", *(["why"] if wide else [])]
    show_rows(out, columns, rows, right=(2, 3, 4), keep=(0, 1))
    if found.not_tried:
        out.print()
        left = [[item.method, item.why] for item in found.not_tried]
        show_rows(out, ["left out", "why"], left)
    out.print()
    total, budget = found.seconds, found.budget_s
    line = Text(f"about {clock(total)}", style="bold")
    if budget:
        line.append(f" of a budget of {clock(budget)}", "yellow" if total > budget else "")
    if found.cpu_s:
        line.append(f", {clock(found.cpu_s)} of CPU time")
    out.print(line)
    if found.memory_mb:
        out.print(f"at most about {size(found.memory_mb * 1e6)} of memory{_processes(found)}")
    if found.precision:
        why = f": {found.precision_reason}" if found.precision_reason else ""
        out.print(f"trained on {found.device} in {found.precision}{why}")


def _processes(found: Plan) -> str:
    if not found.jobs:  # an older plan does not say
        return ""
    each = counted(found.threads, "thread")
    if found.jobs == 1:
        return f", in one process of {each}"
    return f" in all: the run's process, and {found.jobs} workers of {each}"
