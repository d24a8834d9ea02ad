"""What a classifier that learned from the source answers, with calibrated probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..solvers.calibration.bias_corrected_temperature import bias_corrected_temperature
from ..solvers.calibration.softmax import softmax
from ..solvers.linear.ridge import one_vs_rest, ridge_loo

_STRENGTHS = np.logspace(-2, 5, 15)


@dataclass(frozen=True)
class SourcePredictions:
    """Calibrated probabilities on both sides.

    Attributes
    ----------
    present : int64 ndarray, shape (k,)
        The classes that the source shows, at least twice each, as indices into the pair's.
    rows : int64 ndarray, shape (r,)
        Source rows (of those looked at) with such a label.
    labels : int64 ndarray, shape (r,)
        Their labels, indices into `present`.
    prior : ndarray, shape (k,)
        Shares of the classes in the source.
    source : ndarray, shape (r, k)
        Probabilities of those rows; each from a fit without that row.
    target : ndarray, shape (m, k)
    accuracy : float
        On the source, leave-one-out.
    """

    present: np.ndarray
    rows: np.ndarray
    labels: np.ndarray
    prior: np.ndarray
    source: np.ndarray
    target: np.ndarray
    accuracy: float


def predict_from_source(
    xs: np.ndarray, xt: np.ndarray, labels: np.ndarray, n_classes: int
) -> SourcePredictions | None:
    """Fit a ridge classifier on the source and calibrate it on its leave-one-out scores.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
    labels : int64 ndarray, shape (n,)
        −1 where not known.
    n_classes : int

    Returns
    -------
    Answers or None
        None where fewer than two classes have two rows.
    """
    counts = np.bincount(labels[labels >= 0], minlength=n_classes)
    present = np.flatnonzero(counts >= 2)
    if len(present) < 2:
        return None
    place = np.full(n_classes, -1)
    place[present] = np.arange(len(present))
    own = np.where(labels >= 0, place[np.maximum(labels, 0)], -1)
    rows = np.flatnonzero(own >= 0)
    y = own[rows]
    fit = ridge_loo(xs[rows], one_vs_rest(y, len(present)), _STRENGTHS)
    held_out = fit.loo_predictions.astype(np.float64)
    # On the scale of logits, where the calibration's weak prior is at home.
    scale = float(held_out.std()) or 1.0
    slope, shift = bias_corrected_temperature(held_out / scale, y)
    slope /= scale
    return SourcePredictions(
        present=present,
        rows=rows,
        labels=y,
        prior=np.bincount(y, minlength=len(present)) / len(y),
        source=softmax(slope * held_out + shift),
        target=softmax(slope * (xt @ fit.weight.T.astype(np.float64) + fit.bias) + shift),
        accuracy=float((held_out.argmax(1) == y).mean()),
    )
