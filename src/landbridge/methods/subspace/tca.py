"""TCA: a few components in which both sides have the same mean, then the head."""

from __future__ import annotations

from ..core.alignment import Aligned
from ..core.base import METHODS, Features
from .base import MatchedMeans


@METHODS.register("tca")
class TCA(MatchedMeans):
    """Transfer component analysis (Pan et al., 2011, IEEE Trans. Neural Networks 22(2)).

    The rbf kernel is exact up to 3,000 rows.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import TCA
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 5)) + 3 * labels[:, None]
    >>> TCA(n_components=3).fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    summary = "components of a kernel space that both sides share, then the head"
    paper = "Pan, Tsang, Kwok & Yang, 2011, IEEE Trans. Neural Networks 22(2)"

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Return both sides in the components; no label is read."""
        from ...solvers.subspace.tca import tca

        found = tca(
            **self.given(source, target, n_classes, seed),
        )
        return self._aligned(found)
