"""BDA: JDA with a balance between all rows and the classes, and with class shares."""

from __future__ import annotations

from ...base.fields import setting
from ..core.base import METHODS
from .jda import JDA


@METHODS.register("bda")
class BDA(JDA):
    """Balanced distribution adaptation (Wang et al., 2017, ICDM).

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

    summary = "JDA with a balance of rows and classes, and with class shares"
    paper = "Wang, Chen, Hao, Feng & Shen, 2017, ICDM, arXiv 1807.00516"

    balance: float = setting(
        0.5,
        "From 0 (only the means of all rows: TCA) to 1 (only those of classes); 0.5 is JDA's.",
        ge=0,
        le=1,
    )
    priors: bool = setting(
        True,
        "W-BDA: each class counts by its share on either side, for shifted class shares.",
    )
