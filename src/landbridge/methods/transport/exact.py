"""Exact optimal transport of source rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ...base.fields import setting
from ..core.base import METHODS, Features
from .base import TransportMethod

if TYPE_CHECKING:
    from ...solvers.transport.cost import Cost
    from ...solvers.transport.plan import Plan


@METHODS.register("exact-ot")
class ExactTransport(TransportMethod):
    """Optimal transport without regularisation (Courty et al., 2017, TPAMI 39(9)).

    Source rows move to the target rows that cost least together; the head is fitted there.

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

    summary = "source rows moved by exact optimal transport, then the head"
    paper = "Courty, Flamary, Tuia & Rakotomamonjy, 2017, TPAMI 39(9)"

    normalise: Literal["mean", "max", "median", "none"] = setting(
        "none", "What costs are divided by. The exact plan is the same for all."
    )
    batch_size: int = 2048

    def match(
        self, cost: Cost, source: Features, target: Features
    ) -> tuple[Plan, dict[str, float]]:
        """Return the optimal plan."""
        from ...solvers.transport.exact import exact_transport

        found = exact_transport(cost)
        return found.plan, {"transport_cost": found.value}
