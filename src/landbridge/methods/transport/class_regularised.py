"""Optimal transport that keeps the source's classes apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ...base.fields import setting
from ..core.base import METHODS, Features
from .base import TransportMethod

if TYPE_CHECKING:
    from ...solvers.transport.cost import Cost
    from ...solvers.transport.plan import Plan


@METHODS.register("class-ot")
class ClassTransport(TransportMethod):
    """Entropic transport with a penalty on mixing classes (Courty et al., 2017, TPAMI 39(9)).

    As `SinkhornTransport`, and a target row should get its mass from source rows of one class.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import ClassTransport
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> ClassTransport().fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    summary = "entropic transport that keeps source classes apart, then the head"
    paper = "Courty, Flamary, Tuia & Rakotomamonjy, 2017, TPAMI 39(9)"

    reg: float = setting(
        0.05,
        "Weight of the entropy, in units of the normalised cost.",
        gt=0,
        tried=(0.01, 0.05, 0.2),
    )
    class_reg: float = setting(
        0.1, "Weight of the class penalty, in the same units.", ge=0, tried=(0.01, 0.1, 1.0)
    )
    penalty: Literal["lpl1", "l1l2"] = setting(
        "lpl1",
        "The paper's concave penalty (majorised, 10 steps), or the group lasso (to the optimum).",
    )

    def match(
        self, cost: Cost, source: Features, target: Features
    ) -> tuple[Plan, dict[str, float]]:
        """Return the plan of the chosen penalty."""
        from ...solvers.transport.class_regularised import l1l2_transport, lpl1_transport

        solve = {"lpl1": lpl1_transport, "l1l2": l1l2_transport}[self.penalty]
        found = solve(
            cost,
            source.labels,
            self.reg,
            self.class_reg,
            labeled_mask=source.labeled_mask,
            tolerance=1e-4,
            inner_iter=200,
        )
        return found.plan, {"objective": found.values[-1], "outer_steps": len(found.values)}
