"""Methods that weight source rows: what they share."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from ...base.fields import setting
from ...base.typed import Notes
from ..core.base import EVERY, Features, Head, Requirements
from ..core.feature import ScaledMethod
from ..core.scaling import Scaling
from ..heads.base import fit_joint

FEW = 0.1
"""A smaller share of effective rows is worth a warning."""


class Reweighting(ScaledMethod):
    """Base: a subclass writes `source_weights`.

    Weights by which few rows carry the answer are flattened: raised to the largest power up to 1
    at which `least_effective` of the labelled source rows are effective (Shimodaira, 2000, J.
    Stat. Plan. Inference 90). 0 keeps the plain weights of the paper.

    Attributes
    ----------
    weights_ : ndarray, shape (source rows,)
        After `fit`: mean 1, in the order of the source rows.
    """

    family: ClassVar[str] = "reweighting"
    needs: ClassVar[Requirements] = Requirements(
        source="labelled",
        target="unlabelled",
        gradients=False,
        shared_classes=True,
        target_types=EVERY,
    )
    least_effective: float = setting(
        0.5,
        "Share of labelled source rows that must stay effective; weights are flattened until it "
        "is so. 0 keeps the paper's.",
        ge=0,
        le=1,
    )
    head: Any = setting("ridge", "What is fitted on weighted rows: a name, or a classifier.")
    scaling: Scaling = setting(
        "pooled",
        'How features are brought to one scale before weights are sought. Not "own": that would '
        "hide the shift.",
    )

    @abstractmethod
    def source_weights(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> tuple[np.ndarray, Notes]:
        """Return weights (ns,), mean 1, none negative, and notes.

        Parameters
        ----------
        source, target : Features
            Scaled rows.
        """

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Weight the source rows and fit the head on them (and labelled target rows).

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        weights, notes = self.usable_weights(source, target, n_classes, seed)
        assert source is not None
        head = fit_joint(
            self.head, source.x, source, target.x, target, n_classes, weights=weights, seed=seed
        )
        self.weights_ = weights
        head.notes.update(notes)
        return head

    def usable_weights(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> tuple[np.ndarray, Notes]:
        """Return the weights of source rows (ns,), flattened as far as has to be, and notes."""
        scaled_source, scaled_target, _ = self.both_sides(source, target)
        plain, notes = self.source_weights(scaled_source, scaled_target, n_classes, seed)
        return self._usable(plain, scaled_source.labeled_mask, n_classes, notes)

    def _usable(
        self, plain: np.ndarray, labeled: np.ndarray, n_classes: int, notes: Notes
    ) -> tuple[np.ndarray, Notes]:
        """Return weights with enough effective rows among the known ones, and notes on them."""
        from ...solvers.density_ratio.base import effective_sample_size, flattened

        weights, rows = plain, int(labeled.sum())
        if not plain[labeled].any():  # all the weight is on rows without labels
            weights, size, power = np.ones_like(plain), 0.0, 0.0
        else:
            size = effective_sample_size(plain[labeled])
            some, power = flattened(plain[labeled], self.least_effective)
            if power < 1:
                weights = np.ones_like(plain)
                weights[labeled] = some
        usable = effective_sample_size(weights[labeled])
        notes = {
            **notes,
            "rows": rows,
            "plain_effective_rows": round(size, 1),
            "effective_rows": round(usable, 1),
            "flattened_to_power": round(power, 4),
        }
        if size < max(FEW * rows, min(2 * n_classes, rows)):
            flat = f", flattened to {usable:,.0f}" if power < 1 else ": few rows carry the answer"
            few = (
                f"{self.name}: {rows:,} weighted source rows are worth {size:,.0f} "
                f"(effective sample size){flat}"
            )
            notes["warning"] = f"{notes['warning']}; {few}" if "warning" in notes else few
        return weights, notes
