"""The fits of a run in order: the source, candidates, the choice, further seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..base.errors import TrainingError
from ..base.events import Events
from ..base.files import write_json
from ..selection.portfolio import TARGET_ALONE
from .compare import (
    NOTHING,
    Folds,
    by_validation,
    fallback,
    given,
    label_free,
    only_one,
    uncompared,
)
from .execute import Runner
from .fit import Fit, FitSpec
from .folds import learned_rows
from .records import read_going_on
from .stages import Clock
from .workspace import Workspace


@dataclass
class SelectionResult:
    """What the fits of a run gave.

    Attributes
    ----------
    choice : dict
        As ``choice.json``.
    seeds : tuple of int
        Of the verdict.
    fits : dict of {seed: Fit} by method
        The chosen method and the references that could be fitted, for every seed.
    reference : str or None
        What the outcome is measured against; None where it could not be fitted.
    folds : dict of float ndarray (repeats, n, classes) by method
        Out-of-fold logits of the labelled rows, where there was a cross-validation.
    """

    choice: dict[str, Any]
    seeds: tuple[int, ...]
    fits: dict[str, dict[int, Fit]]
    reference: str | None
    folds: Folds

    @property
    def chosen(self) -> str:
        """The method that was chosen."""
        return str(self.choice["method"])

    @property
    def compared(self) -> list[str]:
        """The chosen method and the references, as far as they were cross-validated."""
        names = [self.chosen, *(name for name in self.fits if name != self.chosen)]
        return [name for name in names if name in self.folds]


def race(
    workspace: Workspace, plan: dict[str, Any], clock: Clock, events: Events
) -> SelectionResult:
    """Run what the plan says. Nothing here can read a sealed label.

    Raises
    ------
    TrainingError
        Where the method that the user named, or all there is to choose from, fails.
    """
    with Runner(workspace, plan["jobs"], events) as runner:
        seeds = tuple(plan["seeds"])
        if _all_start_from_the_source(workspace, plan):
            with clock.stage("source", "training on the source"):
                runner.run([FitSpec("source-only", seed, "source") for seed in seeds])
        choice, folds = _choose(workspace, plan, clock, runner)
        events.say("choice", f"{choice['method']}: {choice['reason']}", method=choice["method"])
        fits = _all_seeds(workspace, plan, choice, clock, runner, events)
    reference = plan["reference"] if plan["reference"] in fits else None
    return SelectionResult(choice, seeds, fits, reference, folds)


def _all_start_from_the_source(workspace: Workspace, plan: dict[str, Any]) -> bool:
    """Say whether the source-only fits are worth making first, before others ask for them."""
    if workspace.situation.source != "labelled":
        return False
    names = [*plan["references"], *plan["candidates"], plan["given"]]
    return "source-only" in names or not workspace.situation.pretrained


def _choose(
    workspace: Workspace, plan: dict[str, Any], clock: Clock, runner: Runner
) -> tuple[dict[str, Any], Folds]:
    """Return the choice, the one on disk where there is one, and out-of-fold logits."""
    folds: Folds = {}
    if plan["given"]:
        choice = given(plan["given"])
    elif len(plan["candidates"]) == 1:
        choice = only_one(plan)
    elif plan["folds"]:
        with clock.stage("race", "comparing candidates by cross-validation"):
            choice, folds = by_validation(workspace, plan, runner)
    elif workspace.situation.target == "none" and not workspace.situation.target_type.class_scores:
        choice = uncompared(plan, workspace.situation.answers)
    elif workspace.situation.target == "none":
        with clock.stage("race", "comparing candidates without labels"):
            choice = label_free(workspace, plan, runner)
    else:
        learned = int(learned_rows(workspace.target).sum())
        choice = fallback(plan, workspace.situation.target_type, learned)
    file = workspace.path / "choice.json"
    if file.exists():
        return read_going_on(file), folds
    if len(plan["candidates"]) > 1 and set(plan["candidates"]) <= set(TARGET_ALONE):
        choice["reason"] = f"{NOTHING}. {choice['reason']}"
    choice["not_tried"] = plan["not_tried"]
    write_json(file, choice)
    return choice, folds


def _all_seeds(
    workspace: Workspace,
    plan: dict[str, Any],
    choice: dict[str, Any],
    clock: Clock,
    runner: Runner,
    events: Events,
) -> dict[str, dict[int, Fit]]:
    """Fit the chosen method and the references for every seed; write `choice` if it changes.

    A candidate that fails with a later seed is not dependable, so the next best takes its
    place. A reference that fails is left out, which the log and the choice say.
    """
    seeds = plan["seeds"]
    while True:
        chosen = choice["method"]
        options = workspace.config.method_options if chosen == plan["given"] else {}
        with clock.stage("seeds", f"{chosen} and its baselines over {_seeds(seeds)}"):
            own = [FitSpec(chosen, seed, "chosen", options) for seed in seeds]
            others = [
                FitSpec(name, seed, "baseline")
                for seed in seeds
                for name in plan["references"]
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
            _next_best(choice, failed[chosen], plan["references"])
            write_json(workspace.path / "choice.json", choice)
            events.say("choice", f"{choice['method']}: {choice['reason']}")
            continue
        fits = {name: by_seed for name, by_seed in fits.items() if name not in failed}
        why = [{"method": name, "why": error.found} for name, error in failed.items()]
        if any(row not in choice["not_tried"] for row in why):
            choice["not_tried"] = [r for r in choice["not_tried"] if r not in why] + why
            write_json(workspace.path / "choice.json", choice)
        return fits


def _next_best(choice: dict[str, Any], error: TrainingError, references: list[str]) -> None:
    """Put the next best candidate in the place of the chosen one, which failed."""
    failed = choice["method"]
    for row in choice["candidates"]:
        if row["method"] == failed:
            row |= {"gated": error.found, "rank": None}
    left = [row for row in choice["candidates"] if row["rank"] is not None]
    if not left:
        raise error
    choice["method"] = min(left, key=lambda row: row["rank"])["method"]
    choice["kept_reference"] = choice["method"] in references
    choice["reason"] += (
        f" {failed} then failed with a further seed ({error.found}), so the next best was taken: "
        f"{choice['method']}."
    )


def _seeds(seeds: Sequence[int]) -> str:
    return f"{len(seeds)} seed{'s' if len(seeds) > 1 else ''}"
