"""Joint PCA: the principal components of both sides together, then the head."""

from __future__ import annotations

from ...base.fields import setting
from ..core.alignment import Aligned
from ..core.base import METHODS, Features
from .base import Kernel, KernelSubspace


@METHODS.register("jpca")
class JPCA(KernelSubspace):
    """Joint principal components: one PCA of source and target rows together.

    The baseline of the subspace methods: TCA without the term that pulls the means together.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import JPCA
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 5)) + 3 * labels[:, None]
    >>> JPCA(n_components=3).fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    summary = "principal components of source and target together, then the head"
    paper = "Schölkopf, Smola & Müller, 1998, Neural Computation 10(5)"

    kernel: Kernel = setting(
        "primal",
        '"primal": ordinary PCA. The others: kernel PCA; "rbf" has the median distance as its '
        "width, and is exact up to 3,000 rows, above with landmarks.",
    )

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Return both sides in the components; no label is read."""
        from ...solvers.subspace.jpca import jpca

        found = jpca(
            **self.given(source, target, n_classes, seed),
        )
        return self._aligned(found)
