"""The whole way: read, prepare, plan, fit, choose, judge, finish. Every stage is on disk.

A stage that is finished is not done again: `resume` is the same walk over the same folder.
"""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path
from typing import Any

from ..artifacts.free import changed, check_free
from ..artifacts.holding import held
from ..artifacts.kinds import KINDS
from ..artifacts.making import clear, going_on, making
from ..artifacts.state import WORK, FolderState, read_state
from ..artifacts.unfinished import again
from ..backbones.named import grant_all, grant_named, require_named
from ..base.config import RunConfig, make_config
from ..base.errors import BackboneError, ConfigError, RunError
from ..base.events import SILENT, Event, Events
from ..base.files import read_json, write_json
from ..base.memory import PeakMemory
from ..base.places import private_folder
from ..base.threads import threads
from ..base.typed import JsonObject
from ..training.process_group import together
from .asked import check_asked
from .context import FitContext
from .evaluate import evaluate
from .load import Loaded, load
from .plan import make_plan
from .prepare import data_facts, fingerprints
from .records import Cost, Plan, read_config, read_going_on
from .run import Run, load_run
from .select import select
from .stages import Clock, overrun
from .write import write, write_last


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
    check_free(out, "run", again=False)
    listeners = events.listeners if events is not None else ()
    config = _absolute(config)
    # A slip of the pen must leave no folder, nor cost the reading.
    methods = check_asked(config, source)
    grant_named(config.backbone, config.backbone_options)
    # Read first: bad input must not leave a folder that looks like a run.
    heard = _Remembered()
    reading = Events(None, *listeners, heard)
    clock = Clock(reading)
    with clock.stage("read", "reading the data"):
        loaded = load(config, source, target, reading, methods)
    given = [n for n, what in (("source", source), ("target", target)) if what is not None]
    log = Events(out / "log.jsonl", *listeners)
    with making(
        out,
        "run",
        None,
        files={"config.json": config.to_dict()},  # from here on there is a run to resume
        facts={"given": given, "command": None if given else command(config)},
        nothing=("log.jsonl", "data.json", WORK),
        undone=(ConfigError, BackboneError),  # to go on would end in the same
        events=log,
        keep_work=config.keep_work,
    ):
        heard.write(out / "log.jsonl")
        with PeakMemory() as peak:
            _walk(out, loaded, log, clock, peak)
    return load_run(out)


def command(config: RunConfig) -> str:
    """Return the command line that stands for a resolved configuration."""
    return shlex.join(["landbridge", "transfer", *config.as_words()])


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
                hint="start it again: the same command may use the same folder",
            )
        config = read_config(path)
        require_named(config.backbone, config.backbone_options)  # the folder's word is no choice
        objects = {"source": source, "target": target}
        missing = [name for name in state["given"] if objects[name] is None]
        if missing:
            raise RunError(
                f"the {' and the '.join(missing)} of {path} came from memory, not from files",
                hint="call landbridge.resume(path, source=..., target=...) with the same data",
            )
        events = Events(path / "log.jsonl", *listeners)
        with going_on(path, events, keep_work=config.keep_work):
            events.log("resume", f"going on with {path}")
            clock = Clock(events)
            with PeakMemory() as peak:
                with clock.stage("read", "reading the data"):
                    loaded = load(config, source, target, events)
                _walk(path, loaded, events, clock, peak)
    return load_run(path)


def plan(
    config: RunConfig, *, source: Any = None, target: Any = None, events: Events | None = None
) -> JsonObject:
    """Return what a run would do, after a probe of about a second; nothing is trained."""
    events = events or Events()
    methods = check_asked(config, source)
    grant_named(config.backbone, config.backbone_options)
    loaded = load(config, source, target, events, methods)
    with tempfile.TemporaryDirectory(prefix="landbridge-plan-") as folder:
        context = loaded.prepared(Path(folder), events)
        return make_plan(loaded.task, context, events)[0].to_json()


