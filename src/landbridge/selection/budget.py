"""From a budget to a list of fits: what is left out is said, and the plan is then kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .records import NotTried, PlannedFit

FOLDS = 3
SHORTEST = 0.25
CHEAP = 0.02
"""Of the budget: a candidate that takes no more, all its folds together, is never left out."""


@dataclass
class BudgetPlan:
    """What the budget allows.

    Attributes
    ----------
    seeds : tuple of int
        Of the verdict's fits.
    seeds_note : str
        Why there are fewer than three, "" otherwise.
    candidates : tuple of str
        What races, references included.
    folds, repeats : int
        Of cross-validation; 0 where there is none.
    scale : float
        Factor on the steps of every network fit.
    first_scale : float
        The same for what is shortened before anything is left out.
    seconds : float
        Estimated wall-clock time.
    not_tried : list of NotTried
    fits : list of PlannedFit
        One per method.
    """

    seeds: tuple[int, ...]
    seeds_note: str
    candidates: tuple[str, ...]
    folds: int
    repeats: int
    scale: float
    first_scale: float
    seconds: float
    not_tried: list[NotTried] = field(default_factory=list)
    fits: list[PlannedFit] = field(default_factory=list)


def allot(
    *,
    references: Sequence[str],
    candidates: Sequence[str],
    given: str | None,
    cost: Callable[[str, float], float],
    steps: Callable[[str, float], int],
    budget: float,
    overhead: float,
    jobs: int,
    seeds: int | None,
    first_seed: int,
    cross_validate: bool,
    keep: bool = False,
    shorten: Sequence[str] = (),
    compared: Sequence[str] = (),
) -> BudgetPlan:
    """Fit a list of methods into a budget.

    Steps of preference: three seeds and every candidate; then shorter training of what
    `shorten` names, down to a quarter; then fewer candidates, the dearest ones left out first
    and among their like those of low priority, but none that is cheap, as leaving it out saves
    nothing; then two seeds; then no comparison of baselines, where a method is named; then
    shorter training of all, down to a quarter; then whatever that takes, and say so.

    Parameters
    ----------
    references, candidates : sequence of str
        In order of priority.
    given : str or None
        The method where the user has named one: nothing races then.
    cost : callable (method, scale) -> seconds
        Estimated time of one fit.
    steps : callable (method, scale) -> int
        Steps of one fit; those that the user named are the same at any scale.
    budget, overhead : float
        Seconds; `overhead` is what reading, features and the report take.
    jobs : int
        Fits that run at once.
    seeds : int or None
        As the user wishes; None: three, or two where that is needed.
    cross_validate : bool
        Whether candidates are compared by cross-validation on target labels.
    keep : bool
        Whether the user has named the candidates: then none is left out.
    shorten : sequence of str
        Baselines that are dear and are shortened before any candidate is left out.
    compared : sequence of str
        Baselines among which a cross-validation chooses where the user has named the method.
    """
    first_scale = 1.0

    def scale_of(name: str, scale: float) -> float:
        return min(scale, first_scale) if name in shorten else scale

    def cost_at(name: str, scale: float) -> float:
        return cost(name, scale_of(name, scale))

    def total(names: Sequence[str], n_seeds: int, scale: float, folds: int) -> float:
        race = sum(cost_at(n, scale) for n in names) * max(1, folds)
        if given:
            race = sum(cost_at(n, scale) for n in compared) * folds
            final = (cost_at(given, scale) + sum(cost_at(r, scale) for r in references)) * n_seeds
        else:
            dearest = max((cost_at(n, scale) for n in names), default=0.0)
            again = n_seeds - (0 if cross_validate else 1)
            final = dearest * max(0, again) + sum(cost_at(r, scale) for r in references) * n_seeds
        return overhead + (race + final) / jobs

    folds = FOLDS if cross_validate and (compared or not given) else 0
    wishes = [seeds] if seeds is not None else [3, 2]
    names = [*references, *[c for c in candidates if c not in references]]
    dropped: list[str] = []
    n_seeds, scale = wishes[0], 1.0
    keep_at_least = len(names) if keep else len(references) + min(2, len(candidates))

    def saves(names: Sequence[str], scale: float) -> bool:
        dearest = max((cost_at(name, scale) for name in names), default=0.0)
        return dearest * max(1, folds) / jobs > CHEAP * budget

    while total(names, n_seeds, scale, folds) > budget:
        if first_scale > SHORTEST and saves(shorten, scale):
            first_scale = max(SHORTEST, first_scale * 0.8)
        elif not given and len(names) > keep_at_least and saves(names[len(references) :], scale):
            dropped.append(names.pop(_dearest(names, len(references), cost_at, scale)))
        elif n_seeds > wishes[-1]:
            n_seeds = wishes[-1]
        elif given and folds:
            folds = 0
        elif scale > SHORTEST:
            scale = max(SHORTEST, scale * 0.8)
        elif (
            not given
            and not keep
            and len(names) > max(1, len(references))
            and saves(names[len(references) :], scale)
        ):  # something has to be left
            dropped.append(names.pop(_dearest(names, len(references), cost_at, scale)))
        else:
            break
    while first_scale < scale:  # what was left out all the same has made room
        shorter, first_scale = first_scale, min(scale, first_scale / 0.8)
        if total(names, n_seeds, scale, folds) > budget:
            first_scale = shorter
            break
    seconds = total(names, n_seeds, scale, folds)
    note = ""
    if n_seeds < 3:
        asked = "as asked" if seeds is not None else "the budget allows no more"
        note = f"{n_seeds} seed{'s' if n_seeds > 1 else ''}: {asked}"
    plan = BudgetPlan(
        seeds=tuple(range(first_seed, first_seed + n_seeds)),
        seeds_note=note,
        candidates=() if given else tuple(names),
        folds=folds,
        repeats=1 if folds else 0,
        scale=round(scale, 4),
        first_scale=round(min(scale, first_scale), 4),
        seconds=seconds,
        not_tried=[NotTried(name, "the budget is too short") for name in dropped],
    )
    while folds and not given and plan.repeats < 3:
        more = sum(cost_at(n, scale) for n in names) * folds / jobs
        if plan.seconds + more > budget * 0.9:
            break
        plan.repeats, plan.seconds = plan.repeats + 1, plan.seconds + more
    for name in [
        *references,
        *([given] if given and given not in references else []),
        *[n for n in names if n not in references and not given],
    ]:
        role = "baseline" if name in references else "chosen" if given else "candidate"
        own = plan.seeds if role != "candidate" else (first_seed,)
        seconds = round(cost_at(name, scale), 2)
        plan.fits.append(PlannedFit(name, role, own, steps(name, scale_of(name, scale)), seconds))
    return plan


def _dearest(
    names: Sequence[str], first: int, cost: Callable[[str, float], float], scale: float
) -> int:
    """Return which to leave out: the last of those that cost about as much as the dearest."""
    most = max(cost(name, scale) for name in names[first:])
    return max(i for i in range(first, len(names)) if cost(names[i], scale) >= most / 2)
