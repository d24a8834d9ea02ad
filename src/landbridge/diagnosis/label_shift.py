"""Have the classes' shares changed? Estimated from the target's features alone."""

from __future__ import annotations

import numpy as np

from ..base.formatting import percent
from ..solvers.label_shift.label_shift import bbse, label_shift_em
from ..solvers.two_sample.column_shift import total_variation
from ..solvers.two_sample.domain_classifier import weighted_distance
from .base import DIAGNOSES, LEVEL, Check, Finding, Severity, graded
from .pair import DomainPair
from .source_predictions import SourcePredictions

BELIEVED = 0.4
"""Share of the A-distance that class weights must take away for the estimate to be believed:
shifts of other kinds reach 0.25."""
MOVED = 0.1
"""The distance's lower end, for the same, where a classifier sees no difference."""
REPEATS = 100
"""Bootstrap samples of both domains."""
ABSENT = 0.3
"""Share of its source share under which the upper end of a class's interval lies to be absent."""
NAMED = 6
"""Classes named in the sentence, at most."""


@DIAGNOSES.register("label-shift")
class LabelShiftCheck(Check):
    """Class shares by maximum likelihood (EM) and by the confusion matrix (BBSE)."""

    title = "Class shares"
    summary = "total variation between the source's class shares and the target's, estimated"
    paper = "Saerens et al., 2002, Neural Comput. 14; Lipton et al., 2018, ICML"
    order = 60

    def unmet(self, pair: DomainPair) -> str:
        """Return why it cannot run: it needs source labels of two classes."""
        if pair.predictions is None:
            return "the source shows no labels of two classes, at least twice each"
        return ""

    def run(self, pair: DomainPair) -> Finding:
        """Return the shares with intervals, their distance, and how well they explain it all."""
        predictions = pair.predictions
        assert predictions is not None
        return _counted(self.name, pair, predictions) or _estimated(self.name, pair, predictions)


def _estimated(name: str, pair: DomainPair, predictions: SourcePredictions) -> Finding:
    prior = predictions.prior
    shares = label_shift_em(predictions.target, prior).target_priors
    other = bbse(predictions.source, predictions.labels, predictions.target).target_priors
    boot = _bootstrap(predictions, pair.rng("label shift"))
    # The shares are off by at most this, so the distance is, too (triangle inequality).
    off = float(np.quantile(np.abs(boot - shares).sum(1) / 2, 0.95))
    distance = total_variation(shares, prior)
    low, high = max(0.0, distance - off), min(1.0, distance + off)
    edges = np.quantile(boot, [0.025, 0.975], axis=0)
    # Percentiles around the estimate, turned about: the bootstrap's error is ours.
    lows, highs = np.clip(2 * shares - edges[1], 0, 1), np.clip(2 * shares - edges[0], 0, 1)
    left, mended = _explained(pair, predictions, shares / prior)
    agree = 1 - total_variation(shares, other)
    absent = np.flatnonzero((highs < ABSENT * prior) & (shares < ABSENT / 3 * prior))
    severity: Severity = "none"
    if low > 0:
        severity = graded(distance, 0.0, 0.1, 0.25)
        seen = pair.domain_classifier.p <= LEVEL
        if (seen and not mended >= BELIEVED) or (not seen and low < MOVED):
            severity = "unclear"
    names = [pair.classes[k] for k in predictions.present]
    about = f"total variation {distance:.2f}, {low:.2f} to {high:.2f}"
    if severity == "none":
        sentence = f"The classes' shares may be the source's ({about})."
    elif severity == "unclear":
        sentence = f"Whether the classes' shares differ cannot be told: the estimate ({about})"
        if seen:
            sentence += (
                " takes it that classes look alike in both domains, and class weights leave "
                f"{_share_left(mended)} of the A-distance."
            )
        else:
            sentence += " is too rough for rows that nothing else tells apart."
    else:
        most = np.argsort(-np.abs(shares - prior))[:2]
        said = ", ".join(
            f"{names[k]} {percent(prior[k], 0)} → {percent(shares[k], 0)}" for k in most
        )
        sentence = f"The classes' shares seem to differ ({about}): {said}."
        if len(absent):
            gone = ", ".join(names[k] for k in absent[:NAMED])
            sentence += f" Hardly or not seen in the target: {gone}."
        if np.isfinite(mended):
            sentence += f" Class weights take away {percent(mended, 0)} of the A-distance."
    return Finding(
        name,
        {
            "distance": distance,
            "low": low,
            "high": high,
            "left": left,
            "explained": mended,
            "agreement": agree,
            "source_accuracy": predictions.accuracy,
            "counted": 0,
        },
        severity,
        sentence,
        classes=tuple(names[k] for k in absent) if severity != "unclear" else (),
        details={
            "classes": names,
            "source": prior.round(5).tolist(),
            "target": shares.round(5).tolist(),
            "low": np.minimum(lows, shares).round(5).tolist(),
            "high": np.maximum(highs, shares).round(5).tolist(),
            "bbse": other.round(5).tolist(),
        },
    )


