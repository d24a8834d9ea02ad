"""Which baseline the outcome is about: the best of those that adapt nothing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..base.formatting import percent
from ..selection.portfolio import TARGET_ALONE
from ..selection.records import Choice
from .context import FitContext
from .fit import Fit
from .records import Plan


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


def by_comparison(plan: Plan, choice: Choice, fitted: Mapping[str, object]) -> tuple[str, str]:
    """Return the baseline that did best in the cross-validation on target labels, and why.

    The chosen method is compared with others, unless it is one that transfers nothing.
    """
    if choice.method in TARGET_ALONE:
        return choice.method, ""
    names = [name for name in plan.references if name in fitted and name != choice.method]
    if choice.method in plan.references:  # a transfer of its own: against what transfers nothing
        names = [name for name in names if name in TARGET_ALONE] or names
    ranks = {row.method: row.rank for row in choice.candidates if row.rank is not None}
    compared = [name for name in names if name in ranks]
    if len(compared) < 2:
        return (plan.reference or "") if plan.reference in fitted else "", ""
    best = min(compared, key=lambda name: ranks[name])
    return best, f"of {', '.join(compared)} it did best in the cross-validation"
