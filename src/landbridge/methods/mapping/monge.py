"""Linear Monge: move the source to the target's moments as little as possible, then the head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..core.base import METHODS
from .base import MomentMap

if TYPE_CHECKING:
    from ...solvers.mapping.affine import AffineMap


@METHODS.register("monge")
class Monge(MomentMap):
    """Linear Monge mapping (Flamary, Lounici & Ferrari, 2019, arXiv 1905.10155).

    The optimal transport between two Gaussians with the domains' means and covariances: as CORAL
    it gives source rows the target's moments, and of all affine maps that do it is the one that
    moves them least. Of several sources each is mapped by itself.

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

    summary = "source moved to the target's mean and covariance by least transport"
    paper = "Flamary, Lounici & Ferrari, 2019, arXiv 1905.10155"

    def moment_map(self, source: np.ndarray, target: np.ndarray) -> AffineMap:
        """Return the optimal map between Gaussians."""
        from ...solvers.mapping.alignment import monge_map

        return monge_map(source, target, self.reg)
