"""Source and target rows in one ridge regression; how much the source counts is chosen.

λ, the source's share of all weight, and the strength are chosen together by exact leave-one-out
over the target's rows, so no validation rows are spent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .ridge import RidgePath, ridge_loo

SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.97)
"""From the target alone to the source with a little of the target."""


@dataclass(frozen=True)
class JointFit:
    """A ridge regression on both sides.

    Attributes
    ----------
    path : RidgePath
        The fit at `share`; its rows are source rows, then target rows (target rows alone where
        the share is 0).
    share : float
        λ chosen.
    errors : ndarray, shape (shares,)
        Mean squared error of target rows left out, each at its best strength.
    left_out : ndarray, shape (m, k)
        Each target row's prediction without it.
    """

    path: RidgePath
    share: float
    errors: np.ndarray
    left_out: np.ndarray


def joint_ridge(
    xs: np.ndarray,
    source_targets: np.ndarray,
    xt: np.ndarray,
    targets: np.ndarray,
    alphas: Sequence[float],
    *,
    shares: Sequence[float] = SHARES,
    weights: np.ndarray | None = None,
) -> JointFit:
    """Minimise λ mean_source + (1 − λ) mean_target of squared errors, in all n + m times that.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
    source_targets, targets : ndarray, shapes (n, k) and (m, k)
    alphas : sequence of float
        α to choose from.
    shares : sequence of float
        λ to choose from, each from 0 up to below 1.
    weights : ndarray, shape (n,), optional
        Of source rows among themselves.

    Returns
    -------
    JointFit
        With one target row the share is the largest that is offered, and α the source's choice.

    Raises
    ------
    ValueError
        As `ridge_loo`; and for a share out of range.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> xs, xt = rng.normal(size=(200, 3)), rng.normal(size=(5, 3))
    >>> same = joint_ridge(xs, xs[:, :1], xt, xt[:, :1], [1e-3, 1.0])
    >>> other = joint_ridge(xs, -xs[:, :1], xt, xt[:, :1], [1e-3, 1.0])
    >>> same.share > 0, other.share
    (True, 0.0)
    """
    n, m = len(xs), len(xt)
    if not all(0 <= s < 1 for s in shares) or not len(shares):
        raise ValueError(f"shares must lie between 0 and below 1, got {list(shares)}")
    of_source = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    of_source = of_source / of_source.sum()
    x = np.concatenate([xs, np.asarray(xt).astype(np.asarray(xs).dtype, copy=False)])
    y = np.concatenate([source_targets, targets])
    target = np.arange(n + m) >= n
    errors = np.full(len(shares), np.nan)
    best: tuple[float, float, RidgePath] | None = None
    for i, share in enumerate(shares):
        if m == 1 and share < max(shares):
            continue
        if share == 0:
            path = ridge_loo(x[n:], y[n:], alphas)
            error = float(np.min(path.loo_errors))
        else:
            each = np.concatenate([share * of_source, np.full(m, (1 - share) / m)]) * (n + m)
            eval_mask = target if m > 1 else ~target
            path = ridge_loo(x, y, alphas, weights=each, eval_mask=eval_mask)
            error = float(np.min(path.loo_errors)) / (each[-1] if m > 1 else 1.0)
        errors[i] = error if m > 1 else np.nan
        if best is None or error < best[0]:
            best = error, float(share), path
    assert best is not None
    _, share, path = best
    return JointFit(path, share, errors, path.loo_predictions[-m:])
