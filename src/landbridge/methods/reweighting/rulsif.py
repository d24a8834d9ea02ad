"""RuLSIF: the relative density ratio by least squares."""

from __future__ import annotations

from ...base.fields import setting
from ..core.base import METHODS
from .ulsif import ULSIF


@METHODS.register("rulsif")
class RULSIF(ULSIF):
    """Relative least-squares importance fitting (Yamada et al., 2011, NIPS 24).

    Like `ULSIF`, for the ratio of the target to a mixture of target and source: bounded, so that
    no few rows can carry the answer.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import RULSIF
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 150)
    >>> x = rng.normal(size=(300, 3)) + 3 * labels[:, None]
    >>> RULSIF().fit(x, labels, x[::2] + 0.3).score(x, labels) > 0.95
    True
    """

    summary = "source weighted by the bounded relative density ratio, least squares"
    paper = "Yamada, Suzuki, Kanamori, Hachiya & Sugiyama, 2011, NIPS 24"

    relative: float = setting(
        0.1,
        "β in [0, 1): the share of the target in the mixture that the target is compared "
        "with. Weights are at most 1/β times their mean or so. 0 is uLSIF.",
        ge=0,
        le=0.999,
    )
