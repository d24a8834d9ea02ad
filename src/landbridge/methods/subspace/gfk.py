"""GFK: inner products averaged over the subspaces between the domains, then the head."""

from __future__ import annotations

from typing import Any, ClassVar

from ...inference.layers import Affine
from ..core.alignment import Aligned, AlignmentMethod
from ..core.base import EVERY, METHODS, Features, Needs
from ..core.scaling import Scaling
from .directions import directions_from


@METHODS.register("gfk")
class GFK(AlignmentMethod):
    """Geodesic flow kernel (Gong, Shi, Sha & Grauman, 2012, CVPR).

    The kernel is the integral of the projections onto all subspaces on the geodesic from the
    source's principal subspace to the target's, in closed form. Rows become coordinates whose
    inner products are the kernel's, so every head works on them.

    Parameters
    ----------
    n_components : int
        Dimension k of both subspaces; the coordinates are at most 2 k. 0: by the subspace
        disagreement measure, the paper's, at most 100.
    head : str or scikit-learn classifier
        What is fitted on the coordinates; "nearest" is the paper's.
    scaling : {"own", "pooled", "source", "unit", "none"}
        How features are brought to one scale before.

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

    name: ClassVar[str] = "gfk"
    family: ClassVar[str] = "subspace"
    summary: ClassVar[str] = "kernel averaged over all subspaces between the domains, then the head"
    paper: ClassVar[str] = "Gong, Shi, Sha & Grauman, 2012, CVPR"
    needs: ClassVar[Needs] = Needs(
        source="labelled",
        target="unlabelled",
        gradients=False,
        shared_classes=True,
        answers=EVERY,
    )

    def __init__(
        self, *, n_components: int = 100, head: Any = "ridge", scaling: Scaling = "own"
    ) -> None:
        self.n_components = n_components
        self.head = head
        self.scaling = scaling

    def check(self) -> None:
        """Raise ConfigError where a number is out of range or the head unknown."""
        super().check()
        self._in_range("n_components", 0, float("inf"))

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
