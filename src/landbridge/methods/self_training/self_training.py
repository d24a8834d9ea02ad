"""Self-training: the head's surest answers on the target become labels, a few rounds long."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...base.fields import setting
from ..core.base import METHODS, Head
from ..heads.base import fit_head
from .base import SelfTrainingMethod, surest

__all__ = ["SelfTraining", "surest"]


@METHODS.register("self-training")
class SelfTraining(SelfTrainingMethod):
    """Class-balanced self-training of a head (Zou et al., 2018, ECCV, arXiv 1810.07911).

    A head learned on the source answers for the target. Of each class the rows it is surest of
    become labelled rows, a larger share each round, and the head is fitted again on source and
    target together. Shares by class keep one easy class from taking over. Known target labels
    are kept as they are.

    It assumes no geometry: it goes where the source's own answers are mostly right, also where
    classes form no clusters (words, for example) and aligning domains only mixes them up.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import SelfTraining
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> SelfTraining().fit(x, labels, x + 0.7).score(x + 0.7, labels) > 0.95
    True
    """

    summary = "the head's surest answers on the target become labels, in rounds"
    paper = "Zou, Yu, Vijaya Kumar & Wang, 2018, ECCV, arXiv 1810.07911"
    head: Any = setting("ridge", "What is fitted.")

    def fit_rows(
        self,
        x: np.ndarray,
        labels: np.ndarray,
        weights: np.ndarray,
        eval_mask: np.ndarray,
        n_classes: int,
        seed: int,
    ) -> Head:
        """Fit the head."""
        return fit_head(
            *(self.head, x, labels, n_classes),
            weights=weights,
            eval_mask=eval_mask,
            seed=seed,
            bounded=self._bounded,
        )
