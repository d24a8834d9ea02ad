"""Maximum mean discrepancy: any difference of the distributions, not only of their means."""

from __future__ import annotations

import numpy as np

from ..base.formatting import percent
from ..solvers.two_sample.mmd import BANDWIDTHS, mmd_test
from .base import DIAGNOSES, LEVEL, Check, Finding, Severity, graded
from .pair import DomainPair

ROWS = 1000
"""Rows a domain: the Gram matrix grows with their square."""


@DIAGNOSES.register("mmd")
class MMDCheck(Check):
    """Gaussian kernels of several widths around the median distance."""

    title = "MMD²"
    summary = "distance of the means in a kernel's space, in units of the spread there"
    paper = "Gretton et al., 2012, JMLR 13"
    order = 20

    def run(self, pair: DomainPair) -> Finding:
        """Return MMD² at the median width, relative to the spread, and the test of all widths."""
        xs, xt = (x[:ROWS] for x in pair.scaled)
        found = mmd_test(xs, xt, pair.rng("mmd"))
        middle = BANDWIDTHS.index(1.0)
        # Cohen's d², in the kernel's space: how far the means are for how wide the domains are.
        effects = found.values / np.maximum(found.spread, 1e-12)
        effect = float(max(0.0, effects[middle]))
        severity: Severity = "none"
        if found.p <= LEVEL:
            severity = graded(effect, 0.0, 0.05, 0.2)
        words = {
            "none": "As far as kernels can see, the distributions may be the same",
            "slight": "The distributions differ a little",
            "moderate": "The distributions differ clearly",
            "strong": "The distributions differ much",
        }
        return Finding(
            self.name,
            {
                "mmd2": float(found.values[middle]),
                "effect": effect,
                "p": found.p,
                "width": float(found.bandwidths[middle]),
                "statistic": found.statistic,
            },
            severity,
            f"{words[severity]} (MMD² is {percent(effect)} of the spread, p = {found.p:.3f}).",
            details={
                "null": found.null_statistics.round(4).tolist(),
                "widths": list(BANDWIDTHS),
                "effects": effects.round(6).tolist(),
            },
        )
