"""Optimal transport that keeps the source's classes apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..core.base import METHODS, Features, Needs
from ..core.scaling import Scaling
from .base import TransportMethod

if TYPE_CHECKING:
    from ...solvers.transport.cost import Cost
    from ...solvers.transport.plan import Plan


@METHODS.register("class-ot")
class ClassTransport(TransportMethod):
    """Entropic transport with a penalty on mixing classes (Courty et al., 2017, TPAMI 39(9)).

    As `SinkhornTransport`, and a target row should get its mass from source rows of one class.

    Parameters
    ----------
    reg : float
        Weight of the entropy, in units of the normalised cost.
    class_reg : float
        Weight of the class penalty, in the same units.
    penalty : {"lpl1", "l1l2"}
        The paper's concave penalty (majorised, 10 steps), or the group lasso (to the optimum).
    normalise : {"mean", "max", "median", "none"}
        What costs are divided by.
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
    >>> from landbridge.features import ClassTransport
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> ClassTransport().fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    name: ClassVar[str] = "class-ot"
    summary: ClassVar[str] = "entropic transport that keeps source classes apart, then the head"
    paper: ClassVar[str] = "Courty, Flamary, Tuia & Rakotomamonjy, 2017, TPAMI 39(9)"
    needs: ClassVar[Needs] = Needs(
        source="labelled", target="unlabelled", gradients=False, shared_classes=True
    )

    def __init__(
        self,
        *,
        reg: float = 0.05,
        class_reg: float = 0.1,
        penalty: Literal["lpl1", "l1l2"] = "lpl1",
        normalise: Literal["mean", "max", "median", "none"] = "mean",
        batch_size: int = 4096,
        head: Any = "ridge",
        scaling: Scaling = "own",
        random_state: int = 0,
    ) -> None:
        self.reg = reg
        self.class_reg = class_reg
        self.penalty = penalty
        self.normalise = normalise
        self.batch_size = batch_size
        self.head = head
        self.scaling = scaling
        self.random_state = random_state

    def check(self) -> None:
        """Raise ConfigError for values out of range."""
        super().check()
        self._in_range("reg", 0, float("inf"), open_low=True)
        self._in_range("class_reg", 0, float("inf"))

    def match(self, cost: Cost, source: Features, target: Features) -> tuple[Plan, dict[str, Any]]:
        """Return the plan of the chosen penalty."""
        from ...solvers.transport.class_regularised import l1l2_transport, lpl1_transport

        solve = {"lpl1": lpl1_transport, "l1l2": l1l2_transport}[self.penalty]
        found = solve(
            cost,
            source.labels,
            self.reg,
            self.class_reg,
            known=source.known,
            tolerance=1e-4,
            inner_iter=200,
        )
        return found.plan, {"objective": found.values[-1], "outer_steps": len(found.values)}
