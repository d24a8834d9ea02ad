"""uLSIF and RuLSIF: the density ratio by least squares, in closed form.

Kanamori, Hido & Sugiyama (2009, JMLR 10) fit Σₗ aₗ k(x, cₗ) to p_t / p_s; Yamada, Suzuki,
Kanamori, Hachiya & Sugiyama (2011, NIPS 24) fit it to the relative ratio

    r_β = p_t / (β p_t + (1 − β) p_s)

which is at most 1/β, and so easier where the source is thin. With H = β mean_t φφᵀ +
(1 − β) mean_s φφᵀ and h = mean_t φ, a = max(0, (H + λI)⁻¹ h), and the score is the squared error
½ aᵀH a − hᵀa (up to a constant).

Width and λ are chosen by leave-one-out: pair i of a source and a target row is left out, and the
score is taken on it. M = H + λI without the pair is M minus a matrix of rank two, so all n fits
for all λ come from one eigendecomposition a width: exact, as brute force would have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...base.seeds import numpy_rng
from ..kernels.gaussian_kernel import median_distance, squared_distances
from .base import (
    KernelRatio,
    checked_bandwidths,
    checked_domains,
    choose_centres,
    effective_sample_size,
    mean_one,
)

BANDWIDTHS = tuple(float(2.0**p) for p in np.arange(-3, 2.25, 0.5))
"""1/8 … 4 in half octaves, times the median distance."""
ALPHAS = tuple(float(10.0**p) for p in np.arange(-4, 1.25, 0.5))
"""10^−4 … 10 in half decades; the diagonal of H is at most 1."""


@dataclass(frozen=True)
class UlsifFit:
    """Weights by (R)uLSIF.

    Attributes
    ----------
    weights : ndarray, shape (n,)
        Mean 1 over source rows; the type of `xs`. 0 where no centre is near.
    effective_sample_size : float
        Of the source rows under these weights.
    bandwidth, strength : float
        σ of the kernel, and λ.
    bandwidths : ndarray, shape (w,)
    alphas : ndarray, shape (s,)
    scores : ndarray, shape (w, s)
        Mean leave-one-out score, the smaller the better; NaN with one row on a side, where the
        largest of both is taken.
    divergence : float
        ½ (2 hᵀa − aᵀH a) − ½: the (relative) Pearson divergence that was found.
    ratio : KernelRatio
        The (relative) ratio at any row, before weights got mean 1.
    """

    weights: np.ndarray
    effective_sample_size: float
    bandwidth: float
    strength: float
    bandwidths: np.ndarray
    alphas: np.ndarray
    scores: np.ndarray
    divergence: float
    ratio: KernelRatio


def ulsif(
    xs: np.ndarray,
    xt: np.ndarray,
    *,
    relative: float = 0.0,
    bandwidths: np.ndarray | Sequence[float] | float | None = None,
    alphas: np.ndarray | Sequence[float] | float = ALPHAS,
    n_centres: int = 100,
    seed: int = 0,
) -> UlsifFit:
    """Return weights of source rows by unconstrained least-squares importance fitting.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
        Source and target rows, neither changed.
    relative : float
        β in [0, 1): 0 is uLSIF, above it RuLSIF. Weights are then at most 1/β before they are
        given mean 1 (but for the error of the fit).
    bandwidths : array or float, optional
        The σ to choose from, in the units of the rows. By default `BANDWIDTHS` times the median
        distance.
    alphas : array or float
        The λ to choose from.
    n_centres : int
        Target rows that carry a kernel, drawn without replacement; all where there are fewer.
    seed : int
        Of the centres, and of which rows pair up.

    Returns
    -------
    UlsifFit

    Raises
    ------
    ValueError
        As `checked_domains`, `checked_bandwidths`; where `relative` is outside [0, 1), a strength
        is not positive, or every weight is 0.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> xs, xt = rng.normal(size=(500, 1)), rng.normal(loc=1.0, size=(300, 1))
    >>> fit = ulsif(xs, xt)
    >>> bool(np.average(xs, axis=0, weights=fit.weights)[0] > 0.8)
    True
    """
    xs, xt = checked_domains(xs, xt)
    if not 0 <= relative < 1:
        raise ValueError(f"relative must be in [0, 1), got {relative}")
    lambdas = np.atleast_1d(np.asarray(alphas, dtype=np.float64)).ravel()
    if not len(lambdas) or not np.isfinite(lambdas).all() or not (lambdas > 0).all():
        raise ValueError(f"alphas must be positive and finite, got {lambdas.tolist()}")
    if bandwidths is None:
        bandwidths = np.array(BANDWIDTHS) * median_distance(xs, xt, seed=seed)
    sigmas = checked_bandwidths(bandwidths)
    centres = np.asarray(xt[choose_centres(len(xt), n_centres, seed)], dtype=np.float64)
    from_source = squared_distances(xs, centres)
    from_target = squared_distances(xt, centres)

    scores = np.full((len(sigmas), len(lambdas)), np.nan)
    pairs = min(len(xs), len(xt))
    best = len(sigmas) - 1, len(lambdas) - 1
    if pairs > 1 and scores.size > 1:
        rng = numpy_rng(seed, "ulsif pairs")
        rows_s = rng.permutation(len(xs))[:pairs]
        rows_t = rng.permutation(len(xt))[:pairs]
        for i, sigma in enumerate(sigmas):
            kernel_s, kernel_t = _kernel(from_source, sigma), _kernel(from_target, sigma)
            scores[i] = loo_scores(kernel_s, kernel_t, rows_s, rows_t, lambdas, relative)
        best = divmod(int(np.argmin(scores)), len(lambdas))

    sigma, strength = float(sigmas[best[0]]), float(lambdas[best[1]])
    kernel_s, kernel_t = _kernel(from_source, sigma), _kernel(from_target, sigma)
    h_matrix = _second_moment(kernel_s, kernel_t, relative)
    h_vector = kernel_t.mean(axis=0)
    solved = np.linalg.solve(h_matrix + strength * np.eye(len(centres)), h_vector)
    coefficients = np.maximum(solved, 0)
    weights = mean_one(kernel_s @ coefficients, xs.dtype)
    used = coefficients > 0
    return UlsifFit(
        weights=weights,
        effective_sample_size=effective_sample_size(weights),
        bandwidth=sigma,
        strength=strength,
        bandwidths=sigmas,
        alphas=lambdas,
        scores=scores,
        divergence=float(
            h_vector @ coefficients - 0.5 * coefficients @ h_matrix @ coefficients - 0.5
        ),
        ratio=KernelRatio(centres[used], np.log(coefficients[used]), sigma),
    )


def loo_scores(
    kernel_s: np.ndarray,
    kernel_t: np.ndarray,
    rows_s: np.ndarray,
    rows_t: np.ndarray,
    alphas: np.ndarray,
    relative: float = 0.0,
) -> np.ndarray:
    """Return the mean leave-one-out score for each strength, exactly.

    For each i the fit is made without source row rows_s[i] and target row rows_t[i]; its score is
    ½ β (φₜᵀa)² + ½ (1 − β) (φₛᵀa)² − φₜᵀa on these two rows.

    Parameters
    ----------
    kernel_s, kernel_t : ndarray, shapes (n, b) and (m, b)
        φ of source and target rows; n and m at least 2.
    rows_s, rows_t : ndarray of int, shape (p,)
    alphas : ndarray, shape (s,)
    relative : float
        β.

    Returns
    -------
    ndarray, shape (s,)
    """
    n, m = len(kernel_s), len(kernel_t)
    share_s, share_t = (1 - relative) / (n - 1), relative / (m - 1)
    # H of all rows but with the divisors that apply once one is out.
    hessian = share_s * (kernel_s.T @ kernel_s)
    if relative:
        hessian += share_t * (kernel_t.T @ kernel_t)
    values, vectors = np.linalg.eigh(hessian)
    values = np.maximum(values, 0)
    phi_s, phi_t = kernel_s[rows_s], kernel_t[rows_t]
    turned_s, turned_t = phi_s @ vectors, phi_t @ vectors
    turned_h = kernel_t.sum(axis=0) @ vectors
    out = np.empty(len(alphas))
    for k, strength in enumerate(alphas):
        inverse = 1 / (values + strength)
        inv_s = turned_s * inverse
        inv_t = turned_t * inverse
        inv_h = (turned_h * inverse - inv_t) / (m - 1)  # M⁻¹ h without the target row
        q_ss = np.einsum("ij,ij->i", turned_s, inv_s)
        s_h = np.einsum("ij,ij->i", turned_s, inv_h)
        if relative:
            q_tt = np.einsum("ij,ij->i", turned_t, inv_t)
            q_st = np.einsum("ij,ij->i", turned_s, inv_t)
            t_h = np.einsum("ij,ij->i", turned_t, inv_h)
            # Woodbury: (1/c − Q) y = Uᵀ M⁻¹ h, two by two, with U = (φₛ, φₜ).
            a, d = 1 / share_s - q_ss, 1 / share_t - q_tt
            determinant = a * d - q_st**2
            y_s = (d * s_h + q_st * t_h) / determinant
            y_t = (q_st * s_h + a * t_h) / determinant
            inv_h += y_t[:, None] * inv_t
        else:
            y_s = s_h / (1 / share_s - q_ss)
        inv_h += y_s[:, None] * inv_s
        fitted = inv_h @ vectors.T
        np.maximum(fitted, 0, out=fitted)
        at_s = np.einsum("ij,ij->i", phi_s, fitted)
        at_t = np.einsum("ij,ij->i", phi_t, fitted)
        errors = 0.5 * relative * at_t**2 + 0.5 * (1 - relative) * at_s**2 - at_t
        out[k] = errors.mean()
    return out


def _kernel(squares: np.ndarray, sigma: float) -> np.ndarray:
    return np.exp(squares * (-0.5 / sigma**2))


def _second_moment(kernel_s: np.ndarray, kernel_t: np.ndarray, relative: float) -> np.ndarray:
    out = (1 - relative) / len(kernel_s) * (kernel_s.T @ kernel_s)
    if relative:
        out += relative / len(kernel_t) * (kernel_t.T @ kernel_t)
    return out
