"""Subspace alignment: the source's principal axes turned onto the target's, then the head."""

from __future__ import annotations

from ...inference.layers import Affine
from ..core.alignment import Aligned
from ..core.base import METHODS, Features
from .directions import Subspaces, directions_from


@METHODS.register("subspace-alignment")
class SubspaceAlignment(Subspaces):
    """Subspace alignment (Fernando, Habrard, Sebban & Tuytelaars, 2013, ICCV).

    The head "nearest" is one of the paper's.

    Examples
    --------
    >>> from landbridge.features import SubspaceAlignment
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 5)) + 3 * labels[:, None]
    >>> SubspaceAlignment(n_components=2).fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    summary = "source's principal axes turned onto the target's, then the head"
    paper = "Fernando, Habrard, Sebban & Tuytelaars, 2013, ICCV"

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Return both sides in the target's subspace; no label is read."""
        from ...solvers.subspace.subspace_alignment import align_subspaces, subspace_dimension

        aligned, xt = directions_from(source, target, self.name)
        k = self.n_components or subspace_dimension(source.x, xt)
        found = align_subspaces(source.x, xt, k)
        notes = {"components": len(found.turn), "aligned": aligned}
        return Aligned(
            found.source(source.x),
            (Affine(found.target.matrix, found.target.offset),),
            (Affine(found.source.matrix, found.source.offset),),
            notes=notes,
        )
