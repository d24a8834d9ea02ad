"""What subspace methods do where a side has no subspace."""

from __future__ import annotations

import numpy as np

from ...base.errors import MethodError
from ..core.base import Features


def directions_from(source: Features, target: Features, method: str) -> tuple[bool, np.ndarray]:
    """Return whether the target varies, and the rows that stand for it: the source's where not.

    Raises
    ------
    MethodError
        Where the source does not vary.
    """
    if not _varies(source.x):
        raise MethodError(
            f"{method}: the source's rows are all the same", do="give source rows that differ"
        )
    varies = _varies(target.x)
    return varies, target.x if varies else source.x


def _varies(x: np.ndarray) -> bool:
    return len(x) > 1 and bool((x != x[0]).any())
