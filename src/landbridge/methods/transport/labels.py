"""Labels carried to target rows by optimal transport."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...base.fields import setting
from ...base.seeds import numpy_rng
from ..core.base import METHODS, UNSUPERVISED, Features, Head
from ..core.feature import ScaledMethod
from ..heads.base import fit_head
from .base import ground_labels


@METHODS.register("ot-labels")
class TransportLabels(ScaledMethod):
    """Label propagation by optimal transport (Redko et al., 2019, AISTATS, arXiv 1803.04899).

    Each target row gets the classes of the source rows that the plan matches it with, in
    proportion to their mass. The head is fitted on target rows with the likeliest class, weighted
    by its share; known target labels are kept.

    Attributes
    ----------
    shares_ : ndarray, shape (nt, classes)
        What the plan says of each target row.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import TransportLabels
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> TransportLabels().fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    family = "transport"
    summary = "labels carried to target rows by optimal transport, then the head"
    paper = "Redko, Courty, Flamary & Tuia, 2019, AISTATS, arXiv 1803.04899"
    needs = UNSUPERVISED

    reg: float = setting(
        0.03,
        "Entropy of the plan, in units of the mean cost; 0 is the exact plan.",
        ge=0,
        tried=(0.01, 0.03, 0.1, 0.3),
    )
    batch_size: int = setting(4096, "Rows of either side that are matched at once.", ge=1)
    head: Any = setting("ridge", "What is fitted on the target rows.")
    random_state: int = setting(0, "Of the batches, where there are any.")

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Carry the labels, and fit the head on the target.

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        source, target, both = self.both_sides(source, target)
        source = source.only(source.labeled_mask)
        shares = self._shares(source, target, n_classes, seed)
        shares[target.labeled_mask] = np.eye(n_classes)[target.labels[target.labeled_mask]]
        self.shares_ = shares
        labels, sure = shares.argmax(1), shares.max(1)
        head = fit_head(
            *(self.head, target.x, labels, n_classes),
            weights=sure / sure.mean(),
            seed=seed,
            bounded=target.bounded,
        )
        head.notes["mean_share"] = float(sure.mean())
        return head.after(both.target_steps)

    def _shares(self, source: Features, target: Features, n_classes: int, seed: int) -> np.ndarray:
        """Return the classes of target rows, of random batches where a side is too large."""
        from ...solvers.transport.cost import squared_cost
        from ...solvers.transport.exact import exact_transport
        from ...solvers.transport.label_propagation import propagated_labels
        from ...solvers.transport.plan import Plan
        from ...solvers.transport.sinkhorn import sinkhorn

        rng = numpy_rng(seed, self.name)
        n, m = len(source), len(target)
        full_batch = max(n, m) <= self.batch_size
        order, others = (np.arange(m), np.arange(n)) if full_batch else map(rng.permutation, (m, n))
        out = np.empty((m, n_classes))
        width = min(n, self.batch_size)
        for i, part in enumerate(np.array_split(order, -(-m // self.batch_size))):
            chosen = others[(i * width + np.arange(width)) % n]
            some, goal = source.only(chosen), target.only(part)
            cost = squared_cost(some.x, goal.x, normalise="mean", labels=ground_labels(some, goal))
            plan: Plan
            plan = (
                sinkhorn(cost, self.reg, consume=True) if self.reg else exact_transport(cost).plan
            )
            out[part] = propagated_labels(plan, some.labels, n_classes)
        return out
