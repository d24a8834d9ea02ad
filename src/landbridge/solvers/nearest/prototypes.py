"""Class means as a classifier: nearest mean, shrunk where a class has few rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Prototypes:
    """Shrunk class means m, and the affine scores x·m − ½ ‖m‖² whose largest is the nearest.

    Attributes
    ----------
    means : ndarray, float64 (k, d)
        Relative to nothing: in the coordinates of x. The overall mean for a class without rows.
    shrinkage : ndarray (k,)
        0: the class's own mean; 1: the overall mean.
    weight, bias : ndarray, float64 (k, d) and (k,)
        Scores are x @ weight.T + bias = −½ ‖x − m‖² + ½ ‖x − overall mean‖². A class without
        rows has a score that is below the largest on every row.
    loo_scores : ndarray, float64 (n, k)
        The scores of each row with means that do not know it (shrinkage as it is). −∞ for a
        class that has no other row.
    """

    means: np.ndarray
    shrinkage: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    loo_scores: np.ndarray


def prototypes(
    x: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    *,
    weights: np.ndarray | None = None,
    shrinkage: float | None = None,
) -> Prototypes:
    """Return shrunk class means.

    Parameters
    ----------
    x : ndarray, shape (n, d)
        Columns should be on one scale.
    labels : ndarray of int, shape (n,)
    n_classes : int
    weights : ndarray, shape (n,), optional
        Not negative.
    shrinkage : float, optional
        From 0 to 1, for all classes. By default each class's is what makes the squared error of
        the mean least (James & Stein, 1961, Berkeley Symp. 4; empirical Bayes):
        s = v / (v + τ²) with v the variance of the class's mean (the variance within classes
        over its number of rows) and τ² that of the true class means.

    Returns
    -------
    Prototypes

    Raises
    ------
    ValueError
        Where shapes disagree, there is no row, or a value is out of range.

    Examples
    --------
    >>> x = np.array([[0.0], [2.0], [10.0], [12.0]])
    >>> prototypes(x, np.array([0, 0, 1, 1]), 2, shrinkage=0.0).means.tolist()
    [[1.0], [11.0]]
    """
    x, labels = np.asarray(x), np.asarray(labels)
    if x.ndim != 2 or labels.shape != x.shape[:1] or not len(x):
        raise ValueError(f"x has shape {x.shape} and labels {labels.shape}")
    if not 0 <= labels.min() <= labels.max() < n_classes:
        raise ValueError(f"labels must lie between 0 and {n_classes - 1}")
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.shape != labels.shape or not (w >= 0).all() or not w.sum() > 0:
        raise ValueError("weights must be n numbers, none of them negative, not all 0")
    if shrinkage is not None and not 0 <= shrinkage <= 1:
        raise ValueError(f"shrinkage must lie between 0 and 1, got {shrinkage}")
    mass = np.bincount(labels, w, minlength=n_classes)
    sums = np.zeros((n_classes, x.shape[1]))
    for start in range(0, len(x), 4096):
        part = slice(start, start + 4096)
        say = np.zeros((n_classes, len(labels[part])))
        say[labels[part], np.arange(say.shape[1])] = w[part]
        sums += say @ x[part].astype(np.float64)
    overall = sums.sum(0) / mass.sum()
    if not np.isfinite(overall).all():
        raise ValueError("x holds values that are not finite (NaN or infinite)")
    safe = np.where(mass > 0, mass, 1)[:, None]
    own = np.where(mass[:, None] > 0, sums / safe - overall, 0)  # relative to the overall mean
    if shrinkage is None:
        s = _shrinkage(x, labels, w, own, overall, mass)
    else:
        s = np.full(n_classes, float(shrinkage))
    s = np.where(mass > 0, s, 1.0)
    kept = (1 - s)[:, None] * own
    scores = _scores_left_out(x, labels, w, own, overall, mass, s)
    bias = -0.5 * (kept**2).sum(1) - kept @ overall
    empty = mass == 0
    if empty.any():
        plain = np.concatenate(
            [x[i : i + 4096] @ kept[~empty].T + bias[~empty] for i in range(0, len(x), 4096)]
        )
        bias[empty] = plain[w > 0].max(1).min() - np.log(len(x) + 1)
    return Prototypes(kept + overall, s, kept, bias, scores)


def _shrinkage(
    x: np.ndarray,
    labels: np.ndarray,
    w: np.ndarray,
    own: np.ndarray,
    overall: np.ndarray,
    mass: np.ndarray,
) -> np.ndarray:
    """Return v / (v + τ²) for each class; mean squares over columns all through."""
    d = max(1, x.shape[1])
    counts = np.bincount(labels[w > 0], minlength=len(mass))
    # Kish's effective number of rows: weights that differ know less than their number.
    effective = mass**2 / np.maximum(np.bincount(labels, w**2, minlength=len(mass)), 1e-300)
    within = 0.0
    for start in range(0, len(x), 4096):
        part = slice(start, start + 4096)
        left = x[part] - overall - own[labels[part]]
        within += float(w[part] @ (left**2).sum(1))
    there = mass > 0
    freedom = max(float((mass * (1 - 1 / np.maximum(effective, 1)))[there].sum()), 0.0)
    if not there.sum() > 1 or counts.max() < 2 or not freedom > 0:
        return np.zeros(len(mass))  # nothing says how much a mean varies
    variance = within / freedom / d
    noise = np.where(there, variance / np.maximum(effective, 1e-300), 0.0)
    spread = float(((own[there] ** 2).sum(1) / d - noise[there]).mean())
    spread *= there.sum() / (there.sum() - 1)
    total = noise + max(spread, 0.0)
    return np.where(total > 0, noise / np.where(total > 0, total, 1), 0.0)


def _scores_left_out(
    x: np.ndarray,
    labels: np.ndarray,
    w: np.ndarray,
    own: np.ndarray,
    overall: np.ndarray,
    mass: np.ndarray,
    s: np.ndarray,
) -> np.ndarray:
    """Return −½ ‖x − m‖² + ½ ‖x − overall‖² with the row taken out of its class and of all.

    With z = x − overall: without the row, its class's mean is a z-combination of what it was,
    p own + q z, and the overall mean moves by r z.
    """
    n, k = len(x), len(mass)
    out = np.empty((n, k))
    product = own @ own.T
    length = product.diagonal()
    total = mass.sum()
    lonely = total - w <= 1e-12 * total
    for start in range(0, n, 4096):
        part = slice(start, start + 4096)
        z = x[part].astype(np.float64) - overall
        mine, v = labels[part], w[part]
        rest = np.where(lonely[part], 1, total - v)
        r = -v / rest  # overall mean without the row, over z
        left = mass[mine] - v
        gone = left <= 1e-12 * total
        left = np.where(gone, 1, left)
        p = np.ones((len(z), k))
        q = np.zeros((len(z), k))
        rows = np.arange(len(z))
        p[rows, mine] = np.where(gone, 0, mass[mine] / left)
        q[rows, mine] = np.where(gone, 0, -v / left)
        # m − overall = (1 − s)(p own + q z) + s r z
        a, b = (1 - s) * p, (1 - s) * q + s * r[:, None]
        zz, zo = (z**2).sum(1)[:, None], z @ own.T
        inner = a * zo + b * zz
        square = a**2 * length + 2 * a * b * zo + b**2 * zz
        out[part] = inner - square / 2
        block = out[part]
        block[rows[gone], mine[gone]] = -np.inf
    out[:, mass == 0] = -np.inf
    return out
