"""Maximum likelihood of mixture proportions, to a certified optimum.

Maximises  F(v) = mean_i log Σₗ Aᵢₗ vₗ  over the simplex v ≥ 0, Σ v = 1. This convex problem is
at the bottom of KLIEP (components are kernels) and of label-shift EM (components are classes).

Multiplicative updates v ← v ∘ s, sₗ = mean_i Aᵢₗ / (A v)ᵢ, are EM: they never lower F, and are
slow at the end. So after some of them comes sequential quadratic programming: Newton's quadratic
model with v ≥ 0 is solved by an active-set method, and a line search keeps F from falling (Kim,
Carbonetto, Stephens & Anitescu, 2020, J. Comput. Graph. Stat. 29(2)). Where Newton's step is of
no use, EM goes on.

By concavity  F* − F(v) ≤ max s − 1: that gap is what iterations stop by, so the distance to the
optimum is known and not guessed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class MixtureFit:
    """Proportions, and how far they can be from the likeliest.

    Attributes
    ----------
    proportions : ndarray, shape (b,)
        Sum to 1.
    log_likelihood : float
        F, the mean over rows.
    gap : float
        F is at most this much under its maximum.
    iterations : int
        Quadratic programs solved.
    """

    proportions: np.ndarray
    log_likelihood: float
    gap: float
    iterations: int


def mixture_proportions(
    likelihoods: np.ndarray,
    *,
    start: np.ndarray | None = None,
    tolerance: float = 1e-9,
    max_iter: int = 500,
    em_steps: int = 20,
) -> MixtureFit:
    """Return the likeliest proportions of known components.

    Parameters
    ----------
    likelihoods : ndarray, shape (m, b)
        Aᵢₗ: how likely row i is under component l. Not negative; a row may be multiplied by any
        positive number, which adds a constant to F.
    start : ndarray, shape (b,), optional
        Uniform by default. A component at 0 can come back.
    tolerance : float
        Stop where the gap is at most this.
    max_iter : int
    em_steps : int
        Multiplicative updates before the first quadratic program.

    Returns
    -------
    MixtureFit

    Raises
    ------
    ValueError
        Where a likelihood is negative or not finite, or a row has none above 0.

    Examples
    --------
    >>> a = np.array([[0.8, 0.2], [0.8, 0.2], [0.2, 0.8]])
    >>> found = mixture_proportions(a)
    >>> found.proportions.round(3).tolist(), found.gap < 1e-9
    ([0.778, 0.222], True)
    """
    a = np.ascontiguousarray(likelihoods, dtype=np.float64)
    if a.ndim != 2 or not a.size:
        raise ValueError(f"likelihoods have shape {a.shape}, expected (rows, components)")
    if not np.isfinite(a).all() or (a < 0).any() or not (a.max(axis=1) > 0).all():
        raise ValueError("likelihoods must be finite, not negative, one in each row above 0")
    n_components = a.shape[1]
    v = np.full(n_components, 1.0 / n_components)
    if start is not None:
        v = 0.99 * start / start.sum() + 0.01 * v  # so that no row has likelihood 0
    mixed = a @ v
    slope = _slope(a, mixed)
    for _ in range(em_steps):
        if slope.max() - 1 <= tolerance:
            break
        v, mixed, slope = _em_step(a, v, slope)
    iterations = 0
    while slope.max() - 1 > tolerance and iterations < max_iter:
        iterations += 1
        moved = _newton_step(a, v, mixed, slope)
        if moved is None:
            for _ in range(em_steps or 1):
                v, mixed, slope = _em_step(a, v, slope)
        else:
            v, mixed = moved
            slope = _slope(a, mixed)
    gap = max(0.0, float(slope.max()) - 1)
    return MixtureFit(v, float(np.log(mixed).mean()), gap, iterations)


def _slope(a: np.ndarray, mixed: np.ndarray) -> np.ndarray:
    """Return s, the gradient of F; its product with v is 1."""
    return (1 / mixed) @ a / len(a)


def _em_step(
    a: np.ndarray, v: np.ndarray, slope: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    v = v * slope
    v /= v.sum()
    mixed = a @ v
    return v, mixed, _slope(a, mixed)


def _newton_step(
    a: np.ndarray, v: np.ndarray, mixed: np.ndarray, slope: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return (v, A v) after one quadratic program and a line search, None where F did not rise.

    Over v ≥ 0 alone, −F(v) + Σ v has the same minimum as −F has over the simplex. Components at
    0 that F would not grow by stay out of the program.
    """
    from scipy.linalg import LinAlgError, cholesky, solve_triangular
    from scipy.optimize import nnls

    v = np.where(v > 1e-14, v, 0.0)
    free = (v > 0) | (slope > 1)
    columns = a if free.all() else a[:, free]
    scaled = columns * (1 / mixed)[:, None]
    hessian = scaled.T @ scaled / len(a)
    diagonal = hessian.diagonal().max()
    # H u − (H v − gradient), and H v = s, gradient = 1 − s.
    linear = 2 * slope[free] - 1
    for ridge in (1e-12, 1e-9, 1e-6):
        try:
            regular = hessian + (ridge * diagonal) * np.eye(len(hessian))
            root = cholesky(regular)
            goal = solve_triangular(root, linear + ridge * diagonal * v[free], trans="T")
            u, _ = nnls(root, goal)
        except (LinAlgError, RuntimeError):
            continue
        step = u - v[free]
        rise = float((slope[free] - 1) @ step)  # of F(v) − Σ v, to first order
        if not rise > 0:
            continue
        change = columns @ step
        length, total = 1.0, float(step.sum())
        for _ in range(30):
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = 1 + length * change / mixed
                gained = np.log(ratio).mean() - length * total if (ratio > 0).all() else -np.inf
            if gained >= 1e-4 * length * rise - 1e-15:
                found = v.copy()
                found[free] = np.maximum(v[free] + length * step, 0)
                found /= found.sum()
                return found, a @ found
            length /= 2
    return None
