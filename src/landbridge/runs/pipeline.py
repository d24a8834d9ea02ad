"""The whole way: read, prepare, plan, fit, choose, judge, finish. Every stage is on disk.

A stage that is finished is not done again: `resume` is the same walk over the same folder.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

from ..artifacts.free import changed, check_vacant
from ..artifacts.holding import held, tidy
from ..artifacts.kinds import KINDS
from ..artifacts.state import LOCK, RUN_STATE, mark_running, read_state
from ..artifacts.unfinished import again
from ..artifacts.working import working
from ..backbones.named import grant_all, grant_named, require_named
from ..base.config import RunConfig, make_config
from ..base.errors import BackboneError, ConfigError, RunError
from ..base.events import SILENT, Event, Events
from ..base.files import read_json, write_json
from ..base.places import private_folder
from ..base.threads import threads
from ..domains.task import Task
from .asked import check_asked
from .finish import finish
from .folder import begin
from .known import SourceModel
from .plan import make_plan, plan_facts
from .prepare import data_facts, fingerprints, prepare
from .race import race
from .read_task import read_source_model, read_task
from .records import read_config, read_going_on
from .run import Run, load_run
from .stages import Clock, overrun
from .teacher import Teacher
from .workspace import Workspace

Models = tuple[SourceModel | None, Teacher | None]
"""What stands in the source's place, and what teaches."""


def transfer(
    config: RunConfig,
    *,
    source: Any = None,
    target: Any = None,
    out: Path | str,
    events: Events | None = None,
) -> Run:
    """Do a whole run in the folder `out`.

    Parameters
    ----------
    config : RunConfig
    source, target : optional
        Objects that take the place of ``config.data.source`` and ``.target``.
    out : path
        A folder that does not exist yet, or is empty.
    events : Events, optional
        Heard besides the run's own log.

    Raises
    ------
    LandbridgeError
        What went wrong and what to do; what was finished stays in `out`.
    """
    out = Path(out)
    check_vacant(out)
    listeners = events.listeners if events is not None else ()
    config = _absolute(config)
    check_asked(config, source)  # a slip of the pen must leave no folder, nor cost the reading
    grant_named(config.backbone, config.backbone_options)
    # Read first: bad input must not leave a folder that looks like a run.
    heard = _Remembered()
    reading = Events(None, *listeners, heard)
    with Clock(reading).stage("read", "reading the data") as read_stage:
        known = read_source_model(config, source, reading)
        teacher = Teacher.load(config, reading)
        task = read_task(config, source, target, reading, known, teacher)
    given = [n for n, what in (("source", source), ("target", target)) if what is not None]
    with held(out):
        check_vacant(out)  # another run may have begun and finished while this one read its data
        tidy(out)
        begin(out, config, given)
        heard.write(out / "log.jsonl")
        log = Events(out / "log.jsonl", *listeners)
        try:
            with working(out, log):
                _walk(out, config, task, (known, teacher), log, read_stage)
        except (ConfigError, BackboneError):
            if not (out / "plan.json").exists():  # to go on would end in the same
                _undo(out)
            raise
        return _finished(out, config)


def resume(
    path: Path | str,
    *,
    source: Any = None,
    target: Any = None,
    trust: bool = False,
    events: Events | None = None,
) -> Run:
    """Go on with an interrupted or failed run, to the result it would have had.

    Parameters
    ----------
    path : path
    source, target : optional
        To be given again, the same, where the run was made from objects in memory.
    trust : bool, default False
        Agree to run the code that the folder names, as `landbridge trust add` does.
    events : Events, optional
        Heard besides the run's own log.

    Raises
    ------
    RunError
        Where there is no run, or the data are not those that the run began with.
    TrustError
        Where it names code that nobody has agreed to run on this machine.
    """
    path = Path(path)
    if trust:
        grant_all(path)
    listeners = events.listeners if events is not None else ()
    state = read_state(path)
    if state["kind"] != "run":
        return _other_kind(path, state, listeners)
    if state["status"] == "complete":
        return _nothing_to_do(path, listeners)
    with held(path):
        state = read_state(path)
        if state["status"] == "complete":  # by whoever held it until now
            return _nothing_to_do(path, listeners)
        if not (path / "config.json").exists():
            raise RunError(
                f"{path} was interrupted before it had begun: nothing was computed",
                do="start it again: the same command may use the same folder",
            )
        config = read_config(path)
        require_named(config.backbone, config.backbone_options)  # the folder's word is no choice
        objects = {"source": source, "target": target}
        missing = [name for name in state["given"] if objects[name] is None]
        if missing:
            raise RunError(
                f"the {' and the '.join(missing)} of {path} came from memory, not from files",
                do="call landbridge.resume(path, source=..., target=...) with the same data",
            )
        tidy(path)
        mark_running(path)
        events = Events(path / "log.jsonl", *listeners)
        events.say("resume", f"going on with {path}")
        with working(path, events):
            with Clock(events).stage("read", "reading the data") as read_stage:
                known = read_source_model(config, source, events)
                teacher = Teacher.load(config, events)
                task = read_task(config, source, target, events, known, teacher)
            _walk(path, config, task, (known, teacher), events, read_stage)
        return _finished(path, config)


def plan(
    config: RunConfig, *, source: Any = None, target: Any = None, events: Events | None = None
) -> dict[str, Any]:
    """Return what a run would do, after a probe of about a second; nothing is trained."""
    events = events or Events()
    check_asked(config, source)
    grant_named(config.backbone, config.backbone_options)
    known = read_source_model(config, source, events)
    teacher = Teacher.load(config, events)
    task = read_task(config, source, target, events, known, teacher)
    with tempfile.TemporaryDirectory(prefix="landbridge-plan-") as folder:
        workspace = prepare(task, config, Path(folder), events, known=known, teacher=teacher)
        budget_plan, costs, jobs = make_plan(workspace, events)
        return plan_facts(task, workspace, budget_plan, costs, jobs)


