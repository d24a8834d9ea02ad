"""GFK: inner products averaged over the subspaces between the domains, then the head."""

from __future__ import annotations

from typing import ClassVar

from ...inference.layers import Affine
from ..core.alignment import Aligned
from ..core.base import METHODS, Features
from .directions import Subspaces, directions_from


@METHODS.register("gfk")
class GFK(Subspaces):
    """Geodesic flow kernel (Gong, Shi, Sha & Grauman, 2012, CVPR).

    The kernel is the integral of the projections onto all subspaces on the geodesic from the
    source's principal subspace to the target's, in closed form. Rows become coordinates whose
    inner products are the kernel's, so every head works on them; the paper's is "nearest".

    Examples
    --------
    >>> from landbridge.features import GFK
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 5)) + 3 * labels[:, None]
    >>> GFK(n_components=2).fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    summary = "kernel averaged over all subspaces between the domains, then the head"
    paper = "Gong, Shi, Sha & Grauman, 2012, CVPR"
    widest: ClassVar[float] = 1.0  # its lengths mean something, which heads standardise away

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Return both sides in the kernel's coordinates; no label is read."""
        from ...solvers.subspace.gfk import geodesic_flow
        from ...solvers.subspace.subspace_alignment import subspace_dimension

        aligned, xt = directions_from(source, target, self.name)
        k = self.n_components or subspace_dimension(source.x, xt)
        found = geodesic_flow(source.x, xt, k, centre=False)
        step = Affine(found.source.matrix, found.source.offset)
        notes = {
            "components": len(found.angles),
            "largest_angle": float(found.angles[-1]),
            "aligned": aligned,
        }
        return Aligned(found.source(source.x), (step,), (step,), notes=notes)
