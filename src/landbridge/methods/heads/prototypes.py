"""Nearest class mean, shrunk where a class has few rows; temperature by leave-one-out."""

from __future__ import annotations

import numpy as np

from ...base.typed import Notes
from ...solvers.calibration.score_calibration import fit_temperature
from ..core.base import AffineHead
from ..core.scaling import rescaled, standardisation
from .base import HEADS


@HEADS.register("prototypes")
def fit_prototypes(
    x: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    *,
    weights: np.ndarray | None = None,
    eval_mask: np.ndarray | None = None,
    seed: int = 0,
) -> AffineHead:
    """Fit class means on standardised rows that are all labelled; nothing in it is random.

    Parameters
    ----------
    x : ndarray, shape (n, d)
    labels : ndarray of int, shape (n,)
    n_classes : int
    weights : ndarray, shape (n,), optional
    eval_mask : ndarray of bool, shape (n,), optional
        The rows that accuracy and temperature are measured on, left out one by one.
    seed : int
        Not used.

    Returns
    -------
    AffineHead
        Notes: "shrinkage" (mean over classes), "loo_accuracy" (NaN where no class has two rows),
        "temperature", "rows", "missing_classes".
    """
    from ...solvers.nearest.prototypes import prototypes

    mean, deviation = standardisation(x, weights)
    z = rescaled(x, mean, deviation)
    found = prototypes(z, labels, n_classes, weights=weights)
    counts = np.bincount(labels, minlength=n_classes)
    asked = np.ones(len(x), dtype=bool) if eval_mask is None else eval_mask
    telling = asked & (counts[labels] > 1)
    left_out = found.loo_scores[telling]
    # Independent columns of variance 1 would have temperature 1; features are not independent.
    unit = 4 * float(np.sqrt(x.shape[1]))
    temperature = unit * fit_temperature(left_out / unit, labels[telling])
    weight = found.weight / deviation / temperature
    bias = found.bias / temperature - weight @ mean
    right = left_out.argmax(1) == labels[telling]
    notes: Notes = {
        "shrinkage": float(found.shrinkage[counts > 0].mean()),
        "loo_accuracy": float(right.mean()) if len(right) else float("nan"),
        "temperature": temperature,
        "rows": len(x),
        "missing_classes": np.flatnonzero(counts == 0).tolist(),
    }
    return AffineHead(weight, bias, notes)
