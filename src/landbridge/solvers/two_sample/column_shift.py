"""Column by column: has its distribution changed, and by how much?

Numbers by the Kolmogorov-Smirnov distance, categories by total variation, missing values by the
difference of their shares. All three effects lie in [0, 1] and can be ranked together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

LEAST_EXPECTED = 5.0
"""Categories expected less often than this share one cell of the χ² test (Cochran, 1954)."""


def kolmogorov_smirnov(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the greatest distance of two distribution functions, and its p-value.

    Parameters
    ----------
    x, y : ndarray, shapes (n,) and (m,)
        Finite, at least one value each. Ties are allowed; the p-value is then too large.

    Returns
    -------
    statistic, p : float
        p by Kolmogorov's limit with Stephens's correction (1970, J. Royal Stat. Soc. B 32).

    Examples
    --------
    >>> statistic, p = kolmogorov_smirnov(np.arange(10.0), np.arange(10.0) + 5)
    >>> statistic, round(p, 2)
    (0.5, 0.11)
    """
    from scipy.special import kolmogorov

    n, m = len(x), len(y)
    if not n or not m:
        raise ValueError(f"columns have {n} and {m} values, expected at least one each")
    x, y = np.sort(x), np.sort(y)
    values = np.concatenate([x, y])
    ours = np.searchsorted(x, values, side="right") / n
    theirs = np.searchsorted(y, values, side="right") / m
    statistic = float(np.abs(ours - theirs).max())
    root = np.sqrt(n * m / (n + m))
    return statistic, float(kolmogorov((root + 0.12 + 0.11 / root) * statistic))


def total_variation(p: np.ndarray, q: np.ndarray) -> float:
    """Return ½ Σ |pₖ − qₖ| of two distributions over the same things, in [0, 1].

    Examples
    --------
    >>> total_variation(np.array([0.5, 0.5]), np.array([0.75, 0.25]))
    0.25
    """
    return float(np.abs(np.asarray(p, np.float64) - np.asarray(q, np.float64)).sum() / 2)


def categories_shift(x: Sequence[object], y: Sequence[object]) -> tuple[float, float]:
    """Return the total variation between two samples of categories, and the p-value of χ².

    Parameters
    ----------
    x, y : sequences of hashable, lengths n and m
        None of them missing, at least one each.

    Returns
    -------
    variation, p : float

    Examples
    --------
    >>> variation, p = categories_shift(["a"] * 30 + ["b"] * 10, ["a"] * 10 + ["b"] * 30)
    >>> variation, p < 1e-4
    (0.5, True)
    """
    if not len(x) or not len(y):
        raise ValueError(f"columns have {len(x)} and {len(y)} values, expected at least one each")
    ours, theirs = Counter(x), Counter(y)
    names = sorted({*ours, *theirs}, key=str)
    counts = np.array([[ours[name], theirs[name]] for name in names], dtype=np.float64)
    variation = total_variation(*(counts / counts.sum(0)).T)
    return variation, chi_squared(counts)


def chi_squared(counts: np.ndarray) -> float:
    """Return the p-value of independence in a table (cells, 2), rare cells put together.

    Examples
    --------
    >>> round(chi_squared(np.array([[20.0, 30.0], [30.0, 20.0]])), 4)
    0.0455
    """
    from scipy.special import chdtrc

    counts = np.asarray(counts, np.float64)
    share = counts.sum(0) / counts.sum()
    rare = counts.sum(1) * share.min() < LEAST_EXPECTED
    if rare.sum() > 1:
        counts = np.concatenate([counts[~rare], counts[rare].sum(0, keepdims=True)])
    counts = counts[counts.sum(1) > 0]
    if len(counts) < 2:
        return 1.0
    expected = counts.sum(1, keepdims=True) * share
    return float(chdtrc(len(counts) - 1, ((counts - expected) ** 2 / expected).sum()))


def holm(p: np.ndarray) -> np.ndarray:
    """Return p-values corrected so that one false alarm in all is as rare as p says.

    Holm, 1979, Scandinavian J. Statistics 6.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p, np.float64)
    order = np.argsort(p, kind="stable")
    raised = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    out = np.empty(len(p))
    out[order] = np.minimum(raised, 1)
    return out


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Return p-values corrected for the share of false alarms among alarms.

    Benjamini & Hochberg, 1995, J. Royal Stat. Soc. B 57.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    p = np.asarray(p, np.float64)
    n = len(p)
    order = np.argsort(p, kind="stable")
    raised = p[order] * n / np.arange(1, n + 1)
    out = np.empty(n)
    out[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1)
    return out
