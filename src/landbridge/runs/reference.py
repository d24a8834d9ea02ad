"""Which baseline the outcome is about: the best of those that adapt nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from ..selection.portfolio import TARGET_ALONE
from ..selection.records import Choice
from .context import FitContext
from .cross_validation import cross_validate
from .execute import Runner
from .fit import Fit
from .records import Plan

TREES = ("forest",)
TREES_BETTER = 1.96
"""Standard errors. Of 38 pairs of tables trees took the probe's place in six with this bound, and
gained one to eleven points on the target; with 1.64 in seven, and lost six in one."""
UNCOMPARED = ("source-only", "probe", "scratch", "boosted-trees")
"""The baselines from the strongest to the weakest where labels are too few to compare them."""


def by_source_validation(
    context: FitContext, plan: Plan, fits: Mapping[str, Fit]
) -> tuple[str, str]:
    """Return the baseline that is best on source rows which it did not learn from, and why.

    Within a standard error of the best the closed form is taken: it has nothing to tune, and
    where features stand still a head by gradient is the same model, fitted less well. Trees have
    to be better by two standard errors: what they gain on the source they may lose on a target
    that lies elsewhere.

    Parameters
    ----------
    context : FitContext
    plan : Plan
    fits : mapping of Fit
        Of the baselines, by method.
    """
    names = [name for name in plan.references if name in fits]
    first = plan.reference if plan.reference in names else (names[0] if names else "")
    source, held = context.data.source, context.data.validation
    if len(names) < 2 or source is None or not held.any():
        return first or "", ""
    reading = context.data.reading
    metric, truth = reading.target_type.metric, reading.decode(source.labels[held])
    scores = {
        name: metric.score(reading.transform(fits[name].output("validation")[None]), truth)[0]
        for name in names
        if fits[name].has("validation")
    }
    if len(scores) < 2:
        return first or "", ""
    others = [name for name in scores if name not in TREES]
    chosen = max(others, key=lambda name: float(scores[name].mean()))
    if "probe" in scores and not _better(scores[chosen], scores["probe"], 1.0):
        chosen = "probe"
    for name in TREES:
        if name in scores and _better(scores[name], scores[chosen], TREES_BETTER):
            chosen = name
    best = max(scores, key=lambda name: float(scores[name].mean()))
    shown = ", ".join(
        f"{name} {metric.format(metric.figure(float(own.mean())))}" for name, own in scores.items()
    )
    how = "the best" if chosen == best else "as good as the best within chance, and simpler"
    return chosen, f"on {int(held.sum()):,} source rows kept apart {chosen} is {how} ({shown})"


def _better(one: np.ndarray, other: np.ndarray, errors: float) -> bool:
    """Say whether scores of the same rows are better by so many standard errors."""
    gap = one.astype(float) - other.astype(float)
    error = gap.std(ddof=1 if len(gap) > 1 else 0) / np.sqrt(len(gap))
    return bool(gap.mean() > errors * error + 1e-9)


def rivals(references: Sequence[str], method: str) -> list[str]:
    """Return the baselines that a method is compared with.

    One that is a baseline and transfers something is compared with those that transfer nothing.
    """
    if method in TARGET_ALONE:
        return []
    names = [name for name in references if name != method]
    if method in references:
        names = [name for name in names if name in TARGET_ALONE] or names
    return names


def by_comparison(plan: Plan, choice: Choice, fitted: Collection[str]) -> tuple[str, str]:
    """Return the baseline that did best in the cross-validation on target labels, and why.

    The chosen method is compared with others, unless it is one that transfers nothing.
    """
    if choice.method in TARGET_ALONE:
        return choice.method, ""
    ranks = {row.method: row.rank for row in choice.candidates if row.rank is not None}
    names = [name for name in rivals(plan.references, choice.method) if name in fitted]
    compared = [name for name in names if name in ranks]
    if len(compared) >= 2:
        best = min(compared, key=lambda name: ranks[name])
        return best, f"of {', '.join(compared)} it did best in the cross-validation"
    first = next((name for name in UNCOMPARED if name in names), "")
    if len(names) < 2:
        return first, ""
    others = " and ".join(name for name in names if name != first)
    return first, f"it was not compared with {others}, and with few target labels it does best"


def by_baselines(context: FitContext, plan: Plan, runner: Runner) -> tuple[str, str]:
    """Return the baseline that a named method is compared with, and why: the best of them.

    By cross-validation on the target's labels; "" where these, or the budget, allow none.
    """
    names = rivals(plan.references, plan.given or "")
    if not plan.folds or len(names) < 2:
        return "", ""
    found = cross_validate(context, plan, names, runner)
    if len(found.scores) < 2:
        return "", ""
    means = {name: float(score.mean()) for name, score in found.scores.items()}
    best = max(means, key=lambda name: means[name])
    shown = ", ".join(
        f"{name} {found.metric.format(found.metric.figure(mean))}" for name, mean in means.items()
    )
    rows = next(iter(found.scores.values())).shape[1]
    return best, f"it did best in cross-validation on {rows:,} target labels ({shown})"
