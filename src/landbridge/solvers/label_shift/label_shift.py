"""Label shift: p(x | y) stays, p(y) changes; the target's p(y) from a classifier of the source.

Two estimators. BBSE (Lipton, Wang & Smola, 2018, ICML) solves C v = q, with C the classifier's
confusion on source rows that it did not see and q its mean answer on target rows; any classifier
will do whose confusion is not singular. EM (Saerens, Latinne & Decaestecker, 2002, Neural
Computation 14) maximises the likelihood of the target rows, and wants calibrated probabilities
(Alexandari, Kundaje & Shrikumar, 2020, ICML); then it is the more precise of the two.

Both answer on the simplex. A class that the source has not is not seen in the target: it gets 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .mixture_proportions import mixture_proportions


@dataclass(frozen=True)
class LabelShift:
    """The class priors of both domains.

    Attributes
    ----------
    source_priors, target_priors : ndarray, float64 (k,)
        Sum to 1.
    class_weights : ndarray, float64 (k,)
        target / source; 0 for a class that the source has not. Their mean over source rows is 1.
    missing : ndarray of int64
        Classes that the source has not.
    certainty : float
        BBSE: the least singular value of the columns C that were used (0: classes cannot be told
        apart, and the answer means little). EM: how far the mean log-likelihood can be under its
        maximum.
    """

    source_priors: np.ndarray
    target_priors: np.ndarray
    class_weights: np.ndarray
    missing: np.ndarray
    certainty: float


def bbse(
    source_probabilities: np.ndarray,
    source_labels: np.ndarray,
    target_probabilities: np.ndarray,
    *,
    kind: Literal["soft", "hard"] = "soft",
) -> LabelShift:
    """Return class priors by black-box shift estimation.

    Parameters
    ----------
    source_probabilities : ndarray, shape (n, k)
        The classifier's answers for source rows that it was not fitted on.
    source_labels : ndarray of int, shape (n,)
    target_probabilities : ndarray, shape (m, k)
    kind : {"soft", "hard"}
        Whether the confusion is of probabilities or of the likeliest classes.

    Returns
    -------
    LabelShift
        The priors that minimise ‖C v − q‖² over the simplex.

    Raises
    ------
    ValueError
        Where shapes disagree, a label is outside 0 … k − 1, or rows are not probabilities.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8]])
    >>> bbse(p, np.array([0, 0, 1, 1]), p[[0, 1, 0, 2]]).target_priors.round(2).tolist()
    [0.79, 0.21]
    """
    source, labels, target = _checked(source_probabilities, source_labels, target_probabilities)
    if kind not in ("soft", "hard"):
        raise ValueError(f"unknown kind {kind!r}")
    if kind == "hard":
        source, target = _likeliest(source), _likeliest(target)
    priors, present = _priors(labels, source.shape[1])
    confusion = np.stack([source[labels == j].mean(axis=0) for j in present], axis=1)
    found = np.zeros(len(priors))
    found[present] = simplex_least_squares(confusion, target.mean(axis=0))
    least = float(np.linalg.svd(confusion, compute_uv=False)[-1])
    return _shift(priors, found, present, least)


def label_shift_em(
    target_probabilities: np.ndarray,
    source_priors: np.ndarray,
    *,
    tolerance: float = 1e-9,
) -> LabelShift:
    """Return class priors by maximum likelihood, the fixed point of Saerens' EM.

    Maximises  mean_i log Σₖ vₖ p(k | xᵢ) / p_s(k)  over the simplex.

    Parameters
    ----------
    target_probabilities : ndarray, shape (m, k)
        p(k | x) under the source's priors, calibrated.
    source_priors : ndarray, shape (k,)
        The priors of the rows that the classifier was fitted on (with their weights).
    tolerance : float
        How far the mean log-likelihood may be under its maximum.

    Returns
    -------
    LabelShift

    Raises
    ------
    ValueError
        Where shapes disagree, rows are not probabilities, or priors are negative or all 0.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.1, 0.9]])
    >>> label_shift_em(p, np.array([0.5, 0.5])).target_priors.round(2).tolist()
    [0.81, 0.19]
    """
    target = _probabilities(target_probabilities, "target_probabilities")
    priors = np.asarray(source_priors, dtype=np.float64)
    if priors.shape != target.shape[1:] or not (priors >= 0).all() or not 0 < priors.sum() < np.inf:
        raise ValueError(f"source_priors have shape {priors.shape}, or are not priors")
    priors = priors / priors.sum()
    present = np.flatnonzero(priors)
    ratios = target[:, present] / priors[present]
    # A row that is sure of a missing class says nothing on the others.
    informative = ratios.max(axis=1) > 0
    found = np.zeros(len(priors))
    if not informative.any():
        found, gap = priors.copy(), np.inf
    else:
        ratios = ratios[informative] / ratios[informative].max(axis=1, keepdims=True)
        fit = mixture_proportions(ratios, start=priors[present], tolerance=tolerance)
        found[present], gap = fit.proportions, fit.gap
    return _shift(priors, found, present, gap)


def shifted_probabilities(probabilities: np.ndarray, class_weights: np.ndarray) -> np.ndarray:
    """Return p(k | x) under the target's priors: proportional to p(k | x) · weightₖ.

    Where all of a row's classes have weight 0 it stays as it is.
    """
    out = probabilities * class_weights
    total = out.sum(axis=1, keepdims=True)
    return np.where(total > 0, out / np.where(total > 0, total, 1), probabilities)


def simplex_least_squares(matrix: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """Return the v ≥ 0 with Σ v = 1 that minimises ‖matrix v − goal‖.

    Active sets (Lawson and Hanson's), Σ v = 1 as a heavy row; then exactly, on the classes found.

    Examples
    --------
    >>> simplex_least_squares(np.eye(3), np.array([0.9, 0.5, -1.0])).round(6).tolist()
    [0.7, 0.3, 0.0]
    """
    from scipy.optimize import nnls

    heavy = 1e4 * max(1.0, float(np.abs(matrix).max()))
    tall = np.vstack([matrix, np.full((1, matrix.shape[1]), heavy)])
    v, _ = nnls(tall, np.append(goal, heavy))
    v /= v.sum()
    used = np.flatnonzero(v)
    columns = matrix[:, used]
    # Σ v = 1 is put in by hand: v = first + what the others move.
    differences = columns[:, 1:] - columns[:, :1]
    moved = np.linalg.lstsq(differences, goal - columns[:, 0], rcond=None)[0]
    exact = np.concatenate([[1 - moved.sum()], moved])
    better = np.linalg.norm(columns @ exact - goal) <= np.linalg.norm(columns @ v[used] - goal)
    if (exact >= 0).all() and better:
        v[used] = exact
    return v


def _shift(
    source: np.ndarray, target: np.ndarray, present: np.ndarray, certainty: float
) -> LabelShift:
    target = target / target.sum()
    weights = np.zeros(len(source))
    weights[present] = target[present] / source[present]
    return LabelShift(source, target, weights, np.flatnonzero(source == 0), float(certainty))


def _priors(labels: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    priors = np.bincount(labels, minlength=k) / len(labels)
    return priors, np.flatnonzero(priors)


def _likeliest(p: np.ndarray) -> np.ndarray:
    out = np.zeros_like(p)
    out[np.arange(len(p)), p.argmax(axis=1)] = 1
    return out


def _checked(
    source: np.ndarray, labels: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    source = _probabilities(source, "source_probabilities")
    target = _probabilities(target, "target_probabilities")
    labels = np.asarray(labels)
    k = source.shape[1]
    if target.shape[1] != k or labels.shape != (len(source),):
        raise ValueError(
            f"shapes {source.shape}, {labels.shape} and {target.shape} do not fit together"
        )
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0 or labels.max() >= k:
        raise ValueError(f"source_labels must be whole numbers from 0 to {k - 1}")
    return source, labels, target


def _probabilities(p: np.ndarray, name: str) -> np.ndarray:
    p = np.asarray(p, dtype=np.float64)
    if p.ndim != 2 or not p.size:
        raise ValueError(f"{name} has shape {p.shape}, expected (rows, classes) and not empty")
    sums = p.sum(axis=1, keepdims=True)
    if not np.isfinite(p).all() or (p < 0).any() or not np.allclose(sums, 1, atol=1e-3):
        raise ValueError(f"{name}: rows must be probabilities")
    return p / sums
