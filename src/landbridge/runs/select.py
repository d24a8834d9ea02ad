"""The fits of a run in order: the source, candidates, the choice, further seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..base.errors import TrainingError
from ..base.events import Events
from ..base.files import write_json
from ..selection.fallback import NOTHING, fallback, given, only_one, uncompared
from ..selection.portfolio import TARGET_ALONE
from ..selection.records import Choice, NotTried
from .compare import by_validation, groups_of, label_free
from .context import FitContext
from .cross_validation import Folds
from .execute import Runner
from .fit import Fit, FitSpec
from .folds import learned_rows
from .records import Plan, read_going_on
from .reference import by_baselines, by_comparison, by_source_validation
from .stages import Clock


@dataclass
class SelectionResult:
    """What the fits of a run gave.

    Attributes
    ----------
    choice : Choice
    seeds : tuple of int
        Of the verdict.
    fits : dict of {seed: Fit} by method
        The chosen method and the references that could be fitted, for every seed.
    reference : str or None
        What the outcome is measured against; None where it could not be fitted.
    folds : dict of float ndarray (repeats, n, classes) by method
        Out-of-fold logits of the labelled rows, where there was a cross-validation.
    """

    choice: Choice
    seeds: tuple[int, ...]
    fits: dict[str, dict[int, Fit]]
    reference: str | None
    folds: Folds

    @property
    def chosen(self) -> str:
        """The method that was chosen."""
        return self.choice.method

    @property
    def compared(self) -> list[str]:
        """The chosen method and the references, as far as they were cross-validated."""
        names = [self.chosen, *(name for name in self.fits if name != self.chosen)]
        return [name for name in names if name in self.folds]


def select(context: FitContext, plan: Plan, clock: Clock, events: Events) -> SelectionResult:
    """Run what the plan says. Nothing here can read a sealed label.

    Raises
    ------
    TrainingError
        Where the method that the user named, or all there is to choose from, fails.
    """
    with Runner(context, plan.jobs, events) as runner:
        if _all_start_from_the_source(context, plan):
            with clock.stage("source", "training on the source"):
                runner.run([FitSpec("source-only", seed, "source") for seed in plan.seeds])
        choice, folds = _choose(context, plan, clock, runner)
        events.log("choice", f"{choice.method}: {choice.reason}", method=choice.method)
        choice, fits = _all_seeds(context, plan, choice, clock, runner, events)
    choice = _with_reference(context, plan, choice, fits, events)
    reference = choice.reference if choice.reference in fits else None
    return SelectionResult(choice, plan.seeds, fits, reference, folds)


def _with_reference(
    context: FitContext,
    plan: Plan,
    choice: Choice,
    fits: Mapping[str, Mapping[int, Fit]],
    events: Events,
) -> Choice:
    """Return the choice with the baseline that the outcome is about; no target label is asked
    that the run may not learn from."""
    if choice.reference in fits:
        return choice
    if context.data.situation.target == "none":
        first = {name: by_seed[plan.seeds[0]] for name, by_seed in fits.items()}
        name, why = by_source_validation(context, plan, first)
    else:
        name, why = by_comparison(plan, choice, fits)
    choice = replace(choice, reference=name, reference_reason=why)
    write_json(context.path / "choice.json", choice.to_json())
    if why:
        events.log("choice", f"compared with {name}: {why}", reference=name)
    return choice


def _all_start_from_the_source(context: FitContext, plan: Plan) -> bool:
    """Say whether the source-only fits are worth making first, before others ask for them."""
    if context.data.situation.source != "labelled":
        return False
    names = [*plan.references, *plan.candidates, plan.given]
    return "source-only" in names or not context.data.situation.pretrained


def _choose(context: FitContext, plan: Plan, clock: Clock, runner: Runner) -> tuple[Choice, Folds]:
    """Return the choice, the one on disk where there is one, and out-of-fold logits."""
    folds: Folds = {}
    kind = context.data.situation.target_type
    if plan.given:
        choice = given(plan.given)
        if plan.folds:
            with clock.stage("race", "comparing baselines by cross-validation"):
                name, why = by_baselines(context, plan, runner)
            choice = replace(choice, reference=name, reference_reason=why)
    elif len(plan.candidates) == 1:
        choice = only_one(plan.candidates[0], plan.references, plan.not_tried)
    elif plan.folds:
        with clock.stage("race", "comparing candidates by cross-validation"):
            choice, folds = by_validation(context, plan, runner)
    elif context.data.situation.target == "none" and not kind.class_scores:
        specs = [FitSpec(name, plan.seeds[0], "baseline") for name in plan.references]
        done = runner.run(specs, tolerate=True)
        fits = {s.method: f for s in specs if isinstance(f := done[s.id], Fit)}
        name, why = by_source_validation(context, plan, fits)
        choice = uncompared(name or plan.reference or plan.candidates[0], kind)
        choice = replace(choice, reference=name, reference_reason=why)
    elif context.data.situation.target == "none":
        with clock.stage("race", "comparing candidates without labels"):
            choice = label_free(context, plan, runner)
    else:
        learned = int(learned_rows(context.data.target).sum())
        clusters, out = groups_of(context, plan, runner.events)
        names = [name for name in plan.candidates if name not in out]
        choice = fallback(names, plan.references, kind, learned, clusters.found)
        choice = replace(choice, not_tried=tuple(NotTried(n, why) for n, why in out.items()))
    file = context.path / "choice.json"
    if file.exists():
        return Choice.from_json(read_going_on(file)), folds
    if len(plan.candidates) > 1 and set(plan.candidates) <= set(TARGET_ALONE):
        choice = replace(choice, reason=f"{NOTHING}. {choice.reason}")
    choice = replace(choice, not_tried=(*plan.not_tried, *choice.not_tried))
    write_json(file, choice.to_json())
    return choice, folds


def _all_seeds(
    context: FitContext,
    plan: Plan,
    choice: Choice,
    clock: Clock,
    runner: Runner,
    events: Events,
) -> tuple[Choice, dict[str, dict[int, Fit]]]:
    """Fit the chosen method and the references for every seed; write the choice if it changes.

    A candidate that fails with a later seed is not dependable, so the next best takes its
    place. A reference that fails is left out, which the log and the choice say.
    """
    seeds, file = plan.seeds, context.path / "choice.json"
    while True:
        chosen = choice.method
        with clock.stage("seeds", f"{chosen} and its baselines over {_seeds(seeds)}"):
            own = [FitSpec(chosen, seed, "chosen") for seed in seeds]
            others = [
                FitSpec(name, seed, "baseline")
                for seed in seeds
                for name in plan.references
                if name != chosen
            ]
            done = runner.run([*own, *others], tolerate=True)
        failed: dict[str, TrainingError] = {}
        fits: dict[str, dict[int, Fit]] = {}
        for spec in [*own, *others]:
            found = done[spec.id]
            if isinstance(found, TrainingError):
                failed.setdefault(spec.method, found)
            else:
                fits.setdefault(spec.method, {})[spec.seed] = found
        if chosen in failed:
            left = choice.failed(failed[chosen].message, plan.references)
            if left is None:
                raise failed[chosen]
            choice = left
            write_json(file, choice.to_json())
            events.log("choice", f"{choice.method}: {choice.reason}")
            continue
        fits = {name: by_seed for name, by_seed in fits.items() if name not in failed}
        why = tuple(NotTried(name, error.message) for name, error in failed.items())
        if any(row not in choice.not_tried for row in why):
            before = (row for row in choice.not_tried if row not in why)
            choice = replace(choice, not_tried=(*before, *why))
            write_json(file, choice.to_json())
        return choice, fits


def _seeds(seeds: Sequence[int]) -> str:
    return f"{len(seeds)} seed{'s' if len(seeds) > 1 else ''}"
