"""Bringing features to one scale before they are aligned, as steps that a head can keep."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ...inference.layers import Affine, HeadLayer, UnitRows, apply

Scaling = Literal["own", "centred", "pooled", "source", "unit", "none"]
"""own: each side by its own mean and deviation; centred: each side less its own mean; pooled: by
mean and deviation of both, each side counting half; source: by the source's; unit: rows of length
1; none: as they are."""


SCALINGS: tuple[Scaling, ...] = ("own", "centred", "pooled", "unit", "none")
"""What is tried where it is to be chosen."""


@dataclass(frozen=True)
class Scaled:
    """Both sides after scaling, and the steps that did it.

    Attributes
    ----------
    source, target : ndarray, shapes (n, d) and (m, d)
        float32 for float32 (or shorter) inputs, else float64.
    source_steps, target_steps : tuple of HeadLayer
    """

    source: np.ndarray
    target: np.ndarray
    source_steps: tuple[HeadLayer, ...]
    target_steps: tuple[HeadLayer, ...]


def scaled(source: np.ndarray, target: np.ndarray, how: Scaling) -> Scaled:
    """Scale both sides. One target row has no deviation of its own: it gets the source's.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = scaled(rng.normal(size=(50, 2)), 9 + 3 * rng.normal(size=(40, 2)), "own")
    >>> bool(np.allclose(found.target.std(0), 1))
    True
    """
    if how == "none":
        return Scaled(source, target, (), ())
    if how == "unit":
        steps: tuple[HeadLayer, ...] = (UnitRows(),)
        return Scaled(apply(steps, source), apply(steps, target), steps, steps)
    of_source = standardisation(source)
    of_target = of_source
    if how in ("own", "centred") and len(target) > 1:
        of_target = standardisation(target)
    elif how == "pooled" and len(target) > 1:
        of_source = of_target = _pooled(source, target)
    if how == "centred":
        of_source, of_target = ((mean, np.ones_like(mean)) for mean, _ in (of_source, of_target))
    return Scaled(
        rescaled(source, *of_source),
        rescaled(target, *of_target),
        (standard_step(*of_source),),
        (standard_step(*of_target),),
    )


def without_flat(both: Scaled) -> Scaled:
    """Give the target's rows the source's value in columns that have one value there.

    The source cannot teach what such a column means, and methods that look for directions which
    both sides share find the target's spread there.

    Examples
    --------
    >>> found = without_flat(scaled(np.eye(3)[:, [0, 0, 1]] * [1, 0, 1], np.eye(3), "none"))
    >>> found.target.tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    flat = (both.source == both.source[0]).all(0)
    if not flat.any():
        return both
    step = Affine(np.where(flat, 0.0, 1.0), np.where(flat, both.source[0], 0.0))
    return replace(
        both, target=apply((step,), both.target), target_steps=(*both.target_steps, step)
    )


def standard_step(mean: np.ndarray, deviation: np.ndarray) -> Affine:
    """Return (x − mean) / deviation as a step."""
    return Affine(1 / deviation, -mean / deviation)


def standardisation(
    x: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column in float64; 1 for a constant column."""
    from ...solvers.rows import CentredRows, safe_deviation

    rows = CentredRows(x, weights, True)
    return rows.mean.cpu().numpy(), safe_deviation(
        rows.mean.cpu().numpy(), rows.variance.sqrt().cpu().numpy()
    )


def rescaled(x: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Return (x − mean) / deviation, computed in float64 and kept as x is, float32 or wider."""
    out = np.empty(x.shape, dtype=np.float64 if x.dtype == np.float64 else np.float32)
    for start in range(0, len(x), 4096):  # no float64 copy of everything
        part = slice(start, start + 4096)
        out[part] = (x[part] - mean) / deviation
    return out


def _pooled(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n, m = len(source), len(target)
    weights = np.concatenate([np.full(n, 0.5 / n), np.full(m, 0.5 / m)]) * (n + m)
    return standardisation(np.concatenate([source, target]), weights)
