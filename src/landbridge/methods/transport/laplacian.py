"""Exact optimal transport that keeps neighbours together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..core.base import METHODS, Features, Needs
from ..core.scaling import Scaling
from .base import TransportMethod

if TYPE_CHECKING:
    from ...solvers.transport.cost import Cost
    from ...solvers.transport.plan import Plan


@METHODS.register("laplacian-ot")
class LaplacianTransport(TransportMethod):
    """Optimal transport with Laplacian regularisation (Flamary et al., 2014, NIPS workshop OTML).

    As `ExactTransport`, and neighbours on either side should move together. Each step solves an
    exact transport problem, so it is the slowest of the family.

    Parameters
    ----------
    strength : float
        η of the penalty; it counts per row, so that the same value does for all sizes.
    source_share : float
        How much of the penalty is for neighbours in the source, between 0 and 1.
    n_neighbours : int
        Neighbours of a row.
    max_iter : int
        Steps at most.
    normalise : {"mean", "max", "median", "none"}
        What costs and products of features are divided by.
    batch_size : int
        Rows of either side that are matched at once.
    head : str or scikit-learn classifier
        What is fitted on the moved rows.
    scaling : {"own", "pooled", "source", "unit", "none"}
        How features are brought to one scale before.
    random_state : int
        Of the batches, where there are any.

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

    name: ClassVar[str] = "laplacian-ot"
    summary: ClassVar[str] = "optimal transport that keeps neighbours together, then the head"
    paper: ClassVar[str] = "Flamary, Courty, Tuia & Rakotomamonjy, 2014, NIPS workshop OTML"
    needs: ClassVar[Needs] = Needs(
        source="labelled", target="unlabelled", gradients=False, shared_classes=True
    )

    def __init__(
        self,
        *,
        strength: float = 0.3,
        source_share: float = 0.5,
        n_neighbours: int = 3,
        max_iter: int = 5,
        normalise: Literal["mean", "max", "median", "none"] = "mean",
        batch_size: int = 1000,
        head: Any = "ridge",
        scaling: Scaling = "own",
        random_state: int = 0,
    ) -> None:
        self.strength = strength
        self.source_share = source_share
        self.n_neighbours = n_neighbours
        self.max_iter = max_iter
        self.normalise = normalise
        self.batch_size = batch_size
        self.head = head
        self.scaling = scaling
        self.random_state = random_state

    def check(self) -> None:
        """Raise ConfigError for values out of range."""
        super().check()
        self._in_range("strength", 0, float("inf"))
        self._in_range("source_share", 0, 1)
        self._in_range("n_neighbours", 1, float("inf"))
        self._in_range("max_iter", 1, float("inf"))

    def match(self, cost: Cost, source: Features, target: Features) -> tuple[Plan, dict[str, Any]]:
        """Return the plan of the smallest objective that was reached."""
        from ...solvers.transport.laplacian import laplacian_transport

        # Images are n P xt: the penalty in terms of them has n² (m²) before it, and a mean over
        # rows 1/n. The solver's penalty has neither.
        size = (len(source) * len(target)) ** 0.5
        found = laplacian_transport(
            cost,
            source.x,
            target.x,
            self.strength * size / cost.normaliser,
            source_share=self.source_share,
            n_neighbours=self.n_neighbours,
            max_iter=self.max_iter,
        )
        notes = {
            "converged": found.converged,
            "iterations": max(1, len(found.values) - 1),
            "objective": found.values[-1],
            "gap": found.gap,
        }
        return found.plan, notes
