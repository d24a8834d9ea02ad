"""How sure a figure is: intervals, paired comparison, and how many labels would settle it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.seeds import numpy_rng

_CELLS = 8_000_000  # numbers held at once while resampling: 64 MB


@dataclass(frozen=True)
class Interval:
    """A figure, or how much better one is than another, with its interval at `level`.

    Attributes
    ----------
    value, low, high : float
        NaN where nothing is known.
    level : float
    p : float or None
        Of a difference, two-sided: how rarely chance gives one on the other side of 0 (or on it).
    """

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    level: float = 0.95
    p: float | None = None

    @property
    def measured(self) -> bool:
        """Whether anything was measured."""
        return math.isfinite(self.value)

    @property
    def bounded(self) -> bool:
        """Whether it is known how sure it is."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def to_json(self, key: str = "value") -> dict[str, float]:
        """Return the figure, under `key`, and its bounds."""
        return {key: self.value, "low": self.low, "high": self.high}

    @classmethod
    def from_json(cls, found: Any, key: str = "value") -> Interval:
        """Return what JSON holds, NaN where it holds no number."""
        each = (found if isinstance(found, Mapping) else {}).get
        value, low, high, p = (finite(each(name)) for name in (key, "low", "high", "p"))
        level = finite(each("level"))
        level = cls.level if math.isnan(level) else level
        return cls(value, low, high, level, None if math.isnan(p) else p)

    @classmethod
    def or_none(cls, found: Any, key: str = "value") -> Interval | None:
        """Return what JSON holds, None where it holds no figure."""
        interval = cls.from_json(found, key)
        return interval if interval.measured else None


UNKNOWN = Interval()


