"""The geodesic flow kernel: inner products averaged over all subspaces between two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..mapping.affine import AffineMap
from ..mapping.covariance import as_rows
from .subspace_alignment import both_components


@dataclass(frozen=True)
class GeodesicFlow:
    """The kernel as a factor, G = F Fᵀ, and its maps.

    Attributes
    ----------
    factor : ndarray, shape (d, r)
        F; r ≤ 2 k. xᵀ G z = (Fᵀx) · (Fᵀz).
    angles : ndarray, shape (k,)
        Principal angles between the subspaces, rising, in radians.
    source, target : AffineMap
        x ↦ (x − mean) F for either side, whose inner products and distances are the kernel's.
    """

    factor: np.ndarray
    angles: np.ndarray
    source: AffineMap
    target: AffineMap


def geodesic_flow(xs: Any, xt: Any, n_components: int, *, centre: bool = True) -> GeodesicFlow:
    """Return the geodesic flow kernel of two domains (Gong, Shi, Sha & Grauman, 2012, CVPR).

    Parameters
    ----------
    xs, xt : array, shapes (n, d) and (m, d)
    n_components : int
        k, the dimension of each side's principal subspace; 2 k may be more than d.
    centre : bool
        Whether the maps take each side's own mean away before. (The subspaces are those of the
        centred rows either way.)

    Raises
    ------
    ValueError
        Where dimensions differ, a side does not vary at all, or a value is not finite.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(60, 4)) * [4.0, 2.0, 1.0, 0.5]
    >>> flow = geodesic_flow(x, x, 2)
    >>> flow.angles.round(6).tolist(), flow.source(x).shape
    ([0.0, 0.0], (60, 2))
    """
    xs, xt = as_rows(xs), as_rows(xt)
    first, second = both_components(xs, xt, n_components)
    factor, angles = geodesic_flow_factor(first.axes, second.axes)
    factor = factor.astype(first.axes.dtype)
    zero, none = np.zeros(factor.shape[1]), np.zeros(len(factor))
    means = (first.mean, second.mean) if centre else (none, none)
    return GeodesicFlow(
        factor, angles, AffineMap(factor, means[0], zero), AffineMap(factor, means[1], zero)
    )


def geodesic_flow_factor(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return F with  F Fᵀ = ∫₀¹ Φ(t) Φ(t)ᵀ dt,  and the principal angles.

    Φ(t) is the geodesic between the spans of two orthonormal bases P, Q (d, k): with
    PᵀQ = U cos(θ) Vᵀ, A = P U and R = Q V − A cos(θ) = B sin(θ),

        Φ(t) = A cos(tθ) + B sin(tθ),

    so the integral is, angle by angle, a 2 × 2 matrix in the pair of columns (a, b):

        ½ [[1 + sin2θ/2θ, (1 − cos2θ)/2θ], [(1 − cos2θ)/2θ, 1 − sin2θ/2θ]].

    No basis of the orthogonal complement is needed, so 2 k > d is no special case. Columns of
    angles that are 0 but for rounding have no b and add none.

    Parameters
    ----------
    first, second : ndarray, shape (d, k)
        Orthonormal columns.

    Returns
    -------
    factor : ndarray of float64, shape (d, r)
    angles : ndarray, shape (k,)
        Rising.
    """
    p, q = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    u, cosines, vt = np.linalg.svd(p.T @ q)
    a = p @ u
    rest = q @ vt.T - a * cosines
    rest -= a @ (a.T @ rest)
    sines = np.linalg.norm(rest, axis=0)
    angles = np.arctan2(sines, cosines)
    apart = sines > 1e-6
    theta = np.where(apart, angles, 1.0)
    double = np.where(apart, np.sin(2 * theta) / (2 * theta), 1.0)
    across = np.where(apart, (1 - np.cos(2 * theta)) / (2 * theta), 0.0)
    aa, ab, bb = (1 + double) / 2, across / 2, (1 - double) / 2
    # Cholesky's factor of each 2 × 2 matrix: a takes √aa, and what is left of b goes beside it.
    b = rest[:, apart] / sines[apart]
    root = np.sqrt(aa)
    along = a * root
    along[:, apart] += b * (ab / root)[apart]
    left = np.sqrt(np.maximum(bb - (ab / root) ** 2, 0))[apart]
    order = np.argsort(angles)
    return np.hstack([along[:, order], b * left]), angles[order]
