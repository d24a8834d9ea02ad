"""BBSE: the target's class shares from a confusion matrix."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ...base.fields import setting
from ...solvers.calibration.softmax import softmax
from ...solvers.label_shift.label_shift import LabelShift, bbse
from ..core.base import METHODS
from .label_shift import LabelShiftMethod


@METHODS.register("bbse")
class BBSE(LabelShiftMethod):
    """Black-box shift estimation (Lipton, Wang & Smola, 2018, ICML, arXiv 1802.03916).

    The head's confusion on source rows left out, and its mean answer on target rows, give the
    target's priors; source rows are weighted by class.

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

    summary = "source weighted by class, target shares from the confusion matrix"
    paper = "Lipton, Wang & Smola, 2018, ICML, arXiv 1802.03916"

    kind: Literal["soft", "hard"] = setting(
        "soft", "Whether the confusion is of probabilities or of the likeliest classes."
    )

    def estimate(
        self, source_logits: np.ndarray, labels: np.ndarray, target_logits: np.ndarray
    ) -> tuple[LabelShift, np.ndarray, np.ndarray]:
        """Return priors by BBSE; logits stay as they are."""
        found = bbse(softmax(source_logits), labels, softmax(target_logits), kind=self.kind)
        k = source_logits.shape[1]
        return found, np.eye(k), np.zeros(k)