def finite(value: Any) -> float:
    """Return a value from JSON as a number, NaN where it is none."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and math.isfinite(value) else math.nan


@dataclass(frozen=True)
class Difference(Interval):
    """How much better a is than b, on the same examples.

    Attributes
    ----------
    seeds, examples : int
    disagreement : float
        Share of (seed, example) pairs where exactly one of the two is right.
    """

    seeds: int = 1
    examples: int = 0
    disagreement: float = math.nan


def wilson_share(share: float, n: float, z: float | None = None, level: float = 0.95) -> Interval:
    """Return Wilson's interval of a share of n rows, which need not be whole numbers.

    Parameters
    ----------
    share : float
        Between 0 and 1: a mean over seeds, say.
    n : float
        Rows, or how many single hits would be as sure.
    z : float, optional
        The quantile; by default the normal one of `level`.
    level : float
    """
    z = _z(0.5 + level / 2) if z is None else z
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # The share itself is inside, whatever rounding left of one very near 0 or 1.
    low = 0.0 if share <= 0 else min(share, max(0.0, float(middle - half)))
    high = 1.0 if share >= 1 else max(share, min(1.0, float(middle + half)))
    return Interval(share, low, high, level)


def clopper_pearson_low(hits: np.ndarray, n: np.ndarray, alpha: float) -> np.ndarray:
    """Return what a probability is at least, wrong in at most a share `alpha` of all cases.

    The one-sided bound of Clopper & Pearson (1934, Biometrika): exact, not by a normal law.

    Examples
    --------
    >>> clopper_pearson_low(np.array([0, 10]), np.array([10, 10]), 0.05).round(4).tolist()
    [0.0, 0.7411]
    """
    from scipy.special import betaincinv

    hits, n = np.broadcast_arrays(np.asarray(hits, np.float64), np.asarray(n, np.float64))
    some = hits > 0
    found = betaincinv(np.where(some, hits, 1.0), n - np.where(some, hits, 1.0) + 1, alpha)
    return np.where(some, found, 0.0)


def paired_bootstrap(
    a: np.ndarray,
    b: np.ndarray,
    *,
    resamples: int = 4000,
    level: float = 0.95,
    seed: int = 0,
) -> Difference:
    """Return the difference of two methods' accuracies, resampled over examples and seeds.

    Examples and seeds are drawn independently of each other (every seed judged the same
    examples), and a and b always together. Of S seeds S − 1 are drawn each time, which makes
    the variance between seeds unbiased (Rao & Wu, 1988, J. Am. Stat. Assoc. 83) where S draws
    would understate it by 1 − 1/S; the noise of single (seed, example) cells is overstated a
    little, so intervals err on the wide side (Owen, 2007, Ann. Appl. Stat. 1).

    Parameters
    ----------
    a, b : ndarray of bool, shape (seeds, examples) or (examples,)
        Whether each was right, or a score of each that is better the higher it is. With one
        seed, only examples vary: the answer is about these two fits, not about the methods.
    resamples : int
    level : float
    seed : int

    Raises
    ------
    ValueError
        Where shapes differ or there is nothing to compare.

    Examples
    --------
    >>> b = np.tile([True, False], 100)
    >>> a = b.copy(); a[1:60:2] = True
    >>> found = paired_bootstrap(a, b)
    >>> round(found.value, 3), found.low > 0, found.p < 0.01
    (0.15, True, True)
    """
    a, b = np.atleast_2d(np.asarray(a)), np.atleast_2d(np.asarray(b))
    if a.shape != b.shape or a.ndim != 2 or not a.size:
        raise ValueError(f"a has shape {a.shape}, b {b.shape}: expected equal (seeds, examples)")
    gain = a.astype(np.float64) - b.astype(np.float64)
    seeds, examples = gain.shape
    rng = numpy_rng(seed, "paired bootstrap")
    drawn = np.empty(resamples)
    step = max(1, _CELLS // examples)
    for start in range(0, resamples, step):
        part = slice(start, min(resamples, start + step))
        r = part.stop - part.start
        draws = max(1, seeds - 1)
        by_example = _counts(rng, r, draws, seeds) @ gain / draws
        drawn[part] = (_counts(rng, r, examples, examples) * by_example).sum(1) / examples
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    # Sums of ±1 that cancel must count as 0, whatever the order of adding left.
    other = min((drawn <= 1e-12).sum(), (drawn >= -1e-12).sum())
    return Difference(
        value=float(gain.mean()),
        low=float(low),
        high=float(high),
        p=float(min(1.0, 2 * (other + 1) / (resamples + 1))),
        level=level,
        seeds=seeds,
        examples=examples,
        disagreement=float(np.abs(gain).mean()),
    )


def labels_needed(
    difference: float, disagreement: float, *, level: float = 0.95, power: float = 0.8
) -> int:
    """Return how many judged examples would settle a difference of this size.

    n ≈ (z₀.₉₇₅ + z₀.₈)² · p / d²: with disagreement rate p, the paired difference d of
    accuracies has variance at most p a pair, so that n examples tell it from 0 at `level` with
    probability `power`. Subtract those at hand to get how many more.

    Parameters
    ----------
    difference : float
        d, the accuracy difference to detect; its sign does not matter.
    disagreement : float
        p ≥ |d|, the share of examples where exactly one is right.
    level, power : float

    Returns
    -------
    int

    Raises
    ------
    ValueError
        For a difference of 0 (no number settles it), or |d| > p.

    Examples
    --------
    >>> labels_needed(0.02, 0.1)
    1963
    """
    if difference == 0 or not abs(difference) <= disagreement <= 1:
        raise ValueError(f"difference {difference} with disagreement {disagreement}")
    z = _z(0.5 + level / 2) + _z(power)
    return int(np.ceil(z**2 * disagreement / difference**2))


def pairs_needed(
    difference: float, spread: float, *, level: float = 0.95, power: float = 0.8
) -> int:
    """Return how many judged examples would settle a difference of mean errors.

    n ≈ (z₀.₉₇₅ + z₀.₈)² · s² / d², with s the standard deviation of one pair's difference.

    Raises
    ------
    ValueError
        For a difference of 0, or a spread that is not positive.

    Examples
    --------
    >>> pairs_needed(0.5, 1.0)
    32
    """
    if difference == 0 or not spread > 0:
        raise ValueError(f"difference {difference} with std {spread}")
    z = _z(0.5 + level / 2) + _z(power)
    return int(np.ceil((z * spread / difference) ** 2))


def _z(probability: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(probability))


def _counts(rng: np.random.Generator, r: int, draws: int, n: int) -> np.ndarray:
    """Return for r resamples how often each of n things was drawn in `draws` draws, (r, n)."""
    if n == 1:
        return np.full((r, 1), float(draws))
    picked = rng.integers(0, n, (r, draws)) + n * np.arange(r)[:, None]
    return np.bincount(picked.ravel(), minlength=r * n).reshape(r, n).astype(np.float64)
