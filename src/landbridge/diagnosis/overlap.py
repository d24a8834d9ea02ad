"""Do the domains overlap, so that weights on source rows could make them alike?"""

from __future__ import annotations

import numpy as np

from ..base.formatting import percent
from ..solvers.two_sample.domain_classifier import target_log_odds
from .base import DIAGNOSES, LEVEL, Check, Finding, Severity
from .explained import ROWS, effective_share, explained_by_weights
from .pair import DomainPair


@DIAGNOSES.register("overlap")
class OverlapCheck(Check):
    """Importance weights from a domain classifier, and what they leave of the difference."""

    title = "Overlap"
    summary = "share of source rows that count under importance weights, and what those mend"
    paper = "Sugiyama et al., 2012, Density Ratio Estimation; Kish, 1965, for the sample size"
    order = 40

    def run(self, pair: DomainPair) -> Finding:
        """Return the effective share of source rows and the MMD² that weights take away."""
        xs, xt = pair.scaled
        n = len(xs)
        found = pair.domain_classifier
        odds = target_log_odds(found.scores, np.arange(n + len(xt)) >= n)[:n]
        odds = np.exp(odds - odds.max())
        if found.error >= 0.5:  # worse than chance: its odds are noise
            odds = np.ones(n)
        share = effective_share(odds)
        near_s, near_t = (x[:ROWS] for x in pair.principal)
        mended = explained_by_weights(near_s, near_t, odds[:ROWS])
        severity: Severity = "none"
        if found.p <= LEVEL:
            severity = "slight" if share >= 0.5 else "moderate" if share >= 0.1 else "strong"
        rows = max(1, round(share * n))
        sentence = {
            "none": f"They overlap: weighted to look like the target, {percent(share, 0)} of the "
            "source's rows still count.",
            "slight": f"They overlap well: weighted to look like the target, "
            f"{percent(share, 0)} of the "
            "source's rows still count.",
            "moderate": f"They overlap in part: weighted to look like the target, "
            f"{percent(share, 0)} "
            "of the source's rows still count.",
            "strong": "They hardly overlap: weighted to look like the target, about "
            f"{rows} of {n:,} source rows still count.",
        }[severity]
        if severity != "none" and np.isfinite(mended):
            sentence += f" The weights take away {percent(mended, 0)} of MMD²."
        return Finding(
            self.name,
            {"effective_share": share, "explained": mended, "p": found.p},
            severity,
            sentence,
        )
