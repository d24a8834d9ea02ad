"""A convex quadratic program over a box with bounds on the sum, to a certified optimum.

Minimises  ½ wᵀK w − qᵀw  over 0 ≤ w ≤ u, low ≤ Σ w ≤ high, K symmetric and without negative
eigenvalues: kernel mean matching's problem.

Accelerated projected gradient (FISTA; Beck & Teboulle, 2009, SIAM J. Imaging Sci. 2(1)) with
restarts where momentum points uphill (O'Donoghue & Candès, 2015, Found. Comput. Math. 15). A
kernel matrix has one eigenvalue far above the others, whose eigenvector is almost constant. So
steps are taken in the metric L I + c 11ᵀ with c the mean of K: `project_box_sum` is exact in it,
and L need only bound K − c 11ᵀ. That takes a quarter of the steps.

Where most of w is 0, the program is solved on the rows that are not (and the likeliest to come
in), a small one, and the gradient of all rows says who else should: a few rounds are enough.

Frank and Wolfe's gap  max over feasible u of ∇f(w)ᵀ(w − u) ≥ f(w) − f*  is what it stops by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..kernels.low_rank_gram import LowRankGram
from .projection import project_box_sum

_CHECK = 25  # steps between looks at the gap
_SPARSE = 0.3  # share of rows in use below which the small program pays


@dataclass(frozen=True)
class BoxQpFit:
    """A minimiser, and how far it can be from the least value.

    Attributes
    ----------
    w : ndarray, float64 (n,)
    value : float
        ½ wᵀK w − qᵀw.
    gap : float
        `value` is at most this much above the minimum.
    steps : int
        Products with the whole of K.
    """

    w: np.ndarray
    value: float
    gap: float
    steps: int


def box_qp(
    matrix: np.ndarray | LowRankGram,
    linear: np.ndarray,
    upper: float,
    low: float,
    high: float,
    *,
    start: np.ndarray | None = None,
    tolerance: float = 1e-9,
    max_steps: int = 2000,
) -> BoxQpFit:
    """Return a minimiser of ½ wᵀK w − qᵀw over 0 ≤ w ≤ upper, low ≤ Σ w ≤ high.

    Parameters
    ----------
    matrix : ndarray, shape (n, n), or LowRankGram
        K, float32 or float64, and not copied. Products are in its type, all else in float64.
    linear : ndarray, shape (n,)
        q.
    upper, low, high : float
    start : ndarray, shape (n,), optional
        By default as near to 1 everywhere as the bounds allow.
    tolerance : float
        Stop where the gap is at most this.
    max_steps : int
        Products with the whole matrix.

    Returns
    -------
    BoxQpFit

    Raises
    ------
    ValueError
        Where shapes disagree or no w fits.

    Examples
    --------
    >>> fit = box_qp(np.diag([1.0, 2.0]), np.array([1.0, -1.0]), 10.0, 0.0, 20.0)
    >>> fit.w.round(6).tolist()
    [1.0, 0.0]
    """
    n = len(linear)
    q = np.asarray(linear, dtype=np.float64)
    whole = _Dense(matrix) if isinstance(matrix, np.ndarray) else matrix
    shape = matrix.shape if isinstance(matrix, np.ndarray) else (len(matrix.factor),) * 2
    if shape != (n, n) or q.ndim != 1 or not n:
        raise ValueError(f"shapes {shape} and {q.shape} do not fit together")
    begin = np.ones(n) if start is None else np.asarray(start, dtype=np.float64)
    problem = _Problem(whole, q, upper, low, high)
    w = project_box_sum(begin, upper, low, high)
    state = _State(w, problem.product(w))
    working = True
    while True:
        state, gap, done = _accelerated(problem, state, tolerance, max_steps, sparse=working)
        if done or problem.steps >= max_steps:
            break
        state, gap, working = _on_working_set(problem, state, tolerance, max_steps)
        if gap <= tolerance or problem.steps >= max_steps:
            break
    value = float(0.5 * state.w @ state.product - q @ state.w)
    return BoxQpFit(state.w, value, max(0.0, gap), problem.steps)


@dataclass(frozen=True)
class _State:
    """A feasible w and K w."""

    w: np.ndarray
    product: np.ndarray


@dataclass(frozen=True)
class _Dense:
    """K as an array."""

    matrix: np.ndarray

    def product(self, w: np.ndarray) -> np.ndarray:
        used = np.flatnonzero(w)
        short = w.astype(self.matrix.dtype)
        if len(used) < _SPARSE * len(w):  # K is symmetric: its rows lie together in memory
            return (short[used] @ self.matrix[used]).astype(np.float64)
        return (self.matrix @ short).astype(np.float64)

    def mean(self) -> float:
        return float(self.matrix.mean(dtype=np.float64))

    def block(self, rows: np.ndarray) -> np.ndarray:
        return self.matrix[np.ix_(rows, rows)].astype(np.float64)


class _Problem:
    """K, q and the bounds; counts products with K."""

    def __init__(
        self,
        matrix: _Dense | LowRankGram,
        linear: np.ndarray,
        upper: float,
        low: float,
        high: float,
    ) -> None:
        self.matrix, self.linear = matrix, linear
        self.upper, self.low, self.high = upper, low, high
        self.n, self.steps = len(linear), 0
        self._curvature: tuple[float, float] | None = None

    def product(self, w: np.ndarray) -> np.ndarray:
        """Return K w."""
        self.steps += 1
        return self.matrix.product(w)

    def gap(self, w: np.ndarray, gradient: np.ndarray) -> float:
        """Return the most that a linear model of the objective could still fall by."""
        return float(gradient @ w - gradient @ self.vertex(gradient))

    def vertex(self, gradient: np.ndarray) -> np.ndarray:
        """Return the feasible u with the least gradient · u: fill the cheapest up to the sum."""
        order = np.argsort(gradient, kind="stable")
        gains = int(np.count_nonzero(gradient < 0)) * self.upper
        total = min(self.high, max(self.low, gains))
        full = min(int(total // self.upper), self.n)
        out = np.zeros(self.n)
        out[order[:full]] = self.upper
        if full < self.n:
            out[order[full]] = total - full * self.upper
        return out

    def curvature(self) -> tuple[float, float]:
        """Return (L, c) with L about the largest eigenvalue of K − c 11ᵀ, by the power method."""
        if self._curvature is None:
            c = max(0.0, self.matrix.mean())
            v = np.random.default_rng(0).normal(size=self.n)
            largest = 0.0
            size = float(np.linalg.norm(v))
            for _ in range(12):
                v = self.product(v / size) - c * v.sum() / size
                size = float(np.linalg.norm(v))
                largest = max(largest, size)
                if size <= 1e-12 * largest or not size:
                    break
            self._curvature = max(1.1 * largest, 1e-12), c
        return self._curvature

    def raise_curvature(self, factor: float) -> None:
        large, c = self.curvature()
        self._curvature = large * factor, c


def _accelerated(
    problem: _Problem, state: _State, tolerance: float, max_steps: int, *, sparse: bool
) -> tuple[_State, float, bool]:
    """Run FISTA until the gap is closed, or w is sparse and `sparse` says to stop then.

    L from the power method can be too small: a step that shows it (it is then too long, for this
    w at least) is taken back and L raised.
    """
    large, c = problem.curvature()
    w, kw = state.w, state.product
    y, ky, momentum = w, kw, 1.0
    gap, count = np.inf, 0
    while True:
        if count % _CHECK == 0:
            gradient = kw - problem.linear
            gap = problem.gap(w, gradient)
            if gap <= tolerance:
                return _State(w, kw), gap, True
            is_sparse = np.count_nonzero(w) < _SPARSE * problem.n
            if problem.steps >= max_steps or (sparse and count and is_sparse):
                return _State(w, kw), gap, False
        count += 1
        gradient = ky - problem.linear
        # (L I + c 11ᵀ)⁻¹ gradient, by Sherman and Morrison.
        step = (gradient - c / (large + c * problem.n) * gradient.sum()) / large
        new = project_box_sum(y - step, problem.upper, problem.low, problem.high, c / large)
        k_new = problem.product(new)
        moved = new - y
        curved = float(moved @ (k_new - ky))
        bound = large * float(moved @ moved) + c * float(moved.sum()) ** 2
        if curved > bound * (1 + 1e-6) and bound > 0:
            problem.raise_curvature(max(1.1, min(4.0, curved / bound)))
            large, c = problem.curvature()
            y, ky, momentum = w, kw, 1.0
        elif momentum > 1 and float(gradient @ (new - w)) > 0:
            y, ky, momentum = w, kw, 1.0
        else:
            following = 0.5 * (1 + np.sqrt(1 + 4 * momentum**2))
            ahead = (momentum - 1) / following
            y, ky = new + ahead * (new - w), k_new + ahead * (k_new - kw)
            w, kw, momentum = new, k_new, following


def _on_working_set(
    problem: _Problem, state: _State, tolerance: float, max_steps: int
) -> tuple[_State, float, bool]:
    """Solve on the rows in use and those likeliest to come in, until all rows agree.

    Returns the state, its gap, and whether working sets stayed small.
    """
    w, kw = state.w, state.product
    while True:
        gradient = kw - problem.linear
        gap = problem.gap(w, gradient)
        if gap <= tolerance or problem.steps >= max_steps:
            return _State(w, kw), gap, True
        used = w > 0
        cheapest = np.argsort(gradient, kind="stable")[: np.count_nonzero(used) + 32]
        used[cheapest] = True
        rows = np.flatnonzero(used)
        if len(rows) > 2 * _SPARSE * problem.n or len(rows) * problem.upper < problem.low:
            return _State(w, kw), gap, False
        small = _Problem(
            _Dense(problem.matrix.block(rows)),
            problem.linear[rows],
            problem.upper,
            problem.low,
            problem.high,
        )
        start = _State(w[rows], small.product(w[rows]))
        limit = 5000
        solved = _newton(small, start, 0.3 * tolerance)
        if small.gap(solved.w, solved.product - small.linear) > 0.3 * tolerance:
            solved, _, _ = _accelerated(small, solved, 0.3 * tolerance, limit, sparse=False)
        w = np.zeros(problem.n)
        w[rows] = solved.w
        kw = problem.product(w)


def _newton(problem: _Problem, state: _State, tolerance: float, rounds: int = 60) -> _State:
    """Solve on the face of free rows, damped, project, and keep what lowers the objective.

    The damping (a proximal term) grows where a step failed and shrinks where a whole one went
    through; on an ill-conditioned matrix undamped steps leave the box everywhere.
    """
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    w, kw = state.w, state.product
    damping = 1e-3
    for _ in range(rounds):
        gradient = kw - problem.linear
        if problem.gap(w, gradient) <= tolerance:
            break
        total = float(w.sum())
        inside = (w > 0) & (w < problem.upper)
        margin = 1e-9 * max(1.0, total)
        bound = total <= problem.low + margin or total >= problem.high - margin
        level = float(gradient[inside].mean()) if bound and inside.any() else 0.0
        if (total <= problem.low + margin) != (level > 0):
            level = 0.0 if problem.low < problem.high else level
        free = inside | ((w == 0) & (gradient < level)) | ((w > 0) & (gradient > level))
        rows = np.flatnonzero(free)
        if not len(rows):
            break
        face = problem.matrix.block(rows)
        face[np.diag_indices(len(rows))] += damping
        try:
            factor = cho_factor(face, lower=True, overwrite_a=True, check_finite=False)
        except LinAlgError:
            damping *= 10
            continue
        step = -cho_solve(factor, gradient[rows], check_finite=False)
        if level:  # along the face of constant sum
            ones = cho_solve(factor, np.ones(len(rows)), check_finite=False)
            step -= ones * (step.sum() / ones.sum())
        value = 0.5 * w @ kw - problem.linear @ w
        for length in (1.0, 0.5, 0.25, 0.1, 0.03):
            new = w.copy()
            new[rows] += length * step
            new = project_box_sum(new, problem.upper, problem.low, problem.high)
            k_new = problem.product(new)
            if 0.5 * new @ k_new - problem.linear @ new < value:
                w, kw = new, k_new
                damping = max(damping / 10, 1e-10) if length == 1 else damping * 2
                break
        else:
            if damping > 1e3:
                break
            damping *= 10
    return _State(w, kw)
