"""Self-training of trees."""

from __future__ import annotations

import numpy as np

from ...base.fields import setting
from ..core.base import METHODS, Head
from ..self_training.base import SelfTrainingMethod
from .base import Grown, forest_seconds, grow


@METHODS.register("self-trained-trees")
class SelfTrainedTrees(SelfTrainingMethod):
    """Class-balanced self-training (Zou et al., 2018) of trees on a table's columns.

    As `self-training`, with trees for the head: the target's rows that trees grown on the source
    are surest of become labelled rows, a larger share each round, and trees are grown anew.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import SelfTrainedTrees
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> SelfTrainedTrees().fit(x, labels, x + 0.7).score(x + 0.7, labels) > 0.9
    True
    """

    summary = "trees whose surest answers on the target become labels, in rounds"
    paper = "Zou, Yu, Vijaya Kumar & Wang, 2018, ECCV; Friedman, 2001"
    on_columns = True

    trees: Grown = setting("boosted", "Gradient boosting, or extremely randomised trees.")

    def fit_seconds(self, rows: int, columns: int, outputs: int) -> float:
        """Return about how long one thread fits."""
        return (1 + len(self.shares)) * forest_seconds(rows)

    def fit_rows(
        self,
        x: np.ndarray,
        labels: np.ndarray,
        weights: np.ndarray,
        eval_mask: np.ndarray,
        n_classes: int,
        seed: int,
    ) -> Head:
        """Grow trees; `eval_mask` is not used."""
        return grow(self.trees, x, labels, n_classes, seed, weights)
