"""Linear maps between two feature spaces where no row of one is known to match one of the other.

What stands in for the matches: moments (`alignment.monge_map` where the dimensions agree,
`axes_map` where they do not), class means where both sides have labels (`class_mean_pairs`, then
any map of `linear_map`), or a matching that is found together with the map (`matching_map`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...base.seeds import numpy_rng
from ..kernels.gaussian_kernel import squared_distances
from .affine import AffineMap
from .alignment import monge_map
from .linear_map import least_squares_map, orthogonal_map


def axes_map(x: np.ndarray, y: np.ndarray, n_axes: int | None = None) -> AffineMap:
    """Return the map of principal axes onto principal axes, in the order of their variances.

    Of all maps between two Gaussians in spaces of different dimension it is optimal in the
    Gromov-Wasserstein sense (Delon, Desolneux & Salmona, 2022, J. Appl. Probab. 59), up to the
    sign of each axis, which moments of order two cannot tell: it is chosen so that the third
    moments along matched axes agree in sign. Where variances are nearly equal, or the data
    symmetric, the answer is arbitrary: a start for `matching_map`, not more.

    Parameters
    ----------
    x, y : ndarray, shapes (n, d_from) and (m, d_to)
    n_axes : int, optional
        How many axes are matched, at most the smaller dimension (the default).

    Returns
    -------
    AffineMap
        Axes without a match go to 0.
    """
    values_x, axes_x, signs_x = _axes(x)
    values_y, axes_y, signs_y = _axes(y)
    k = min(x.shape[1], y.shape[1], n_axes or x.shape[1])
    safe = np.where(values_x[:k] > 0, values_x[:k], 1.0)
    scale = np.where(values_x[:k] > 0, np.sqrt(values_y[:k] / safe), 0.0)
    matrix = (axes_x[:, :k] * (scale * signs_x[:k] * signs_y[:k])) @ axes_y[:, :k].T
    return AffineMap(matrix, x.mean(0, dtype=np.float64), y.mean(0, dtype=np.float64))


def class_mean_pairs(
    x: np.ndarray, labels_x: np.ndarray, y: np.ndarray, labels_y: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the means of the classes that both sides have, as matched rows.

    Parameters
    ----------
    x, y : ndarray, shapes (n, d_from) and (m, d_to)
    labels_x, labels_y : ndarray, shapes (n,) and (m,)

    Returns
    -------
    means_x, means_y : ndarray, shapes (c, d_from) and (c, d_to)
    weights : ndarray, shape (c,)
        1 / (1/n_c + 1/m_c): the inverse variance of the difference of two means.
    classes : ndarray, shape (c,)

    Raises
    ------
    ValueError
        Where no class is on both sides.

    Examples
    --------
    >>> found = class_mean_pairs(np.eye(2), np.array(["a", "b"]), np.ones((1, 1)), np.array(["b"]))
    >>> found[0].tolist(), found[1].tolist(), found[2].tolist(), found[3].tolist()
    ([[0.0, 1.0]], [[1.0]], [0.5], ['b'])
    """
    shared = np.intersect1d(labels_x, labels_y)
    if not len(shared):
        raise ValueError("no class has rows on both sides")
    counts = []
    means = []
    for rows, labels in ((x, labels_x), (y, labels_y)):
        members = shared[:, None] == labels[None, :]
        counts.append(members.sum(1))
        means.append(members.astype(np.float64) @ rows / counts[-1][:, None])
    weights = 1 / (1 / counts[0] + 1 / counts[1])
    return means[0], means[1], weights, shared


@dataclass(frozen=True)
class Matching:
    """A map and a matching found together.

    Attributes
    ----------
    map : AffineMap
    criterion : ndarray, shape (steps,)
        Mean squared distance of matched rows plus the penalty, after each step: never rises.
    converged : bool
    """

    map: AffineMap
    criterion: np.ndarray
    converged: bool


