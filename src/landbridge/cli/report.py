"""`landbridge report`: build a run's report again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from . import options as o
from .frame import Frame
from .screen import say
from .verbs import verb


@verb("report")
def report(
    this: Frame,
    run: o.RunFolder,
    out: Annotated[
        Path | None, o.own("FILE", "Write the report there instead of into the run.")
    ] = None,
) -> None:
    """Build the report.html of what a command made again.

    Of a run that failed or was interrupted the page says why.
    """
    from ..finished import write_page

    path = write_page(run, out, events=this.events())
    this.result({"run": str(run), "report": str(path)}, lambda: say(str(path)))
