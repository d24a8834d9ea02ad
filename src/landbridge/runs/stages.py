"""What each stage took, kept across interruptions."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..base.events import Events
from ..base.files import read_json, write_json


class Clock:
    """Times the stages of a run.

    Parameters
    ----------
    events : Events
        Hears when a stage begins.
    path : Path, optional
        Where the times are kept, so that a resumed run adds to them.
    first : dict, optional
        A stage that was over before there was a folder.
    """

    def __init__(
        self, events: Events, path: Path | None = None, first: dict[str, Any] | None = None
    ) -> None:
        self.events, self.path = events, path
        self.stages: list[dict[str, Any]] = []
        if path is not None and path.exists():
            self.stages = read_json(path)
        if first is not None:
            self.stages.append(first)

    @contextlib.contextmanager
    def stage(self, name: str, message: str = "") -> Iterator[dict[str, Any]]:
        """Time the block; CPU time includes that of finished worker processes."""
        self.events.say("stage", message or name, stage=name)
        wall, cpu = time.perf_counter(), _cpu()
        record: dict[str, Any] = {"name": name, "wall_s": 0.0, "cpu_s": 0.0}
        try:
            yield record
        finally:
            record["wall_s"] = round(time.perf_counter() - wall, 3)
            record["cpu_s"] = round(_cpu() - cpu, 3)
            self.stages.append(record)
            if self.path is not None:
                write_json(self.path, self.stages)


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
