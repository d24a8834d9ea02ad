"""TJM: TCA that lets source rows unlike the target lose their part, then the head."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from ..core.alignment import Aligned
from ..core.base import METHODS, Features, Needs
from ..core.scaling import Scaling
from .base import KernelSubspace


@METHODS.register("tjm")
class TJM(KernelSubspace):
    """Transfer joint matching (Long et al., 2014, CVPR): equal means and source rows weighed.

    Parameters
    ----------
    n_components : int
        Components of the common space; 0 takes 20, or twice the classes where that is more.
        Fewer come out where there are fewer columns or rows.
    kernel : {"linear", "rbf"}
        "rbf": the Gaussian kernel, its width the median distance; exact up to 800 rows, above
        with landmarks.
    regularisation : float
        λ, the price of the coefficients against the distance of means.
    iterations : int
        Steps of reweighting, at most; it stops where the objective falls no more.
    landmarks : int
        Rows that stand for all in the rbf kernel (Nyström); 0 chooses by size.
    weighted_head : bool
        Whether the head weighs source rows by their part in the components, too.
    unit_rows : bool
        Divide rows by their length before and after, as in the published protocol.
    head : str or scikit-learn classifier
        What is fitted on the components.
    scaling : {"own", "pooled", "source", "unit", "none"}
        How features are brought to one scale before.
    random_state : int
        Of the landmarks, and of the rows whose median distance is taken.

    Attributes
    ----------
    weights_ : ndarray, shape (ns,)
        Part of each source row, mean 1.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import TJM
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 5)) + 3 * labels[:, None]
    >>> TJM(n_components=3).fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    name: ClassVar[str] = "tjm"
    summary: ClassVar[str] = "shared components, source rows unlike the target counting less"
    paper: ClassVar[str] = "Long, Wang, Ding, Sun & Yu, 2014, CVPR"
    needs: ClassVar[Needs] = Needs(
        source="labelled", target="unlabelled", gradients=False, shared_classes=True
    )

    def __init__(
        self,
        *,
        n_components: int = 0,
        kernel: Literal["linear", "rbf"] = "linear",
        regularisation: float = 1.0,
        iterations: int = 10,
        landmarks: int = 0,
        weighted_head: bool = False,
        unit_rows: bool = True,
        head: Any = "ridge",
        scaling: Scaling = "own",
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.kernel = kernel
        self.regularisation = regularisation
        self.iterations = iterations
        self.landmarks = landmarks
        self.weighted_head = weighted_head
        self.unit_rows = unit_rows
        self.head = head
        self.scaling = scaling
        self.random_state = random_state

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Return both sides in the components; no label is read."""
        from ...solvers.subspace.tjm import tjm

        found = tjm(
            self._given(source.x),
            self._given(target.x),
            self._components(n_classes),
            kernel=self.kernel,
            regularisation=self.regularisation,
            iterations=self.iterations,
            landmarks=self.landmarks or None,
            seed=seed,
        )
        self.weights_ = found.weights
        size = found.weights.sum() ** 2 / (found.weights**2).sum()
        return self._aligned(
            found,
            {"effective_rows": float(size)},
            weights=found.weights if self.weighted_head else None,
        )
