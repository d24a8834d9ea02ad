"""Ridge classifier: strength and temperature by exact leave-one-out."""

from __future__ import annotations

import numpy as np

from ...targets.base import TargetType
from ...targets.registry import type_of_target
from ..core.base import AffineHead
from ..core.scaling import rescaled, standardisation
from .base import HEADS

ALPHAS = tuple(float(10.0**p) for p in np.arange(-2, 6.25, 0.5))
"""10^−2 … 10^6 in 17 half decades: for standardised features, from 1 row to a million."""


@HEADS.register("ridge")
def fit_ridge(
    x: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    *,
    weights: np.ndarray | None = None,
    eval_mask: np.ndarray | None = None,
    seed: int = 0,
    kind: TargetType | None = None,
) -> AffineHead:
    """Fit `ridge_head`; nothing in it is random."""
    return ridge_head(x, labels, n_classes, weights=weights, eval_mask=eval_mask, kind=kind)


def ridge_head(
    x: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    alphas: tuple[float, ...] = ALPHAS,
    weights: np.ndarray | None = None,
    eval_mask: np.ndarray | None = None,
    kind: TargetType | None = None,
) -> AffineHead:
    """Fit a calibrated ridge on rows that are all labelled.

    Parameters
    ----------
    x : ndarray, shape (n, d)
    labels : ndarray, shape (n,) or (n, k)
        Places of classes, numbers, or a table of 0 and 1.
    n_classes : int
    alphas : tuple of float
        For standardised features; the least leave-one-out error chooses one for all columns.
    weights : ndarray, shape (n,), optional
    eval_mask : ndarray of bool, shape (n,), optional
        The rows that accuracy and calibration are measured on (left out one by one), and by which
        the strength for labels that are no classes is chosen; all of them by default.
    kind : TargetType, optional
        The kind of label; as the array looks where not given.

    Returns
    -------
    AffineHead
        Its scores are logits, or numbers. Notes: "strength", "loo_squared_error" (of all rows),
        "rows"; of classes also "loo_accuracy" (NaN for a single row), "temperature" and
        "missing_classes" (no row had them: they are answered only where all others fit badly).

    Examples
    --------
    >>> x = np.linspace(0, 1, 20)[:, None]
    >>> head = ridge_head(x, 3 * x[:, 0] - 1, 1, (1e-6, 1.0))
    >>> head.logits(np.array([[0.5]])).round(3).tolist()
    [[0.5]]
    """
    from ...solvers.linear.ridge import ridge_loo

    kind = type_of_target(labels) if kind is None else kind
    mean, deviation = standardisation(x, weights)
    z = rescaled(x, mean, deviation)
    goals = kind.regression_targets(labels, n_classes)
    by = None if kind.exclusive else eval_mask
    path = ridge_loo(z, goals, alphas, weights=weights, eval_mask=by)
    asked = np.ones(len(x), dtype=bool) if eval_mask is None else eval_mask
    telling = asked & kind.telling(labels, n_classes)
    weight, bias, notes = kind.calibrate(
        path.weight.astype(np.float64) / deviation,
        path.bias.astype(np.float64),
        path.loo_predictions[telling],
        labels[telling],
        n_classes,
        mean.astype(np.float64),
    )
    notes = {
        "strength": path.strength,
        "loo_squared_error": float(path.loo_errors[list(alphas).index(path.strength)]),
        "rows": len(x),
        **notes,
        **kind.fit_notes(path.loo_predictions, labels, asked, n_classes),
    }
    return AffineHead(weight, bias, notes)
