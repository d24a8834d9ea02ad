"""`landbridge report`: build a run's report again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as o
from .frame import frame
from .screen import say


def report(
    run: o.RunFolder,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the report there instead of into the run."),
    ] = None,
    config: o.ConfigFile = None,
    settings: o.Settings = None,
    as_json: o.AsJson = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Build the report.html of what a command made again."""
    with frame(as_json=as_json, quiet=quiet, debug=debug) as this:
        from .predict import load

        loaded, _ = load("report", run, config, settings, keys=())
        path = loaded.report(out)
        this.result({"run": str(run), "report": str(path)}, lambda: say(str(path)))
