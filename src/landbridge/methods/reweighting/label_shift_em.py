"""Label-shift EM: the target's class shares by maximum likelihood."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ...solvers.calibration.matrix_scaling import matrix_scaling
from ...solvers.calibration.softmax import softmax
from ...solvers.label_shift.label_shift import LabelShift, label_shift_em
from ..core.base import METHODS
from ..core.scaling import Scaling
from .label_shift import Correct, LabelShiftMethod


@METHODS.register("label-shift-em")
class LabelShiftEM(LabelShiftMethod):
    """Label shift by EM (Saerens, Latinne & Decaestecker, 2002, Neural Computation 14).

    The head's logits are calibrated on source rows left out (`solvers.matrix_scaling`; EM needs
    that: Alexandari et al., 2020, ICML); then the likeliest priors of the target rows correct its
    answers.

    Parameters
    ----------
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
    >>> from landbridge.features import LabelShiftEM
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], [150, 150])
    >>> x = rng.normal(size=(300, 3)) + 3 * labels[:, None]
    >>> found = LabelShiftEM().fit(x, labels, x[75:225][:100])
    >>> bool(abs(found.target_priors_[0] - 0.75) < 0.1)
    True
    """

    name: ClassVar[str] = "label-shift-em"
    summary: ClassVar[str] = "answers corrected for the target's class shares, found by EM"
    paper: ClassVar[str] = "Saerens, Latinne & Decaestecker, 2002, Neural Computation 14"

    def __init__(
        self,
        *,
        correct: Correct = "answers",
        folds: int = 5,
        least_effective: float = 0.5,
        head: Any = "ridge",
        scaling: Scaling = "none",
        random_state: int = 0,
    ) -> None:
        self.correct = correct
        self.folds = folds
        self.least_effective = least_effective
        self.head = head
        self.scaling = scaling
        self.random_state = random_state

    def estimate(
        self, source_logits: np.ndarray, labels: np.ndarray, target_logits: np.ndarray
    ) -> tuple[LabelShift, np.ndarray, np.ndarray]:
        """Return the likeliest priors, and the calibration of logits."""
        matrix, biases = matrix_scaling(source_logits, labels)
        k = source_logits.shape[1]
        priors = np.bincount(labels, minlength=k) / len(labels)
        found = label_shift_em(softmax(target_logits @ matrix.T + biases), priors)
        return found, matrix, biases
