"""KLIEP: the density ratio whose product with the source is nearest the target in KL divergence.

Sugiyama, Nakajima, Kashima, von Bünau & Kawanabe (2008, NIPS 20; Ann. Inst. Stat. Math. 60(4)).
The ratio is Σₗ aₗ k(x, cₗ) with a ≥ 0; a maximises the mean log ratio over target rows with mean
ratio 1 over source rows. With vₗ = aₗ mean_s k(x, cₗ) this is the likelihood of mixture
proportions, solved to a certified optimum by `mixture_proportions`. The width is chosen by the
log ratio of target rows that were held out.

All is computed with logarithms, so a width at which every kernel value underflows is as good as
any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...base.seeds import numpy_rng
from ..kernels.gaussian_kernel import median_distance, squared_distances
from ..label_shift.mixture_proportions import MixtureFit, mixture_proportions
from .base import (
    KernelRatio,
    checked_bandwidths,
    checked_domains,
    choose_centres,
    effective_sample_size,
    log_sum_exp,
    mean_one,
)

BANDWIDTHS = tuple(float(2.0**p) for p in np.arange(-3, 2.25, 0.5))
"""1/8 … 4 in half octaves, times the median distance."""

_CHOOSING = 1e-4  # gap that is small enough for telling widths apart


@dataclass(frozen=True)
class KliepFit:
    """Weights by KLIEP.

    Attributes
    ----------
    weights : ndarray, shape (n,)
        Mean 1 over source rows; the type of `xs`.
    effective_sample_size : float
        Of the source rows under these weights.
    bandwidth : float
        σ of the kernel.
    bandwidths, scores : ndarray, shape (w,)
        What was tried, and the mean log ratio of held-out target rows; NaN where there was one
        bandwidth, or one row, and nothing to choose.
    log_likelihood : float
        The mean log ratio of all target rows: an estimate of the divergence in nats.
    gap : float
        `log_likelihood` is at most this much under its maximum.
    ratio : KernelRatio
        The ratio at any row.
    """

    weights: np.ndarray
    effective_sample_size: float
    bandwidth: float
    bandwidths: np.ndarray
    scores: np.ndarray
    log_likelihood: float
    gap: float
    ratio: KernelRatio


def kliep(
    xs: np.ndarray,
    xt: np.ndarray,
    *,
    bandwidths: np.ndarray | Sequence[float] | float | None = None,
    n_centres: int = 100,
    folds: int = 5,
    tolerance: float = 1e-9,
    seed: int = 0,
) -> KliepFit:
    """Return KLIEP's weights of source rows.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
        Source and target rows, neither changed.
    bandwidths : array or float, optional
        The σ to choose from, in the units of the rows. By default `BANDWIDTHS` times the median
        distance.
    n_centres : int
        Target rows that carry a kernel, drawn without replacement; all where there are fewer.
    folds : int
        Of the target rows, for choosing the width. A held-out row is no centre then.
    tolerance : float
        How far under its maximum the final mean log ratio may be.
    seed : int
        Of the centres and the folds.

    Returns
    -------
    KliepFit

    Raises
    ------
    ValueError
        As `checked_domains`, `checked_bandwidths`; where `n_centres` is not positive or `folds` is
        below 2.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> xs, xt = rng.normal(size=(500, 1)), rng.normal(loc=1.0, size=(300, 1))
    >>> fit = kliep(xs, xt)
    >>> bool(np.average(xs, axis=0, weights=fit.weights)[0] > 0.8), fit.gap < 1e-9
    (True, True)
    """
    xs, xt = checked_domains(xs, xt)
    if folds < 2:
        raise ValueError(f"folds must be 2 or more, got {folds}")
    if bandwidths is None:
        bandwidths = np.array(BANDWIDTHS) * median_distance(xs, xt, seed=seed)
    sigmas = checked_bandwidths(bandwidths)
    which = choose_centres(len(xt), n_centres, seed)
    centres = np.asarray(xt[which], dtype=np.float64)
    from_source = squared_distances(xs, centres)
    from_target = squared_distances(xt, centres)

    scores = np.full(len(sigmas), np.nan)
    best = len(sigmas) - 1  # the smoothest, where nothing can be held out
    if len(sigmas) > 1 and len(xt) > 1:
        fold_of = np.empty(len(xt), dtype=np.int64)
        order = numpy_rng(seed, "kliep folds").permutation(len(xt))
        fold_of[order] = np.arange(len(xt)) % min(folds, len(xt))
        for i, sigma in enumerate(sigmas):
            terms = _log_terms(from_source, from_target, sigma)
            scores[i] = _held_out(terms, which, fold_of)
        best = int(np.argmax(scores))

    sigma = float(sigmas[best])
    log_mass = _log_mass(from_source, sigma)
    terms = from_target * (-0.5 / sigma**2) - log_mass
    fit, log_likelihood = _fit(terms, tolerance)
    used = fit.proportions > 0
    log_coefficients = np.log(fit.proportions[used]) - log_mass[used]
    exponents = from_source[:, used] * (-0.5 / sigma**2) + log_coefficients
    weights = mean_one(np.exp(log_sum_exp(exponents)), xs.dtype)
    return KliepFit(
        weights=weights,
        effective_sample_size=effective_sample_size(weights),
        bandwidth=sigma,
        bandwidths=sigmas,
        scores=scores,
        log_likelihood=log_likelihood,
        gap=fit.gap,
        ratio=KernelRatio(centres[used], log_coefficients, sigma),
    )


def _log_mass(from_source: np.ndarray, sigma: float) -> np.ndarray:
    """Return log of the mean kernel value over source rows, for each centre."""
    return log_sum_exp(from_source * (-0.5 / sigma**2), axis=0) - np.log(len(from_source))


def _log_terms(from_source: np.ndarray, from_target: np.ndarray, sigma: float) -> np.ndarray:
    """Return log of k(xᵢ, cₗ) / mean_s k(x, cₗ) for target rows i."""
    return from_target * (-0.5 / sigma**2) - _log_mass(from_source, sigma)


def _fit(terms: np.ndarray, tolerance: float) -> tuple[MixtureFit, float]:
    """Return the proportions and the mean log ratio of the rows of `terms`."""
    top = terms.max(axis=1, keepdims=True)
    fit = mixture_proportions(np.exp(terms - top), tolerance=tolerance)
    return fit, fit.log_likelihood + float(top.mean())


def _held_out(terms: np.ndarray, which: np.ndarray, fold_of: np.ndarray) -> float:
    """Return the mean log ratio of target rows under fits without their fold."""
    top = terms.max(axis=1, keepdims=True)
    likelihoods = np.exp(terms - top)
    everywhere = mixture_proportions(likelihoods, tolerance=1e-3).proportions
    total = 0.0
    for fold in range(fold_of.max() + 1):
        out = fold_of == fold
        kept = np.flatnonzero(fold_of[which] != fold)
        if not len(kept):
            return -np.inf  # every centre is held out: nothing can be fitted
        inside = likelihoods[np.ix_(~out, kept)]
        if inside.max(axis=1).min() < 1e-200:  # the best centres of a row are held out
            inside = terms[np.ix_(~out, kept)]
            inside = np.exp(inside - inside.max(axis=1, keepdims=True))
        start = everywhere[kept]
        fit = mixture_proportions(
            inside, start=start if start.any() else None, tolerance=_CHOOSING, em_steps=3
        )
        used = fit.proportions > 0
        logs = terms[np.ix_(out, kept[used])] + np.log(fit.proportions[used])
        total += float(log_sum_exp(logs).sum())
    return total / len(fold_of)
