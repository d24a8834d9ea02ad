"""Unbalanced optimal transport of source rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..core.base import METHODS, Features, Needs
from ..core.scaling import Scaling
from .base import TransportMethod

if TYPE_CHECKING:
    from ...solvers.transport.cost import Cost
    from ...solvers.transport.plan import Plan


@METHODS.register("unbalanced-ot")
class UnbalancedTransport(TransportMethod):
    """Transport in which rows may stay behind, at a price (Chizat et al., 2018, Math. Comp. 87).

    For classes that only one side has, other shares of classes, or outliers: a source row that has
    no near target rows sends little, and counts as little when the head is fitted.

    Parameters
    ----------
    reg : float
        Weight of the entropy, in units of the normalised cost.
    marginal_reg : float
        Price of mass that is made or lost, in the same units; large is `SinkhornTransport`.
    normalise : {"mean", "max", "median", "none"}
        What costs are divided by.
    max_iter : int
        Iterations at most; the notes say whether that was enough.
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
    >>> from landbridge.features import UnbalancedTransport
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> UnbalancedTransport().fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    name: ClassVar[str] = "unbalanced-ot"
    summary: ClassVar[str] = "optimal transport that may leave source rows behind, then the head"
    paper: ClassVar[str] = "Chizat, Peyré, Schmitzer & Vialard, 2018, Math. Comp. 87"
    needs: ClassVar[Needs] = Needs(
        source="labelled", target="unlabelled", gradients=False, shared_classes=True
    )

    def __init__(
        self,
        *,
        reg: float = 0.03,
        marginal_reg: float = 1.0,
        normalise: Literal["mean", "max", "median", "none"] = "mean",
        max_iter: int = 1000,
        batch_size: int = 10_000,
        head: Any = "ridge",
        scaling: Scaling = "own",
        random_state: int = 0,
    ) -> None:
        self.reg = reg
        self.marginal_reg = marginal_reg
        self.normalise = normalise
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.head = head
        self.scaling = scaling
        self.random_state = random_state

    def check(self) -> None:
        """Raise ConfigError for values out of range."""
        super().check()
        self._in_range("reg", 0, float("inf"), open_low=True)
        self._in_range("marginal_reg", 0, float("inf"), open_low=True)
        self._in_range("max_iter", 1, float("inf"))

    def match(self, cost: Cost, source: Features, target: Features) -> tuple[Plan, dict[str, Any]]:
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
