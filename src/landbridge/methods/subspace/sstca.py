"""Semi-supervised TCA: components that tell classes apart and keep neighbourhoods, too."""

from __future__ import annotations

import numpy as np

from ...base.fields import setting
from ..core.alignment import Aligned
from ..core.base import METHODS, Features
from .base import MatchedMeans


@METHODS.register("sstca")
class SSTCA(MatchedMeans):
    """Semi-supervised transfer component analysis (Pan et al., 2011).

    TCA whose components also depend on the labels (HSIC) and keep near rows near (a graph's
    Laplacian). Known target labels count like the source's.
    The rbf kernel is exact up to 1,200 rows.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import SSTCA
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 5)) + 3 * labels[:, None]
    >>> SSTCA(n_components=3).fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    summary = "TCA that also looks at labels and neighbourhoods, then the head"
    paper = "Pan, Tsang, Kwok & Yang, 2011, IEEE Trans. Neural Networks 22(2)"

    dependence: float = setting(0.5, "From 0 (variance only) to 1 (labels only).", ge=0, le=1)
    locality: float = setting(1000.0, "Weight of the neighbourhoods; 0 leaves them out.", ge=0)
    n_neighbors: int = setting(10, "Nearest rows that a row is joined to.", ge=1, le=1000)

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Return both sides in the components; of labels only known ones are read."""
        from ...solvers.subspace.sstca import sstca

        labels = [np.where(side.labeled_mask, side.labels, -1) for side in (source, target)]
        found = sstca(
            **self.given(source, target, n_classes, seed),
            labels=np.concatenate(labels),
            dependence=self.dependence,
            locality=self.locality,
            n_neighbors=self.n_neighbors,
        )
        return self._aligned(found)
