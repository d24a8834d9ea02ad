"""Joint PCA: the principal components of both sides together, then the head."""

from __future__ import annotations

from typing import Any, ClassVar

from ..core.alignment import Aligned
from ..core.base import METHODS, Features, Needs
from ..core.scaling import Scaling
from .base import Kernel, KernelSubspace


@METHODS.register("jpca")
class JPCA(KernelSubspace):
    """Joint principal components: one PCA of source and target rows together.

    The baseline of the subspace methods: TCA without the term that pulls the means together.

    Parameters
    ----------
    n_components : int
        Components kept; 0 takes 20, or twice the classes where that is more. Fewer come out
        where there are fewer columns or rows.
    kernel : {"primal", "linear", "rbf"}
        "primal": ordinary PCA. The others: kernel PCA; "rbf" has the median distance as its
        width, and is exact up to 3,000 rows, above with landmarks.
    landmarks : int
        Rows that stand for all in the rbf kernel (Nyström); 0 chooses by size.
    unit_rows : bool
        Divide rows by their length before and after, as in the published protocols.
    head : str or scikit-learn classifier
        What is fitted on the components.
    scaling : {"own", "pooled", "source", "unit", "none"}
        How features are brought to one scale before.
    random_state : int
        Of the landmarks, and of the rows whose median distance is taken.

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

    name: ClassVar[str] = "jpca"
    summary: ClassVar[str] = "principal components of source and target together, then the head"
    paper: ClassVar[str] = "Schölkopf, Smola & Müller, 1998, Neural Computation 10(5)"
    needs: ClassVar[Needs] = Needs(
        source="labelled", target="unlabelled", gradients=False, shared_classes=True
    )

    def __init__(
        self,
        *,
        n_components: int = 0,
        kernel: Kernel = "primal",
        landmarks: int = 0,
        unit_rows: bool = False,
        head: Any = "ridge",
        scaling: Scaling = "own",
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.kernel = kernel
        self.landmarks = landmarks
        self.unit_rows = unit_rows
        self.head = head
        self.scaling = scaling
        self.random_state = random_state

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Return both sides in the components; no label is read."""
        from ...solvers.subspace.jpca import jpca

        found = jpca(
            self._given(source.x),
            self._given(target.x),
            self._components(n_classes),
            kernel=self.kernel,
            landmarks=self.landmarks or None,
            seed=seed,
        )
        return self._aligned(found)
