"""A mean score, and how much better one is than another: with intervals that cover.

Everything that says an interval asks here, so that a figure of twenty rows that are all right
has one as well. A resample of equal rows is equal again, whatever was not seen: so the rows are
joined by two that were not seen, one at each end (for a share: one right, one wrong; for a paired
difference: one that only a, one that only b has right). That is Wilson's interval of a share
(1927) and Bonett & Price's of a paired difference (2012, J. Educ. Behav. Stat. 37), carried over
to scores between 0 and 1 and to several seeds.
"""

from __future__ import annotations

import numpy as np

from .intervals import Difference, Interval, wilson_share

LEVEL = 0.95


def mean_interval(
    scores: np.ndarray,
    *,
    share: bool = True,
    scale: float = 0.0,
    groups: np.ndarray | None = None,
    level: float = LEVEL,
) -> Interval:
    """Return the mean of scores of rows, over seeds, with its interval.

    Parameters
    ----------
    scores : ndarray, shape (n,) or (seeds, n)
        Hits, or scores.
    share : bool
        Whether scores lie between 0 and 1.
    scale : float
        Of scores that are no shares: how far one more row could be away, where all are equal.
    groups : int ndarray, shape (n,), optional
        Rows of one number are of one patient, site or user, and may be alike: what varies is the
        groups, and there are as many degrees of freedom (Liang & Zeger, 1986).
    level : float

    Raises
    ------
    ValueError
        Without rows.

    Examples
    --------
    >>> found = mean_interval(np.ones(20))
    >>> round(found.low, 3), found.high
    (0.839, 1.0)
    """
    values = _table(scores)
    n, value = values.shape[1], float(values.mean())
    if share:
        middle, variance, free = _moments(values, (0.0, 1.0), groups)
        # The size of a sample of single hits that would be as sure: n itself, for one seed.
        size = max(middle * (1 - middle) / variance - 2, 1e-3)
        return wilson_share(value, size, _quantile(free, level), level)
    if _alike(values, values, scale):
        low, high = sorted((value - scale, value + scale))
        middle, variance, free = _moments(values, (low, high), groups)
    else:
        middle, variance, free = _moments(values, (), groups)
    half = _quantile(free if n > 1 else 1.0, level) * float(np.sqrt(variance))
    low, high = middle - half, middle + half
    if values.max() <= 0:  # errors, with their sign turned
        high = min(high, 0.0)
    elif values.min() >= 0:
        low = max(low, 0.0)
    return Interval(value, min(low, value), max(high, value), level)


def paired_interval(
    a: np.ndarray,
    b: np.ndarray,
    *,
    share: bool = True,
    scale: float = 0.0,
    groups: np.ndarray | None = None,
    level: float = LEVEL,
) -> Difference:
    """Return how much better a is than b on the same rows, over seeds, with its interval.

    Rows and seeds vary independently of each other; the variance of the mean is that of a table
    of two random factors. With few seeds the quantile is Student's (Satterthwaite, 1946). Of two or
    three seeds nobody can say well how much seeds differ: where that is far more than rows leave
    open, 95 % intervals hold 83 to 85 % (two seeds), 88 to 92 % (three); see docs/holdout.md.

    Parameters
    ----------
    a, b : ndarray, shape (n,) or (seeds, n)
        Hits or scores, higher is better. One of them may have a single seed: it is then one
        fitted model, compared with every seed of the other.
    share, scale, groups, level
        As of `mean_interval`.

    Raises
    ------
    ValueError
        Where the rows differ or there are none.

    Examples
    --------
    >>> same = paired_interval(np.ones(20, bool), np.ones(20, bool))
    >>> same.value, round(same.low, 3), round(same.high, 3), same.p
    (0.0, -0.126, 0.126, 1.0)
    """
    one, other = _table(a), _table(b)
    alike = len(one) == len(other) or 1 in (len(one), len(other))
    if one.shape[1] != other.shape[1] or not alike:
        raise ValueError(f"a has shape {one.shape}, b {other.shape}: expected equal (seeds, rows)")
    gain = one - other
    value = float(gain.mean())
    largest = max(np.abs(one).max(), np.abs(other).max())
    reach = 1.0 if share else scale if _alike(gain, largest, scale) else 0.0
    ends = (value * (not share) - reach, value * (not share) + reach) if reach else ()
    middle, variance, free = _moments(gain, ends, groups)
    error = float(np.sqrt(variance))
    half = _quantile(free, level) * error
    low, high = middle - half, middle + half
    if share:
        low, high = max(low, -1.0), min(high, 1.0)
    return Difference(
        value=value,
        low=float(min(low, value)),
        high=float(max(high, value)),
        p=_two_sided(middle, error, free),
        level=level,
        seeds=len(gain),
        examples=gain.shape[1],
        disagreement=float(np.abs(gain).mean()),
    )


