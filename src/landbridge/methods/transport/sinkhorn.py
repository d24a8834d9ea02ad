"""Entropic optimal transport of source rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.base import METHODS, Features
from .base import EntropicTransport

if TYPE_CHECKING:
    from ...solvers.transport.cost import Cost
    from ...solvers.transport.plan import Plan


@METHODS.register("sinkhorn")
class SinkhornTransport(EntropicTransport):
    """Optimal transport with entropy (Cuturi, 2013; Courty et al., 2017, TPAMI 39(9)).

    As `ExactTransport`, but each source row moves to a weighted mean of many target rows: smoother,
    and much faster for many rows.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import SinkhornTransport
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> SinkhornTransport().fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    summary = "source rows moved by entropic optimal transport, then the head"
    paper = "Cuturi, 2013, NeurIPS; Courty et al., 2017, TPAMI 39(9)"

    def match(
        self, cost: Cost, source: Features, target: Features
    ) -> tuple[Plan, dict[str, float]]:
        """Return the entropic plan."""
        from ...solvers.transport.sinkhorn import sinkhorn

        found = sinkhorn(cost, self.reg, max_iter=self.max_iter, consume=True)
        notes = {
            "converged": found.converged,
            "iterations": found.iterations,
            "marginal_error": found.error,
        }
        return found, notes
