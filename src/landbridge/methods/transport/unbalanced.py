"""Unbalanced optimal transport of source rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...base.fields import setting
from ..core.base import METHODS, Features
from .base import EntropicTransport

if TYPE_CHECKING:
    from ...solvers.transport.cost import Cost
    from ...solvers.transport.plan import Plan


@METHODS.register("unbalanced-ot")
class UnbalancedTransport(EntropicTransport):
    """Transport in which rows may stay behind, at a price (Chizat et al., 2018, Math. Comp. 87).

    For classes that only one side has, other shares of classes, or outliers: a source row that has
    no near target rows sends little, and counts as little when the head is fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import UnbalancedTransport
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> UnbalancedTransport().fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    summary = "optimal transport that may leave source rows behind, then the head"
    paper = "Chizat, Peyré, Schmitzer & Vialard, 2018, Math. Comp. 87"

    marginal_reg: float = setting(
        1.0,
        "Price of mass that is made or lost, in the same units; large is `SinkhornTransport`.",
        gt=0,
        tried=(0.1, 0.3, 1.0, 10.0),
    )

    def match(
        self, cost: Cost, source: Features, target: Features
    ) -> tuple[Plan, dict[str, float]]:
        """Return the plan."""
        from ...solvers.transport.unbalanced import unbalanced_sinkhorn

        found = unbalanced_sinkhorn(
            cost, self.reg, self.marginal_reg, tolerance=1e-5, max_iter=self.max_iter
        )
        notes = {
            "converged": found.converged,
            "iterations": found.iterations,
            "mass": float(found.marginals()[0].sum()),
        }
        return found, notes
