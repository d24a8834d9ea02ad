"""JDA: components in which both sides and each class of them have the same mean."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..core.alignment import Aligned
from ..core.base import METHODS, Features, Needs
from ..core.scaling import Scaling
from .base import Kernel, KernelSubspace


class PseudoLabelled(KernelSubspace):
    """Base of JDA and BDA: one solver, the parts of the means' distances differ.

    Attributes
    ----------
    pseudo_labels_ : ndarray of int, shape (nt,)
        Class index of each target row that the last components were checked with.
    """

    kernel: Kernel
    regularisation: float
    iterations: int
    landmarks: int

    def _joint(
        self,
        source: Features,
        target: Features,
        n_classes: int,
        seed: int,
        balance: float,
        priors: bool,
    ) -> Aligned:
        from ...solvers.subspace.jda import jda

        found = jda(
            self._given(source.x),
            np.where(source.known, source.labels, -1),
            self._given(target.x),
            np.where(target.known, target.labels, -1),
            self._components(n_classes),
            kernel=self.kernel,
            regularisation=self.regularisation,
            iterations=self.iterations,
            balance=balance,
            priors=priors,
            unit_rows=self.unit_rows,
            landmarks=self.landmarks or None,
            seed=seed,
        )
        self.pseudo_labels_ = found.pseudo_labels
        return self._aligned(found)


@METHODS.register("jda")
class JDA(PseudoLabelled):
    """Joint distribution adaptation (Long et al., 2013, ICCV).

    TCA in which the means of each class agree, too; the target's classes are those of the
    nearest labelled row in the components, and both take turns. Known target labels are kept.

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
    iterations : int
        How often target labels are answered and the space is found again, at most.
    landmarks : int
        Rows that stand for all in the rbf kernel (Nyström); 0 chooses by size.
    unit_rows : bool
        Divide rows by their length before and after, as in the published protocol.
    head : str or scikit-learn classifier
        What is fitted on the components; "nearest" is the paper's.
    scaling : {"own", "pooled", "source", "unit", "none"}
        How features are brought to one scale before.
    random_state : int
        Of the landmarks, and of the rows whose median distance is taken.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import JDA
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 5)) + 3 * labels[:, None]
    >>> JDA(n_components=3).fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    name: ClassVar[str] = "jda"
    summary: ClassVar[str] = "components where both sides agree class by class, then the head"
    paper: ClassVar[str] = "Long, Wang, Ding, Sun & Yu, 2013, ICCV"
    needs: ClassVar[Needs] = Needs(
        source="labelled", target="unlabelled", gradients=False, shared_classes=True
    )

    def __init__(
        self,
        *,
        n_components: int = 0,
        kernel: Kernel = "primal",
        regularisation: float = 1.0,
        iterations: int = 10,
        landmarks: int = 0,
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
        self.unit_rows = unit_rows
        self.head = head
        self.scaling = scaling
        self.random_state = random_state

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Return both sides in the components; of labels only known ones are read."""
        return self._joint(source, target, n_classes, seed, 0.5, False)
