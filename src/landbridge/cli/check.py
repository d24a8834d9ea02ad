"""`landbridge check`: what is wrong with data before anything is learned from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options as o
from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from ..base.config import RunConfig

_MARKS = {"failure": ("✗", "red"), "warning": ("!", "yellow"), "note": ("·", "dim")}
SHOWN = 5


@verb("check", *o.READING, "offline", keys=("data.max_rows",))
def check(
    this: Frame,
    found: RunConfig,
    data: o.Data,
    against: Annotated[
        str | None,
        typer.Option(metavar="OTHER", help="What else will be learned from: leaks between both."),
    ] = None,
    only: Annotated[str | None, typer.Option(metavar="A,B", help="Run these checks alone.")] = None,
) -> None:
    """Look for what would make figures wrong: twins, leaks, tiny classes, broken files.

    Every finding names its rows. Exits with 1 where there is a failure.
    """
    from ..checks import check as look
    from ..checks.run import check_names
    from ..domains.markers import without_markers
    from ..domains.read import read_domain
    from ..domains.together import read_together
    from ..runs.read_task import columns_named

    names = None if only is None else [name.strip() for name in only.split(",")]
    check_names(names)
    events = this.events()
    how: dict[str, Any] = {
        "label": found.data.label,
        "max_rows": found.data.max_rows,
        "answers": found.data.answers,
        "offline": found.offline,
        **columns_named(found.data),
    }
    theirs = None
    if against is None:
        ours = read_domain(data, **how, events=events)
    else:
        ours, theirs = read_together(
            lambda known, heard: read_domain(data, **how, together=known, events=heard),
            lambda known, heard, ours: read_domain(
                against, **how, like=ours, together=known, events=heard
            ),
            events,
        )
        ours, theirs = without_markers(ours, theirs, found.data.columns or (), events)
    problems = look(ours, theirs, only=names, events=events)
    failed = any(problem.severity == "failure" for problem in problems)
    this.exit_code = 1 if failed else 0
    value = {
        "data": {"name": ours.name, "rows": len(ours), "modality": ours.modality},
        "against": None if theirs is None else {"name": theirs.name, "rows": len(theirs)},
        "failed": failed,
        "problems": [problem.to_dict() for problem in problems],
    }
    this.result(value, lambda: _show(value))


def _show(value: dict[str, Any]) -> None:
    from rich.text import Text

    from .tables import console

    out = console()
    for item in value["problems"]:
        mark, style = _MARKS[item["severity"]]
        out.print(Text(f"{mark} {item['found']}", style), soft_wrap=True)
        for row in item["rows"][:SHOWN]:
            out.print(Text(f"    {row}", "dim"), soft_wrap=True)
        if item["count"] > SHOWN and item["rows"]:
            out.print(Text(f"    and {item['count'] - SHOWN:,} more", "dim"))
        if item["do"]:
            out.print(Text(f"    → {item['do']}"), soft_wrap=True)
    counts = {kind: sum(item["severity"] == kind for item in value["problems"]) for kind in _MARKS}
    said = ", ".join(f"{n} {kind}{'s'[: n != 1]}" for kind, n in counts.items())
    rows = f"{value['data']['rows']:,} rows"
    if value["against"]:
        rows += f" against {value['against']['rows']:,}"
    out.print(Text(f"{rows} checked: {said}", "bold"))