def _counted(name: str, pair: DomainPair, predictions: SourcePredictions) -> Finding | None:
    """Return the same from the target's own labels, where every row has one."""
    yt = pair.target_labels
    if not len(yt) or (yt < 0).any():
        return None
    counts = [np.bincount(y[y >= 0], minlength=len(pair.classes)) for y in (pair.source_labels, yt)]
    prior, shares = (c / c.sum() for c in counts)
    distance = total_variation(prior, shares)
    rng = pair.rng("label shift")
    boot = [rng.multinomial(c.sum(), c / c.sum(), REPEATS) / c.sum() for c in counts]
    off = float(np.quantile(np.abs((boot[0] - prior) - (boot[1] - shares)).sum(1) / 2, 0.95))
    low, high = max(0.0, distance - off), min(1.0, distance + off)
    severity: Severity = graded(distance, 0.0, 0.1, 0.25) if low > 0 else "none"
    left, mended = _explained(pair, predictions, shares[predictions.present] / predictions.prior)
    absent = [k for k in range(len(prior)) if prior[k] > 0 and shares[k] == 0]
    about = f"total variation {distance:.2f}, {low:.2f} to {high:.2f}"
    if severity == "none":
        sentence = f"By its labels, the target has the source's class shares ({about})."
    else:
        most = np.argsort(-np.abs(shares - prior))[:2]
        said = ", ".join(
            f"{pair.classes[k]} {percent(prior[k], 0)} → {percent(shares[k], 0)}" for k in most
        )
        sentence = f"By its labels, the target's class shares differ ({about}): {said}."
    edges = np.quantile(boot[1], [0.025, 0.975], axis=0)
    return Finding(
        name,
        {
            "distance": distance,
            "low": low,
            "high": high,
            "left": left,
            "explained": mended,
            "agreement": 1.0,
            "source_accuracy": predictions.accuracy,
            "counted": 1,
        },
        severity,
        sentence,
        classes=tuple(pair.classes[k] for k in absent),
        details={
            "classes": list(pair.classes),
            "source": prior.round(5).tolist(),
            "target": shares.round(5).tolist(),
            "low": edges[0].round(5).tolist(),
            "high": edges[1].round(5).tolist(),
        },
    )


def _explained(
    pair: DomainPair, predictions: SourcePredictions, ratio: np.ndarray
) -> tuple[float, float]:
    """Weigh source rows by their class: the A-distance that is left, and the share that is gone.

    The domain classifier is a sharper judge than MMD² here: under a shift of features, weights
    on classes that are not to blame move the mean in a kernel's space nearer, too, and the two
    domains stay as easy to tell apart as before.
    """
    xs, xt = pair.scaled
    weights = ratio[predictions.labels]
    before = pair.domain_classifier.distance
    if not weights.any():  # the target has none of the source's classes
        return before, 0.0
    rng = pair.rng("class weights")
    drawn = [weighted_distance(xs[predictions.rows], xt, weights, rng) for _ in range(2)]
    left = max(0.0, float(np.mean(drawn)))
    if before < 0.05:
        return left, float("nan")
    return left, float(np.clip(1 - left / before, 0, 1))


def _share_left(explained: float) -> str:
    return "all" if not explained > 0.005 else percent(1 - explained, 0)


def _bootstrap(predictions: SourcePredictions, rng: np.random.Generator) -> np.ndarray:
    """Return shares for samples drawn again from both domains.

    What the source's sample changes in its own shares is taken off, since the distance is to these.
    """
    m, n, k = len(predictions.target), len(predictions.labels), len(predictions.prior)
    out = np.empty((REPEATS, k))
    for b in range(REPEATS):
        again = np.bincount(predictions.labels[rng.integers(n, size=n)], minlength=k) / n
        rows = predictions.target[rng.integers(m, size=m)]
        found = label_shift_em(rows, predictions.prior, tolerance=1e-6).target_priors
        # The source's shares are a sample, too, and the distance is to them.
        out[b] = found - (again - predictions.prior)
    return out
