"""Features made fit for grouping: around their mean, of equal length, in few directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GROUPED = 50
"""Directions that groups are looked for in."""
COUNTED = 20
"""Directions that their number is looked for in: fewer, as halves of the data must agree."""


@dataclass(frozen=True)
class Compression:
    """x − mean, of length one where `unit`, along its principal directions.

    Of a network's features the direction says what a row is, and the length how sure the network is
    of it. Columns of a table are another matter: there the length counts.

    Attributes
    ----------
    mean : float64 ndarray (d,)
    centre : float64 ndarray (d,)
        Of what is then left.
    directions : float64 ndarray (q, d)
    unit : bool
    """

    mean: np.ndarray
    centre: np.ndarray
    directions: np.ndarray
    unit: bool = True

    @classmethod
    def fit(
        cls,
        x: np.ndarray,
        most: int = GROUPED,
        *,
        unit: bool = True,
        means: np.ndarray | None = None,
    ) -> Compression:
        """Find the directions of rows (n, d): at most a twentieth of their number.

        Parameters
        ----------
        means : ndarray (n, d), optional
            What to take off each row, where that differs: the mean of its domain.
        """
        x = np.asarray(x, float)
        mean = x.mean(0)
        found = _scaled(x - (mean if means is None else means), unit)
        centre = found.mean(0)
        rest = found - centre
        q = int(max(1, min(most, len(x) // 20, *x.shape)))
        if len(x) >= x.shape[1]:
            directions = np.linalg.eigh(rest.T @ rest)[1][:, ::-1][:, :q].T
        else:
            vectors = np.linalg.eigh(rest @ rest.T)[1]
            directions = (rest.T @ vectors[:, ::-1][:, :q]).T
            directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)
        return cls(mean, centre, directions, unit)

    def apply(self, x: np.ndarray, mean: np.ndarray | None = None) -> np.ndarray:
        """Return float64 (n, q); `mean` in place of the own one for rows of another domain."""
        own = self.mean if mean is None else mean
        found = _scaled(np.asarray(x, float) - own, self.unit) - self.centre
        return np.asarray(found @ self.directions.T)


def counted(rows: np.ndarray) -> np.ndarray:
    """Return compressed rows (n, q) along few directions: a tenth of their number at most."""
    return rows[:, : max(1, min(COUNTED, len(rows) // 10))]


def _scaled(x: np.ndarray, unit: bool) -> np.ndarray:
    return x if not unit else x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
