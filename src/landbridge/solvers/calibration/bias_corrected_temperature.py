"""Calibration by a temperature and one bias a class.

Bias-corrected temperature scaling (Alexandari, Kundaje & Shrikumar, 2020, ICML): softmax of
logits / T + b, likeliest on held-out rows. The biases matter for label shift: they make the mean
answer for each class right, which a temperature alone does not.
"""

from __future__ import annotations

import numpy as np

from .softmax import cross_entropy

_PRIOR = 1.0  # rows that the prior (T = 1, b = 0) counts as


def bias_corrected_temperature(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Return (1 / T, b) that make softmax(logits / T + b) likeliest.

    A weak normal prior on log T and b, worth one row, keeps them finite where all rows are right,
    and b at 0 for a class without rows.

    Parameters
    ----------
    logits : ndarray, shape (n, k)
        Of rows that the classifier was not fitted on.
    labels : ndarray of int, shape (n,)

    Returns
    -------
    sharpness : float
    biases : ndarray, float64 (k,)

    Examples
    --------
    >>> too_sure = np.array([[9.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
    >>> bias_corrected_temperature(too_sure, np.array([0, 1, 1]))[0] < 0.5
    True
    """
    from scipy.optimize import minimize

    z = np.asarray(logits, dtype=np.float64)
    n, k = z.shape
    z = z - z.max(axis=1, keepdims=True)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        sharp, b = np.exp(parameters[0]), parameters[1:]
        value, away = cross_entropy(sharp * z + b, labels)
        slope = np.concatenate([[sharp * float((away * z).sum())], away.sum(axis=0)])
        value += 0.5 * _PRIOR * float(parameters @ parameters)
        return value / n, (slope + _PRIOR * parameters) / n

    limits = [(-6.0, 6.0)] + [(-20.0, 20.0)] * k
    found = minimize(loss, np.zeros(k + 1), jac=True, method="L-BFGS-B", bounds=limits)
    return float(np.exp(found.x[0])), found.x[1:]
