"""`landbridge check`: what is wrong with data before anything is learned from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from . import options as o
from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from ..checks.base import Problem
    from ..domains.domain import Domain

_MARKS = {"failure": ("✗", "red"), "warning": ("!", "yellow"), "note": ("·", "dim")}
SHOWN = 5


@verb(
    "check",
    *(*o.READING, "backbone", "seed", "offline"),
    keys=("data.max_rows", "training.threads"),
)
def check(
    this: Frame,
    data: o.Data,
    against: Annotated[
        str | None, o.own("OTHER", "What else will be learned from: leaks between both.")
    ] = None,
    only: Annotated[
        str | None, o.own("A,B", "Run these alone; label-errors runs only where it is named.")
    ] = None,
    out: Annotated[
        Path | None, o.own("FILE", "Write every row that label-errors found: a .csv file.")
    ] = None,
) -> None:
    """Look for what would make figures wrong: twins, leaks, tiny classes, broken files.

    Every finding names its rows. Exits with 1 where there is a failure.
    """
    from ..checks import check as look
    from ..checks.records import check_file, write_records
    from ..checks.run import check_names
    from ..domains.read import read_domain
    from ..runs.load import read_two, reading

    names = None if only is None else [name.strip() for name in only.split(",")]
    check_names(names)
    if out is not None:
        check_file(out, names)
    events = this.events()
    theirs = None
    if against is None:
        ours = read_domain(data, **reading(this.config), events=events)
    else:
        ours, theirs = read_two(this.config, data, against, events)
    problems = look(ours, theirs, only=names, events=events, **this.keywords(look))
    if out is not None:
        write_records(out, problems)
    failed = any(problem.severity == "failure" for problem in problems)
    this.exit_code = 1 if failed else 0
    value = {
        "data": {"name": ours.name, "rows": len(ours), "modality": ours.modality},
        "against": None if theirs is None else {"name": theirs.name, "rows": len(theirs)},
        "failed": failed,
        "problems": [problem.to_dict() for problem in problems],
        "out": None if out is None else str(out),
    }
    this.result(value, lambda: _show(problems, ours, theirs))


def _show(problems: Sequence[Problem], ours: Domain, theirs: Domain | None) -> None:
    from rich.text import Text

    from .tables import console

    out = console()
    for item in problems:
        mark, style = _MARKS[item.severity]
        out.print(Text(f"{mark} {item.found}", style), soft_wrap=True)
        for row in item.rows[:SHOWN]:
            out.print(Text(f"    {row}", "dim"), soft_wrap=True)
        if item.count > SHOWN and item.rows:
            out.print(Text(f"    and {item.count - SHOWN:,} more", "dim"))
        if item.do:
            out.print(Text(f"    → {item.do}"), soft_wrap=True)
    counts = {kind: sum(item.severity == kind for item in problems) for kind in _MARKS}
    said = ", ".join(f"{n} {kind}{'s'[: n != 1]}" for kind, n in counts.items())
    rows = f"{len(ours):,} rows"
    if theirs is not None:
        rows += f" against {len(theirs):,}"
    out.print(Text(f"{rows} checked: {said}", "bold"))
