"""JDA: components in which both sides and each class of them have the same mean."""

from __future__ import annotations

import numpy as np

from ...base.fields import setting
from ..core.alignment import Aligned
from ..core.base import METHODS, Features
from .base import Kernel, MatchedMeans


@METHODS.register("jda")
class JDA(MatchedMeans):
    """Joint distribution adaptation (Long et al., 2013, ICCV).

    TCA in which the means of each class agree, too; the target's classes are those of the
    nearest labelled row in the components, and both take turns. Known target labels are kept.
    The paper's head is "nearest".

    Attributes
    ----------
    pseudo_labels_ : ndarray of int, shape (nt,)
        Class index of each target row that the last components were checked with.
    n_iter_ : int
        How often it took turns.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import JDA
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 5)) + 3 * labels[:, None]
    >>> JDA(n_components=3).fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    summary = "components where both sides agree class by class, then the head"
    paper = "Long, Wang, Ding, Sun & Yu, 2013, ICCV"
    balance = 0.5
    """Of the means of all rows (0) and of those of classes (1)."""
    priors = False
    """Whether a class counts by its share."""

    kernel: Kernel = "primal"
    max_iter: int = setting(
        10,
        "How often target labels are answered and the space is found again, at most.",
        ge=1,
        le=1000,
    )
    unit_rows: bool = True

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Return both sides in the components; of labels only known ones are read."""
        from ...solvers.subspace.jda import jda

        found = jda(
            **self.given(source, target, n_classes, seed),
            ys=np.where(source.labeled_mask, source.labels, -1),
            yt=np.where(target.labeled_mask, target.labels, -1),
            max_iter=self.max_iter,
            balance=self.balance,
            priors=self.priors,
            unit_rows=self.unit_rows,
        )
        self.pseudo_labels_, self.n_iter_ = found.pseudo_labels, found.notes["iterations"]
        return self._aligned(found)
