"""Can a linear classifier tell the domains apart? The proxy A-distance."""

from __future__ import annotations

import numpy as np

from ..base.formatting import percent
from .base import DIAGNOSES, LEVEL, Check, Finding, Severity, graded
from .pair import DomainPair

BINS = 40


@DIAGNOSES.register("domain-classifier")
class DomainClassifierCheck(Check):
    """A linear classifier of "source or target", cross-validated."""

    title = "Proxy A-distance"
    summary = "2 (1 − 2 × error) of a classifier that tells source from target; 0 to 2"
    paper = "Ben-David et al., 2010, Machine Learning 79"
    order = 10

    def run(self, pair: DomainPair) -> Finding:
        """Return the distance with its interval, and what no shift would give."""
        found = pair.domain_classifier
        severity: Severity = "none"
        if found.p <= LEVEL:
            severity = graded(found.distance, 0.0, 0.5, 1.2)
        right = 1 - found.error
        sentence = {
            "none": "A linear classifier cannot tell the domains apart "
            f"({percent(right, 0)} right, 50 % is chance).",
            "slight": f"A linear classifier tells them apart a little better than chance "
            f"({percent(right, 0)} right).",
            "moderate": f"A linear classifier often tells them apart ({percent(right, 0)} right).",
            "strong": f"A linear classifier tells them apart nearly always "
            f"({percent(right, 0)} right).",
        }[severity]
        if severity == "strong" and found.distance < 1.8:
            sentence = f"A linear classifier mostly tells them apart ({percent(right, 0)} right)."
        return Finding(
            self.name,
            {
                "distance": found.distance,
                "low": found.low,
                "high": found.high,
                "p": found.p,
                "error": found.error,
                "no_shift": float(np.quantile(found.null, 0.95)),
            },
            severity,
            sentence,
            details={
                "null": found.null.round(4).tolist(),
                **_histograms(found.scores, len(pair.rows[0])),
            },
        )


def _histograms(scores: np.ndarray, n: int) -> dict[str, list[float]]:
    """Return shares of both domains' scores in common bins, tails in the outermost."""
    low, high = np.quantile(scores, [0.005, 0.995])
    if high <= low:
        low, high = low - 1, high + 1
    edges = np.linspace(low, high, BINS + 1)
    clipped = np.clip(scores, low, high)
    return {
        "edges": edges.round(5).tolist(),
        "source": (np.histogram(clipped[:n], edges)[0] / n).round(5).tolist(),
        "target": (np.histogram(clipped[n:], edges)[0] / (len(scores) - n)).round(5).tolist(),
    }
