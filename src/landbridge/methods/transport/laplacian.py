"""Exact optimal transport that keeps neighbours together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...base.fields import setting
from ..core.base import METHODS, Features
from .base import TransportMethod

if TYPE_CHECKING:
    from ...solvers.transport.cost import Cost
    from ...solvers.transport.plan import Plan


@METHODS.register("laplacian-ot")
class LaplacianTransport(TransportMethod):
    """Optimal transport with Laplacian regularisation (Flamary et al., 2014, NIPS workshop OTML).

    As `ExactTransport`, and neighbours on either side should move together. Each step solves an
    exact transport problem, so it is the slowest of the family.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import LaplacianTransport
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 50)
    >>> x = rng.normal(size=(100, 3)) + 3 * labels[:, None]
    >>> LaplacianTransport().fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    summary = "optimal transport that keeps neighbours together, then the head"
    paper = "Flamary, Courty, Tuia & Rakotomamonjy, 2014, NIPS workshop OTML"

    laplacian_reg: float = setting(
        0.3,
        "η of the penalty; it counts per row, so that the same value does for all sizes.",
        ge=0,
        tried=(0.1, 0.3, 1.0),
    )
    source_share: float = setting(
        0.5,
        "How much of the penalty is for neighbours in the source, between 0 and 1.",
        ge=0,
        le=1,
    )
    n_neighbors: int = setting(3, "Neighbours of a row.", ge=1)
    max_iter: int = setting(5, "Steps at most.", ge=1)
    batch_size: int = 1000

    def match(
        self, cost: Cost, source: Features, target: Features
    ) -> tuple[Plan, dict[str, float]]:
        """Return the plan of the smallest objective that was reached."""
        from ...solvers.transport.laplacian import laplacian_transport

        # Images are n P xt: the penalty in terms of them has n² (m²) before it, and a mean over
        # rows 1/n. The solver's penalty has neither.
        size = (len(source) * len(target)) ** 0.5
        found = laplacian_transport(
            cost,
            source.x,
            target.x,
            self.laplacian_reg * size / cost.normaliser,
            source_share=self.source_share,
            n_neighbors=self.n_neighbors,
            max_iter=self.max_iter,
        )
        notes = {
            "converged": found.converged,
            "iterations": max(1, len(found.values) - 1),
            "objective": found.values[-1],
            "gap": found.gap,
        }
        return found.plan, notes
