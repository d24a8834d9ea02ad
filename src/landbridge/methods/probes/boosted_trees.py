"""Gradient-boosted trees: the honest baseline on tables."""

from __future__ import annotations

import numpy as np

from ...base.fields import setting
from ...base.typed import Notes
from ..core.base import EVERY, METHODS, Features, Head, Requirements
from ..core.feature import FeatureMethod
from ..trees.base import EARLY, boosting_options, labelled_side

PER_COLUMN_S = 8e-6
"""Seconds that a tree takes for each column, all nodes together."""


@METHODS.register("boosted-trees")
class BoostedTrees(FeatureMethod):
    """Histogram gradient boosting on a table's columns as they are; elsewhere on frozen features.

    Grown by scikit-learn and kept as arrays, so a run that was answered by trees is predicted
    with like any other. Nothing is transferred by them: they are what a network on a table has to
    beat. Fitted on the target's labelled rows where there are any, else on the source's.

    Attributes
    ----------
    n_iter_ : int
        Trees a class that were grown.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import BoostedTrees
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 4))
    >>> labels = np.where(x[:, 0] * x[:, 1] > 0, "same", "apart")
    >>> BoostedTrees().fit(x, labels, x, labels).score(x, labels) > 0.95
    True
    """

    summary = "gradient-boosted trees on a table's columns"
    paper = "Friedman, 2001, Annals of Statistics 29(5); Ke et al., 2017, NeurIPS"
    needs = Requirements(source="any", target="any", gradients=False, target_types=EVERY)
    on_columns = True

    max_iter: int = setting(200, "Trees a class, at most.", ge=1, le=10_000)
    learning_rate: float = setting(0.1, "Share of each tree that is added.", ge=1e-4, le=1.0)
    max_leaf_nodes: int = setting(31, "Of a tree, at most.", ge=2, le=4096)

    def fit_seconds(self, rows: int, columns: int, outputs: int) -> float:
        """Return about how long one thread fits: each tree looks at every column in each node."""
        trees = outputs * (self.max_iter if rows >= EARLY else min(self.max_iter, 60))
        return 0.1 + PER_COLUMN_S * trees * columns

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Return the trees.

        Raises
        ------
        MethodError
            Where neither side has a label.
        """
        from ...solvers.boosting.trees import boosted_trees, odds_of

        side, whose = labelled_side(source, target, self.name)
        x, labels = np.asarray(side.x, np.float64), side.labels
        options = boosting_options(len(x), self.max_iter, self.learning_rate, self.max_leaf_nodes)
        notes: Notes = {"rows": len(x), "fitted_on": whose}
        columns = side.target_type.binary_columns(labels, n_classes)
        if columns is None:
            trees = boosted_trees(x, labels, n_classes, seed, **options)
            notes["trees"] = len(trees.roots)
        else:
            trees = odds_of(
                [
                    boosted_trees(x, columns[:, k].astype(np.int64), 2, seed, **options)
                    for k in range(columns.shape[1])
                ]
            )
        self.n_iter_ = int(np.bincount(trees.column.astype(int)).max())
        return Head([trees], notes)
