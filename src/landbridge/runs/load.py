"""From what the user gave to a task: read both sides, seal what judges, check that they fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..base.config import OPTIONS, DataConfig, RunConfig
from ..base.errors import ConfigError, DataError
from ..base.events import Events
from ..base.places import cache_folder
from ..base.typed import Options
from ..domains.compare import check_levels
from ..domains.domain import Domain
from ..domains.holdout.base import split_rule
from ..domains.markers import without_markers
from ..domains.parting import part
from ..domains.read import read_domain
from ..domains.readers.decided import Together
from ..domains.sealing import seal
from ..domains.seen import Seen, say_seen, taken_away
from ..domains.spelling import check_test_labels, spelled_like
from ..domains.task import Task
from ..domains.together import read_together
from ..domains.twins import learned_rows, without_rows, without_seen
from ..methods.core.resolve import Methods
from .context import FitContext
from .learned import learned_again
from .prepare import prepare
from .source_model import SourceModel, is_run
from .teacher import Teacher


@dataclass(frozen=True)
class Loaded:
    """What a run is asked for and given.

    Attributes
    ----------
    config : RunConfig
    methods : Methods
    task : Task
    source_model : SourceModel or None
        What stands in the source's place.
    teacher : Teacher or None
    """

    config: RunConfig
    methods: Methods
    task: Task
    source_model: SourceModel | None
    teacher: Teacher | None

    def prepared(self, path: Path, events: Events) -> FitContext:
        """Return what fits work on, new."""
        return prepare(
            self.task,
            self.config,
            path,
            events,
            source_model=self.source_model,
            teacher=self.teacher,
            methods=self.methods,
        )


def load(
    config: RunConfig,
    source: Any,
    target: Any,
    events: Events,
    methods: Methods | None = None,
) -> Loaded:
    """Read the data, the model in the source's place and the teacher, as far as there are any.

    Parameters
    ----------
    source, target
        Objects that take the place of ``config.data``, or None.
    methods : Methods, optional
        Those that `check_asked` gave.
    """
    methods = methods or Methods(config.method, config.method_options)
    source_model = read_source_model(config, source, events)
    teacher = Teacher.load(config, events)
    task = read_task(config, source, target, events, source_model, teacher)
    return Loaded(config, methods, task, source_model, teacher)


def read_task(
    config: RunConfig,
    source: Any = None,
    target: Any = None,
    events: Events | None = None,
    source_model: SourceModel | None = None,
    teacher: Teacher | None = None,
) -> Task:
    """Read both domains, seal what the target keeps for judging, and check that they fit.

    Parameters
    ----------
    source, target : optional
        Objects that take the place of ``config.data``: paths, arrays, (X, y) pairs, Domains.
    source_model : SourceModel, optional
        What stands in the source's place; see `read_source_model`.
    teacher : Teacher, optional
        Whose answers to the target's rows are learned from.
    """
    events = events or Events()
    data = config.data
    source = data.source if source is None else source
    target = data.target if target is None else target
    if target is None:
        raise ConfigError("no target was given", hint="name one with --target DIR_OR_TABLE")

    def read(
        what: Any,
        name: str,
        together: Together | None,
        events: Events,
        like: Domain | None = None,
    ) -> Domain:
        if isinstance(what, Domain):
            return what
        named = name if not isinstance(what, str | Path) else None
        return read_domain(
            what,
            **reading(config),
            name=named,
            like=like,
            limits=None if source_model is None else source_model.limits,
            rule=None if source_model is None else source_model.preprocessing.rule(),
            schema=schema,
            together=together,
            events=events,
        )

    schema = None if source_model is None else source_model.schema
    given: Domain | None = None
    if source is None or source_model is not None:
        wanted = read(target, "target", None, events)
    elif isinstance(source, Domain):
        given, wanted = source, read(target, "target", None, events, source)
    else:
        given, wanted = read_together(
            partial(read, source, "source"), partial(read, target, "target"), events
        )
    if data.target_domains or data.source_domains:
        given, wanted = _parted(data, given, wanted, events)
    if given is not None:
        check_levels(given, wanted)
        given, wanted = without_markers(given, wanted, data.columns or (), events)
    if teacher is not None:
        wanted = teacher.taught(wanted)
        if given is not None:
            given = teacher.taught(given)
    if wanted.sealed is None:
        before = wanted.notes
        wanted = _judgeable(wanted, config, given, source_model, teacher)
        wanted = seal(wanted, data.target_labels, data.test_size, config.seed, data.holdout)
        for note in wanted.notes[len(before) :]:
            events.log("note", f"{wanted.name}: {note}")
    wanted = _unseen(given, wanted, data.keep_duplicates, events, source_model)
    task = Task.build(
        given,
        wanted,
        None if source_model is None else (source_model.name, source_model.classes),
        None if teacher is None else (teacher.name, teacher.classes),
    )
    if teacher is not None and not task.target_type.class_scores:
        raise DataError(
            f"each label of {wanted.name!r} is {task.target_type.summary}, and a teacher "
            "teaches classes",
            hint="give labels that are classes, or leave the teacher out",
        )
    if not task.classes:
        raise DataError(
            f"{task.sentence()} Neither side has a label that may be used, so there are no "
            "answers to learn",
            hint="label a few target rows, or give a labelled --source; `landbridge cluster` "
            "groups "
            "rows without labels"
            + (
                "; --target-labels use lets the target's be learned from"
                if config.data.target_labels == "judge"
                else ""
            ),
        )
    events.log("setting", task.sentence())
    if said := task.named_classes():
        events.log("note", said)
    for note in task.notes:
        events.log("note", note)
    if task.source_labels == "unlabelled":
        events.log(
            "note",
            "of an unlabelled source only `pretrain` learns; for the others it is on the map alone",
        )
    return task


def _unseen(
    given: Domain | None,
    wanted: Domain,
    keep: bool,
    events: Events,
    source_model: SourceModel | None,
) -> Domain:
    """Return a target that is not judged on rows that are learned from, and say which were."""
    found = without_seen(given, wanted, keep)
    notes = [] if found.seen is None else say_seen(found.seen, found.name, events)
    if source_model is not None and found.modality == source_model.preprocessing.modality:
        if found.sealed is not None:
            found, seen = _without_learned(source_model, found, keep, events)
            notes += [] if seen is None else say_seen(seen, found.name, events)
        found = _held_from(source_model, found, keep, events)
    notes += [] if found.held is None else found.held.say(found.name, events)
    return found.noting(*notes)


def _without_learned(
    source_model: SourceModel, wanted: Domain, keep: bool, events: Events
) -> tuple[Domain, Seen | None]:
    """Return the target without judged rows that the run that is the source learned from."""
    rows = np.flatnonzero(wanted.test_mask)
    again = _again(source_model, wanted, rows, events)
    if again is None:
        return wanted, None
    left, seen = taken_away(*again, keep)
    if not seen.found:
        return wanted, seen
    first = wanted.seen
    if first is not None and first.found:
        seen = replace(first, found=first.found + seen.found, kept=first.kept or seen.kept)
    found = without_rows(wanted, rows[~left], seen)
    return found, found.seen


def _held_from(source_model: SourceModel, wanted: Domain, keep: bool, events: Events) -> Domain:
    """Return the target whose labelled rows are held out only where the run did not have them."""
    rows = learned_rows(wanted)
    again = None if wanted.held is None else _again(source_model, wanted, rows, events)
    if again is None or wanted.held is None or not again[1].found:
        return wanted
    seen = replace(again[1], kept="asked" if keep else "")
    return replace(wanted, held=wanted.held.also(rows[again[0]], seen))


def _again(
    source_model: SourceModel, wanted: Domain, rows: np.ndarray, events: Events
) -> tuple[np.ndarray, Seen] | None:
    """Return which of some rows the run learned from; None where it keeps nothing to tell by."""
    some = wanted.select(rows)
    inputs = source_model.preprocessing.prepare(some.examples, cache=cache_folder(), events=events)
    return learned_again(source_model.path, some, inputs, source_model.preprocessing)


def read_source_model(config: RunConfig, source: Any, events: Events) -> SourceModel | None:
    """Return the model of a run that is given as the source, or None where data are.

    Raises
    ------
    ConfigError
        Where a backbone is named as well: the model has its own.
    """
    source = config.data.source if source is None else source
    if not is_run(source):
        return None
    if config.backbone != "auto":
        raise ConfigError(
            f"--source is a run, whose model has a backbone of its own, and --backbone is "
            f"{config.backbone!r}",
            hint="leave --backbone out",
        )
    return SourceModel.load(source, offline=config.offline, events=events)


def _judgeable(
    wanted: Domain,
    config: RunConfig,
    given: Domain | None,
    source_model: SourceModel | None,
    teacher: Teacher | None,
) -> Domain:
    """Return the target with its classes written as the source's, and say which are not of it.

    Raises
    ------
    DataError
        Where labels are there for judging only, and none is a class of the source.
    """
    takes = None if source_model is None else source_model.preprocessing.modality
    if wanted.modality != (takes or (given or wanted).modality):
        return wanted  # that is said where the two are checked against each other
    for side in (given, source_model, teacher):
        if side is None or not side.classes:
            continue
        whose = repr(side.name)
        wanted = spelled_like(wanted, side.classes, whose)
        if config.data.target_labels == "judge":
            said = check_test_labels(wanted, side.classes, whose)
            return wanted.noting(said) if said else wanted
    return wanted


def reading(config: RunConfig) -> Options:
    """Return what a configuration says of how `read_domain` reads, by its keywords."""
    keys = [key for key, option in OPTIONS.items() if option.reads]
    column = split_rule(config.data.holdout)[1]
    by = {} if column is None else {"holdout_by": column}
    return config.given(keys) | by | {"offline": config.offline}


def read_two(config: RunConfig, source: Any, target: Any, events: Events) -> tuple[Domain, Domain]:
    """Return two sets of data, each read with the other in view."""
    how = reading(config)
    ours, theirs = read_together(
        lambda together, heard: read_domain(source, **how, together=together, events=heard),
        lambda together, heard, ours: read_domain(
            target, **how, like=ours, together=together, events=heard
        ),
        events,
    )
    return without_markers(ours, theirs, config.data.columns or (), events)


def _parted(
    data: DataConfig, given: Domain | None, wanted: Domain, events: Events
) -> tuple[Domain | None, Domain]:
    """Return the two sides of data that hold several domains."""
    if given is not None:
        raise ConfigError(
            "--source was given, and --target-domains takes both sides out of --target",
            hint="leave --source out",
        )
    if not data.target_domains:
        raise ConfigError("source_domains without target_domains", hint="add --target-domains")
    source, target = part(wanted, data.target_domains, data.source_domains)
    sides = [
        f"{side.name} ({len(side):,} {side.examples.noun})" for side in (source, target) if side
    ]
    events.log("note", f"{wanted.name}: " + " → ".join(sides))
    return source, target