def widened(value: float, low: float, high: float, n: int, *, share: bool = True) -> Interval:
    """Return the interval of a figure that is no mean, with room where resampling left none.

    Parameters
    ----------
    value, low, high : float
        The figure, and what resampling its n rows gave.
    n : int
    share : bool
        Whether the figure lies between 0 and 1; a difference of two such figures otherwise.
    """
    if high - low > 1e-12:
        return Interval(value, low, high)
    if share:
        return wilson_share(min(1.0, max(0.0, value)), max(n, 1))
    reach = 1.959964 * float(np.sqrt(2)) / (n + 2)
    return Interval(value, max(-1.0, value - reach), min(1.0, value + reach))


def stretched(n: int, level: float = LEVEL) -> float:
    """Return what to widen an interval by that comes of resampling n groups.

    A resample's variance is 1 − 1/n of the unbiased one, and Student's quantile with n − 1 degrees
    of freedom is further out than the normal one.
    """
    free = max(1, n - 1)
    return _quantile(free, level) / _quantile(np.inf, level) * float(np.sqrt(n / free))


def _table(scores: np.ndarray) -> np.ndarray:
    table = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    if table.ndim != 2 or not table.size:
        raise ValueError(f"scores have shape {np.shape(scores)}: expected (rows,) or (seeds, rows)")
    return table


def _alike(values: np.ndarray, of: np.ndarray | float, scale: float) -> bool:
    """Whether values made from numbers `of` this size differ by no more than rounding."""
    return bool(np.ptp(values) <= 1e-12 * (scale + np.abs(of).max()))


def _moments(
    table: np.ndarray, ends: tuple[float, ...], groups: np.ndarray | None = None
) -> tuple[float, float, float]:
    """Return the mean with the rows at the ends, its variance, and the degrees of freedom."""
    seeds, n = table.shape
    rows = np.concatenate([table.mean(0), ends])
    middle = float(rows.mean())
    if groups is None:
        # With rows at both ends the plain variance is the unbiased one, as nearly as matters.
        own = float(rows.var(ddof=0 if ends else min(1, n - 1))) / len(rows)
        rows_free: float = np.inf if ends else max(1, n - 1)
    else:
        own, rows_free = _between_groups(rows - middle, groups, len(ends))
    among = 0.0
    if seeds > 1:
        by_seed = table.mean(1)
        rest = table - table.mean(0) - by_seed[:, None] + by_seed.mean()
        noise = float((rest**2).sum()) / max(1, (n - 1) * (seeds - 1)) / (n * seeds)
        among = max(0.0, float(by_seed.var(ddof=1)) / seeds - noise)
    total = own + among
    if total <= 0:
        return middle, 0.0, np.inf
    uncertain = own**2 / rows_free + (among**2 / (seeds - 1) if among else 0.0)
    return middle, total, total**2 / uncertain if uncertain > 0 else np.inf


def _between_groups(off: np.ndarray, groups: np.ndarray, n_ends: int) -> tuple[float, float]:
    """Return the variance of a mean of rows that come in groups, and its degrees of freedom.

    Each of the rows at the ends is a group. Where rows of a group differ more than those of
    different groups, the variance is that of single rows.
    """
    place = np.unique(groups, return_inverse=True)[1]
    count = int(place.max()) + 1
    place = np.concatenate([place, count + np.arange(n_ends)])
    sums = np.bincount(place, off)
    found = float((sums**2).sum()) * count / max(1, count - 1)
    single = float((off**2).sum())
    return max(found, single) / len(off) ** 2, float(max(1, count - 1))


def _quantile(free: float, level: float) -> float:
    from scipy.special import ndtri, stdtrit

    at = 0.5 + level / 2
    return float(ndtri(at) if free > 1e6 else stdtrit(free, at))


def _two_sided(middle: float, error: float, free: float) -> float:
    from scipy.special import ndtr, stdtr

    if error == 0:
        return 1.0 if middle == 0 else 0.0
    z = -abs(middle) / error
    return float(min(1.0, 2 * (ndtr(z) if free > 1e6 else stdtr(free, z))))
