"""The Bures barycentre of covariances, and the linear Monge maps of several domains to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .affine import AffineMap
from .alignment import gaussian_map
from .covariance import as_rows, covariance, power


@dataclass(frozen=True)
class Barycentre:
    """The Gaussian nearest to several, in the Wasserstein-2 distance.

    Attributes
    ----------
    mean : ndarray, shape (d,)
    covariance : ndarray, shape (d, d)
    maps : tuple of AffineMap
        From each domain to the barycentre, in the order given.
    steps : int
        Fixed-point steps taken.
    residual : float
        ‖Σ wₖ Tₖ − I‖ / √d at the end: 0 at the barycentre, exactly there.
    """

    mean: np.ndarray
    covariance: np.ndarray
    maps: tuple[AffineMap, ...]
    steps: int
    residual: float


def bures_barycentre(
    covariances: Sequence[np.ndarray],
    weights: Sequence[float] | None = None,
    *,
    max_steps: int = 100,
    tolerance: float = 1e-10,
) -> tuple[np.ndarray, int, float]:
    """Return the S that minimises  Σ wₖ B²(S, Cₖ),  B the Bures (Wasserstein-2) distance.

    The fixed point S ← T̄ S T̄, T̄ = Σ wₖ Tₖ with Tₖ the Monge map from S to Cₖ, lowers the
    objective at every step and converges to the only minimum (Álvarez-Esteban, del Barrio,
    Cuesta-Albertos & Matrán, 2016, J. Math. Anal. Appl. 441). For two covariances the point of
    weight t on the geodesic is taken, which needs no steps.

    Parameters
    ----------
    covariances : sequence of ndarray, each of shape (d, d)
        Symmetric, positive; one singular among them is treated with pseudo-inverses.
    weights : sequence of float, optional
        Positive; made to sum to 1. Equal by default.
    max_steps : int
    tolerance : float
        Of the residual ‖T̄ − I‖ / √d.

    Returns
    -------
    S : ndarray, shape (d, d)
    steps : int
    residual : float

    Examples
    --------
    >>> bures_barycentre([np.diag([1.0, 4.0]), np.diag([9.0, 4.0])])[0].round(6).tolist()
    [[4.0, 0.0], [0.0, 4.0]]
    """
    stack = [np.asarray(c, dtype=np.float64) for c in covariances]
    w = _weights(weights, len(stack))
    d = len(stack[0])
    if len(stack) == 1:
        return stack[0], 0, 0.0
    if len(stack) == 2:
        found = gaussian_map(stack[0], stack[1])
        assert found is not None
        middle = w[0] * np.eye(d) + w[1] * found
        return _symmetric(middle @ stack[0] @ middle), 0, 0.0
    # The mean of the roots, squared, is the answer where the covariances commute.
    root = sum(v * power(c, 0.5) for v, c in zip(w, stack, strict=True))
    at = _symmetric(root @ root)
    residual, steps = np.inf, 0
    while steps < max_steps:
        steps += 1
        mean_map = np.zeros((d, d))
        for v, c in zip(w, stack, strict=True):
            found = gaussian_map(at, c)
            assert found is not None
            mean_map += v * found
        at = _symmetric(mean_map @ at @ mean_map)
        before, residual = residual, float(np.linalg.norm(mean_map - np.eye(d)) / np.sqrt(d))
        # Rounding ends the fall above the tolerance where the covariances are badly conditioned.
        if residual <= tolerance or (residual < 1e-6 and residual > 0.9 * before):
            break
    return at, steps, residual


def multi_monge_maps(
    domains: Sequence[Any],
    reg: float = 0.1,
    *,
    weights: Sequence[float] | None = None,
    max_steps: int = 100,
    tolerance: float = 1e-8,
) -> Barycentre:
    """Return linear Monge maps that take several domains to one common Gaussian.

    Parameters
    ----------
    domains : sequence of arrays, each of shape (n_k, d)
        Sources and targets alike; two rows or more in each.
    reg : float
        r: r times the mean variance (of all domains) is added to every covariance.
    weights : sequence of float, optional
        Of the domains in the barycentre; equal by default.
    max_steps, tolerance
        As in `bures_barycentre`.

    Returns
    -------
    Barycentre
        Its covariance is the barycentre of the regularised ones.

    Raises
    ------
    ValueError
        Where dimensions differ, a domain has fewer than two rows, a value is not finite or
        `reg` is negative.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parts = [scale * rng.normal(size=(400, 2)) + shift for scale, shift in [(1, 0), (3, 8)]]
    >>> found = multi_monge_maps(parts, 0.0)
    >>> together = [one(part) for one, part in zip(found.maps, parts)]
    >>> bool(np.allclose(np.cov(together[0].T), np.cov(together[1].T)))
    True
    """
    if not reg >= 0:
        raise ValueError(f"regularisation must not be negative, got {reg}")
    rows = [as_rows(x) for x in domains]
    if len({x.shape[1] for x in rows}) != 1:
        raise ValueError(f"shapes {[x.shape for x in rows]} do not fit together")
    if min(len(x) for x in rows) < 2:
        raise ValueError(f"every domain needs two rows, got {[len(x) for x in rows]}")
    w = _weights(weights, len(rows))
    d = rows[0].shape[1]
    sides = [covariance(x) for x in rows]
    added = reg * float(np.mean([s.variance for s in sides]))
    lifted = [s.matrix.astype(np.float64) + added * np.eye(d) for s in sides]
    mean = sum(v * s.mean for v, s in zip(w, sides, strict=True))
    centre, steps, residual = bures_barycentre(
        lifted, w.tolist(), max_steps=max_steps, tolerance=tolerance
    )
    maps = []
    for x, side, matrix in zip(rows, sides, lifted, strict=True):
        found = gaussian_map(matrix, centre)
        assert found is not None
        maps.append(AffineMap(found.astype(x.dtype), side.mean, np.asarray(mean)))
    return Barycentre(np.asarray(mean), centre, tuple(maps), steps, residual)


def _symmetric(matrix: np.ndarray) -> np.ndarray:
    return (matrix + matrix.T) / 2


def _weights(weights: Sequence[float] | None, count: int) -> np.ndarray:
    if not count:
        raise ValueError("give at least one domain")
    w = np.ones(count) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.shape != (count,) or not (w > 0).all() or not np.isfinite(w).all():
        raise ValueError(f"weights must be {count} positive numbers, got {w.tolist()}")
    return w / w.sum()