def _walk(path: Path, loaded: Loaded, events: Events, so_far: Clock, peak: PeakMemory) -> None:
    task, source_model = loaded.task, loaded.source_model
    clock = Clock(events, path / "work" / "clock.json", so_far.stages)
    write_json(path / "data.json", data_facts(task, source_model, loaded.teacher))
    with clock.stage("prepare", "preparing the data and planning"):
        context, planned = _prepared(path, loaded, events)
    settings = context.settings
    with threads(settings.threads), together(context.config.training.processes, settings.threads):
        selected = select(context, planned, clock, events)
        with clock.stage("judge", "judging"):
            found = evaluate(context, task, planned, selected)
            source = source_model.path if source_model else None
            parameters = write(context, task, planned, selected, found, events, source)
        events.log("verdict", found.verdict.sentence, outcome=found.verdict.outcome)
        settings = context.for_method(selected.chosen).settings
        cost = Cost(tuple(clock.stages), peak.look(), settings.device, settings.threads, parameters)
        write_last(path, cost)
    late = overrun(clock.stages, loaded.config.budget_seconds)
    if late:
        events.log("warning", late)


def _prepared(path: Path, loaded: Loaded, events: Events) -> tuple[FitContext, Plan]:
    """Return the context and the plan, from disk where they are there."""
    private_folder(path / "work")  # decoded examples lie there
    settled = path / "work" / "data" / "workspace.json"
    if (path / "plan.json").exists() and settled.exists():
        saved = read_json(settled)
        if other := changed(
            saved["fingerprints"], fingerprints(loaded.task, loaded.source_model, loaded.teacher)
        ):
            raise RunError(
                f"the data have changed since {path} began: {other}",
                hint="give the same data as then, or start a new run",
            )
        damaged = FitContext.damaged(path)
        if damaged is not None:
            events.log("note", f"{damaged} is missing or damaged: it is made anew")
        if damaged or not FitContext.inputs_there(path):  # or the cache has been emptied
            loaded.prepared(path, events).settled_as(saved).save()
        return FitContext.load(path), Plan.from_json(read_going_on(path / "plan.json"))
    context = loaded.prepared(path, events)
    planned, context = make_plan(loaded.task, context, events)
    context.save()
    write_json(path / "plan.json", planned.to_json())
    return context, planned


def _nothing_to_do(path: Path, listeners: Any) -> Run:
    run = load_run(path)
    clear(path, keep_work=run.config.keep_work)  # it may have been killed just before
    Events(None, *listeners).log("note", f"{path} is complete: nothing to do")
    return run


def _other_kind(path: Path, state: FolderState, listeners: Any) -> Run:
    """Go on with a merge; of a folder that is no run, say how to go on."""
    if state["kind"] != "merge":
        kind = KINDS.get(state["kind"])
        if state["status"] == "complete":
            raise RunError(
                f"{path} holds {kind.what} and is complete: nothing to resume",
                hint=f"open it with landbridge.load({str(path)!r})",
            )
        raise RunError(
            f"{path} was made by `landbridge {kind.verb}`, which goes on when it is called again",
            hint=again(path, state),
        )
    if state["status"] == "complete":
        return _nothing_to_do(path, listeners)
    from .merge import merge_again

    return merge_again(path, state, Events(None, *listeners))


def _absolute(config: RunConfig) -> RunConfig:
    """Return the configuration with whole paths, so that a run resumes from any folder."""

    def absolute(place: str | None) -> str | None:
        if place is None or not Path(place).expanduser().exists():
            return place
        return str(Path(place).expanduser().resolve())

    values = config.to_dict()
    for side in ("source", "target"):
        values["data"][side] = absolute(values["data"][side])
    values["teacher"] = absolute(values["teacher"])
    head, colon, file = values["backbone"].partition(":")
    kind, _, rest = head.partition("/")
    if kind in ("local", "keras", "run") and rest:  # a path after the kind
        values["backbone"] = f"{kind}/{absolute(rest)}{colon}{file}"
    elif colon and len(head) > 1:  # not a Windows drive
        values["backbone"] = f"{head}:{absolute(file)}"
    elif "/" in head or "\\" in head:  # a bare word is a name, whatever lies in this folder
        values["backbone"] = absolute(head)
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
            log.log(event["event"], event.get("message", ""), **fields)
