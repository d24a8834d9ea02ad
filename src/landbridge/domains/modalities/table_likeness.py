"""Which rows of tables are the same but for rounding, and which of these are so by chance."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

import numpy as np

from ...base.evenly import evenly
from .nature import ASKED, TABLES

NEAR = 0.01
"""Standard deviations by which numbers of two rows may differ, each of them."""
CHANCE = 0.01
"""Rows of another table that equal a row by chance: from so many on the likeness says nothing."""
_WIDEST = 12
_CANDIDATES = 8
_HALF = 0.2
"""What stands for a value that no other row has."""
_FEW = 20
"""Different numbers up to which a column counts as one of words."""

Columns = Mapping[str, np.ndarray]


def alike(ours: Columns, theirs: Columns) -> np.ndarray:
    """Return pairs (row of ours, row of theirs) that are the same but for case and rounding.

    Columns that both have count. Words are the same but for case; missing is the same as missing;
    numbers differ by a hundredth of their standard deviation at most. Where one in a hundred of
    their rows has such a neighbour among theirs that does not equal it, rows are close by nature,
    and only equal ones are given.

    Returns
    -------
    int64 ndarray (pairs, 2)
    """
    names = [name for name in theirs if name in ours]
    if not names:
        return np.zeros((0, 2), np.int64)
    codes: dict[tuple[object, ...], int] = {}
    groups = [_codes(side, names, codes) for side in (ours, theirs)]
    x, y = _numbers(ours, theirs, names)
    if x.shape[1] == 0:
        x, y = np.zeros((len(x), 1)), np.zeros((len(y), 1))
    asked = evenly(len(y), ASKED)
    own = _pairs(y[asked], groups[1][asked], y, groups[1])
    apart = np.abs(y[asked[own[:, 0]]] - y[own[:, 1]]).max(1) > 0
    natural = TABLES.near(len(np.unique(own[apart, 0])), len(asked))
    found = _pairs(x, groups[0], y, groups[1])
    if natural:
        found = found[np.abs(x[found[:, 0]] - y[found[:, 1]]).max(1) < 1e-6]
    return found


def by_chance(
    ours: Columns, rows: np.ndarray, theirs: Columns, total: int | None = None
) -> np.ndarray:
    """Say of some rows whether as many rows of theirs as `CHANCE` would equal them by chance.

    Each column tells how many of theirs have the same value, the twin itself not counted; taken as
    independent, they say how many rows have all of them. Columns of few values are seldom
    independent, so where others of theirs have the same in all of these, they count as they are.

    Parameters
    ----------
    ours : mapping of str to ndarray (n,)
    rows : int ndarray
        Of ours, that have a twin among theirs.
    theirs : mapping of str to ndarray (m,)
    total : int, optional
        How many others there are, where theirs stand for more rows like them; m otherwise.

    Returns
    -------
    bool ndarray (len(rows),)
    """
    names = [name for name in theirs if name in ours]
    m = len(next(iter(theirs.values())))
    share, numbers = np.ones(len(rows)), np.ones(len(rows))
    few = []
    for name in names:
        values, others = ours[name][rows], theirs[name]
        words = others.dtype == object or values.dtype == object
        count = _counted(values, others) if words else _within(values, others)
        own = (np.maximum(count - 1, 0) + _HALF) / max(1, m)
        share *= own
        if words or len(np.unique(others[~np.isnan(others)])) <= _FEW:
            few.append(name)
        else:
            numbers *= own
    joint = np.zeros(len(rows))
    if few:
        codes: dict[tuple[object, ...], int] = {}
        yours = _whole(theirs, few, codes)
        mine = _whole({name: ours[name][rows] for name in few}, few, codes)
        joint = np.bincount(yours, minlength=len(codes))[mine] - 1.0
    times = 1.0 if total is None else total / max(1, m)
    expected = times * np.maximum(m * share, np.maximum(joint, 0) * numbers)
    return np.asarray(expected >= CHANCE)


def _counted(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    counts: dict[object, int] = {}
    for value in others.tolist():
        counts[_word(value)] = counts.get(_word(value), 0) + 1
    return np.array([counts.get(_word(value), 0) for value in values.tolist()], float)


def _within(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    there = np.sort(others[~np.isnan(others)])
    reach = NEAR * (float(there.std()) if len(there) else 0.0)
    low = np.searchsorted(there, values - reach, "left")
    found = np.searchsorted(there, values + reach, "right") - low
    return np.where(np.isnan(values), len(others) - len(there), found).astype(float)


def _word(value: object) -> object:
    if isinstance(value, str):
        return unicodedata.normalize("NFKC", value).casefold().strip()
    return None if value is None or value != value else value


def _whole(columns: Columns, names: list[str], codes: dict[tuple[object, ...], int]) -> np.ndarray:
    """Return a number for each row's values, the same for the same."""
    cells = [[_word(value) for value in columns[name].tolist()] for name in names]
    return np.array([codes.setdefault(row, len(codes)) for row in zip(*cells, strict=True)], int)


def _codes(columns: Columns, names: list[str], codes: dict[tuple[object, ...], int]) -> np.ndarray:
    """Return a number for each row's words and for where it has no number."""
    cells: list[list[object]] = []
    for name in names:
        array = columns[name]
        cells.append(
            [_word(value) for value in array.tolist()]
            if array.dtype == object
            else np.isnan(array).tolist()
        )
    return np.array([codes.setdefault(row, len(codes)) for row in zip(*cells, strict=True)], int)


def _numbers(ours: Columns, theirs: Columns, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of both in standard deviations of theirs, 0 where there is none."""
    sides: list[list[np.ndarray]] = [[], []]
    for name in names:
        pair = (ours[name], theirs[name])
        if any(array.dtype == object for array in pair):
            continue
        there = pair[1][~np.isnan(pair[1])]
        spread = float(there.std()) if len(there) else 0.0
        centre = float(there.mean()) if len(there) else 0.0
        scale = spread if spread > 1e-12 * max(1.0, abs(centre)) else 1.0
        for side, array in zip(sides, pair, strict=True):
            side.append(np.nan_to_num((array - centre) / scale, nan=0.0))
    n = [len(next(iter(columns.values()))) for columns in (ours, theirs)]
    x, y = (
        np.stack(side, axis=1) if side else np.zeros((count, 0))
        for side, count in zip(sides, n, strict=True)
    )
    return x, y


def _pairs(x: np.ndarray, gx: np.ndarray, y: np.ndarray, gy: np.ndarray) -> np.ndarray:
    """Return pairs of rows of one group that differ by `NEAR` at most in each column."""
    from scipy.spatial import cKDTree

    distinct = [len(np.unique(y[:, j])) for j in range(y.shape[1])]
    widest = np.argsort(distinct, kind="stable")[::-1][:_WIDEST]

    def points(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
        return np.column_stack([values[:, widest], groups.astype(float)])

    k = min(_CANDIDATES, len(y))
    _, near = cKDTree(points(y, gy)).query(
        points(x, gx), k=range(1, 1 + k), p=np.inf, distance_upper_bound=NEAR * 1.001
    )
    at, place = np.nonzero(near < len(y))
    pairs = np.stack([at, near[at, place]], axis=1).astype(np.int64)
    apart = np.abs(x[pairs[:, 0]] - y[pairs[:, 1]]).max(1) if len(pairs) else np.zeros(0)
    pairs, apart = pairs[apart <= NEAR], apart[apart <= NEAR]
    order = np.lexsort((pairs[:, 1], apart, pairs[:, 0]))
    return pairs[order]
