"""Linear Monge: move the source to the target's moments as little as possible, then the head."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ...inference.layers import Affine
from ..core.alignment import Aligned, AlignmentMethod
from ..core.base import EVERY, METHODS, Features, Needs
from ..core.scaling import Scaling


@METHODS.register("monge")
class Monge(AlignmentMethod):
    """Linear Monge mapping (Flamary, Lounici & Ferrari, 2019, arXiv 1905.10155).

    The optimal transport between two Gaussians with the domains' means and covariances: as CORAL
    it gives source rows the target's moments, and of all affine maps that do it is the one that
    moves them least. Of several sources each is mapped by itself.

    Parameters
    ----------
    regularisation : float
        Added to the diagonal of both covariances, relative to their mean variance. Larger means
        nearer to a shift.
    head : str or scikit-learn classifier
        What is fitted on the mapped rows.
    scaling : {"own", "pooled", "source", "unit", "none"}
        How features are brought to one scale before.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import Monge
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> moved = x @ np.diag([1.0, 2.0, 5.0]) + 10
    >>> Monge().fit(x, labels, moved).score(moved, labels) > 0.95
    True
    """

    name: ClassVar[str] = "monge"
    family: ClassVar[str] = "mapping"
    summary: ClassVar[str] = "source moved to the target's mean and covariance by least transport"
    paper: ClassVar[str] = "Flamary, Lounici & Ferrari, 2019, arXiv 1905.10155"
    needs: ClassVar[Needs] = Needs(
        source="labelled",
        target="unlabelled",
        gradients=False,
        shared_classes=True,
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
        from ...solvers.mapping.alignment import monge_map

        notes = {"regularisation": self.regularisation, "aligned": len(target) > 1}
        if len(target) < 2:  # one row has no covariance: nothing to align with
            return Aligned(source.x, (), (), notes=notes)
        rows = np.empty_like(source.x)
        steps = []
        for part in source.parts():
            found = monge_map(source.x[part], target.x, self.regularisation)
            rows[part] = found(source.x[part])
            steps.append(Affine(found.matrix, found.offset))
        return Aligned(rows, (), tuple(steps) if len(steps) == 1 else None, notes=notes)
