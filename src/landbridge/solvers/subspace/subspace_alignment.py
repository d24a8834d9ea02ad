"""Subspace alignment: the source's principal axes turned onto the target's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..mapping.affine import AffineMap
from ..mapping.covariance import as_rows
from .components import Components, principal_components


@dataclass(frozen=True)
class AlignedSubspaces:
    """Maps of either side into the target's subspace.

    Attributes
    ----------
    source : AffineMap
        (x − mean_s) Ps M, from d columns to k.
    target : AffineMap
        (x − mean_t) Pt.
    turn : ndarray, shape (k, k)
        M = Psᵀ Pt; its singular values are the cosines of the angles between the subspaces.
    """

    source: AffineMap
    target: AffineMap
    turn: np.ndarray


def align_subspaces(xs: Any, xt: Any, n_components: int) -> AlignedSubspaces:
    """Align the source's subspace with the target's (Fernando et al., 2013, ICCV).

    With Ps, Pt (d, k) the leading principal axes, M = PsᵀPt minimises ‖Ps M − Pt‖: source rows
    become (x − mean_s) Ps M, target rows (x − mean_t) Pt.

    Parameters
    ----------
    xs, xt : array, shapes (n, d) and (m, d)
    n_components : int
        k. Fewer where a side has fewer directions.

    Raises
    ------
    ValueError
        Where dimensions differ, a side does not vary at all, or a value is not finite.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(90, 3)) * [5.0, 2.0, 0.1]
    >>> found = align_subspaces(x, x + 7, 2)
    >>> bool(np.allclose(found.source(x), found.target(x + 7)))
    True
    """
    xs, xt = as_rows(xs), as_rows(xt)
    first, second = both_components(xs, xt, n_components)
    turn = first.axes.T @ second.axes
    zero = np.zeros(second.axes.shape[1])
    return AlignedSubspaces(
        AffineMap(first.axes @ turn, first.mean, zero),
        AffineMap(second.axes, second.mean, zero),
        turn,
    )


def both_components(
    xs: np.ndarray, xt: np.ndarray, n_components: int
) -> tuple[Components, Components]:
    """Return the same number of components of both sides."""
    if xs.shape[1] != xt.shape[1]:
        raise ValueError(f"shapes {xs.shape} and {xt.shape} do not fit together")
    sides = [principal_components(x, n_components) for x in (xs, xt)]
    k = min(side.axes.shape[1] for side in sides)
    if not k:
        raise ValueError("a side does not vary in any direction: it has no subspace")
    first, second = (Components(s.mean, s.axes[:, :k], s.variances[:k]) for s in sides)
    return first, second


def subspace_dimension(xs: Any, xt: Any, max_components: int = 100) -> int:
    """Return the number of components by the subspace disagreement measure.

    The smallest k at which the largest angle of either side's k-dimensional subspace to that of
    both sides together is a right one (to within `_RIGHT`): from there on the domains disagree
    (Gong et al., 2012, CVPR, section 3.4).

    Parameters
    ----------
    xs, xt : array, shapes (n, d) and (m, d)
    max_components : int
        The answer where none is.
    """
    xs, xt = as_rows(xs), as_rows(xt)
    both = np.concatenate([xs, xt.astype(xs.dtype)])
    sides = [principal_components(x, max_components) for x in (xs, xt, both)]
    top = min(side.axes.shape[1] for side in sides)
    for k in range(1, top + 1):
        pooled = sides[2].axes[:, :k]
        sines = [_largest_sine(side.axes[:, :k], pooled) for side in sides[:2]]
        if sum(sines) / 2 >= _RIGHT:
            return k
    return max(1, top)


_RIGHT = 0.995


def _largest_sine(first: np.ndarray, second: np.ndarray) -> float:
    cosines = np.linalg.svd(first.T @ second, compute_uv=False)
    return float(np.sqrt(max(0.0, 1 - float(cosines[-1]) ** 2)))
