"""EasyTL: the nearest class mean, with every class given its rows by a linear program."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ...base.fields import setting
from ...solvers.calibration.score_calibration import fit_temperature
from ..core.base import METHODS, UNSUPERVISED, AffineHead, Features, Head
from ..core.feature import ScaledMethod


@METHODS.register("easytl")
class EasyTL(ScaledMethod):
    """Easy transfer learning (Wang, Chen, Yu, Huang & Yang, 2019, ICME).

    Source rows are aligned (CORAL), the mean of each class is taken, and target rows are given to
    classes at the least sum of squared distances so that no class goes without a row (the paper's
    linear program, solved exactly). Where a class would go without, it is given a price, which
    new rows are judged by as well. Nothing is to be chosen. Labelled target rows count in the
    means as much as the source's do.

    Attributes
    ----------
    target_classes_ : ndarray of int, shape (nt,)
        The class index of each target row in the program's solution.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import EasyTL
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> EasyTL().fit(x, labels, 5 * x + 10).score(5 * x + 10, labels) > 0.95
    True
    """

    family = "subspace"
    summary = "aligned class means, target rows shared out among them by a program"
    paper = "Wang, Chen, Yu, Huang & Yang, 2019, ICME"
    needs = UNSUPERVISED

    alignment: Literal["coral", "none"] = setting("coral", '"none" is the paper\'s EasyTL(c).')
    reg: float = setting(1.0, "Of CORAL.", ge=0, tried=(1.0, 10.0, 30.0, 100.0))

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Return the head; `seed` is not used.

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        from ...solvers.kernels.gaussian_kernel import squared_distances
        from ...solvers.mapping.alignment import coral_map
        from ...solvers.nearest.easytl import assign_classes, class_means

        source, target, steps = self.bounded_sides(source, target)
        rows = source.x.copy()
        if self.alignment == "coral" and len(target) > 1:
            for part in source.parts():
                rows[part] = coral_map(rows[part], target.x, self.reg)(rows[part])
        labels = source.labels[source.labeled_mask]
        rows = rows[source.labeled_mask]
        means = class_means(rows, labels, n_classes)
        own = class_means(
            target.x[target.labeled_mask], target.labels[target.labeled_mask], n_classes
        )
        means = np.where(np.isnan(means), own, np.where(np.isnan(own), means, (means + own) / 2))
        there = ~np.isnan(means).any(1)
        safe = np.where(there[:, None], means, 0.0)
        costs = squared_distances(target.x, safe)
        labeled = np.flatnonzero(target.labeled_mask)
        costs[labeled] = 1e3 * (1 + costs.max())  # a known row is in its class, and covers it
        costs[labeled, target.labels[labeled]] = 0.0
        costs[:, ~there] = np.inf
        found = assign_classes(costs)
        prices, moved = found.prices, found.moved
        self.target_classes_ = found.classes

        # −‖x − c‖² + price, without the part that all classes share.
        weight, bias = 2 * safe, prices - (safe**2).sum(1)
        bias[~there] = -1e30
        scores = rows.astype(np.float64) @ weight.T + bias
        counts = np.bincount(labels, minlength=n_classes)
        at = np.arange(len(labels))
        telling = counts[labels] > 1
        # A row is nearer to a mean that it is part of: the distance to the mean of the others.
        distance = ((rows - safe[labels]) ** 2).sum(1)
        factor = (counts / np.maximum(counts - 1, 1))[labels] ** 2 - 1
        scores[at, labels] -= factor * distance
        spread = float(distance.mean()) or 1.0
        temperature = spread * fit_temperature((scores / spread)[telling], labels[telling])
        bias = np.where(there, bias / temperature, -1e3)
        head = AffineHead(
            weight / temperature,
            bias,
            {"moved": moved, "temperature": temperature, "missing_classes": _listed(~there)},
        )
        return head.after(steps)


def _listed(mask: np.ndarray) -> list[int]:
    return [int(c) for c in np.flatnonzero(mask)]
