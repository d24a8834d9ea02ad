"""`landbridge doctor`: is this machine fit for a transfer, and how fast is it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from .checks import Check

_MARKS = {"ok": ("✓", "green"), "note": ("·", "dim"), "warn": ("!", "yellow"), "bad": ("✗", "red")}


@verb("doctor", keys=("training.threads",))
def doctor(this: Frame) -> None:
    """Check this machine and measure its speed.

    Looks at Python, torch, processor, memory, disk and the optional parts. No network is
    needed. Exits with 1 where something must be mended before a transfer.
    """
    from .checks import run_checks

    checks = run_checks(this.config.training.threads)
    bad = [check.name for check in checks if check.level == "bad"]
    this.exit_code = 1 if bad else 0
    this.result(
        {
            "healthy": not bad,
            "checks": [
                {
                    "name": check.name,
                    "level": check.level,
                    "found": check.found,
                    "do": check.do,
                    **check.values,
                }
                for check in checks
            ],
        },
        lambda: _show([c for c in checks if not this.quiet or c.level in ("warn", "bad")], bad),
    )


def _show(checks: list[Check], bad: list[str]) -> None:
    from rich.table import Table
    from rich.text import Text

    from .tables import console

    out = console()
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in checks:
        mark, style = _MARKS[check.level]
        text = Text(check.found)
        if check.do:
            text.append(f"\n→ {check.do}", style if check.level != "ok" else "dim")
        table.add_row(Text(mark, style), Text(check.name, "bold"), text)
    out.print(table)
    if bad:
        out.print(Text(f"\nto mend before a transfer: {', '.join(bad)}", "bold red"))
    else:
        out.print(Text("\nready", "bold green"))
