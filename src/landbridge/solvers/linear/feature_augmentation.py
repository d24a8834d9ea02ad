"""Feature augmentation ("frustratingly easy" adaptation) in closed form, never tripling a row.

A source row becomes (x, x, 0), a target row (x, 0, x), and one ridge regression is fitted to both
(Daumé, 2007, ACL, arXiv 0907.1815). On target rows it is linear in x with u = w_common + w_target,
on source rows with v = w_common + w_source; given these the best w_common is (u + v) / 3, and the
penalty α (‖w_common‖² + ‖w_source‖² + ‖w_target‖²) becomes a (‖u‖² + ‖v‖² − u·v), a = 2α/3. The
source's v can then be taken out, too, and what is left is a ridge regression on target rows
around a point, in a metric that the source gives: exact leave-one-out over the target rows.

EA++ (Daumé, Kumar & Saha, 2010, DANLP) adds β Σ (u·x − v·x)² over unlabelled target rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..rows import CentredRows, matmul_setting, with_ones
from .ridge import ridge_loo

_LARGE = 4e9  # multiplications from which float32 rows are multiplied in float32


@dataclass(frozen=True)
class AugmentedFit:
    """The target's side of a fit to augmented features.

    Attributes
    ----------
    weight, bias : ndarray, float64 (k, d) and (k,)
    strength : float
        α chosen.
    loo_errors : ndarray (s,)
        Mean squared error of target rows left out; NaN for one row.
    loo_predictions : ndarray (m, k)
    """

    weight: np.ndarray
    bias: np.ndarray
    strength: float
    loo_errors: np.ndarray
    loo_predictions: np.ndarray


def feature_augmentation(
    xs: np.ndarray,
    source_targets: np.ndarray,
    xt: np.ndarray,
    targets: np.ndarray,
    alphas: Sequence[float],
    *,
    weights: np.ndarray | None = None,
    unlabelled: np.ndarray | None = None,
    agreement: float = 0.0,
    free_intercept: bool = True,
) -> AugmentedFit:
    """Fit ridge regression to augmented features, α by leave-one-out over target rows.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
        Columns should be on one scale.
    source_targets, targets : ndarray, shapes (n, k) and (m, k)
    alphas : sequence of float
        α to choose from.
    weights : ndarray, shape (n,), optional
        Of source rows.
    unlabelled : ndarray, shape (u, d), optional
        Target rows for EA++.
    agreement : float
        β; 0 for plain augmentation.
    free_intercept : bool
        True: each side has an intercept without penalty, and unlabelled rows agree up to a
        constant. False: the intercept is one more feature, 1, and is augmented like the others:
        right for classes of which some may have no target row.

    Returns
    -------
    AugmentedFit
        For one target row, which cannot judge, α is the source's own leave-one-out choice.

    Raises
    ------
    ValueError
        Where shapes disagree, a value is not finite, or a strength or `agreement` is negative.

    Notes
    -----
    n d² + d³, or where all rows are fewer than columns the square of their number times d; and
    m d² for each strength (with `agreement` d³ for each).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> xs, xt = rng.normal(size=(300, 2)), rng.normal(size=(6, 2))
    >>> ys, yt = xs @ [[1.0], [2.0]], xt @ [[1.0], [2.5]]
    >>> fit = feature_augmentation(xs, ys, xt, yt, [1e-3, 1e-1, 10.0])
    >>> bool(abs(fit.weight - [[1.0, 2.5]]).max() < 0.1)
    True
    """
    xs, xt = np.asarray(xs), np.asarray(xt)
    ys, yt = np.asarray(source_targets, np.float64), np.asarray(targets, np.float64)
    extra = None if unlabelled is None or not agreement else np.asarray(unlabelled)
    if extra is not None and not len(extra):
        extra = None
    if xs.ndim != 2 or xt.ndim != 2 or xs.shape[1] != xt.shape[1] or not len(xs) or not len(xt):
        raise ValueError(f"source rows {xs.shape} and target rows {xt.shape} do not fit together")
    if ys.shape != (len(xs), ys.shape[-1]) or yt.shape != (len(xt), ys.shape[-1]):
        raise ValueError(f"targets have shapes {ys.shape} and {yt.shape}")
    if not agreement >= 0:
        raise ValueError(f"agreement must not be negative, got {agreement}")
    if weights is None:
        weights = np.ones(len(xs))
    with torch.no_grad(), matmul_setting():
        if not free_intercept:
            xs, xt = with_ones(xs), with_ones(xt)
            extra = None if extra is None else with_ones(extra)
        basis = _span([xs, xt] if extra is None else [xs, xt, extra])
        if basis is not None:
            xs, xt = xs @ basis, xt @ basis
            extra = None if extra is None else extra @ basis
        gram, moment = _moments(xs, ys, weights, free_intercept)
        metric: _Metric
        if extra is None:
            metric = _diagonal(gram, moment)
        else:
            between, _ = _moments(
                extra, np.zeros((len(extra), 1)), np.ones(len(extra)), free_intercept
            )
            metric = _dense(gram, moment, agreement * between)
        penalties = np.asarray(alphas, dtype=np.float64)
        if len(xt) == 1:
            own = ridge_loo(xs, ys, penalties, weights=weights, fit_intercept=free_intercept)
            penalties = np.array([own.strength])
        wide = xt.astype(np.float64)
        best = None
        errors = []
        for alpha in penalties:
            around, stretch = metric(2 * alpha / 3)
            path = ridge_loo(
                wide @ stretch, yt - wide @ around, [1.0], fit_intercept=free_intercept
            )
            errors.append(float(path.loo_errors[0]))
            if best is None or errors[-1] < best[0]:
                best = errors[-1], alpha, around, stretch, path
        assert best is not None
        _, alpha, around, stretch, path = best
        weight = around + stretch @ path.weight.T.astype(np.float64)
        bias = path.bias.astype(np.float64)
        predictions = path.loo_predictions + wide @ around
        if basis is not None:
            weight = basis @ weight
        if not free_intercept:
            weight, bias = weight[:-1], weight[-1]
        found = np.array(errors) if len(xt) > 1 else np.full(len(np.ravel(alphas)), np.nan)
        return AugmentedFit(weight.T, bias, float(alpha), found, predictions)


_Metric = Callable[[float], tuple[np.ndarray, np.ndarray]]
"""a -> the point that u is drawn to (d, k), and L with L Lᵀ the inverse of the metric (d, d)."""


def _diagonal(gram: np.ndarray, moment: np.ndarray) -> _Metric:
    """Return the metric without unlabelled rows, from one eigendecomposition for every α.

    v = (G + a)⁻¹ (a/2 u + s) leaves uᵀPu − a uᵀ(G + a)⁻¹ s, P = a − a²/4 (G + a)⁻¹.
    """
    found = torch.linalg.eigh(torch.from_numpy(gram))
    values, vectors = found[0].clamp_(min=0).numpy(), found[1].numpy()
    turned = vectors.T @ moment

    def metric(a: float) -> tuple[np.ndarray, np.ndarray]:
        held = a - a * a / 4 / (values + a)
        around = vectors @ ((a / 2 / (held * (values + a)))[:, None] * turned)
        return around, vectors / np.sqrt(held)

    return metric


def _dense(gram: np.ndarray, moment: np.ndarray, between: np.ndarray) -> _Metric:
    """Return the metric with unlabelled rows, β times their moments in `between`.

    With B = G + a + βU, C = a/2 + βU: v = B⁻¹ (C u + s), P = a + βU − C B⁻¹ C.
    """
    from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular

    def metric(a: float) -> tuple[np.ndarray, np.ndarray]:
        same = np.eye(len(gram))
        mixed = a / 2 * same + between
        factor = cho_factor(gram + a * same + between)
        held = a * same + between - mixed @ cho_solve(factor, mixed)
        held = (held + held.T) / 2
        lower = cholesky(held, lower=True)
        around = cho_solve((lower, True), mixed @ cho_solve(factor, moment))
        return around, solve_triangular(lower, same, lower=True).T

    return metric


def _moments(
    x: np.ndarray, y: np.ndarray, weights: np.ndarray, centre: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return Σ w x xᵀ and Σ w x yᵀ, of centred rows and targets where asked."""
    rows = CentredRows(x, weights, centre)
    large = float(rows.n) * rows.d**2 > _LARGE and rows.x.dtype != torch.float64
    used = weights > 0
    goals = torch.from_numpy(y[used])
    assert rows.root is not None
    root = rows.root
    mean = (root**2 * goals).sum(0) / rows.total if centre else torch.zeros(y.shape[1])
    gram, moment = rows.gram(
        torch.float32 if large else torch.float64, lambda part: (goals[part] - mean) * root[part]
    )
    return (gram.double() * rows.scale**2).numpy(), (moment * rows.scale).numpy()


def _span(parts: list[np.ndarray]) -> np.ndarray | None:
    """Return an orthonormal basis (d, r) of what all rows span, None where that is everything."""
    n, d = sum(len(p) for p in parts), parts[0].shape[1]
    if n >= d:
        return None
    rows = np.concatenate([p.astype(np.float64) for p in parts])
    if not np.isfinite(rows).all():
        raise ValueError("x holds values that are not finite (NaN or infinite)")
    basis = np.linalg.qr(rows.T)[0]
    return np.ascontiguousarray(basis)
