"""Exact optimal transport of source rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..core.base import METHODS, Features, Needs
from ..core.scaling import Scaling
from .base import TransportMethod

if TYPE_CHECKING:
    from ...solvers.transport.cost import Cost
    from ...solvers.transport.plan import Plan


@METHODS.register("exact-ot")
class ExactTransport(TransportMethod):
    """Optimal transport without regularisation (Courty et al., 2017, TPAMI 39(9)).

    Source rows move to the target rows that cost least together; the head is fitted there.

    Parameters
    ----------
    normalise : {"mean", "max", "median", "none"}
        What costs are divided by. The exact plan is the same for all.
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
    >>> from landbridge.features import ExactTransport
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> ExactTransport().fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    name: ClassVar[str] = "exact-ot"
    summary: ClassVar[str] = "source rows moved by exact optimal transport, then the head"
    paper: ClassVar[str] = "Courty, Flamary, Tuia & Rakotomamonjy, 2017, TPAMI 39(9)"
    needs: ClassVar[Needs] = Needs(
        source="labelled", target="unlabelled", gradients=False, shared_classes=True
    )

    def __init__(
        self,
        *,
        normalise: Literal["mean", "max", "median", "none"] = "none",
        batch_size: int = 2048,
        head: Any = "ridge",
        scaling: Scaling = "own",
        random_state: int = 0,
    ) -> None:
        self.normalise = normalise
        self.batch_size = batch_size
        self.head = head
        self.scaling = scaling
        self.random_state = random_state

    def match(self, cost: Cost, source: Features, target: Features) -> tuple[Plan, dict[str, Any]]:
        """Return the optimal plan."""
        from ...solvers.transport.exact import exact_transport

        found = exact_transport(cost)
        return found.plan, {"transport_cost": found.value}
