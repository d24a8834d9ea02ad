"""CORAL: give the source rows the target's second moments, then fit the head on them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..core.base import METHODS
from .base import MomentMap

if TYPE_CHECKING:
    from ...solvers.mapping.affine import AffineMap


@METHODS.register("coral")
class CORAL(MomentMap):
    """Correlation alignment (Sun, Feng & Saenko, 2016, AAAI, arXiv 1511.05547).

    Each domain is standardised by itself, as in the paper; source rows are whitened and given
    the target's covariance with symmetric roots (`solvers.alignment.coral_map`); the head is
    fitted on them together with the labelled target rows, if any, which are weighted so that
    they count as much as the source does. A regularisation of 1 is the paper's, on standardised
    rows; larger ones are nearer to aligning means and variances only, and lose less where there
    are fewer rows than columns or little to align. Of several sources each is
    mapped by itself.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import CORAL
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> turned = x @ np.diag([1.0, 2.0, 5.0]) + 10
    >>> CORAL().fit(x, labels, turned).score(turned, labels) > 0.95
    True
    """

    summary = "source features aligned to the target's covariance, then the head"
    paper = "Sun, Feng & Saenko, 2016, AAAI, arXiv 1511.05547"
    needs = replace(MomentMap.needs, assumes_no_label_shift=True)

    def moment_map(self, source: np.ndarray, target: np.ndarray) -> AffineMap:
        """Return the symmetric map."""
        from ...solvers.mapping.alignment import coral_map

        return coral_map(source, target, self.reg)
