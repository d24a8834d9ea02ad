"""The whole way: read, prepare, plan, fit, choose, judge, finish. Every stage is on disk.

A stage that is finished is not done again: `resume` is the same walk over the same folder.
"""

from __future__ import annotations

import datetime
import time
from contextlib import contextmanager
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import landbridge

from ..base.config import RunConfig, make_config
from ..base.errors import LandbridgeError, RunError
from ..base.events import Events
from ..base.files import read_json, write_json
from ..domains.task import Task
from .execute import threads
from .finish import finish
from .plan import make_plan, plan_facts
from .prepare import data_facts, prepare, read_task
from .race import race
from .run import FORMAT, Run, load_run
from .stages import Clock
from .workspace import Workspace


def transfer(
    config: RunConfig,
    *,
    source: Any = None,
    target: Any = None,
    out: Path,
    events: Events | None = None,
) -> Run:
    """Do a whole run in the folder `out`.

    Parameters
    ----------
    config : RunConfig
    source, target : optional
        Objects that take the place of ``config.data.source`` and ``.target``.
    out : Path
        A folder that does not exist yet, or is empty.
    events : Events, optional
        Heard besides the run's own log.

    Raises
    ------
    LandbridgeError
        What went wrong and what to do; what was finished stays in `out`.
    """
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunError(f"{out} is there already", do=f"landbridge resume {out}, or another name")
    listeners = events.listeners if events is not None else ()
    begun = Events(out / "log.jsonl", *listeners)
    # Read first: bad input must not leave a folder that looks like a run.
    reading = Events(None, *listeners)
    with Clock(reading).stage("read") as read_stage:
        task = read_task(config, source, target, reading)
    write_json(out / "config.json", config.model_dump())
    _mark(out, status="running", given=source is not None or target is not None)
    write_json(out / "data.json", data_facts(task))
    begun.say("setting", task.sentence(), heard=True)
    return _walk(out, config, task, begun, read_stage)


def resume(
    path: Path, *, source: Any = None, target: Any = None, events: Events | None = None
) -> Run:
    """Go on with an interrupted run, to the result it would have had.

    Parameters
    ----------
    path : Path
    source, target : optional
        To be given again where the run was made from objects instead of files.
    """
    path = Path(path)
    state = read_json(path / "run.json")
    if state.get("format", 0) > FORMAT:
        return load_run(path)  # says that it is of a newer version
    listeners = events.listeners if events is not None else ()
    if state["status"] == "complete":
        run = load_run(path)
        Events(None, *listeners).say("note", f"{path} is complete: nothing to do")
        return run
    config = make_config(read_json(path / "config.json"))
    if state.get("given") and target is None:
        raise RunError(
            f"{path} was made from objects in memory, which are gone",
            do="call landbridge.resume(path, source=..., target=...) with the same data",
        )
    events = Events(path / "log.jsonl", *listeners)
    events.say("resume", f"going on with {path}")
    with Clock(events).stage("read") as read_stage:
        task = read_task(config, source, target, events)
    return _walk(path, config, task, events, read_stage)


def plan(
    config: RunConfig, *, source: Any = None, target: Any = None, events: Events | None = None
) -> dict[str, Any]:
    """Return what a run would do, after a probe of about a second; nothing is trained."""
    import tempfile

    events = events or Events()
    task = read_task(config, source, target, events)
    with tempfile.TemporaryDirectory(prefix="landbridge-plan-") as folder:
        prepared = prepare(task, config, Path(folder), events)
        budget_plan, costs, jobs = make_plan(prepared.workspace, events)
        return plan_facts(task, prepared.workspace, budget_plan, costs, jobs)


def _walk(
    path: Path, config: RunConfig, task: Task, events: Events, read_stage: dict[str, Any]
) -> Run:
    clock = Clock(events, path / "work" / "clock.json", read_stage)
    try:
        with clock.stage("prepare"):
            workspace, facts = _prepared(path, config, task, events)
        with threads(workspace.threads):
            result = race(workspace, facts, clock, events)
            with clock.stage("report"):
                finish(workspace, task, facts, result, clock, events)
    except LandbridgeError as error:
        _mark(path, status="failed", error=str(error))
        events.say("error", error.found)
        raise
    _complete(path)
    return load_run(path)


def _prepared(
    path: Path, config: RunConfig, task: Task, events: Events
) -> tuple[Workspace, dict[str, Any]]:
    """Return the workspace and the plan, from disk where they are there."""
    place = path / "work" / "data" / "workspace.json"
    if place.exists() and (path / "plan.json").exists():
        workspace = Workspace.load(path)
        found = task.training()[1].examples.fingerprint()
        if found != workspace.fingerprints["target"]:
            raise RunError(
                f"the target of {path} has changed since the run began",
                do="give the same data, or start a new run",
            )
        return workspace, read_json(path / "plan.json")
    workspace = prepare(task, config, path, events).workspace
    budget_plan, costs, jobs = make_plan(workspace, events)
    facts = plan_facts(task, workspace, budget_plan, costs, jobs)
    workspace.save()
    write_json(path / "plan.json", facts)
    return workspace, facts


def _mark(path: Path, **changes: Any) -> None:
    file = path / "run.json"
    state = (
        read_json(file)
        if file.exists()
        else {
            "format": FORMAT,
            "landbridge": landbridge.__version__,
            "created": _now(),
            "finished": None,
            "error": None,
            "files": {},
        }
    )
    write_json(file, state | changes)


def _complete(path: Path) -> None:
    from ..base.hashing import file_digest

    files = {
        file.name: file_digest(file)
        for file in sorted(path.iterdir())
        if file.is_file() and file.name not in ("run.json", "log.jsonl", "report.html", "README.md")
        and not file.name.startswith(".")
    }
    _mark(path, status="complete", error=None, finished=_now(), files=files)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
