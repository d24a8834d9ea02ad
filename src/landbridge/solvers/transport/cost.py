"""The cost of moving source rows to target rows: squared Euclidean, normalised, with known labels.

A cost is kept as C_ij = unit · (rows_i + cols_j + rest_ij). For squared distances of centred rows
rest is −2 x·y, which is far smaller than C in high dimensions: in float32 it loses far less.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from ...inference.tensors import as_tensor
from ..rows import product

Normalise = Literal["mean", "max", "median"] | None
Precision = Literal["auto", "float32", "float64"]

_BLOCK = 1_000_000  # numbers in a block of rows: stays in cache between two uses
_MEDIAN_OF = 1 << 24  # of more entries than this, the median is that of an even grid of them


@dataclass(frozen=True)
class GroundLabels:
    """Labels that are known on both sides; where two known ones differ, a pair is forbidden.

    Attributes
    ----------
    source, target : ndarray of int64, shapes (n,) and (m,)
    source_labeled, target_labeled : ndarray of bool
    limit : float
        The cost of a forbidden pair, in units of the largest cost. Finite, as in POT's exact
        transport, so that there is a plan even where the classes' masses differ.
    """

    source: np.ndarray
    source_labeled: np.ndarray
    target: np.ndarray
    target_labeled: np.ndarray
    limit: float = 10.0

    def forbidden(self, part: slice) -> torch.Tensor:
        """Return which pairs are forbidden, bool (rows of part, m).

        A target row of a class that no source row can have keeps its costs: forbidding all of
        them would only take the geometry away.
        """
        allowed = np.ones(len(self.target), dtype=bool)
        if self.source_labeled.all():
            allowed = np.isin(self.target, self.source)
        differ = self.source[part, None] != self.target[None, :]
        labeled = self.source_labeled[part, None] & (self.target_labeled & allowed)[None, :]
        return torch.from_numpy(differ & labeled)


@dataclass(frozen=True)
class Cost:
    """C_ij = unit · (rows_i + cols_j + rest_ij).

    Attributes
    ----------
    rows, cols : Tensor, float64 (n,) and (m,)
    rest : Tensor, float32 or float64 (n, m)
    unit : float
    normaliser : float
        What the squared distances were divided by.
    source : tuple or None
        What it was made of, so that it can be made again in float64.
    """

    rows: torch.Tensor
    cols: torch.Tensor
    rest: torch.Tensor
    unit: float = 1.0
    normaliser: float = 1.0
    source: tuple[np.ndarray, np.ndarray, Normalise, GroundLabels | None] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(n, m)."""
        return self.rest.shape[0], self.rest.shape[1]

    @functools.cached_property
    def extent(self) -> tuple[float, float]:
        """The smallest and the largest entry of `rest`: seen once, before it may be used up."""
        low, high = torch.aminmax(self.rest)
        return float(low), float(high)

    def slices(self) -> Iterator[slice]:
        """Yield blocks of rows."""
        return row_blocks(*self.shape)

    def block(self, part: slice) -> torch.Tensor:
        """Return rows of C, in the type of `rest`."""
        kind = self.rest.dtype
        out = self.rest[part] + self.rows[part, None].to(kind)
        return out.add_(self.cols.to(kind)).mul_(self.unit)

    def dense(self) -> np.ndarray:
        """Return C as float64 (n, m)."""
        out = np.empty(self.shape)
        for part in self.slices():
            wide = self.rest[part].double() + self.rows[part, None] + self.cols
            out[part] = wide.mul_(self.unit).numpy()
        return out

    def refined(self) -> Cost:
        """Return the same cost in float64, or this one where it can't be made again."""
        if self.source is None or self.rest.dtype == torch.float64:
            return self
        return self.again("float64")

    def again(self, precision: Precision) -> Cost:
        """Return the same cost, made again from its rows."""
        if self.source is None:
            raise ValueError("a cost that was given as a matrix can't be made again")
        xs, xt, normalise, labels = self.source
        return squared_cost(xs, xt, normalise=normalise, labels=labels, precision=precision)


def squared_cost(
    xs: np.ndarray,
    xt: np.ndarray,
    *,
    normalise: Normalise = None,
    labels: GroundLabels | None = None,
    precision: Precision = "auto",
) -> Cost:
    """Return squared Euclidean distances between rows.

    Parameters
    ----------
    xs, xt : ndarray, shapes (n, d) and (m, d)
    normalise : {None, "mean", "max", "median"}
        What to divide by; "max" and "median" as POT's `norm`. The median of more than 16
        million entries is that of an even grid of them.
    labels : GroundLabels, optional
        Forbids pairs, after normalising.
    precision : {"auto", "float32", "float64"}
        Of the products x·y. "auto": float64 for up to 250,000 pairs, float32 above; Sinkhorn
        makes the cost again in float64 where its regularisation is too small for that.

    Raises
    ------
    ValueError
        Where shapes do not fit or a value is not finite.

    Examples
    --------
    >>> squared_cost(np.array([[0.0], [1.0]]), np.array([[3.0]])).dense().round(6).tolist()
    [[9.0], [4.0]]
    """
    if normalise not in (None, *_NORMALISERS):
        raise ValueError(f"unknown normalise {normalise!r}")
    source, target = check_rows(xs, xt)
    n, m = len(source), len(target)
    if precision == "auto":
        precision = "float64" if n * m <= 250_000 else "float32"
    kind = torch.float64 if precision == "float64" else torch.float32
    mean = (source.sum(0, dtype=torch.float64) + target.sum(0, dtype=torch.float64)) / (n + m)
    size = mean_squared_length(source, mean) + mean_squared_length(target, mean) or 1.0
    left, rows = centred(source, mean, -2 * size**-0.5, kind)
    right, cols = centred(target, mean, size**-0.5, kind)
    rest = product(left, right.T)
    cost = Cost(rows / size, cols / size, rest, size, 1.0, (xs, xt, normalise, labels))
    if normalise is not None:
        found = _NORMALISERS[normalise](cost)
        if found > 0:
            cost = _scaled(cost, found)
    return cost if labels is None else _forbid(cost, labels)


