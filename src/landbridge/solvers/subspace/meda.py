"""Manifold embedded distribution alignment: a kernel classifier that joins two domains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class MEDAFit:
    """A kernel classifier f(x) = Σᵢ βᵢ k(xᵢ, x) over the rows of both sides.

    Attributes
    ----------
    coefficients : ndarray of float64, shape (n + m, classes)
        β, source rows first.
    labels : ndarray of int64, shape (m,)
        Of the target rows: the largest f, or the label that was given.
    mu : tuple of float
        Weight of the class-wise distribution distance in each step.
    changed : tuple of int
        How many labels each step changed.
    """

    coefficients: np.ndarray
    labels: np.ndarray
    mu: tuple[float, ...]
    changed: tuple[int, ...]


def fit_meda(
    zs: np.ndarray,
    ys: np.ndarray,
    zt: np.ndarray,
    n_classes: int,
    *,
    start: np.ndarray,
    labeled_mask: np.ndarray | None = None,
    gamma: float = 0.5,
    alignment: float = 10.0,
    smoothness: float = 1.0,
    alpha: float = 0.1,
    n_neighbors: int = 10,
    max_iter: int = 10,
    mu: float | None = None,
    separation_rows: tuple[np.ndarray, np.ndarray] | None = None,
) -> MEDAFit:
    """Fit MEDA's classifier (Wang, Feng, Chen, Yu, Huang & Yu, 2018, ACM Multimedia).

    In each step, with pseudo-labels for the target,

        β = ((E + λ M + ρ L) K + η I)⁻¹ E Y,

    E = diag(row is labelled), K the Gaussian kernel, L the normalised Laplacian of the graph of
    nearest neighbours by cosine, and M = (1 − μ) M₀ C + μ Σ_c M_c (of Frobenius norm 1), the
    squared MMD between the sides and between their classes. M is the product of two thin
    matrices, so one factorisation serves all steps.

    Parameters
    ----------
    zs, zt : ndarray, shapes (n, k) and (m, k)
        Rows of length 1 (in the manifold's features).
    ys : ndarray of int, shape (n,)
        Labels of the source, below `n_classes`.
    n_classes : int
    start : ndarray of int, shape (m,)
        The target's first pseudo-labels (its labels where `labeled_mask`).
    labeled_mask : ndarray of bool, shape (m,), optional
        Target rows whose label in `start` is true: they stay, and count as labelled.
    gamma : float
        Kernel exp(−γ ‖x − z‖²); ½ is the paper's code on rows of length 1.
    alignment, smoothness, alpha : float
        λ, ρ, η.
    n_neighbors : int
        Of each row in the graph, besides itself.
    max_iter : int
        At most; the search ends when no label changes and μ is fixed.
    mu : float, optional
        In [0, 1]. None: estimated in each step (`estimate_mu`).
    separation_rows : tuple of ndarray, optional
        The rows that μ is estimated on, source and target; by default zs and zt.

    Raises
    ------
    ValueError
        Where shapes or ranges are wrong.

    Notes
    -----
    2/3 (n + m)³ operations once, (n + m)² (classes + 1) in each step; memory 3 (n + m)².
    """
    from scipy.linalg import lu_factor, lu_solve

    n, m = len(zs), len(zt)
    if zs.ndim != 2 or zt.ndim != 2 or zs.shape[1] != zt.shape[1] or not n or not m:
        raise ValueError(f"shapes {zs.shape} and {zt.shape} do not fit together")
    if not (alignment >= 0 and smoothness >= 0 and alpha > 0 and gamma > 0):
        raise ValueError("alignment and smoothness must not be negative, others must be positive")
    if max_iter < 1 or (mu is not None and not 0 <= mu <= 1):
        raise ValueError("max_iter must be positive, and mu between 0 and 1")
    fixed = np.zeros(m, dtype=bool) if labeled_mask is None else labeled_mask
    z = np.concatenate([zs, zt]).astype(np.float64)
    labelled = np.concatenate([np.ones(n, dtype=bool), fixed])
    labels = np.asarray(start, dtype=np.int64).copy()
    answers = np.zeros((n + m, n_classes))
    answers[np.flatnonzero(labelled), np.concatenate([ys, labels[fixed]])] = 1

    kernel = _gaussian(z, gamma)
    system = smoothness * (cosine_laplacian(z, n_neighbors) @ kernel) if smoothness else 0 * kernel
    system[labelled] += kernel[labelled]
    system[np.diag_indices(n + m)] += alpha
    factors = lu_factor(system, overwrite_a=True, check_finite=False)
    plain = lu_solve(factors, answers, check_finite=False)

    coefficients = plain
    used: list[float] = []
    changed: list[int] = []
    rows_s, rows_t = (zs, zt) if separation_rows is None else separation_rows
    for _ in range(max_iter):
        weight = estimate_mu(rows_s, ys, rows_t, labels, n_classes) if mu is None else mu
        used.append(weight)
        contrasts = _contrasts(ys, labels, n_classes, weight)
        gram = contrasts.T @ contrasts
        size = float(np.linalg.norm(gram))  # Frobenius norm of the product of contrasts
        coefficients = plain
        if size > 0 and alignment > 0:
            # Woodbury: (A + λ U Uᵀ K)⁻¹ = A⁻¹ − A⁻¹ U (I/λ + Uᵀ K A⁻¹ U)⁻¹ Uᵀ K A⁻¹
            factor = alignment / size
            solved = lu_solve(factors, contrasts, check_finite=False)
            across = contrasts.T @ kernel
            inner = np.eye(len(gram)) / factor + across @ solved
            coefficients = plain - solved @ np.linalg.solve(inner, across @ plain)
        found = (kernel[n:] @ coefficients).argmax(1)
        found[fixed] = labels[fixed]
        changed.append(int((found != labels).sum()))
        labels = found.astype(np.int64)
        if not changed[-1] and (mu is not None or len(used) > 1):
            break
    return MEDAFit(coefficients, labels, tuple(used), tuple(changed))


def estimate_mu(
    xs: np.ndarray, ys: np.ndarray, xt: np.ndarray, yt: np.ndarray, n_classes: int
) -> float:
    """Return how much the classes' distributions differ, against the sides': μ in [0, 1].

    μ = d_c / (d_c + d_0), d_0 the A-distance 2 (1 − 2 error) of a linear support vector machine
    that tells the sides apart, d_c its mean over the classes (of a class that is on one side
    only: 2).
    """
    overall = _separation(xs, xt)
    per_class = [_separation(xs[ys == c], xt[yt == c]) for c in range(n_classes) if (ys == c).any()]
    mean = float(np.mean(per_class))
    if mean + overall <= 0:
        return 0.5  # neither differs
    return float(np.clip(mean / (mean + overall), 0, 1))


def cosine_laplacian(z: np.ndarray, n_neighbors: int) -> Any:
    """Return I − D^(−½) W D^(−½), sparse, of the symmetric graph of nearest neighbours.

    Rows have length 1; the weight of an edge is the cosine (0 where that is negative), and each
    row is its own neighbour, too.
    """
    import torch
    from scipy.sparse import coo_array, csr_array, diags_array, eye_array

    n = len(z)
    k = min(n_neighbors + 1, n)
    near = np.empty((n, k), dtype=np.int64)
    weights = np.empty((n, k))
    step = max(1, 4_000_000 // n)
    for first in range(0, n, step):
        cosines = torch.from_numpy(z[first : first + step] @ z.T)
        own = torch.arange(len(cosines))
        cosines[own, own + first] = 2.0  # itself, whatever rounding says
        values, found = cosines.topk(k, sorted=False)
        near[first : first + step] = found.numpy()
        weights[first : first + step] = values.clamp_(0, 1).numpy()
    edges = (weights.ravel(), (np.repeat(np.arange(n), k), near.ravel()))
    graph = csr_array(coo_array(edges, shape=(n, n)))
    graph = graph.maximum(graph.T)
    scale = diags_array(1 / np.sqrt(graph.sum(1)))  # each row has itself: never 0
    return eye_array(n, format="csr") - scale @ graph @ scale


def _contrasts(ys: np.ndarray, yt: np.ndarray, n_classes: int, mu: float) -> np.ndarray:
    """Return U with U Uᵀ = (1 − μ) C e₀e₀ᵀ + μ Σ_c e_c e_cᵀ, a column for each class and one."""
    n, m = len(ys), len(yt)
    present = np.unique(ys)
    columns = [np.concatenate([np.full(n, 1 / n), np.full(m, -1 / m)])]
    columns[0] = columns[0] * np.sqrt((1 - mu) * len(present))
    for c in present:
        column = np.zeros(n + m)
        column[:n][ys == c] = 1 / (ys == c).sum()
        own = yt == c
        if own.any():
            column[n:][own] = -1 / own.sum()
        columns.append(np.sqrt(mu) * column)
    return np.stack(columns, axis=1)


def _gaussian(z: np.ndarray, gamma: float) -> np.ndarray:
    from ..kernels.gaussian_kernel import gaussian_gram

    return gaussian_gram(z, 1 / np.sqrt(2 * gamma))


def _separation(xs: np.ndarray, xt: np.ndarray) -> float:
    """Return 2 (1 − 2 training error) of a linear classifier of the sides; 2 for an empty side."""
    from sklearn.svm import LinearSVC

    if not len(xs) or not len(xt):
        return 2.0
    rows = np.concatenate([xs, xt])
    sides = np.concatenate([np.zeros(len(xs)), np.ones(len(xt))])
    model = LinearSVC(C=1.0, dual=False, tol=1e-3).fit(rows, sides)
    return float(2 * (1 - 2 * (model.predict(rows) != sides).mean()))
