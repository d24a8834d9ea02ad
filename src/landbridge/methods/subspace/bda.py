"""BDA: JDA with a balance between all rows and the classes, and with class shares."""

from __future__ import annotations

from typing import Any, ClassVar

from ..core.alignment import Aligned
from ..core.base import METHODS, Features, Needs
from ..core.scaling import Scaling
from .base import Kernel
from .jda import PseudoLabelled


@METHODS.register("bda")
class BDA(PseudoLabelled):
    """Balanced distribution adaptation (Wang et al., 2017, ICDM).

    Parameters
    ----------
    balance : float
        From 0 (only the means of all rows: TCA) to 1 (only those of classes); 0.5 is JDA's.
    priors : bool
        W-BDA: each class counts by its share on either side, for shifted class shares.
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
    >>> from landbridge.features import BDA
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 5)) + 3 * labels[:, None]
    >>> BDA(n_components=3).fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    name: ClassVar[str] = "bda"
    summary: ClassVar[str] = "JDA with a balance of rows and classes, and with class shares"
    paper: ClassVar[str] = "Wang, Chen, Hao, Feng & Shen, 2017, ICDM, arXiv 1807.00516"
    needs: ClassVar[Needs] = Needs(
        source="labelled", target="unlabelled", gradients=False, shared_classes=True
    )

    def __init__(
        self,
        *,
        balance: float = 0.5,
        priors: bool = True,
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
        self.balance = balance
        self.priors = priors
        self.n_components = n_components
        self.kernel = kernel
        self.regularisation = regularisation
        self.iterations = iterations
        self.landmarks = landmarks
        self.unit_rows = unit_rows
        self.head = head
        self.scaling = scaling
        self.random_state = random_state

    def check(self) -> None:
        """Raise ConfigError where a number is out of range or the head unknown."""
        super().check()
        self._in_range("balance", 0, 1)

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Return both sides in the components; of labels only known ones are read."""
        return self._joint(source, target, n_classes, seed, self.balance, self.priors)
