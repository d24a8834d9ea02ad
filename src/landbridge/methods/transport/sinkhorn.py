"""Entropic optimal transport of source rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..core.base import METHODS, Features, Needs
from ..core.scaling import Scaling
from .base import TransportMethod

if TYPE_CHECKING:
    from ...solvers.transport.cost import Cost
    from ...solvers.transport.plan import Plan


@METHODS.register("sinkhorn")
class SinkhornTransport(TransportMethod):
    """Optimal transport with entropy (Cuturi, 2013; Courty et al., 2017, TPAMI 39(9)).

    As `ExactTransport`, but each source row moves to a weighted mean of many target rows: smoother,
    and much faster for many rows.

    Parameters
    ----------
    reg : float
        Weight of the entropy, in units of the normalised cost. Small is near the exact plan,
        large moves all rows to the target's mean.
    normalise : {"mean", "max", "median", "none"}
        What costs are divided by; "none" and reg = 1 are POT's defaults.
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
    >>> from landbridge.features import SinkhornTransport
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> SinkhornTransport().fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    name: ClassVar[str] = "sinkhorn"
    summary: ClassVar[str] = "source rows moved by entropic optimal transport, then the head"
    paper: ClassVar[str] = "Cuturi, 2013, NeurIPS; Courty et al., 2017, TPAMI 39(9)"
    needs: ClassVar[Needs] = Needs(
        source="labelled", target="unlabelled", gradients=False, shared_classes=True
    )

    def __init__(
        self,
        *,
        reg: float = 0.03,
        normalise: Literal["mean", "max", "median", "none"] = "mean",
        max_iter: int = 1000,
        batch_size: int = 10_000,
        head: Any = "ridge",
        scaling: Scaling = "own",
        random_state: int = 0,
    ) -> None:
        self.reg = reg
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
        self._in_range("max_iter", 1, float("inf"))

    def match(self, cost: Cost, source: Features, target: Features) -> tuple[Plan, dict[str, Any]]:
        """Return the entropic plan."""
        from ...solvers.transport.sinkhorn import sinkhorn

        found = sinkhorn(cost, self.reg, max_iter=self.max_iter, consume=True)
        notes = {
            "converged": found.converged,
            "iterations": found.iterations,
            "marginal_error": found.error,
        }
        return found, notes
