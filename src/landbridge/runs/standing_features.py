"""A named method that moves features, where features stand still."""

from __future__ import annotations

from ..methods.core.feature import FeatureMethod
from ..methods.core.resolve import Method
from ..objectives.base import TERMS
from .context import FitContext

INSTEAD = "consensus, linear-mcc, coral and other methods on features adapt here"


def idle_terms(method: Method, context: FitContext) -> tuple[list[str], bool]:
    """Return terms that can teach the head nothing as features stand still, and if all are so.

    Parameters
    ----------
    method : Method
    context : FitContext
        As the plan settles it.
    """
    if isinstance(method, FeatureMethod):
        return [], False
    phases = method.plan(context.plan_context()).phases
    still = context.backbone.on_features
    own = [(phase, TERMS.get(term.name)) for phase in phases for term in phase.terms]
    own = [(phase, kind) for phase, kind in own if still or phase.trainable == "head"]
    idle = [
        kind.name
        for phase, kind in own
        if kind.through_features or (kind.perturbs_inputs and (still or phase.on_stored))
    ]
    return idle, len(idle) == len(own)


def warning_of(method: Method, context: FitContext) -> str:
    """Say that a method, or terms of it, move features where these stand still; "" where not.

    Such a term has no gradient in the head: it would only be trained for longer.
    """
    idle, all_of_it = idle_terms(method, context)
    if not idle:
        return ""
    names = " and ".join(idle)
    they = f"{names} {'teach' if len(idle) > 1 else 'teaches'}"
    does = f"{method.name} only trains the head for longer" if all_of_it else "leave it out"
    why = "rows are features already" if context.backbone.on_features else "the backbone is frozen"
    more = "" if context.backbone.on_features else ", and a longer --budget lets the backbone move"
    how, instead = "by moving features, which stand still here", f" {INSTEAD}"
    if all(TERMS.get(name).perturbs_inputs for name in idle):
        how, instead = "by changing inputs, and features are computed once here", ""
    return f"{they} {how} ({why}): {does}.{instead}{more}"
