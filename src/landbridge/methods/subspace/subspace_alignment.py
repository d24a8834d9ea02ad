"""Subspace alignment: the source's principal axes turned onto the target's, then the head."""

from __future__ import annotations

from typing import Any, ClassVar

from ...inference.layers import Affine
from ..core.alignment import Aligned, AlignmentMethod
from ..core.base import EVERY, METHODS, Features, Needs
from ..core.scaling import Scaling
from .directions import directions_from


@METHODS.register("subspace-alignment")
class SubspaceAlignment(AlignmentMethod):
    """Subspace alignment (Fernando, Habrard, Sebban & Tuytelaars, 2013, ICCV).

    Parameters
    ----------
    n_components : int
        Dimension of both subspaces; fewer where a side varies in fewer directions. 0: by the
        subspace disagreement measure, at most 100.
    head : str or scikit-learn classifier
        What is fitted on the aligned coordinates; "nearest" is one of the paper's.
    scaling : {"own", "pooled", "source", "unit", "none"}
        How features are brought to one scale before.

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

    name: ClassVar[str] = "subspace-alignment"
    family: ClassVar[str] = "subspace"
    summary: ClassVar[str] = "source's principal axes turned onto the target's, then the head"
    paper: ClassVar[str] = "Fernando, Habrard, Sebban & Tuytelaars, 2013, ICCV"
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
