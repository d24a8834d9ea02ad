"""How much of the difference between two samples is mean, scale and correlation.

The Wasserstein distance between two Gaussians splits into three parts, none below 0:

    W₂² = ‖μs − μt‖²  +  Σⱼ (σsⱼ − σtⱼ)²  +  rest

The first two are what the columns' own Gaussians differ by; no coupling of all columns costs less
than the columns by themselves, so the rest is what the correlations add. In full (Dowson & Landau,
1982, J. Multivariate Analysis 12):  W₂² = ‖μs − μt‖² + tr Σs + tr Σt − 2 ‖Σs^½ Σt^½‖₊.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .pooled import pooled_rows

PARTS = ("mean", "scale", "correlation")


@dataclass(frozen=True)
class MomentShift:
    """A difference in three parts, each with what chance alone gives.

    Attributes
    ----------
    parts : ndarray, float64 (3,)
        Mean, scale, correlation, in squared units of the columns.
    null : ndarray, float64 (permutations, 3)
        The parts where membership is permuted: above 0, because samples are finite.
    p : ndarray, float64 (3,)
        Of each part, at least 1 / (permutations + 1).
    variance : float
        Sum of the pooled variances of the columns, to compare the parts with.
    kept : float
        Share of the variance in the directions that were looked at.
    """

    parts: np.ndarray
    null: np.ndarray
    p: np.ndarray
    variance: float
    kept: float

    @property
    def excess(self) -> np.ndarray:
        """The parts less their means under no shift, at least 0; all of them, where p ≤ 0.05."""
        above = self.parts - (self.null.mean(0) if len(self.null) else 0)
        return np.where(self.p <= 0.05, np.clip(above, 0, None), 0.0)

    @property
    def shares(self) -> np.ndarray:
        """The excess as shares of their sum; 0 where there is none."""
        total = self.excess.sum()
        return self.excess / total if total > 0 else np.zeros(3)


def gaussian_parts(xs: np.ndarray, xt: np.ndarray) -> np.ndarray:
    """Return mean, scale and correlation parts of W₂² between the samples' Gaussians.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)

    Returns
    -------
    float64 ndarray, shape (3,)

    Examples
    --------
    >>> x = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    >>> gaussian_parts(x, x * [3.0, 1.0] + [0.0, 5.0]).round(6).tolist()
    [25.0, 4.0, 0.0]
    >>> turned = x @ np.array([[1.0, 1], [0, 0]])  # both columns the same
    >>> gaussian_parts(x, turned).round(6).tolist()
    [0.0, 0.0, 1.171573]
    """
    xs, xt = np.asarray(xs, np.float64), np.asarray(xt, np.float64)
    means = xs.mean(0), xt.mean(0)
    a, b = (xs - means[0]) / np.sqrt(len(xs)), (xt - means[1]) / np.sqrt(len(xt))
    spreads = [np.sqrt((part**2).sum(0)) for part in (a, b)]
    # ‖Σs^½ Σt^½‖₊ = ‖A Bᵀ‖₊, whatever triangles stand for A and B.
    root_s, root_t = _triangle(a), _triangle(b)
    fidelity = float(np.linalg.svd(root_s @ root_t.T, compute_uv=False).sum())
    mean = float(((means[0] - means[1]) ** 2).sum())
    scale = float(((spreads[0] - spreads[1]) ** 2).sum())
    total = float(sum((part**2).sum() for part in spreads)) - 2 * fidelity
    return np.array([mean, scale, max(0.0, total - scale)])


def moment_shift(
    xs: np.ndarray,
    xt: np.ndarray,
    rng: np.random.Generator,
    *,
    permutations: int = 50,
    most: int = 64,
) -> MomentShift:
    """Split the difference of two samples into mean, scale and correlation.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
        At least two rows each.
    rng : Generator
        Draws the permutations.
    permutations : int, default 50
    most : int, default 64
        With more columns than this, the pooled principal axes take their place: scale is then
        along these. It keeps the noise of d² correlations out.

    Returns
    -------
    MomentShift

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(300, 4))
    >>> found = moment_shift(x, 3 * rng.normal(size=(200, 4)), rng)
    >>> int(found.shares.argmax()), found.p.round(2).tolist()[1]
    (1, 0.02)
    """
    pooled = pooled_rows(xs, xt, least=2)
    pooled -= pooled.mean(0)
    variance = float((pooled**2).sum()) / len(pooled)
    kept = 1.0
    if pooled.shape[1] > most:
        pooled = principal(pooled, most)
        kept = float((pooled**2).sum()) / len(pooled) / variance if variance > 0 else 1.0
    n = len(xs)
    parts = gaussian_parts(pooled[:n], pooled[n:])
    null = np.empty((permutations, 3))
    for k in range(permutations):
        order = rng.permutation(len(pooled))
        null[k] = gaussian_parts(pooled[order[:n]], pooled[order[n:]])
    tiny = 1e-12 * max(variance, 1e-300)
    p = (1 + (null >= parts - tiny).sum(0)) / (permutations + 1)
    return MomentShift(parts, null, p, variance, kept)


def _triangle(x: np.ndarray) -> np.ndarray:
    """Return a matrix with the same product xᵀ x and no more rows than columns."""
    return np.asarray(np.linalg.qr(x, mode="r")) if len(x) > x.shape[1] else x


def principal(x: np.ndarray, most: int) -> np.ndarray:
    """Return the coordinates of centred rows along their first principal axes, (n, most)."""
    n, d = x.shape
    if d <= n:
        _, vectors = np.linalg.eigh(x.T @ x)
        return np.asarray(x @ vectors[:, -most:])
    values, vectors = np.linalg.eigh(x @ x.T)
    return np.asarray(vectors[:, -most:] * np.sqrt(np.clip(values[-most:], 0, None)))