def given_cost(matrix: np.ndarray | torch.Tensor) -> Cost:
    """Return a cost that is at hand as a matrix, shape (n, m)."""
    rest = as_tensor(matrix)
    if rest.ndim != 2 or not min(rest.shape):
        raise ValueError(f"cost has shape {tuple(rest.shape)}, expected (n, m)")
    if not bool(rest.isfinite().all()):
        raise ValueError("cost holds values that are not finite (NaN or infinite)")
    zero = torch.zeros(1, dtype=torch.float64)
    return Cost(zero.expand(rest.shape[0]), zero.expand(rest.shape[1]), rest)


def check_rows(xs: np.ndarray, xt: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Return both as tensors, or say what does not fit."""
    source, target = as_tensor(xs), as_tensor(xt)
    if source.ndim != 2 or target.ndim != 2 or source.shape[1] != target.shape[1]:
        raise ValueError(
            f"rows have shapes {tuple(source.shape)} and {tuple(target.shape)}, "
            "expected (n, d) and (m, d)"
        )
    if not len(source) or not len(target):
        raise ValueError(f"{len(source)} source rows and {len(target)} target rows: need some")
    for name, rows in (("source", source), ("target", target)):
        # A sum is the cheapest look at everything.
        if not bool(rows.sum(dtype=torch.float64).isfinite()) and not bool(rows.isfinite().all()):
            raise ValueError(f"{name} rows hold values that are not finite (NaN or infinite)")
    return source, target


def check_weights(weights: np.ndarray | None, n: int, name: str) -> np.ndarray:
    """Return weights as float64 that sum to 1; equal ones where there are none."""
    if weights is None:
        return np.full(n, 1 / n)
    found = np.asarray(weights, dtype=np.float64)
    if found.shape != (n,) or not (found >= 0).all() or not 0 < found.sum() < np.inf:
        raise ValueError(f"{name} weights must be {n} finite numbers from 0 up, not all 0")
    return found / found.sum()


def row_blocks(n: int, m: int, size: int = _BLOCK) -> Iterator[slice]:
    """Yield slices of n rows of m numbers, each of about `size` numbers (4 MB of float32)."""
    step = max(1, size // max(1, m))
    for start in range(0, n, step):
        yield slice(start, min(n, start + step))


def mean_squared_length(x: torch.Tensor, mean: torch.Tensor) -> float:
    """Return about the mean squared length of centred rows: in its units, no square overflows."""
    some = x[:: max(1, len(x) // 64)].double() - mean
    return float(some.square().sum(1).mean())


def centred(
    x: torch.Tensor, mean: torch.Tensor, factor: float, kind: torch.dtype
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (x − mean) · factor in `kind`, and the squared lengths of x − mean in float64."""
    out = torch.empty(x.shape, dtype=kind)
    lengths = torch.empty(len(x), dtype=torch.float64)
    step = max(1, 65_536 // max(1, x.shape[1]))
    for start in range(0, len(x), step):
        part = slice(start, start + step)
        wide = x[part].double() - mean
        lengths[part] = torch.linalg.vecdot(wide, wide)
        out[part] = wide.mul_(factor)
    return out, lengths


def _largest(cost: Cost) -> float:
    return max(float(cost.block(part).max()) for part in cost.slices())


def _median(cost: Cost) -> float:
    n, m = cost.shape
    if n * m <= _MEDIAN_OF:
        values = torch.cat([cost.block(part).ravel() for part in cost.slices()])
    else:
        step = -(-n // max(1, _MEDIAN_OF // m))
        every = slice(0, n, step)
        values = cost.block(every).ravel()
    return float(np.median(values.numpy()))


def _mean(cost: Cost) -> float:
    total = sum(float(cost.rest[part].sum(dtype=torch.float64)) for part in cost.slices())
    return cost.unit * (float(cost.rows.mean() + cost.cols.mean()) + total / cost.rest.numel())


_NORMALISERS: dict[str, Callable[[Cost], float]] = {
    "mean": _mean,
    "max": _largest,
    "median": _median,
}


def _scaled(cost: Cost, by: float) -> Cost:
    return Cost(cost.rows, cost.cols, cost.rest, cost.unit / by, by, cost.source)


def _forbid(cost: Cost, labels: GroundLabels) -> Cost:
    """Raise forbidden pairs to the limit, in place (the matrix was made here)."""
    limit = labels.limit * _largest(cost) / cost.unit
    for part in cost.slices():
        high = limit - cost.rows[part, None] - cost.cols
        block = cost.rest[part]
        raised = torch.maximum(block, high.to(block.dtype))
        cost.rest[part] = torch.where(labels.forbidden(part), raised, block)
    return cost
