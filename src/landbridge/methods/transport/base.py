"""What the methods have in common that move source rows to their barycentric images."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from ...base.fields import setting
from ...base.seeds import numpy_rng
from ...inference.layers import NearestMove
from ..core.alignment import Aligned, AlignmentMethod
from ..core.base import Features

if TYPE_CHECKING:
    from ...solvers.transport.cost import Cost, GroundLabels
    from ...solvers.transport.plan import Plan


class TransportMethod(AlignmentMethod):
    """Base: a subclass writes `match`.

    Target rows stay; a source row moves to the mean of the target rows that it is matched with,
    and a new source row as the nearest row of the fit did (Ferradans et al., 2014, SIAM J. Imaging
    Sci. 7(3)). A pair whose labels are both known and differ is not matched. All sources share
    one plan. Where a side has more than `batch_size` rows, plans are between random batches
    (Fatras et al., 2020, AISTATS), and the notes say so.

    Attributes
    ----------
    images_ : ndarray, shape (ns, d)
        Where the source rows moved, in the scaled features.
    mass_ : ndarray, shape (ns,)
        What each source row sent, relative to an equal share.
    n_iter_ : int
        Iterations (of the worst batch), where the solver iterates.
    """

    family: ClassVar[str] = "transport"
    normalise: Literal["mean", "max", "median", "none"] = setting(
        "mean", "What costs are divided by; of the entropic ones none and reg = 1 are POT's."
    )
    batch_size: int = setting(4096, "Rows of either side that are matched at once.", ge=1)
    random_state: int = setting(0, "Of the batches, where there are any.")

    rounds = 2
    """How often each source row takes part where there are batches."""

    @abstractmethod
    def match(
        self, cost: Cost, source: Features, target: Features
    ) -> tuple[Plan, dict[str, float]]:
        """Return the plan of some source rows and some target rows, and what to note."""

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Move source rows; target rows stay."""
        from ...solvers.transport.minibatch import minibatch_images

        seen: list[dict[str, float]] = []

        def solve(rows: np.ndarray, cols: np.ndarray) -> Plan:
            some, others = source.only(rows), target.only(cols)
            plan, notes = self.match(self.cost(some, others), some, others)
            seen.append(notes)
            return plan

        n, m = len(source), len(target)
        full_batch = max(n, m) <= self.batch_size
        images, mass = minibatch_images(
            n,
            target.x,
            solve,
            numpy_rng(seed, self.name),
            batch_size=max(n, m) if full_batch else self.batch_size,
            rounds=1 if full_batch else self.rounds,
        )
        unsent = ~(mass > 1e-6)
        images[unsent] = source.x[unsent]  # nowhere to go: they stay, and count nothing
        self.images_, self.mass_ = images, mass
        notes = _summary(seen, full_batch)
        if "iterations" in notes:
            self.n_iter_ = notes["iterations"]
        steps = (NearestMove(source.x, images - source.x),)
        even = bool(np.abs(mass - 1).max() < 1e-3)
        weights = None if even else np.where(unsent, 0, mass) * (n / mass.sum())
        if weights is not None and not weights[source.labeled_mask].any():
            weights = None
        return Aligned(images, (), steps, weights, notes)

    def cost(self, source: Features, target: Features) -> Cost:
        """Return the cost between rows, pairs of different known labels forbidden."""
        from ...solvers.transport.cost import squared_cost

        normalise = None if self.normalise == "none" else self.normalise
        return squared_cost(
            source.x,
            target.x,
            normalise=normalise,
            labels=ground_labels(source, target),
        )


class EntropicTransport(TransportMethod):
    """Base of those whose plan has an entropy, found by iterations."""

    reg: float = setting(
        0.03,
        "Weight of the entropy, in units of the normalised cost. Small is near the exact plan, "
        "large moves all rows to the target's mean.",
        gt=0,
        tried=(0.003, 0.01, 0.03, 0.1, 0.3),
    )
    max_iter: int = setting(
        1000, "Iterations at most; the notes say whether that was enough.", ge=1
    )
    batch_size: int = 10_000


def ground_labels(source: Features, target: Features) -> GroundLabels | None:
    """Return what both sides know, None where the target knows nothing."""
    from ...solvers.transport.cost import GroundLabels

    if not target.labeled_mask.any():
        return None
    return GroundLabels(source.labels, source.labeled_mask, target.labels, target.labeled_mask)


def _summary(seen: list[dict[str, float]], full_batch: bool) -> dict[str, float]:
    """Return the notes of the plan, or of the worst of them: sums would mean nothing."""
    notes: dict[str, float] = {"batches": 0 if full_batch else len(seen)}
    for key in seen[0]:
        values = [one[key] for one in seen]
        notes[key] = min(values) if isinstance(values[0], bool) else max(values)
    return notes
