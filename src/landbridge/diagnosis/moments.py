"""What the difference is made of: mean, scale, correlation, and what is left after all three."""

from __future__ import annotations

import numpy as np

from ..base.formatting import percent
from ..solvers.mapping.alignment import monge_map
from ..solvers.two_sample.moment_shift import PARTS, moment_shift
from .base import DIAGNOSES, Check, Finding, Severity, graded
from .explained import LEAST, ROWS, moved_mmd2
from .pair import DomainPair

REGULARISATION = 0.1
"""Of the linear map, in units of the mean variance."""

POINTS = 400
_WORDS = {"mean": "of the means", "scale": "of the scales", "correlation": "of the correlations"}


@DIAGNOSES.register("moments")
class MomentsCheck(Check):
    """The Wasserstein distance of the domains' Gaussians in three parts."""

    title = "Mean, scale, correlation"
    summary = "what the difference is made of, and how much of it a linear map takes away"
    paper = "Dowson & Landau, 1982, J. Multivariate Anal. 12; Flamary et al., 2019"
    order = 50

    def run(self, pair: DomainPair) -> Finding:
        """Return the parts, noise taken off, and the MMD² that a shift and a linear map mend."""
        xs, xt = pair.scaled
        found = moment_shift(xs, xt, pair.rng("moments"), permutations=39)
        excess = found.excess
        effect = float(excess.sum()) / (found.variance * found.kept + 1e-300)
        shares = dict(zip(PARTS, found.shares.tolist(), strict=True))
        shift, linear = _mended(pair)
        severity: Severity = "none"
        if excess.any():
            severity = graded(effect, 0.0, 0.1, 0.4)
        if severity == "none":
            sentence = "Means, scales and correlations are the same, but for chance."
        else:
            named = sorted(shares, key=lambda part: -shares[part])
            said = ", ".join(
                f"{percent(shares[p], 0)} {_WORDS[p]}" for p in named if shares[p] >= 0.005
            )
            sentence = f"The difference is {said}."
            if np.isfinite(linear):
                sentence += f" A linear map takes away {percent(linear, 0)} of it."
        return Finding(
            self.name,
            {
                **shares,
                "effect": effect,
                "p": float(min(1.0, 3 * found.p.min())),
                "explained_by_mean": shift,
                "explained_by_map": linear,
                "kept": found.kept,
                "features": pair.source.shape[1],
                "rows": min(len(xs), len(xt)),
            },
            severity,
            sentence,
            details=_points(pair),
        )


def _points(pair: DomainPair) -> dict[str, list]:
    """Return both domains along the first two principal axes, for a drawing."""
    xs, xt = (x[:POINTS] for x in pair.principal)
    middle = (xs.mean(0) + xt.mean(0)) / 2
    _, _, axes = np.linalg.svd(np.concatenate([xs, xt]) - middle, full_matrices=False)
    return {
        name: ((x - middle) @ axes[:2].T).round(3).tolist()
        for name, x in (("source", xs), ("target", xt))
    }


def _mended(pair: DomainPair) -> tuple[float, float]:
    """Return what a shift and a linear map take away of MMD², on rows they were not fitted on.

    Fitted on one half of the rows, measured on the other, and the other way round.
    """
    xs, xt = pair.principal
    half_s, half_t = len(xs) // 2, len(xt) // 2
    if min(half_s, half_t) < 10:
        return float("nan"), float("nan")
    total, left = 0.0, np.zeros(2)
    for first in (True, False):
        parts = [(xs[:half_s], xt[:half_t]), (xs[half_s:], xt[half_t:])]
        (fit_s, fit_t), (on_s, on_t) = parts if first else parts[::-1]
        on_s, on_t = on_s[:ROWS], on_t[:ROWS]
        moved = [
            on_s + (fit_t.mean(0) - fit_s.mean(0)),
            np.asarray(monge_map(fit_s, fit_t, REGULARISATION)(on_s)),
        ]
        before, after = moved_mmd2(on_s, moved, on_t)
        total += before
        left += np.maximum(after, 0)
    if total < 2 * LEAST:
        return float("nan"), float("nan")
    shift, linear = np.clip(1 - left / total, 0, 1)
    return float(shift), float(linear)
