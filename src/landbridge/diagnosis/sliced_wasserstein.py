"""Sliced Wasserstein distance: how far rows would have to move."""

from __future__ import annotations

from ..solvers.two_sample.sliced_wasserstein import sliced_wasserstein_test
from .base import DIAGNOSES, LEVEL, Check, Finding, Severity, graded
from .pair import DomainPair

ROWS = 500


@DIAGNOSES.register("sliced-wasserstein")
class SlicedWassersteinCheck(Check):
    """The mean over random directions of the distance in one dimension."""

    title = "Sliced Wasserstein"
    summary = "how far rows must move along a random direction, in standard deviations"
    paper = "Bonneel et al., 2015, J. Math. Imaging Vis. 51"
    order = 30

    def run(self, pair: DomainPair) -> Finding:
        """Return SW₂ in deviations of the domains, and its test."""
        xs, xt = (x[:ROWS] for x in pair.scaled)
        found = sliced_wasserstein_test(xs, xt, pair.rng("sliced"))
        spread = max(found.spread, 1e-12)
        value, chance = found.value / spread, float(found.null.mean()) / spread
        severity: Severity = "none"
        if found.p <= LEVEL:
            severity = graded(value - chance, 0.0, 0.2, 0.5)
        near = f"{value:.2f} standard deviations, {chance:.2f} is chance"
        sentence = {
            "none": f"Rows need not move more than within one domain ({near}).",
            "slight": f"Rows would have to move a little ({near}).",
            "moderate": f"Rows would have to move ({near}).",
            "strong": f"Rows would have to move far ({near}).",
        }[severity]
        return Finding(
            self.name,
            {"distance": value, "no_shift": chance, "p": found.p},
            severity,
            sentence,
            details={"null": (found.null / spread).round(5).tolist()},
        )
