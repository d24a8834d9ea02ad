"""The ratio of two normal densities, in logarithms and with shrunk covariances.

Shimodaira (2000, J. Stat. Plan. Inference 90) weights by the ratio of two fitted parametric
densities. log p_t(x) − log p_s(x) is computed as such: in 500 dimensions the densities themselves
underflow. Sample covariances are shrunk to their mean eigenvalue (Ledoit & Wolf, 2004), so more
columns than rows is no obstacle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..kernels.gaussian_kernel import blocks
from ..two_sample.domain_classifier import ledoit_wolf
from .base import checked_domains, effective_sample_size, mean_one

_FLOOR = 1e-9  # of the mean variance: added in all directions


@dataclass(frozen=True)
class GaussianRatio:
    """Weights by the ratio of two normal densities.

    Attributes
    ----------
    weights : ndarray, shape (n,)
        Mean 1 over source rows; the type of `xs`.
    effective_sample_size : float
        Of the source rows under these weights.
    log_ratios : ndarray, float64 (n,)
        log p_t(x) − log p_s(x), not normalised.
    shrinkage_source, shrinkage_target : float
        The parts of the covariances that were replaced.
    """

    weights: np.ndarray
    effective_sample_size: float
    log_ratios: np.ndarray
    shrinkage_source: float
    shrinkage_target: float


def gaussian_ratio(
    xs: np.ndarray, xt: np.ndarray, *, shrinkage: float | None = None
) -> GaussianRatio:
    """Return weights of source rows, the ratio of the normal densities fitted to both domains.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
        Source and target rows, neither changed.
    shrinkage : float, optional
        ρ in [0, 1] of (1 − ρ) C + ρ (trace C / d) I; by default Ledoit and Wolf's, for each
        domain by itself.

    Returns
    -------
    GaussianRatio

    Raises
    ------
    ValueError
        As `checked_domains`; where `shrinkage` is outside [0, 1].

    Notes
    -----
    A domain of one row has no covariance, and takes the other's. All directions get 1e-9 of the
    mean variance, so constant columns say nothing and break nothing.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> xs, xt = rng.normal(size=(500, 1)), rng.normal(loc=1.0, size=(300, 1))
    >>> found = gaussian_ratio(xs, xt)
    >>> bool(np.average(xs, axis=0, weights=found.weights)[0] > 0.8)
    True
    """
    xs, xt = checked_domains(xs, xt)
    if shrinkage is not None and not 0 <= shrinkage <= 1:
        raise ValueError(f"shrinkage must be in [0, 1], got {shrinkage}")
    # One shift and scale for both leaves the ratio as it is, and takes overflow away.
    middle = xs.mean(axis=0, dtype=np.float64)
    scale = max(float(np.abs(xs - middle).max()), float(np.abs(xt - middle).max())) or 1.0
    source, target = (xs - middle) / scale, (xt - middle) / scale
    mean_s, cov_s, shrunk_s = _moments(source, shrinkage)
    mean_t, cov_t, shrunk_t = _moments(target, shrinkage)
    if len(source) < 2:
        cov_s = cov_t
    if len(target) < 2:
        cov_t = cov_s
    d = source.shape[1]
    variance = float(np.trace(cov_s) + np.trace(cov_t)) / (2 * d)
    floor = _FLOOR * variance if variance > 0 else 1.0
    log_ratios = _log_density(source, mean_t, cov_t, floor)
    log_ratios -= _log_density(source, mean_s, cov_s, floor)
    weights = mean_one(np.exp(log_ratios - log_ratios.max()), xs.dtype)
    return GaussianRatio(weights, effective_sample_size(weights), log_ratios, shrunk_s, shrunk_t)


def _moments(x: np.ndarray, shrinkage: float | None) -> tuple[np.ndarray, np.ndarray, float]:
    """Return mean, shrunk covariance, and by how much it was shrunk."""
    mean = x.mean(axis=0)
    centred = x - mean
    covariance = centred.T @ centred / len(x)
    part = ledoit_wolf(centred) if shrinkage is None else float(shrinkage)
    covariance *= 1 - part
    covariance[np.diag_indices(len(mean))] += part * float((centred**2).mean())
    return mean, covariance, part


def _log_density(
    x: np.ndarray, mean: np.ndarray, covariance: np.ndarray, floor: float
) -> np.ndarray:
    """Return log N(x; mean, covariance + floor I) but for its constant."""
    from scipy.linalg import cholesky, solve_triangular

    regular = covariance + floor * np.eye(len(mean))
    root = cholesky(regular, lower=True, check_finite=False)
    out = np.empty(len(x))
    for rows in blocks(len(x), x.shape[1]):
        whitened = solve_triangular(root, (x[rows] - mean).T, lower=True, check_finite=False)
        out[rows] = -0.5 * np.einsum("ij,ij->j", whitened, whitened)
    return out - float(np.log(root.diagonal()).sum())