def matching_map(
    x: np.ndarray,
    y: np.ndarray,
    *,
    kind: Literal["orthogonal", "ridge"] = "orthogonal",
    matching: Literal["nearest", "transport"] = "transport",
    ridge: float = 1e-3,
    start: AffineMap | None = None,
    max_steps: int = 100,
    tolerance: float = 1e-7,
    max_rows: int = 1500,
    seed: int = 0,
) -> Matching:
    """Return the map that, with the best matching of its rows to y, lies nearest to y.

    Minimises over g and P, in turns,

        Σᵢⱼ Pᵢⱼ ‖g(xᵢ) − yⱼ‖² + α v ‖W − W₀‖² / d

    with P a matching: each mapped row to its nearest row of y (iterative closest points, Besl &
    McKay, 1992, IEEE PAMI 14), or the exact optimal transport plan, in which every row of y is
    matched as well (Alvarez-Melis, Jegelka & Jaakkola, 2019, AISTATS). Both turns are exact
    minimisations, so the criterion never rises; it ends in a local minimum, and the start counts.

    Parameters
    ----------
    x, y : ndarray, shapes (n, d_from) and (m, d_to)
    kind : {"orthogonal", "ridge"}
        What g may be: a rigid motion, or any affine map near the start W₀. (With "nearest" and no
        penalty a map that sends everything to one row would be the best of all.)
    matching : {"nearest", "transport"}
    ridge : float
        α of "ridge", relative to the mean variance v of x. "orthogonal" has none.
    start : AffineMap, optional
        By default the better (in the end) of a shift and the moments' map; `axes_map` where
        dimensions differ.
    max_steps : int
    tolerance : float
        Relative fall of the criterion that ends the search.
    max_rows : int
        Of larger sides so many rows are drawn.
    seed : int
        For the draw.

    Returns
    -------
    Matching

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.gamma(1.0, size=(80, 2)) * [3.0, 1.0]
    >>> turn = np.array([[0.8, 0.6], [-0.6, 0.8]])
    >>> found = matching_map(x, x[::-1] @ turn + 4)
    >>> bool(np.allclose(found.map(x), x @ turn + 4, atol=1e-6))
    True
    """
    if kind not in _KINDS or matching not in _MATCHINGS:
        raise ValueError(f"unknown kind {kind!r} or matching {matching!r}")
    if not 0 <= ridge < np.inf:
        raise ValueError(f"ridge must be a finite number from 0 up, got {ridge}")
    few_x, few_y = _some(x, max_rows, seed, "x"), _some(y, max_rows, seed, "y")
    starts = [start] if start is not None else _starts(few_x, few_y)
    spread = float(few_x.var(0).mean()) or 1.0
    problem = _Problem(few_x, few_y, ridge * spread)
    found = [
        _in_turns(problem, _KINDS[kind], _MATCHINGS[matching], one, max_steps, tolerance)
        for one in starts
    ]
    return min(found, key=lambda one: float(one.criterion[-1]))


@dataclass(frozen=True)
class _Problem:
    x: np.ndarray
    y: np.ndarray
    penalty: float


_Fit = Callable[[_Problem, np.ndarray, AffineMap], tuple[AffineMap, float]]
_Match = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, float]]


def _in_turns(
    problem: _Problem, fit: _Fit, match: _Match, start: AffineMap, max_steps: int, tolerance: float
) -> Matching:
    """Match, fit, match, ... `match` gives the mean matched row of y and what is left beside it."""
    at, goals = start, match(start(problem.x), problem.y)[0]
    history: list[float] = []
    converged = False
    for _ in range(max_steps):
        following, penalty = fit(problem, goals, start)
        following_goals, cost = match(following(problem.x), problem.y)
        total = cost + penalty
        # Rounding, or the local search of a fit into fewer columns: nothing more to gain.
        converged = bool(history) and history[-1] - total <= tolerance * history[-1]
        if history and total > history[-1]:
            break
        at, goals = following, following_goals
        history.append(total)
        if converged:
            break
    return Matching(at, np.asarray(history), converged)


def _nearest(mapped: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    distances = squared_distances(mapped, y)
    near = distances.argmin(1)
    return y[near], float(((mapped - y[near]) ** 2).sum(1).mean())


def _transport(mapped: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    import ot

    distances = squared_distances(mapped, y)
    n, m = distances.shape
    plan = ot.emd(np.full(n, 1 / n), np.full(m, 1 / m), distances, numItermax=1_000_000)
    return n * (plan @ y), float((plan * distances).sum())


def _rigid(problem: _Problem, goals: np.ndarray, start: AffineMap) -> tuple[AffineMap, float]:
    return orthogonal_map(problem.x, goals), 0.0


def _shrunk(problem: _Problem, goals: np.ndarray, start: AffineMap) -> tuple[AffineMap, float]:
    n, d = problem.x.shape
    change = least_squares_map(problem.x, goals - start(problem.x), ridge=problem.penalty * n / d)
    matrix = start.matrix + change.matrix
    whole = AffineMap(matrix, np.zeros(d), start.offset + change.offset)
    return whole, problem.penalty / d * float((change.matrix**2).sum())


_KINDS: dict[str, _Fit] = {"orthogonal": _rigid, "ridge": _shrunk}
_MATCHINGS: dict[str, _Match] = {"nearest": _nearest, "transport": _transport}


def _starts(x: np.ndarray, y: np.ndarray) -> list[AffineMap]:
    if x.shape[1] != y.shape[1]:
        return [axes_map(x, y)]
    shift = AffineMap(np.eye(x.shape[1]), x.mean(0), y.mean(0))
    return [shift, monge_map(x, y, 0.1), axes_map(x, y)]


def _some(x: np.ndarray, count: int, seed: int, name: str) -> np.ndarray:
    if len(x) > count:
        x = x[np.sort(numpy_rng(seed, f"matching/{name}").choice(len(x), count, replace=False))]
    return np.asarray(x, dtype=np.float64)


def _axes(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return variances (falling), principal axes as columns, and the sign of the third moments."""
    wide = np.asarray(x, dtype=np.float64)
    z = wide - wide.mean(0)
    values, vectors = np.linalg.eigh(z.T @ z / len(z))
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    third = ((z @ vectors) ** 3).sum(0)
    return values, vectors, np.where(third < 0, -1.0, 1.0)
