"""How well numbers are met."""

from __future__ import annotations

import numpy as np


def nearness(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return minus the absolute error of each number."""
    return -np.abs(values[..., 0] - truth)


def regression_metrics(true: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Return how well numbers are met; NaN where nothing can be said.

    Parameters
    ----------
    true, predicted : float ndarray, shape (n,)

    Returns
    -------
    dict
        "RMSE" and "MAE" in the label's units; "R²", 1 − squared error / variance of the truth;
        "Spearman", the correlation of ranks.

    Examples
    --------
    >>> found = regression_metrics(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))
    >>> round(found["MAE"], 3), round(found["RMSE"], 3), found["R²"], found["Spearman"]
    (0.333, 0.577, 0.5, 1.0)
    """
    n = len(true)
    apart = np.asarray(predicted, np.float64) - true
    square = float(np.square(apart).mean()) if n else float("nan")
    variance = float(np.var(true)) if n else 0.0
    return {
        "RMSE": float(np.sqrt(square)),
        "MAE": float(np.abs(apart).mean()) if n else float("nan"),
        "R²": 1 - square / variance if variance > 0 else float("nan"),
        "Spearman": _spearman(true, predicted),
    }


def _spearman(a: np.ndarray, b: np.ndarray) -> float:
    from scipy.stats import rankdata

    if len(a) < 2:
        return float("nan")
    ranks = [rankdata(values) for values in (a, b)]
    if any(r.std() == 0 for r in ranks):
        return float("nan")
    return float(round(np.corrcoef(*ranks)[0, 1], 12))
