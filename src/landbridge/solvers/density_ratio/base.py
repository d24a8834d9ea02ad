"""What all estimators of the density ratio p_target(x) / p_source(x) share.

Weights have mean 1 over the source rows. A `KernelRatio` is a ratio that was fitted, for any row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...base.seeds import numpy_rng
from ..kernels.gaussian_kernel import blocks, squared_distances


@dataclass(frozen=True)
class KernelRatio:
    """ratio(x) = Σₗ aₗ exp(−‖x − cₗ‖² / (2 σ²)), with aₗ ≥ 0 kept as logarithms.

    Attributes
    ----------
    centres : ndarray, shape (b, d)
        Only those with a > 0.
    log_coefficients : ndarray, shape (b,)
    bandwidth : float
        σ.
    """

    centres: np.ndarray
    log_coefficients: np.ndarray
    bandwidth: float

    def log(self, x: np.ndarray) -> np.ndarray:
        """Return log ratio(x), float64 (n,); finite however far x is from every centre."""
        out = np.empty(len(x))
        for rows in blocks(len(x), len(self.centres) + x.shape[1]):
            exponents = squared_distances(x[rows], self.centres)
            exponents *= -0.5 / self.bandwidth**2
            exponents += self.log_coefficients
            out[rows] = log_sum_exp(exponents)
        return out

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return ratio(x), float64 (n,)."""
        return np.exp(self.log(x))


def effective_sample_size(weights: np.ndarray) -> float:
    """Return Kish's (Σ w)² / Σ w²: how many rows of equal weight would say as much.

    n for equal weights, 1 where a single row has all the weight (Kish, 1965, Survey Sampling).

    Raises
    ------
    ValueError
        Where a weight is negative or not finite, or all are 0.

    Examples
    --------
    >>> effective_sample_size(np.array([1.0, 1.0, 0.0, 0.0]))
    2.0
    """
    w = np.asarray(weights, dtype=np.float64).ravel()
    if not len(w) or not np.isfinite(w).all() or (w < 0).any() or not w.any():
        raise ValueError("weights must be finite and not negative, with one above 0 at least")
    w = w / w.max()
    return float(w.sum() ** 2 / (w @ w))


def flattened(weights: np.ndarray, share: float) -> tuple[np.ndarray, float]:
    """Return weights raised to a power up to 1, so that `share` of the rows are effective.

    Shimodaira's flattening (2000, J. Stat. Plan. Inference 90): 1 keeps the weights, 0 makes them
    equal. The largest power is taken that leaves an effective sample size of share · n. Where so
    many weights are 0 that none does, equal weights are mixed in instead, as few as possible.

    Parameters
    ----------
    weights : ndarray, shape (n,)
    share : float
        In [0, 1]; 0 keeps the weights.

    Returns
    -------
    weights : ndarray, float64 (n,)
        Mean 1.
    power : float
        0 where equal weights were mixed in.

    Examples
    --------
    >>> w, power = flattened(np.array([1.0, 10.0, 100.0, 1000.0]), 0.5)
    >>> round(effective_sample_size(w), 6), 0.3 < power < 0.5
    (2.0, True)
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must be in [0, 1], got {share}")
    w = np.asarray(weights, dtype=np.float64)
    goal = share * len(w)
    if effective_sample_size(w) >= goal:
        return w / w.mean(), 1.0
    if np.count_nonzero(w) <= goal:
        w = w / w.mean()
        spread = float(np.mean(w**2)) - 1
        kept = np.sqrt((1 / share - 1) / spread)
        return kept * w + (1 - kept), 0.0
    with np.errstate(divide="ignore"):
        logs = np.log(w) - np.log(w.max())
    low, high = 0.0, 1.0
    for _ in range(60):
        power = 0.5 * (low + high)
        if effective_sample_size(np.exp(power * logs)) >= goal:
            low = power
        else:
            high = power
    out = np.exp(low * logs)
    out[w == 0] = 0  # also where the power is 0
    return out / out.mean(), low


def checked_domains(xs: np.ndarray, xt: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both as float32 or float64 arrays of rows that fit together.

    Raises
    ------
    ValueError
        Where a side has no rows, dimensions differ, or a value is not finite.
    """
    both = []
    for name, x in (("xs", np.asarray(xs)), ("xt", np.asarray(xt))):
        if x.ndim != 2 or not len(x) or not x.shape[1]:
            raise ValueError(f"{name} has shape {x.shape}, expected (rows, columns) and not empty")
        if x.dtype not in (np.float32, np.float64):
            x = x.astype(np.float32 if x.dtype == np.float16 else np.float64)
        if not np.isfinite(x).all():
            row = int(np.flatnonzero(~np.isfinite(x).all(axis=1))[0])
            raise ValueError(f"{name}: row {row} holds a value that is not finite")
        both.append(x)
    if both[0].shape[1] != both[1].shape[1]:
        raise ValueError(f"shapes {both[0].shape} and {both[1].shape} do not fit together")
    return both[0], both[1]


def mean_one(weights: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return weights divided by their mean, as `dtype`.

    Raises
    ------
    ValueError
        Where no weight is above 0.
    """
    mean = weights.mean(dtype=np.float64)
    if not np.isfinite(mean) or mean <= 0:
        raise ValueError("no source row has any weight: no target row lies near one")
    return (weights / mean).astype(dtype, copy=False)


def choose_centres(n_rows: int, n_centres: int, seed: int) -> np.ndarray:
    """Return which rows serve as kernel centres: all, or `n_centres` drawn without replacement.

    Raises
    ------
    ValueError
        Where `n_centres` is not positive.
    """
    if n_centres < 1:
        raise ValueError(f"n_centres must be positive, got {n_centres}")
    if n_rows <= n_centres:
        return np.arange(n_rows)
    return np.sort(numpy_rng(seed, "kernel centres").choice(n_rows, n_centres, replace=False))


def log_sum_exp(exponents: np.ndarray, axis: int = 1) -> np.ndarray:
    """Return log Σ exp along an axis; `exponents` is used as working space."""
    top = exponents.max(axis=axis, keepdims=True)
    exponents -= top
    np.exp(exponents, out=exponents)
    return np.log(exponents.sum(axis=axis)) + top.squeeze(axis)


def checked_bandwidths(bandwidths: np.ndarray | Sequence[float] | float) -> np.ndarray:
    """Return kernel widths as a float64 array.

    Raises
    ------
    ValueError
        Where there is none, or one is not positive and finite.
    """
    found = np.atleast_1d(np.asarray(bandwidths, dtype=np.float64)).ravel()
    if not len(found) or not np.isfinite(found).all() or not (found > 0).all():
        raise ValueError(f"bandwidths must be positive and finite, got {found.tolist()}")
    return found
