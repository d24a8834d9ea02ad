"""The plan of a run: what is fitted, with how many seeds and steps, and what it should take."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..base.events import Events
from ..domains.task import Task
from ..methods.core.feature import FeatureMethod
from ..methods.core.resolve import named_epochs, warnings_of
from ..selection.budget import allot
from ..selection.conditions import CONDITIONS
from ..selection.portfolio import Portfolio, portfolio
from ..selection.records import PlannedFit
from ..targets.registry import type_of_target
from ..training.devices import find_device
from ..training.probe import PROBE_SHARE
from .context import SHORTENED_FIRST, FitContext
from .costs import (
    OVERHEAD,
    SOURCE_ONLY,
    Costs,
    amounts,
    check_method,
    measure,
    needs_source_fit,
    parallel,
)
from .estimates import cpu_seconds, fits_seconds, peak_mb
from .folds import lone_rows, possible_folds
from .records import Plan
from .reference import rivals
from .standing_features import warning_of


def make_plan(task: Task, context: FitContext, events: Events) -> tuple[Plan, FitContext]:
    """Measure for a moment and allot the budget; return the plan, and the context settled by it."""
    config = context.config
    given = None if config.method == "auto" else config.method
    if given is not None:
        check_method(given, context)
        for warning in warnings_of(context.methods[given]):
            events.log("note", f"{given} may hurt {warning}")
    jobs, threads = parallel(context)
    context = context.settled(device=find_device(config.training.device), threads=threads)
    costs = measure(context, events)
    context = context.settled(precision=costs.precision)
    context = replace(
        context, settings=replace(context.settings, frozen=too_dear_to_move(context, costs))
    )
    if context.settings.frozen:
        events.log(
            "note",
            "moving the whole backbone would take most of the budget: methods that adapt train "
            "only the head, on features computed once",
        )
    if given is not None and (said := warning_of(context.methods[given], context)):
        events.log("warning", said)
    found = make_portfolio(context)
    cross_validate = can_cross_validate(context)
    lone = lone_rows(context.data.target)
    if cross_validate and lone and given is None:
        what = "1 class has" if lone == 1 else f"{lone:,} classes have"
        events.log(
            "note",
            f"{what} a single target label: it is learned from in every fold, and methods are "
            "compared on the other classes",
        )
    context, costs, fallback_costs = _fallback_costs(context, costs, events)

    def cost(name: str, scale: float) -> float:
        place = context.for_method(name)
        return (costs if place is context else fallback_costs).fit(
            place, place.methods[name], scale
        )

    def steps(name: str, scale: float) -> int:
        method = context.methods[name]
        if isinstance(method, FeatureMethod):
            return 0
        return method.plan(context.for_method(name).plan_context()).scaled(scale).steps

    compared = rivals(found.references, given or "")
    bought = allot(
        references=found.references,
        candidates=found.candidates,
        given=given,
        cost=cost,
        steps=steps,
        budget=config.budget_seconds,
        overhead=OVERHEAD + costs.row.probe_work_s + costs.features(context),
        jobs=jobs,
        seeds=config.seeds,
        first_seed=config.seed,
        cross_validate=cross_validate,
        keep=config.candidates is not None,
        compared=compared if given is not None and len(compared) > 1 else (),
        shorten=[n for n in SHORTENED_FIRST if n in found.references and n != given],
    )
    named = config.candidates or ()
    for row in found.not_tried:
        if row.method in named:
            events.log(
                "warning", f"{row.method} was named as a candidate and is left out: {row.why}"
            )
    context = context.settled(scale=bought.scale, scratch_scale=bought.first_scale)
    shortened = {
        row.method: said
        for row in bought.fits
        if row.method in SHORTENED_FIRST and (said := _shortened(row, steps(row.method, 1.0)))
    }
    for name, said in shortened.items():
        events.log("note", f"{name}: {said}")
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
            f"{config.budget_seconds:.0f} s: the run will take longer{_kept(context)}",
        )
    begins = needs_source_fit(context, [row.method for row in bought.fits])
    there = amounts(context, costs, fallback_costs, bought.fits, jobs)
    work = cpu_seconds(
        there,
        fits_seconds(
            bought.fits,
            folds=bought.folds,
            repeats=bought.repeats,
            again=sum(row.seconds for row in bought.fits if row.method == SOURCE_ONLY),
        )
        + (len(bought.seeds) * cost(SOURCE_ONLY, bought.scale) if begins else 0.0),
        costs.features(context),
        trained=begins or any(row.steps for row in bought.fits),
    )
    identity = context.backbone.identity
    knows = "pretrained" if identity.pretrained else "starts at random"
    plan = Plan(
        setting=task.sentence(),
        match=task.match.sentence(),
        backbone=identity.name,
        backbone_reason=f"{knows}, {identity.origin}",
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
        threads=context.settings.threads,
        precision=context.settings.precision,
        precision_reason=costs.precision_reason,
        device=context.settings.device,
        frozen=context.settings.frozen,
        fits=tuple(
            _with_why(row, found, context, shortened.get(row.method, "")) for row in bought.fits
        ),
        not_tried=(*(found.not_tried if given is None else ()), *bought.not_tried),
        seconds=round(bought.seconds, 1),
        cpu_s=round(work, 1),
        memory_mb=round(peak_mb(there)),
        budget_s=config.budget_seconds,
        probe_s=round(costs.row.probe_s, 2),
        forward_s=float(f"{costs.row.forward:.3g}"),
    )
    return plan, context


def _shortened(fit: PlannedFit, usual: int) -> str:
    """Say that a baseline is trained for less than it would be, "" where it is not."""
    if fit.steps >= usual:
        return ""
    return (
        f"{fit.steps:,} steps in place of {usual:,}, as the budget is short and candidates are "
        "left out last; a longer --budget makes it a stronger baseline"
    )


def _with_why(
    fit: PlannedFit, found: Portfolio, context: FitContext, shortened: str = ""
) -> PlannedFit:
    if fit.method == "scratch" and context.fallback is not None:
        why = "what the outcome is measured against, as a small net of our own"
    elif fit.method == found.reference and len(found.references) == 1:
        why = "what the outcome is measured against"
    else:
        why = context.methods[fit.method].summary
        if fit.role == "baseline" and len(found.references) > 1:
            why = f"{why}; the best baseline is what the outcome is measured against"
        condition = CONDITIONS.get(fit.method)
        if condition and fit.role == "candidate" and context.data.situation.target == "none":
            why = f"{condition.when}: {why}"
    return replace(fit, why=f"{why}; {shortened}" if shortened else why)


def _kept(context: FitContext) -> str:
    """Say which of what was named the budget did not shorten."""
    config = context.config
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
        epochs = named_epochs(context.methods[config.method])
        named += [f"{key} = {value:g}" for key, value in epochs.items()]
    if config.candidates:
        named.append(f"candidates = {', '.join(config.candidates)}")
    return f" ({' and '.join(named)}: kept as named)" if named else ""


SCRATCH_SHARE = 0.05
"""Of the budget: what one fit from scratch may take."""


def _fallback_costs(
    context: FitContext, costs: Costs, events: Events
) -> tuple[FitContext, Costs, Costs]:
    """Measure the small net, if training from scratch is to use it; else forget it.

    Returns the context, what its fits cost, and what the small net's do.
    """
    fallback = context.fallback
    if fallback is None:
        return context, costs, costs
    seconds = costs.fit(context, context.methods.plain("scratch"), 1.0)
    dear = seconds > SCRATCH_SHARE * context.config.budget_seconds
    if context.config.method == "scratch" or not dear:
        return replace(context, fallback=None), costs, costs
    found = measure(fallback, events)
    own, more = costs.row, found.row
    row = replace(
        own,
        probe_s=own.probe_s + more.probe_s,
        probe_work_s=own.probe_work_s + more.probe_work_s,
    )
    fallback = replace(fallback, settings=replace(fallback.settings, precision=found.precision))
    events.log(
        "note",
        f"training {context.backbone.identity.name} from scratch would take most of the budget: "
        f"from scratch here means {fallback.backbone.identity.name}, a small net of ours",
    )
    return replace(context, fallback=fallback), replace(costs, row=row), found


MOVING_SHARE = 0.1
"""Of the budget: what one adapting fit of a pretrained backbone may take."""


def too_dear_to_move(context: FitContext, costs: Costs) -> bool:
    """Say whether adapting methods have to leave a pretrained backbone as it is."""
    situation = context.data.situation
    if not situation.pretrained or not (situation.source == "labelled" or situation.teacher):
        return False
    names = ("mcc", "source-only") if situation.source == "labelled" else ("distil",)
    seconds = sum(costs.fit(context, context.methods.plain(name), 1.0) for name in names)
    return seconds > MOVING_SHARE * context.config.budget_seconds


GROUPS = 10
"""Numbers count as so many classes, when it comes to how many labels are few."""


def make_portfolio(context: FitContext) -> Portfolio:
    """Return references and candidates for this run's setting."""
    side = context.data.target
    strata = type_of_target(side.labels).strata(side.labels, side.labeled_mask)
    groups = len(np.unique(strata[side.labeled_mask]))
    if not context.data.situation.target_type.class_scores:
        groups = max(GROUPS, len(context.data.classes))
    return portfolio(
        context.data.situation,
        labels_per_class=side.labeled_mask.sum() / max(1, groups),
        wanted=context.config.candidates,
        on_features=context.backbone.on_features,
        still=context.settings.frozen,
        columns=context.backbone.preprocessing.columnar,
        methods=context.methods,
    )


def can_cross_validate(context: FitContext) -> bool:
    """Say whether the target labels allow at least two folds."""
    return context.data.situation.target != "none" and possible_folds(context.data.target, 3) >= 2
