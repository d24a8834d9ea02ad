"""Trees on source rows that are weighted by how like the target they are."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ...base.fields import setting
from ..core.base import CLASSES, METHODS, NUMBERS, Features, Head, Requirements
from ..core.feature import FeatureMethod, labelled_source
from .base import Grown, forest_seconds, grow


@METHODS.register("weighted-trees")
class WeightedTrees(FeatureMethod):
    """Trees on weighted source rows (Shimodaira, 2000), and on the target's where it has labels.

    Weights are those of `discriminator` or `rulsif`, flattened as there. Trees read a table's
    columns as they are, and weights those brought to one scale.

    Attributes
    ----------
    weights_ : ndarray, shape (source rows,)
        After `fit`: mean 1.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import WeightedTrees
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 150)
    >>> x = rng.normal(size=(300, 3)) + 3 * labels[:, None]
    >>> WeightedTrees().fit(x, labels, x[::2] + 0.3).score(x, labels) > 0.95
    True
    """

    family = "reweighting"
    summary = "trees on source rows weighted by how like the target they are"
    paper = "Shimodaira, 2000, J. Stat. Plan. Inference 90; Friedman, 2001"
    needs = Requirements(
        source="labelled",
        target="unlabelled",
        gradients=False,
        shared_classes=True,
        target_types=CLASSES | NUMBERS,
    )
    on_columns = True

    weights: Literal["discriminator", "rulsif"] = setting(
        "discriminator", "The method whose weights they are."
    )
    trees: Grown = setting("boosted", "Gradient boosting, or extremely randomised trees.")
    least_effective: float = setting(
        0.5, "Share of labelled source rows that must stay effective.", ge=0, le=1
    )

    def fit_seconds(self, rows: int, columns: int, outputs: int) -> float:
        """Return about how long one thread fits."""
        return super().fit_seconds(rows, columns, outputs) + forest_seconds(rows)

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Weight the source rows and grow trees on them (and labelled target rows).

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        source = labelled_source(source, target, self.name)
        method = METHODS.get(self.weights)(least_effective=self.least_effective)
        weights, notes = method.usable_weights(source, target, n_classes, seed)
        self.weights_ = weights
        usable, own = source.only(source.labeled_mask), target.only(target.labeled_mask)
        n, m = len(usable), len(own)
        first = weights[source.labeled_mask]
        head = grow(
            self.trees,
            np.concatenate([usable.x, own.x.astype(usable.x.dtype)]),
            np.concatenate([usable.labels, own.labels]) if m else usable.labels,
            n_classes,
            seed,
            # the target's labelled rows count as much together as the source's
            np.concatenate([first * (n / first.sum()), np.full(m, max(1.0, n / max(1, m)))]),
        )
        head.notes.update(notes)
        return head
