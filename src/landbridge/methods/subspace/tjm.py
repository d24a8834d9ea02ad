"""TJM: TCA that lets source rows unlike the target lose their part, then the head."""

from __future__ import annotations

from typing import Literal

from ...base.fields import setting
from ..core.alignment import Aligned
from ..core.base import METHODS, Features
from .base import MatchedMeans


@METHODS.register("tjm")
class TJM(MatchedMeans):
    """Transfer joint matching (Long et al., 2014, CVPR): equal means and source rows weighed.

    Attributes
    ----------
    weights_ : ndarray, shape (ns,)
        Part of each source row, mean 1.
    n_iter_ : int
        Steps taken.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import TJM
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 5)) + 3 * labels[:, None]
    >>> TJM(n_components=3).fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    summary = "shared components, source rows unlike the target counting less"
    paper = "Long, Wang, Ding, Sun & Yu, 2014, CVPR"

    kernel: Literal["linear", "rbf"] = setting(
        "linear",
        '"rbf": the Gaussian kernel, its width the median distance; exact up to 800 rows, '
        "above with landmarks.",
    )
    max_iter: int = setting(
        10,
        "Steps of reweighting, at most; it stops where the objective falls no more.",
        ge=1,
        le=1000,
    )
    weighted_head: bool = setting(
        False,
        "Whether the head weighs source rows by their part in the components, too.",
    )
    unit_rows: bool = True

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Return both sides in the components; no label is read."""
        from ...solvers.subspace.tjm import tjm

        found = tjm(
            **self.given(source, target, n_classes, seed),
            max_iter=self.max_iter,
        )
        self.weights_, self.n_iter_ = found.weights, found.notes["iterations"]
        size = found.weights.sum() ** 2 / (found.weights**2).sum()
        return self._aligned(
            found,
            {"effective_rows": float(size)},
            weights=found.weights if self.weighted_head else None,
        )
