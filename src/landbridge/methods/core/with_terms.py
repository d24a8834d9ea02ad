"""A method that trains a network, with terms beside what it learns from: finetune+trades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...training.plan import Phase, TermSpec, TrainingPlan
from .network import NetworkMethod, PlanContext
from .terms import check_terms, named_terms


class WithTerms(NetworkMethod):
    """What `method` does, with more terms in every phase that runs the network on its inputs.

    Examples
    --------
    >>> from landbridge.methods.core.resolve import make_method
    >>> method = make_method("lp-ft+trades", {"terms": {"trades": 3.0}})
    >>> [[term.name for term in phase.terms] for phase in method.plan(
    ...     PlanContext(n_classes=2, n_labelled=50)).phases]
    [[], ['trades']]
    """

    @dataclass(frozen=True)
    class Config:
        """Options of `WithTerms`.

        Attributes
        ----------
        terms : mapping of str to float
            Weight of each.
        options : mapping of str to dict
            Of each term, and of the method, by their names.
        """

        terms: Mapping[str, float] = field(default_factory=dict)
        options: Mapping[str, dict] = field(default_factory=dict)

    def __init__(self, method: NetworkMethod, config: Config) -> None:
        super().__init__(config)
        self.method = method
        self.soup, self.family = method.soup, method.family  # type: ignore[misc]
        kinds = check_terms(config, method.name, method.name)
        views = frozenset().union(*(kind.views for kind in kinds))
        needs = method.needs
        if "source" in views:
            needs = replace(needs, source="labelled")
        if views & {"target", "strong"} and needs.target in ("none", "any"):
            needs = replace(needs, target="unlabelled")
        self.needs = replace(  # type: ignore[misc]
            needs,
            signal=needs.signal or any(kind.perturbs_inputs for kind in kinds),
            target_types=needs.target_types.intersection(*(kind.target_types for kind in kinds)),
        )

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Return the method's plan with the terms in it."""
        return self._joined(self.method.plan(context))

    def variants(self, context: PlanContext) -> Mapping[str, TrainingPlan]:
        """Return the method's plans with the terms in them."""
        plans = self.method.variants(context)
        return {name: self._joined(plan) for name, plan in plans.items()}

    def _joined(self, plan: TrainingPlan) -> TrainingPlan:
        moving = [not phase.on_stored for phase in plan.phases]
        if not any(moving):  # all the same: the run says that they teach nothing there
            moving = [True] * len(moving)
        phases = (
            self._with(phase) if moves else phase
            for phase, moves in zip(plan.phases, moving, strict=True)
        )
        return replace(plan, phases=tuple(phases))

    def terms(self) -> tuple[TermSpec, ...]:
        """Return the terms that join in."""
        return named_terms(self.config)

    def _with(self, phase: Phase) -> Phase:
        return replace(phase, terms=(*phase.terms, *self.terms()))
