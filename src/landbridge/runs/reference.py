"""Which baseline the outcome is about: the best of those that adapt nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from ..base.formatting import percent
from ..selection.portfolio import TARGET_ALONE
from ..selection.records import Choice
from .context import FitContext
from .cross_validation import cross_validate
from .execute import Runner
from .fit import Fit
from .records import Plan

UNCOMPARED = ("source-only", "probe", "scratch", "boosted-trees")
"""The baselines from the strongest to the weakest where labels are too few to compare them."""


def by_source_validation(
    context: FitContext, plan: Plan, fits: Mapping[str, Fit]
) -> tuple[str, str]:
    """Return the baseline that is best on source rows which it did not learn from, and why.

    Within a standard error of the best the closed form is taken: it has nothing to tune, and
    where features stand still a head by gradient is the same model, fitted less well.

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
    kind = context.data.situation.target_type
    if len(names) < 2 or source is None or not held.any() or not kind.exclusive:
        return first or "", ""
    truth = source.labels[held]
    hits = {
        name: fits[name].output("validation").argmax(1) == truth
        for name in names
        if fits[name].has("validation")
    }
    if len(hits) < 2:
        return first or "", ""
    best = max(hits, key=lambda name: float(hits[name].mean()))
    chosen = best
    if "probe" in hits and best != "probe":
        gap = hits[best].astype(float) - hits["probe"].astype(float)
        if gap.mean() <= gap.std(ddof=1 if len(gap) > 1 else 0) / np.sqrt(len(gap)) + 1e-9:
            chosen = "probe"
    shown = ", ".join(f"{name} {percent(float(hit.mean()))}" for name, hit in hits.items())
    how = "the best" if chosen == best else "as good as the best, and nothing in it is tuned"
    return chosen, f"on {len(truth):,} source rows kept apart {chosen} is {how} ({shown})"


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
