"""Label-shift EM: the target's class shares by maximum likelihood."""

from __future__ import annotations

import numpy as np

from ...solvers.calibration.matrix_scaling import matrix_scaling
from ...solvers.calibration.softmax import softmax
from ...solvers.label_shift.label_shift import LabelShift, label_shift_em
from ..core.base import METHODS
from .label_shift import Correct, LabelShiftMethod


@METHODS.register("label-shift-em")
class LabelShiftEM(LabelShiftMethod):
    """Label shift by EM (Saerens, Latinne & Decaestecker, 2002, Neural Computation 14).

    The head's logits are calibrated on source rows left out (`solvers.matrix_scaling`; EM needs
    that: Alexandari et al., 2020, ICML); then the likeliest priors of the target rows correct its
    answers.

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

    summary = "answers corrected for the target's class shares, found by EM"
    paper = "Saerens, Latinne & Decaestecker, 2002, Neural Computation 14"

    correct: Correct = "answers"

    def estimate(
        self, source_logits: np.ndarray, labels: np.ndarray, target_logits: np.ndarray
    ) -> tuple[LabelShift, np.ndarray, np.ndarray]:
        """Return the likeliest priors, and the calibration of logits."""
        matrix, biases = matrix_scaling(source_logits, labels)
        k = source_logits.shape[1]
        priors = np.bincount(labels, minlength=k) / len(labels)
        found = label_shift_em(softmax(target_logits @ matrix.T + biases), priors)
        return found, matrix, biases
