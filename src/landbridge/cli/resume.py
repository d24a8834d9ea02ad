"""`landbridge resume`: go on with a run that was interrupted."""

from __future__ import annotations

from . import options as o
from .frame import Frame
from .verbs import verb


@verb("resume")
def resume(
    this: Frame,
    run: o.RunFolder,
) -> None:
    """Go on with an interrupted run.

    It ends in the result that it would have had without the interruption.
    """
    from .transfer import show_run

    # A changed configuration would be another run, not this one.
    this.run = run
    from ..runs.pipeline import resume as go_on

    show_run(this, go_on(run, events=this.events()))
