"""Where a few target labels are there: does what the classes look like still hold?"""

from __future__ import annotations

import numpy as np

from ..base.formatting import percent
from .base import DIAGNOSES, LEVEL, Check, Finding, Severity, graded
from .pair import DomainPair

LEAST = 2
"""Known target labels of a class, at least, for its position to count."""
DRAWS = 500
PERMUTATIONS = 200
AXES = 32


@DIAGNOSES.register("conditional")
class ConditionalCheck(Check):
    """The source's rule on labelled target rows, and where the classes lie."""

    title = "Classes' positions"
    summary = "whether P(label | features) of the source holds on labelled target rows"
    paper = "Zhang et al., 2013, ICML; Quionero-Candela et al., 2009, Dataset Shift"
    order = 80

    def unmet(self, pair: DomainPair) -> str:
        """Return why it cannot run: it needs a few target labels of the source's classes."""
        if pair.predictions is None:
            return "the source shows no labels of two classes, at least twice each"
        _, yt = pair.labels
        counts = np.bincount(yt[yt >= 0], minlength=len(pair.classes))[pair.predictions.present]
        if (counts >= LEAST).sum() < 2:
            return (
                f"it needs at least {LEAST} target labels of two classes that the source has; "
                f"there are {int((yt >= 0).sum())}"
            )
        return ""

    def run(self, pair: DomainPair) -> Finding:
        """Return whether the source's rule is as right as it thinks, and which classes moved."""
        predictions = pair.predictions
        assert predictions is not None
        _, yt = pair.labels
        place = np.full(len(pair.classes), -1)
        place[predictions.present] = np.arange(len(predictions.present))
        own = np.where(yt >= 0, place[np.maximum(yt, 0)], -1)
        rows = np.flatnonzero(own >= 0)
        right = predictions.target[rows].argmax(1) == own[rows]
        p_rule, expected = rule_test(predictions.target[rows], own[rows], pair.rng("rule"))
        moved, p_moved, each = _positions(pair, own)
        lost = max(0.0, expected - float(right.mean()))
        p = min(1.0, 2 * min(p_rule, p_moved))
        severity: Severity = "none"
        if p <= LEVEL:
            severity = graded(max(lost / 0.3, moved), 0.0, 0.5, 1.0)
        names = [pair.classes[k] for k in predictions.present]
        order = [k for k in np.argsort(-each) if each[k] > 0]
        said = ""
        if p_moved <= LEVEL and order:
            said = f" Moved most against the others: {', '.join(names[k] for k in order[:3])}."
        count = f"{len(rows)} labelled target rows"
        if severity == "none":
            sentence = f"On {count} the source's rule is as right as it thinks it is."
        elif p_rule <= LEVEL:
            sentence = (
                f"The source's rule does not hold: on {count} it is right "
                f"{percent(right.mean(), 0)} of "
                f"the time and thinks {percent(expected, 0)}.{said}"
            )
        else:
            sentence = f"The classes lie elsewhere, {count} say.{said}"
        return Finding(
            self.name,
            {
                "accuracy": float(right.mean()),
                "expected": expected,
                "moved": moved,
                "p_rule": p_rule,
                "p_moved": p_moved,
                "p": p,
                "rows": len(rows),
            },
            severity,
            sentence,
            classes=tuple(names[k] for k in order[:3]) if said else (),
        )


def rule_test(
    probabilities: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> tuple[float, float]:
    """Return how rarely labels drawn from P(label | features) are as unlikely, and its accuracy.

    Parameters
    ----------
    probabilities : ndarray, shape (n, k)
        Calibrated, of the source's classifier.
    labels : int ndarray, shape (n,)
    rng : Generator

    Returns
    -------
    p : float
        One-sided: the labels are less likely than the rule thinks.
    expected : float
        How often the rule thinks that it is right.
    """
    logs = np.log(np.clip(probabilities, 1e-6, 1))
    n = len(labels)
    loss = -logs[np.arange(n), labels].mean()
    ends = np.cumsum(probabilities, axis=1)
    draws = np.empty(DRAWS)
    for b in range(DRAWS):
        drawn = (rng.random((n, 1)) * ends[:, -1:] > ends).sum(1)
        draws[b] = -logs[np.arange(n), np.minimum(drawn, probabilities.shape[1] - 1)].mean()
    return (1 + int((draws >= loss).sum())) / (DRAWS + 1), float(probabilities.max(1).mean())


def _positions(pair: DomainPair, own: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Compare where classes lie against the others, a common shift of all taken off.

    Returns the mean distance in deviations inside classes, its p-value under permutation of the
    domains inside classes, and each class's distance (0 where it has too few labels).
    """
    predictions = pair.predictions
    assert predictions is not None
    xs, xt = pair.scaled
    k = len(predictions.present)
    rows = np.flatnonzero(own >= 0)
    counts = np.bincount(own[rows], minlength=k)
    used = np.flatnonzero(counts >= LEAST)
    keep_s, keep_t = np.isin(predictions.labels, used), np.isin(own[rows], used)
    a, ya = xs[predictions.rows[keep_s]], predictions.labels[keep_s]
    b, yb = xt[rows[keep_t]], own[rows[keep_t]]
    # In the space of the source's class means, whitened inside classes: what tells classes apart.
    means = np.stack([a[ya == c].mean(0) for c in used])
    inside = a - means[np.searchsorted(used, ya)]
    scale = np.sqrt((inside**2).mean(0)) + 1e-12
    _, _, axes = np.linalg.svd((means - means.mean(0)) / scale, full_matrices=False)
    axes = axes[: min(len(used) - 1, AXES)]
    a, b = (a / scale) @ axes.T, (b / scale) @ axes.T

    def centred(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return x - np.mean([x[y == c].mean(0) for c in used], axis=0)

    a, b = centred(a, ya), centred(b, yb)
    spread = float(np.sqrt(np.mean([a[ya == c].var(0).mean() for c in used]))) + 1e-12
    pooled = np.concatenate([a, b]) / spread
    y = np.concatenate([ya, yb])
    is_target = np.arange(len(pooled)) >= len(a)
    groups = [np.flatnonzero(y == c) for c in used]

    def distances(member: np.ndarray) -> np.ndarray:
        out = []
        for group in groups:
            inside = member[group]
            gap = pooled[group][inside].mean(0) - pooled[group][~inside].mean(0)
            # Less what the means' own errors give.
            noise = (1 / inside.sum() + 1 / (~inside).sum()) * pooled.shape[1]
            out.append((gap**2).sum() - noise)
        return np.array(out)

    rng = pair.rng("positions")
    found = distances(is_target)
    null = np.empty(PERMUTATIONS)
    for r in range(PERMUTATIONS):
        member = is_target.copy()
        for group in groups:
            member[group] = rng.permutation(member[group])
        null[r] = distances(member).sum()
    p = (1 + int((null >= found.sum()).sum())) / (PERMUTATIONS + 1)
    each = np.zeros(k)
    each[used] = np.sqrt(np.clip(found, 0, None))
    moved = float(np.sqrt(max(0.0, found.mean()) / max(pooled.shape[1], 1)))
    return moved, p, each
