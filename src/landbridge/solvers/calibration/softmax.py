"""Probabilities from scores, and how likely they make labels."""

from __future__ import annotations

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities along the last axis, in the scores' own float type.

    Examples
    --------
    >>> softmax(np.array([[1000.0, 1000.0]])).tolist()
    [[0.5, 0.5]]
    """
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(-1, keepdims=True))


def cross_entropy(scores: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Return −Σ log softmax at the labels, and its gradient in the scores, which are changed.

    Parameters
    ----------
    scores : ndarray, float64 (n, k)
    labels : ndarray of int, shape (n,)

    Examples
    --------
    >>> value, gradient = cross_entropy(np.zeros((1, 2)), np.array([1]))
    >>> round(value, 4), gradient.tolist()
    (0.6931, [[0.5, -0.5]])
    """
    scores -= scores.max(axis=1, keepdims=True)
    exponents = np.exp(scores)
    totals = exponents.sum(axis=1, keepdims=True)
    at = np.arange(len(scores)), labels
    value = float((np.log(totals).ravel() - scores[at]).sum())
    gradient = exponents / totals
    gradient[at] -= 1
    return value, gradient
