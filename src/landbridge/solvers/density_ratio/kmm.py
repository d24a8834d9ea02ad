"""Kernel mean matching: source weights under which both domains have the same kernel mean.

Huang, Smola, Gretton, Borgwardt & Schölkopf (2006, NIPS 19). Minimises

    ‖ (1/n) Σ wᵢ φ(xᵢ) − (1/m) Σ φ(zⱼ) ‖²   over 0 ≤ w ≤ B, |Σ w / n − 1| ≤ ε

which is a convex quadratic program, solved to a certified optimum by `box_qp`.

Where the kernel matrix has few columns that matter (tables), neither memory nor time is n². Where
not, a source of more than `part` rows is split at random into parts that are each matched with
the target (ensemble KMM: Miao, Farahat & Kamel, 2015, ICDM Workshops).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...base.seeds import numpy_rng
from ..kernels.gaussian_kernel import blocks, gaussian_gram, median_distance, squared_distances
from ..kernels.low_rank_gram import LowRankGram, low_rank_gram
from .base import checked_bandwidths, checked_domains, effective_sample_size, mean_one
from .box_qp import box_qp

_SHORT = 2000  # rows above which the kernel is held in float32
_ENTRY = 1e-7  # error of a kernel value, relative to 1: what float32 has


@dataclass(frozen=True)
class KmmFit:
    """Weights by kernel mean matching.

    Attributes
    ----------
    weights : ndarray, shape (n,)
        Mean 1 over source rows; the type of `xs`.
    effective_sample_size : float
        Of the source rows under these weights.
    bandwidth : float
        σ of the kernel.
    mean : float
        Mean weight of the solution before it was made 1: within ε of 1.
    objective, objective_before : float
        ½ wᵀK w − κᵀw over n², of the solution and of equal weights: half the squared distance of
        the kernel means, but for a constant.
    gap : float
        `objective` is at most this much above its minimum.
    steps : int
        Products with the kernel matrix.
    parts : int
        Into how many the source was split. Above 1, `objective`, `objective_before`, `gap` and
        `mean` are means over the parts.
    """

    weights: np.ndarray
    effective_sample_size: float
    bandwidth: float
    mean: float
    objective: float
    objective_before: float
    gap: float
    steps: int
    parts: int


def kmm(
    xs: np.ndarray,
    xt: np.ndarray,
    *,
    bandwidth: float | None = None,
    upper: float = 1000.0,
    slack: float | None = None,
    tolerance: float = 1e-5,
    max_steps: int = 1000,
    part: int = 5000,
    seed: int = 0,
) -> KmmFit:
    """Return kernel mean matching's weights of source rows.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
        Source and target rows, neither changed.
    bandwidth : float, optional
        σ, in the units of the rows; by default the median distance.
    upper : float
        B, the largest weight.
    slack : float, optional
        ε; by default (√n − 1) / √n, as in the paper.
    tolerance : float
        Gap of the objective (over n²) to stop at.
    max_steps : int
        Products with the n × n kernel matrix, at most.
    part : int
        Source rows whose kernel matrix is held at once. More are split evenly; of the target
        then at most twice as many, drawn at random, stand for it.
    seed : int
        Of the rows that the median distance is taken over, and of the parts.

    Returns
    -------
    KmmFit

    Raises
    ------
    ValueError
        As `checked_domains`; where the width, `upper` or `part` is not positive, `slack` is
        negative, or no weights fit the bounds (B < 1 − ε).

    Notes
    -----
    The kernel matrix of the source (of a part) is held: 4 n² bytes above 2,000 rows, in float32,
    else 8 n²; or n times some hundred numbers where few columns do.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> xs, xt = rng.normal(size=(300, 1)), rng.normal(loc=1.0, size=(200, 1))
    >>> fit = kmm(xs, xt)
    >>> bool(np.average(xs, axis=0, weights=fit.weights)[0] > 0.8), fit.gap <= 1e-5
    (True, True)
    """
    xs, xt = checked_domains(xs, xt)
    n = len(xs)
    sigma = (
        median_distance(xs, xt, seed=seed)
        if bandwidth is None
        else float(checked_bandwidths(bandwidth)[0])
    )
    epsilon = 1 - n**-0.5 if slack is None else float(slack)
    if not (0 <= epsilon < np.inf and 0 < upper < np.inf and upper >= 1 - epsilon):
        raise ValueError(f"no weights fit: upper = {upper}, slack = {slack}")
    if part < 1:
        raise ValueError(f"part must be positive, got {part}")
    rng = numpy_rng(seed, "kmm parts")
    factor = low_rank_gram(xs, sigma, _ENTRY, min(n // 8, 500)) if n > 500 else None
    rows = [np.arange(n)]
    if factor is None and n > part:
        rows = [np.sort(r) for r in np.array_split(rng.permutation(n), -(-n // part))]
    if n > part and len(xt) > 2 * part:
        xt = xt[np.sort(rng.choice(len(xt), 2 * part, replace=False))]
    found = np.empty(n)
    facts = np.zeros(4)
    for some in rows:
        gram: np.ndarray | LowRankGram
        dtype: type[np.floating] = np.float32 if len(some) > _SHORT else np.float64
        own = xs if len(rows) == 1 else xs[some]
        gram = gaussian_gram(own, sigma, dtype) if factor is None else factor
        across = _mean_kernel(own, xt, sigma, dtype)
        size = len(own)
        fit = box_qp(
            gram,
            size * across,
            float(upper),
            size * max(0.0, 1 - epsilon),
            size * min(1 + epsilon, float(upper)),
            tolerance=tolerance * size**2,
            max_steps=max_steps,
        )
        found[some] = fit.w
        before = 0.5 * float(gram.mean()) - float(across.mean())
        facts += np.array([fit.value / size**2, before, fit.gap / size**2, fit.steps])
    weights = mean_one(found, xs.dtype)
    return KmmFit(
        weights=weights,
        effective_sample_size=effective_sample_size(weights),
        bandwidth=sigma,
        mean=float(found.mean()),
        objective=float(facts[0] / len(rows)),
        objective_before=float(facts[1] / len(rows)),
        gap=float(facts[2] / len(rows)),
        steps=int(facts[3]),
        parts=len(rows),
    )


def _mean_kernel(
    xs: np.ndarray, xt: np.ndarray, sigma: float, dtype: type[np.floating]
) -> np.ndarray:
    """Return the mean over target rows of k(xᵢ, z), float64 (n,), without an n × m matrix."""
    total = np.zeros(len(xs))
    for rows in blocks(len(xt), len(xs)):
        kernel = squared_distances(xs, xt[rows], dtype)
        kernel *= dtype(-0.5 / sigma**2)
        total += np.exp(kernel, out=kernel).sum(axis=1, dtype=np.float64)
    return total / len(xt)
