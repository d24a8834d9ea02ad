"""`landbridge plan`: what a transfer would do, and how long it would take."""

from __future__ import annotations

from typing import Any

from . import options as o
from .frame import Frame
from .verbs import verb


@verb("plan", *o.TRANSFER, keys=None)
def plan(this: Frame) -> None:
    """Show what a transfer would do under its budget.

    Takes the options of transfer, measures the machine for a moment, and trains nothing.
    """
    from .transfer import need_target

    need_target(this.config)
    from ..runs.pipeline import plan as make_plan

    facts = make_plan(this.config, events=this.events())
    this.result(facts, lambda: _show(facts))


def _show(found: dict[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    from .tables import WIDE_TERMINAL, console, show_rows
    from .terminal import clock

    out = console()
    match = found.get("match") or ""
    if isinstance(match, dict):
        match = match.get("sentence", "")
    setting = found.get("setting", "")
    facts = [
        ("setting", setting),
        ("classes", "" if match in setting else match),
        ("backbone", found.get("backbone", "")),
        ("", found.get("backbone_reason", "")),
    ]
    grid = Table.grid(padding=(0, 2))
    for name, value in facts:
        if value:
            grid.add_row(Text(name, "dim"), Text(str(value)))
    out.print(grid)
    out.print()
    wide = out.width >= WIDE_TERMINAL
    rows = [
        [
            fit.get("method", ""),
            fit.get("role", ""),
            str(len(fit.get("seeds") or [])),
            str(fit.get("steps") or "–"),
            clock(fit.get("seconds") or 0),
            *([Text(fit.get("why") or "", style="dim")] if wide else []),
        ]
        for fit in found.get("fits") or []
    ]
    columns = ["fit", "role", "seeds", "steps", "about", *(["why"] if wide else [])]
    show_rows(out, columns, rows, right=(2, 3, 4), keep=(0, 1))
    if found.get("not_tried"):
        out.print()
        left = [[item.get("method", ""), item.get("why", "")] for item in found["not_tried"]]
        show_rows(out, ["left out", "why"], left)
    out.print()
    total, budget = found.get("seconds") or 0, found.get("budget_s")
    line = Text(f"about {clock(total)}", style="bold")
    if budget:
        line.append(f" of a budget of {clock(budget)}", "yellow" if total > budget else "")
    if found.get("memory_mb"):
        line.append(f", about {found['memory_mb']:.0f} MB of memory")
    out.print(line)
