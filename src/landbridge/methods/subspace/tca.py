"""TCA: a few components in which both sides have the same mean, then the head."""

from __future__ import annotations

from typing import Any, ClassVar

from ..core.alignment import Aligned
from ..core.base import METHODS, Features, Needs
from ..core.scaling import Scaling
from .base import Kernel, KernelSubspace


@METHODS.register("tca")
class TCA(KernelSubspace):
    """Transfer component analysis (Pan et al., 2011, IEEE Trans. Neural Networks 22(2)).

    Parameters
    ----------
    n_components : int
        Components of the common space; 0 takes 20, or twice the classes where that is more.
        Fewer come out where there are fewer columns or rows.
    kernel : {"primal", "linear", "rbf"}
        "primal": axes of the features. "linear": the kernel of products. "rbf": the Gaussian
        kernel, its width the median distance; exact up to 3,000 rows, above with landmarks.
    regularisation : float
        λ, the price of W's length against the distance of means; smaller aligns harder.
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
    >>> from landbridge.features import TCA
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 5)) + 3 * labels[:, None]
    >>> TCA(n_components=3).fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    name: ClassVar[str] = "tca"
    summary: ClassVar[str] = "components of a kernel space that both sides share, then the head"
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
        landmarks: int = 0,
        unit_rows: bool = False,
        head: Any = "ridge",
        scaling: Scaling = "own",
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.kernel = kernel
        self.regularisation = regularisation
        self.landmarks = landmarks
        self.unit_rows = unit_rows
        self.head = head
        self.scaling = scaling
        self.random_state = random_state

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Return both sides in the components; no label is read."""
        from ...solvers.subspace.tca import tca

        found = tca(
            self._given(source.x),
            self._given(target.x),
            self._components(n_classes),
            kernel=self.kernel,
            regularisation=self.regularisation,
            landmarks=self.landmarks or None,
            seed=seed,
        )
        return self._aligned(found)
