"""The plan of a run: what is fitted, with how many seeds and steps, and what it should take."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..base.events import Events
from ..domains.task import Task
from ..methods.core.feature import FeatureMethod
from ..methods.core.resolve import named_epochs, warnings_of
from ..selection.budget import allot
from ..selection.portfolio import Portfolio, portfolio
from ..selection.records import PlannedFit
from ..targets.base import type_of_target
from ..training.devices import find_device
from ..training.probe import PROBE_SHARE
from .costs import OVERHEAD, Costs, check_method, measure, memory_mb, parallel
from .folds import lone_rows, possible_folds
from .records import Plan
from .workspace import Workspace


def make_plan(task: Task, workspace: Workspace, events: Events) -> Plan:
    """Measure for a moment and allot the budget; settles precision, threads and scale."""
    config = workspace.config
    given = None if config.method == "auto" else config.method
    if given is not None:
        check_method(given, workspace)
        for warning in warnings_of(workspace.methods[given]):
            events.log("note", f"{given} may hurt {warning}")
    workspace.device = find_device(config.training.device)
    jobs, workspace.threads = parallel(workspace)
    costs = measure(workspace, events)
    workspace.precision = costs.precision
    workspace.frozen = too_dear_to_move(workspace, costs)
    if workspace.frozen:
        events.log(
            "note",
            "moving the whole backbone would take most of the budget: methods that adapt train "
            "only the head, on features computed once",
        )
    found = make_portfolio(workspace)
    cross_validate = can_cross_validate(workspace)
    lone = lone_rows(workspace.target)
    if cross_validate and lone and given is None:
        what = "1 class has" if lone == 1 else f"{lone:,} classes have"
        events.log(
            "note",
            f"{what} a single target label: it is learned from in every fold, and methods are "
            "compared on the other classes",
        )
    small_costs = _small_costs(workspace, costs, events)

    def cost(name: str, scale: float) -> float:
        place = workspace.for_method(name)
        return (costs if place is workspace else small_costs).fit(place, place.methods[name], scale)

    def steps(name: str, scale: float) -> int:
        method = workspace.methods[name]
        if isinstance(method, FeatureMethod):
            return 0
        return method.plan(workspace.for_method(name).context()).scaled(scale).steps

    bought = allot(
        references=found.references,
        candidates=found.candidates,
        given=given,
        cost=cost,
        steps=steps,
        budget=config.budget_seconds,
        overhead=OVERHEAD + costs.row.probe_work_s + costs.features(workspace),
        jobs=jobs,
        seeds=config.seeds,
        first_seed=config.seed,
        cross_validate=cross_validate,
        keep=config.candidates is not None,
    )
    named = config.candidates or ()
    for row in found.not_tried:
        if row.method in named:
            events.log(
                "warning", f"{row.method} was named as a candidate and is left out: {row.why}"
            )
    workspace.scale = bought.scale
    if workspace.small is not None:
        workspace.small.scale = bought.scale
    if costs.row.probe_s > 2 * PROBE_SHARE * config.budget_seconds:
        events.log(
            "warning",
            f"measuring what a step costs took {costs.row.probe_s:.0f} s of a budget of "
            f"{config.budget_seconds:.0f} s: the network is large, or the machine busy",
        )
    if bought.seconds > config.budget_seconds:
        events.log(
            "warning",
            f"the shortest plan takes about {bought.seconds:.0f} s, the budget is "
            f"{config.budget_seconds:.0f} s: the run will take longer{_kept(workspace)}",
        )
    identity = workspace.identity
    knows = "pretrained" if identity["pretrained"] else "starts at random"
    return Plan(
        setting=task.sentence(),
        match=task.match.sentence(),
        backbone=identity["name"],
        backbone_reason=f"{knows}, {identity['origin']}",
        given=given,
        references=found.references,
        reference=found.reference,
        candidates=bought.candidates,
        folds=bought.folds,
        repeats=bought.repeats,
        seeds=bought.seeds,
        seeds_note=bought.seeds_note,
        scale=bought.scale,
        jobs=jobs,
        threads=workspace.threads,
        precision=workspace.precision,
        precision_reason=costs.precision_reason,
        device=workspace.device,
        frozen=workspace.frozen,
        fits=tuple(_with_why(row, found, workspace) for row in bought.fits),
        not_tried=(*(found.not_tried if given is None else ()), *bought.not_tried),
        seconds=round(bought.seconds, 1),
        memory_mb=round(memory_mb(workspace) * (1 + 0.6 * (jobs - 1))),
        budget_s=config.budget_seconds,
        probe_s=round(costs.row.probe_s, 2),
    )


def _with_why(fit: PlannedFit, found: Portfolio, workspace: Workspace) -> PlannedFit:
    if fit.method == "scratch" and workspace.small is not None:
        why = "what the outcome is measured against, as a small net of our own"
    elif fit.method == found.reference:
        why = "what the outcome is measured against"
    else:
        why = workspace.methods[fit.method].summary
    return replace(fit, why=why)


def _kept(workspace: Workspace) -> str:
    """Say which of what was named the budget did not shorten."""
    config = workspace.config
    named = [
        f"{key} = {value:,}"
        for key, value in (
            ("training.steps", config.training.steps),
            ("training.source_steps", config.training.source_steps),
            ("seeds", config.seeds),
        )
        if value is not None
    ]
    if config.method != "auto":
        epochs = named_epochs(workspace.methods[config.method])
        named += [f"{key} = {value:g}" for key, value in epochs.items()]
    if config.candidates:
        named.append(f"candidates = {', '.join(config.candidates)}")
    return f" ({' and '.join(named)}: kept as named)" if named else ""


SCRATCH_SHARE = 0.05
"""Of the budget: what one fit from scratch may take."""


def _small_costs(workspace: Workspace, costs: Costs, events: Events) -> Costs:
    """Measure the small net, if training from scratch is to use it; else forget it."""
    small = workspace.small
    if small is None:
        return costs
    seconds = costs.fit(workspace, workspace.methods.plain("scratch"), 1.0)
    dear = seconds > SCRATCH_SHARE * workspace.config.budget_seconds
    if workspace.config.method == "scratch" or not dear:
        workspace.small = None
        return costs
    small.threads, small.device = workspace.threads, workspace.device
    found = measure(small, events)
    own, more = costs.row, found.row
    costs.row = replace(
        own,
        probe_s=own.probe_s + more.probe_s,
        probe_work_s=own.probe_work_s + more.probe_work_s,
    )
    small.precision = found.precision
    events.log(
        "note",
        f"training {workspace.identity['name']} from scratch would take most of the budget: "
        f"from scratch here means {small.identity['name']}, a small net of ours",
    )
    return found


MOVING_SHARE = 0.1
"""Of the budget: what one adapting fit of a pretrained backbone may take."""


def too_dear_to_move(workspace: Workspace, costs: Costs) -> bool:
    """Say whether adapting methods have to leave a pretrained backbone as it is."""
    situation = workspace.situation
    if not situation.pretrained or not (situation.source == "labelled" or situation.teacher):
        return False
    names = ("mcc", "source-only") if situation.source == "labelled" else ("distil",)
    seconds = sum(costs.fit(workspace, workspace.methods.plain(name), 1.0) for name in names)
    return seconds > MOVING_SHARE * workspace.config.budget_seconds


GROUPS = 10
"""Numbers count as so many classes, when it comes to how many labels are few."""


def make_portfolio(workspace: Workspace) -> Portfolio:
    """Return references and candidates for this run's setting."""
    side = workspace.target
    strata = type_of_target(side.labels).strata(side.labels, side.known)
    groups = len(np.unique(strata[side.known]))
    if not workspace.situation.target_type.class_scores:
        groups = max(GROUPS, len(workspace.classes))
    return portfolio(
        workspace.situation,
        labels_per_class=side.known.sum() / max(1, groups),
        wanted=workspace.config.candidates,
        on_features=workspace.on_features,
        columns=workspace.preprocessing.columnar,
        methods=workspace.methods,
    )


def can_cross_validate(workspace: Workspace) -> bool:
    """Say whether the target labels allow at least two folds."""
    return workspace.situation.target != "none" and possible_folds(workspace.target, 3) >= 2
