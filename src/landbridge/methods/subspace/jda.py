"""JDA: components in which both sides and each class of them have the same mean."""

from __future__ import annotations

import numpy as np

from ...base.fields import setting
from ..core.alignment import Aligned
from ..core.base import METHODS, Features
from .base import Kernel, MatchedMeans


class JointDistribution(MatchedMeans):
    """Base of JDA and BDA: one solver, the parts of the means' distances differ.

    The papers' head is "nearest".

    Attributes
    ----------
    pseudo_labels_ : ndarray of int, shape (nt,)
        Class index of each target row that the last components were checked with.
    """

    kernel: Kernel = "primal"
    iterations: int = setting(
        10,
        "How often target labels are answered and the space is found again, at most.",
        ge=1,
        le=1000,
    )
    unit_rows: bool = True

    def _joint(
        self,
        source: Features,
        target: Features,
        n_classes: int,
        seed: int,
        balance: float,
        priors: bool,
    ) -> Aligned:
        from ...solvers.subspace.jda import jda

        found = jda(
            self._given(source.x),
            np.where(source.known, source.labels, -1),
            self._given(target.x),
            np.where(target.known, target.labels, -1),
            self._components(n_classes),
            kernel=self.kernel,
            regularisation=self.regularisation,
            iterations=self.iterations,
            balance=balance,
            priors=priors,
            unit_rows=self.unit_rows,
            landmarks=self.landmarks or None,
            seed=seed,
        )
        self.pseudo_labels_ = found.pseudo_labels
        return self._aligned(found)


@METHODS.register("jda")
class JDA(JointDistribution):
    """Joint distribution adaptation (Long et al., 2013, ICCV).

    TCA in which the means of each class agree, too; the target's classes are those of the
    nearest labelled row in the components, and both take turns. Known target labels are kept.

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

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Return both sides in the components; of labels only known ones are read."""
        return self._joint(source, target, n_classes, seed, 0.5, False)
