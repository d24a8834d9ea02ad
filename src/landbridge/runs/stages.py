"""What each stage took, kept across interruptions."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..base.events import Events
from ..base.files import write_json
from .records import StageCost, read_going_on


class Clock:
    """Times the stages of a run.

    Parameters
    ----------
    events : Events
        Hears when a stage begins.
    path : Path, optional
        Where the times are kept, so that a resumed run adds to them.
    before : sequence of StageCost
        Stages that were over before there was a folder.
    """

    def __init__(
        self, events: Events, path: Path | None = None, before: Sequence[StageCost] = ()
    ) -> None:
        self.events, self.path = events, path
        kept = read_going_on(path) if path is not None and path.exists() else ()
        self.stages = [*(StageCost(**stage) for stage in kept), *before]

    @contextlib.contextmanager
    def stage(self, name: str, message: str = "") -> Iterator[None]:
        """Time the block; CPU time includes that of finished worker processes."""
        self.events.log("stage", message or name, stage=name)
        wall, cpu = time.perf_counter(), _cpu()
        try:
            yield
        finally:
            took = round(time.perf_counter() - wall, 3), round(_cpu() - cpu, 3)
            self.stages.append(StageCost(name, *took))
            if self.path is not None:
                write_json(self.path, [stage.__dict__ for stage in self.stages])


LATE = 1.1
"""How much longer than its budget a run may take before that is said."""


def overrun(stages: Sequence[StageCost], budget: float) -> str:
    """Return what to say of a run that took longer than its budget; "" where it did not.

    Examples
    --------
    >>> overrun([StageCost("seeds", 50.0, 45.0)], 60.0)
    ''
    >>> overrun([StageCost("seeds", 420.0, 55.0)], 60.0)
    'the run took 420 s, 55 s of them at work, and its budget was 60 s: the machine was busy'
    """
    wall = sum(stage.wall_s for stage in stages)
    cpu = sum(stage.cpu_s for stage in stages)
    if wall <= LATE * budget:
        return ""
    why = "the machine was busy" if 2 * cpu < wall else "there was more work than planned"
    return (
        f"the run took {wall:,.0f} s, {min(cpu, wall):,.0f} s of them at work, and its budget "
        f"was {budget:,.0f} s: {why}"
    )


def _cpu() -> float:
    """Return CPU seconds of this process, of its live workers and of the finished ones."""
    import psutil

    me = psutil.Process()
    total = time.process_time()
    own = me.cpu_times()
    total += own.children_user + own.children_system
    for child in me.children():
        try:
            spent = child.cpu_times()
        except psutil.NoSuchProcess:
            continue  # it ended between the two calls, and counts as finished next time
        total += spent.user + spent.system
    return total