def _walk(
    path: Path,
    config: RunConfig,
    task: Task,
    models: Models,
    events: Events,
    read_stage: dict[str, Any],
) -> None:
    known, teacher = models
    clock = Clock(events, path / "work" / "clock.json", read_stage)
    write_json(path / "data.json", data_facts(task, known, teacher))
    with clock.stage("prepare", "preparing the data and planning"):
        workspace, facts = _prepared(path, config, task, models, events)
    with threads(workspace.threads):
        raced = race(workspace, facts, clock, events)
        finish(workspace, task, facts, raced, clock, events, known.path if known else None)
    late = overrun(clock.stages, config.budget_seconds)
    if late:
        events.say("warning", late)


def _finished(path: Path, config: RunConfig) -> Run:
    _clear(path, config)
    return load_run(path)


def _prepared(
    path: Path, config: RunConfig, task: Task, models: Models, events: Events
) -> tuple[Workspace, dict[str, Any]]:
    """Return the workspace and the plan, from disk where they are there."""
    private_folder(path / "work")  # decoded examples lie there
    known, teacher = models
    settled = path / "work" / "data" / "workspace.json"
    if (path / "plan.json").exists() and settled.exists():
        saved = read_json(settled)
        if other := changed(saved["fingerprints"], fingerprints(task, known, teacher)):
            raise RunError(
                f"the data have changed since {path} began: {other}",
                do="give the same data as then, or start a new run",
            )
        damaged = Workspace.damaged(path)
        if damaged is not None:
            events.say("note", f"{damaged} is missing or damaged: it is made anew")
        if damaged or not Workspace.inputs_there(path):  # or the cache has been emptied
            workspace = prepare(task, config, path, events, known=known, teacher=teacher)
            workspace.settle_as(saved)
            workspace.save()
        return Workspace.load(path), read_going_on(path / "plan.json")
    workspace = prepare(task, config, path, events, known=known, teacher=teacher)
    budget_plan, costs, jobs = make_plan(workspace, events)
    facts = plan_facts(task, workspace, budget_plan, costs, jobs)
    workspace.save()
    write_json(path / "plan.json", facts)
    return workspace, facts


def _undo(path: Path) -> None:
    """Take away a run that could not begin as it was asked for; nothing was computed."""
    shutil.rmtree(path / "work", ignore_errors=True)
    for name in ("log.jsonl", "data.json", "config.json", RUN_STATE, LOCK):
        (path / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # not empty: not ours
        path.rmdir()


def _nothing_to_do(path: Path, listeners: Any) -> Run:
    run = load_run(path)
    _clear(path, run.config)  # it may have been killed just before
    Events(None, *listeners).say("note", f"{path} is complete: nothing to do")
    return run


def _other_kind(path: Path, state: dict[str, Any], listeners: Any) -> Run:
    """Go on with a merge; of a folder that is no run, say how to go on."""
    if state["kind"] != "merge":
        kind = KINDS.get(state["kind"])
        if state["status"] == "complete":
            raise RunError(
                f"{path} holds {kind.what} and is complete: nothing to resume",
                do=f"open it with landbridge.load({str(path)!r})",
            )
        raise RunError(
            f"{path} was made by `landbridge {kind.verb}`, which goes on when it is called again",
            do=again(path, state),
        )
    if state["status"] == "complete":
        run = load_run(path)
        (path / LOCK).unlink(missing_ok=True)
        Events(None, *listeners).say("note", f"{path} is complete: nothing to do")
        return run
    from .merge import merge_again

    return merge_again(path, state, Events(None, *listeners))


def _clear(path: Path, config: RunConfig) -> None:
    """Take away what a finished run needs no more."""
    if not config.keep_work and (path / "work").exists():
        shutil.rmtree(path / "work")
    (path / LOCK).unlink(missing_ok=True)  # whoever holds it by now finds a finished run


def _absolute(config: RunConfig) -> RunConfig:
    """Return the configuration with whole paths, so that a run resumes from any folder."""

    def whole(place: str | None) -> str | None:
        if place is None or not Path(place).expanduser().exists():
            return place
        return str(Path(place).expanduser().resolve())

    values = config.to_dict()
    for side in ("source", "target"):
        values["data"][side] = whole(values["data"][side])
    values["teacher"] = whole(values["teacher"])
    head, colon, file = values["backbone"].partition(":")
    kind, _, rest = head.partition("/")
    if kind in ("local", "keras", "run") and rest:  # a path after the kind
        values["backbone"] = f"{kind}/{whole(rest)}{colon}{file}"
    elif colon and len(head) > 1:  # not a Windows drive
        values["backbone"] = f"{head}:{whole(file)}"
    elif "/" in head or "\\" in head:  # a bare word is a name, whatever lies in this folder
        values["backbone"] = whole(head)
    return make_config(values)


class _Remembered:
    """A listener that keeps what was heard before there was a log to write it to."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def event(self, event: Event) -> None:
        self.events.append(event)

    def progress(self, what: str, total: int) -> Any:
        return SILENT.progress(what, total)

    def write(self, path: Path) -> None:
        """Write it all, with the times at which it was heard."""
        log = Events(path)
        for event in self.events:
            fields = {k: v for k, v in event.items() if k not in ("event", "message")}
            log.say(event["event"], event.get("message", ""), **fields)
