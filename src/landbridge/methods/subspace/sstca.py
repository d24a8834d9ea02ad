"""Semi-supervised TCA: components that tell classes apart and keep neighbourhoods, too."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..core.alignment import Aligned
from ..core.base import METHODS, Features, Needs
from ..core.scaling import Scaling
from .base import Kernel, KernelSubspace


@METHODS.register("sstca")
class SSTCA(KernelSubspace):
    """Semi-supervised transfer component analysis (Pan et al., 2011).

    TCA whose components also depend on the labels (HSIC) and keep near rows near (a graph's
    Laplacian). Known target labels count like the source's.

    Parameters
    ----------
    n_components : int
        Components of the common space; 0 takes 20, or twice the classes where that is more.
        Fewer come out where there are fewer columns or rows.
    kernel : {"primal", "linear", "rbf"}
        "primal": axes of the features. "linear": the kernel of products. "rbf": the Gaussian
        kernel, its width the median distance; exact up to 1,200 rows, above with landmarks.
    regularisation : float
        λ, the price of W's length against the distance of means.
    dependence : float
        From 0 (variance only) to 1 (labels only).
    locality : float
        Weight of the neighbourhoods; 0 leaves them out.
    neighbours : int
        Nearest rows that a row is joined to.
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
    >>> from landbridge.features import SSTCA
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 5)) + 3 * labels[:, None]
    >>> SSTCA(n_components=3).fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    name: ClassVar[str] = "sstca"
    summary: ClassVar[str] = "TCA that also looks at labels and neighbourhoods, then the head"
    paper: ClassVar[str] = "Pan, Tsang, Kwok & Yang, 2011, IEEE Trans. Neural Networks 22(2)"
    needs: ClassVar[Needs] = Needs(
        source="labelled", target="unlabelled", gradients=False, shared_classes=True
    )

    def __init__(
        self,
        *,
        n_components: int = 0,
        kernel: Kernel = "rbf",
        regularisation: float = 1.0,
        dependence: float = 0.5,
        locality: float = 1000.0,
        neighbours: int = 10,
        landmarks: int = 0,
        unit_rows: bool = False,
        head: Any = "ridge",
        scaling: Scaling = "own",
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.kernel = kernel
        self.regularisation = regularisation
        self.dependence = dependence
        self.locality = locality
        self.neighbours = neighbours
        self.landmarks = landmarks
        self.unit_rows = unit_rows
        self.head = head
        self.scaling = scaling
        self.random_state = random_state

    def check(self) -> None:
        """Raise ConfigError where a number is out of range or the head unknown."""
        super().check()
        self._in_range("dependence", 0, 1)
        self._in_range("locality", 0, float("inf"))
        self._in_range("neighbours", 1, 1000)

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Return both sides in the components; of labels only known ones are read."""
        from ...solvers.subspace.sstca import sstca

        labels = [np.where(side.known, side.labels, -1) for side in (source, target)]
        found = sstca(
            self._given(source.x),
            self._given(target.x),
            np.concatenate(labels),
            self._components(n_classes),
            kernel=self.kernel,
            regularisation=self.regularisation,
            dependence=self.dependence,
            locality=self.locality,
            neighbours=self.neighbours,
            landmarks=self.landmarks or None,
            seed=seed,
        )
        return self._aligned(found)
