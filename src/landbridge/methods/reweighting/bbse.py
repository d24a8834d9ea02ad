"""BBSE: the target's class shares from a confusion matrix."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from ...base.errors import ConfigError
from ...solvers.calibration.softmax import softmax
from ...solvers.label_shift.label_shift import LabelShift, bbse
from ..core.base import METHODS
from ..core.scaling import Scaling
from .label_shift import Correct, LabelShiftMethod


@METHODS.register("bbse")
class BBSE(LabelShiftMethod):
    """Black-box shift estimation (Lipton, Wang & Smola, 2018, ICML, arXiv 1802.03916).

    The head's confusion on source rows left out, and its mean answer on target rows, give the
    target's priors; source rows are weighted by class.

    Parameters
    ----------
    kind : {"soft", "hard"}
        Whether the confusion is of probabilities or of the likeliest classes.
    correct : {"weights", "answers"}
        Whether source rows are weighted by class and the head is fitted again, or its answers are
        corrected by Bayes' rule. Where target rows are labelled it is weights.
    folds : int
        Of the source rows, for answers on rows that the head did not see.
    least_effective : float
        Share of labelled source rows that must stay effective; weights are flattened until it is
        so.
    head : str or scikit-learn classifier
        What is fitted on the source rows.
    scaling : {"own", "pooled", "source", "unit", "none"}
        How features are scaled before. "none": heads scale their own.
    random_state : int
        Of the folds.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import BBSE
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], [150, 150])
    >>> x = rng.normal(size=(300, 3)) + 3 * labels[:, None]
    >>> found = BBSE().fit(x, labels, x[75:225][:100])
    >>> bool(abs(found.target_priors_[0] - 0.75) < 0.1)
    True
    """

    name: ClassVar[str] = "bbse"
    summary: ClassVar[str] = "source weighted by class, target shares from the confusion matrix"
    paper: ClassVar[str] = "Lipton, Wang & Smola, 2018, ICML, arXiv 1802.03916"

    def __init__(
        self,
        *,
        kind: Literal["soft", "hard"] = "soft",
        correct: Correct = "weights",
        folds: int = 5,
        least_effective: float = 0.5,
        head: Any = "ridge",
        scaling: Scaling = "none",
        random_state: int = 0,
    ) -> None:
        self.kind = kind
        self.correct = correct
        self.folds = folds
        self.least_effective = least_effective
        self.head = head
        self.scaling = scaling
        self.random_state = random_state

    def check(self) -> None:
        """Raise ConfigError where a parameter is out of range."""
        super().check()
        if self.kind not in ("soft", "hard"):
            raise ConfigError(f"bbse: kind = {self.kind!r}", do="use 'soft' or 'hard'")

    def estimate(
        self, source_logits: np.ndarray, labels: np.ndarray, target_logits: np.ndarray
    ) -> tuple[LabelShift, np.ndarray, np.ndarray]:
        """Return priors by BBSE; logits stay as they are."""
        found = bbse(softmax(source_logits), labels, softmax(target_logits), kind=self.kind)
        k = source_logits.shape[1]
        return found, np.eye(k), np.zeros(k)
