"""Linear maps g(x) = x W + b between two feature spaces, from matched rows.

Row i of y is where row i of x should go; the dimensions of x and y may differ. b is free and
unpenalised in every map: it takes the mean of x to the mean of y. Maps without matched rows are
in `unpaired_map`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..linear.ridge import ridge_loo
from .affine import AffineMap


def least_squares_map(
    x: np.ndarray, y: np.ndarray, *, ridge: float = 0.0, weights: np.ndarray | None = None
) -> AffineMap:
    """Return the W, b that minimise  Σᵢ wᵢ ‖xᵢ W + b − yᵢ‖² + α ‖W‖².

    Parameters
    ----------
    x, y : ndarray, shapes (n, d_from) and (n, d_to)
    ridge : float
        α. 0 is least squares; of several solutions the one of least ‖W‖.
    weights : ndarray, shape (n,), optional
        Not negative, not all 0.

    Returns
    -------
    AffineMap
        In float64.

    Raises
    ------
    ValueError
        Where shapes disagree, a value is not finite, or `ridge` is negative.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> found = least_squares_map(x, x @ [[2.0, -1.0]] + [3.0, 0.0])
    >>> found.matrix.round(6).tolist(), (found.offset + 1).round(6).tolist()
    ([[2.0, -1.0]], [4.0, 1.0])
    """
    _check_ridge(ridge)
    p = _Pairs(x, y, weights)
    return AffineMap(_ridge_weight(p, ridge), p.mean_x, p.mean_y)


def low_rank_map(
    x: np.ndarray,
    y: np.ndarray,
    rank: int,
    *,
    ridge: float = 0.0,
    weights: np.ndarray | None = None,
) -> AffineMap:
    """Return the same with W of at most a given rank: reduced-rank regression, exactly.

    With B the full solution and Λ = XᵀX + αI the answer is B V Vᵀ, V the leading eigenvectors of
    Bᵀ Λ B (Izenman, 1975, J. Multivariate Anal. 5; with a ridge: Mukherjee & Zhu, 2011, Stat.
    Anal. Data Min. 4).

    Parameters
    ----------
    x, y : ndarray, shapes (n, d_from) and (n, d_to)
    rank : int
        From 0 (a constant map) up; more than there is changes nothing.
    ridge, weights
        As in `least_squares_map`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, thin = rng.normal(size=(60, 5)), rng.normal(size=(5, 1)) @ rng.normal(size=(1, 4))
    >>> found = low_rank_map(x, x @ thin + rng.normal(size=(60, 4)), rank=1)
    >>> int(np.linalg.matrix_rank(found.matrix))
    1
    """
    if rank < 0:
        raise ValueError(f"rank must not be negative, got {rank}")
    _check_ridge(ridge)
    p = _Pairs(x, y, weights)
    weight = _ridge_weight(p, ridge)
    fitted = p.x @ weight
    _, vectors = np.linalg.eigh(fitted.T @ fitted + ridge * (weight.T @ weight))
    kept = vectors[:, max(0, vectors.shape[1] - rank) :]
    return AffineMap(weight @ kept @ kept.T, p.mean_x, p.mean_y)


def orthogonal_map(
    x: np.ndarray,
    y: np.ndarray,
    *,
    scale: bool = False,
    weights: np.ndarray | None = None,
    max_steps: int = 500,
    tolerance: float = 1e-10,
) -> AffineMap:
    """Return the orthogonal W (and b) that minimises  Σᵢ wᵢ ‖xᵢ W + b − yᵢ‖²  (Procrustes).

    For d_from ≤ d_to W has orthonormal rows, and W = U Vᵀ of the singular value decomposition of
    XᵀY (Schönemann, 1966, Psychometrika 31). For d_from > d_to it has orthonormal columns; there
    is no closed form then, and the columns that y lacks are filled in with what W predicts for
    them until nothing changes, which never raises the error (ten Berge & Knol, 1984,
    Psychometrika 49).

    Parameters
    ----------
    x, y : ndarray, shapes (n, d_from) and (n, d_to)
    scale : bool
        Also a free factor s > 0: W = s Q. Only where d_from ≤ d_to.
    weights : ndarray, shape (n,), optional
    max_steps, tolerance
        Where d_from > d_to: at most so many steps, and the relative fall of the error that ends
        them.

    Examples
    --------
    >>> turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> x = np.random.default_rng(0).normal(size=(9, 2))
    >>> np.allclose(orthogonal_map(x, x @ turn + 1).matrix, turn)
    True
    """
    p = _Pairs(x, y, weights)
    d_from, d_to = p.x.shape[1], p.y.shape[1]
    if d_from <= d_to:
        u, values, vt = np.linalg.svd(p.x.T @ p.y, full_matrices=False)
        factor = 1.0
        if scale:
            size = float((p.x**2).sum())
            factor = float(values.sum()) / size if size else 1.0
        return AffineMap(factor * (u @ vt), p.mean_x, p.mean_y)
    if scale:
        raise ValueError(f"scale needs d_from <= d_to, got {d_from} and {d_to}")
    gram, moment = p.x.T @ p.x, p.x.T @ p.y
    target = np.zeros((d_from, d_from))
    target[:, :d_to] = moment
    last = np.inf
    size = float((p.y**2).sum())
    for _ in range(max_steps):
        u, _, vt = np.linalg.svd(target)
        turn = u @ vt
        weight = turn[:, :d_to]
        error = float(((gram @ weight) * weight).sum() - 2 * (moment * weight).sum()) + size
        if last - error <= tolerance * size:
            break
        last = error
        target[:, d_to:] = gram @ turn[:, d_to:]
    return AffineMap(weight, p.mean_x, p.mean_y)


def matched_map(
    x: np.ndarray,
    y: np.ndarray,
    alphas: Sequence[float],
    *,
    base: AffineMap | None = None,
    weights: np.ndarray | None = None,
) -> tuple[AffineMap, float, float]:
    """Return the map that takes rows of x near the matched rows of y: ridge regression.

    Minimises  Σᵢ wᵢ ‖base(xᵢ) + xᵢ Δ + c − yᵢ‖² + α ‖Δ‖²  over Δ and c, α by exact leave-one-out
    error. So with few rows the map stays at `base`, but for a shift.

    Parameters
    ----------
    x, y : ndarray, shapes (n, d_from) and (n, d_to)
        Row i of y is where row i of x should go.
    alphas : sequence of float
        The α to choose from; the largest says how near to `base` the map can stay.
    base : AffineMap, optional
        What to shrink to. By default the identity where the dimensions agree, else the constant
        map (Δ is all there is).
    weights : ndarray, shape (n,), optional

    Returns
    -------
    map : AffineMap
    strength : float
        α.
    error : float
        Leave-one-out mean squared error; NaN for one row.

    Raises
    ------
    ValueError
        As `ridge_loo`.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(50, 2))
    >>> found, _, _ = matched_map(x, x @ np.array([[0.0, 2.0], [1.0, 0.0]]) - 3, [1e-6, 1.0, 1e3])
    >>> found.matrix.round(3).tolist(), found.offset.round(3).tolist()
    ([[0.0, 2.0], [1.0, 0.0]], [-3.0, -3.0])
    """
    x, y = np.asarray(x), np.asarray(y)
    d_from, d_to = x.shape[1], y.shape[1]
    if base is None:
        start = np.eye(d_from) if d_from == d_to else np.zeros((d_from, d_to))
        base = AffineMap(start, np.zeros(d_from), np.zeros(d_to))
    wide = x.astype(np.float64)
    path = ridge_loo(wide, y - base(wide), alphas, weights=weights)
    best = int(np.argmin(np.abs(path.alphas - path.strength)))
    found = AffineMap(base.matrix + path.weight.T, np.zeros(d_from), base.offset + path.bias)
    return found, path.strength, float(path.loo_errors[best])


class _Pairs:
    """Matched rows in float64, centred by their weighted means and multiplied by √w."""

    def __init__(self, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None) -> None:
        wide_x = np.asarray(x, dtype=np.float64)
        wide_y = np.asarray(y, dtype=np.float64)
        if wide_x.ndim != 2 or wide_y.ndim != 2 or len(wide_x) != len(wide_y) or not len(wide_x):
            raise ValueError(
                f"shapes {wide_x.shape} and {wide_y.shape} do not fit together: expected "
                "(n, d_from) and (n, d_to) with n > 0"
            )
        if not (np.isfinite(wide_x).all() and np.isfinite(wide_y).all()):
            raise ValueError("x or y holds values that are not finite (NaN or infinite)")
        w = np.ones(len(wide_x)) if weights is None else np.asarray(weights, dtype=np.float64)
        if w.shape != (len(wide_x),) or not (w >= 0).all() or not 0 < w.sum() < np.inf:
            raise ValueError("weights must be n finite numbers, none negative, not all 0")
        self.mean_x, self.mean_y = w @ wide_x / w.sum(), w @ wide_y / w.sum()
        root = np.sqrt(w)[:, None]
        self.x, self.y = (wide_x - self.mean_x) * root, (wide_y - self.mean_y) * root


def _ridge_weight(p: _Pairs, ridge: float) -> np.ndarray:
    """Return (XᵀX + αI)⁻¹ XᵀY by the singular values of X; the pseudo-inverse for α = 0."""
    u, s, vt = np.linalg.svd(p.x, full_matrices=False)
    floor = s.max(initial=0.0) * max(p.x.shape) * np.finfo(np.float64).eps
    kept = s > floor
    shrink = np.where(kept, s / np.where(kept, s**2 + ridge, 1.0), 0.0)
    return (vt.T * shrink) @ (u.T @ p.y)


def _check_ridge(ridge: float) -> None:
    if not 0 <= ridge < np.inf:
        raise ValueError(f"ridge must be a finite number from 0 up, got {ridge}")
