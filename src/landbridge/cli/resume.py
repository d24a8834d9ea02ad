"""`landbridge resume`: go on with a run that was interrupted."""

from __future__ import annotations

from . import options as o
from .frame import frame


def resume(
    run: o.RunFolder,
    config: o.ConfigFile = None,
    settings: o.Settings = None,
    as_json: o.AsJson = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Go on with an interrupted run.

    It ends in the result that it would have had without the interruption.
    """
    with frame(as_json=as_json, quiet=quiet, debug=debug) as this:
        from .settings import usable
        from .transfer import show_run

        # A changed configuration would be another run, not this one.
        usable("resume", (), config, settings)
        this.run = run
        from ..runs.pipeline import resume as go_on

        show_run(this, go_on(run, events=this.events()))
