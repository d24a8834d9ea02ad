"""L-BFGS that asks for one evaluation at a time, so that many problems can share each pass."""

from __future__ import annotations

import numpy as np

_MEMORY = 10
_ENOUGH = 1e-4  # of the decrease that the slope promises (Armijo)
_STALLED = 1e-8  # a step so short that only rounding is left


class Lbfgs:
    """Minimise one smooth convex function (Liu & Nocedal, 1989, Math. Programming 45).

    Evaluate the function at `trial` and `report` it, until `done`. Variables should be scaled so
    that the curvature is near 1 everywhere: the first step is minus the gradient.

    Parameters
    ----------
    start : ndarray, float64 (p,)
    value : float
    gradient : ndarray, float64 (p,)
        At the start.
    tolerance : float
        Stop where the decrease still to be had, ½ |gᵀ H⁻¹ g| by the current model of the
        curvature, is below this share of the value.
    max_iter : int

    Attributes
    ----------
    point, gradient : ndarray
        Best so far.
    value : float
    done, converged : bool
    iterations : int

    Examples
    --------
    >>> f = lambda x: (float(x @ x / 2 + 1), x)
    >>> search = Lbfgs(np.ones(3), *f(np.ones(3)), tolerance=1e-9, max_iter=100)
    >>> while not search.done:
    ...     search.report(*f(search.trial))
    >>> search.converged, search.point.tolist(), search.value
    (True, [0.0, 0.0, 0.0], 1.0)
    """

    def __init__(
        self,
        start: np.ndarray,
        value: float,
        gradient: np.ndarray,
        tolerance: float,
        max_iter: int,
    ) -> None:
        self.point, self.value, self.gradient = start, value, gradient
        self.tolerance, self.max_iter = tolerance, max_iter
        self.iterations = 0
        self.done = self.converged = False
        self._steps: list[np.ndarray] = []
        self._changes: list[np.ndarray] = []
        self._turn()

    @property
    def trial(self) -> np.ndarray:
        """Where to evaluate next."""
        return self.point + self._length * self._direction

    def report(self, value: float, gradient: np.ndarray) -> None:
        """Say what the function is at `trial`."""
        expected = self._length * self._slope
        rounding = 4 * np.finfo(np.float64).eps * abs(self.value)
        if not value <= self.value + _ENOUGH * expected + rounding:  # also where it is NaN
            # The parabola through the value, the slope and the new value.
            excess = value - self.value - expected
            best = -expected / (2 * excess) if np.isfinite(excess) and excess > 0 else 0.1
            self._length *= float(np.clip(best, 0.1, 0.5))
            if self._length < _STALLED:
                self.done = True
                self.converged = -self._slope / 2 <= 1e3 * self.tolerance * abs(self.value)
            return
        step, change = self._length * self._direction, gradient - self.gradient
        if step @ change > 1e-12 * np.linalg.norm(step) * np.linalg.norm(change):
            self._steps = [*self._steps[1 - _MEMORY :], step]
            self._changes = [*self._changes[1 - _MEMORY :], change]
        self.point, self.value, self.gradient = self.trial, value, gradient
        self.iterations += 1
        self._turn()

    def _turn(self) -> None:
        """Choose the next direction, or stop."""
        direction = -self.gradient
        held: list[float] = []
        for step, change in zip(reversed(self._steps), reversed(self._changes), strict=True):
            share = float(step @ direction) / float(step @ change)
            held.append(share)
            direction = direction - share * change
        if self._steps:
            last, change = self._steps[-1], self._changes[-1]
            direction = direction * (float(last @ change) / float(change @ change))
        for step, change, share in zip(self._steps, self._changes, reversed(held), strict=True):
            direction = (
                direction + (share - float(change @ direction) / float(step @ change)) * step
            )
        slope = float(self.gradient @ direction)
        self._direction, self._slope, self._length = direction, slope, 1.0
        if -slope / 2 <= self.tolerance * abs(self.value):
            self.done = self.converged = True
        elif self.iterations >= self.max_iter:
            self.done = True
