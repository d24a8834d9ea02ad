"""CORAL: give the source rows the target's second moments, then fit the head on them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ...inference.layers import Affine
from ..core.alignment import Aligned, AlignmentMethod
from ..core.base import EVERY, METHODS, Features, Needs
from ..core.scaling import Scaling


@METHODS.register("coral")
class CORAL(AlignmentMethod):
    """Correlation alignment (Sun, Feng & Saenko, 2016, AAAI, arXiv 1511.05547).

    Each domain is standardised by itself, as in the paper; source rows are whitened and given
    the target's covariance with symmetric roots (`solvers.alignment.coral_map`); the head is
    fitted on them together with the labelled target rows, if any, which are weighted so that
    they count as much as the source does. Of several sources each is mapped by itself.

    Parameters
    ----------
    regularisation : float
        Added to the diagonal of both covariances, relative to their mean variance. Larger means
        nearer to aligning means and variances only. 1 is the paper's, on standardised rows.
    head : str or scikit-learn classifier
        What is fitted on the aligned rows.
    scaling : {"own", "pooled", "source", "unit", "none"}
        How features are brought to one scale before.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import CORAL
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> turned = x @ np.diag([1.0, 2.0, 5.0]) + 10
    >>> CORAL().fit(x, labels, turned).score(turned, labels) > 0.95
    True
    """

    name: ClassVar[str] = "coral"
    family: ClassVar[str] = "mapping"
    summary: ClassVar[str] = "source features aligned to the target's covariance, then the head"
    paper: ClassVar[str] = "Sun, Feng & Saenko, 2016, AAAI, arXiv 1511.05547"
    needs: ClassVar[Needs] = Needs(
        source="labelled",
        target="unlabelled",
        gradients=False,
        shared_classes=True,
        like_shares=True,
        answers=EVERY,
    )

    def __init__(
        self, *, regularisation: float = 1.0, head: Any = "ridge", scaling: Scaling = "own"
    ) -> None:
        self.regularisation = regularisation
        self.head = head
        self.scaling = scaling

    def check(self) -> None:
        """Raise ConfigError where the regularisation is negative or the head unknown."""
        super().check()
        self._in_range("regularisation", 0, float("inf"))

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Map source rows to the target's moments; target rows stay."""
        from ...solvers.mapping.alignment import coral_map

        notes = {"regularisation": self.regularisation, "aligned": len(target) > 1}
        if len(target) < 2:  # one row has no covariance: nothing to align with
            return Aligned(source.x, (), (), notes=notes)
        rows = np.empty_like(source.x)
        steps = []
        for part in source.parts():
            found = coral_map(source.x[part], target.x, self.regularisation)
            rows[part] = found(source.x[part])
            steps.append(Affine(found.matrix, found.offset))
        return Aligned(rows, (), tuple(steps) if len(steps) == 1 else None, notes=notes)
