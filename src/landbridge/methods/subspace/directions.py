"""What the methods on two principal subspaces share, and what they do where a side has none."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from ...base.errors import MethodError
from ...base.fields import setting
from ..core.alignment import AlignmentMethod
from ..core.base import EVERY, Features, Requirements


class Subspaces(AlignmentMethod):
    """Base of the methods that join the principal subspaces of both sides."""

    family: ClassVar[str] = "subspace"
    needs: ClassVar[Requirements] = replace(AlignmentMethod.needs, target_types=EVERY)
    n_components: int = setting(
        100,
        "Dimension of both subspaces; fewer where a side varies in fewer directions. 0: by the "
        "subspace disagreement measure, at most 100.",
        ge=0,
        tried=(10, 20, 50, 100, 200),
    )


def directions_from(source: Features, target: Features, method: str) -> tuple[bool, np.ndarray]:
    """Return whether the target varies, and the rows that stand for it: the source's where not.

    Raises
    ------
    MethodError
        Where the source does not vary.
    """
    if not _varies(source.x):
        raise MethodError(
            f"{method}: the source's rows are all the same", hint="give source rows that differ"
        )
    varies = _varies(target.x)
    return varies, target.x if varies else source.x


def _varies(x: np.ndarray) -> bool:
    return len(x) > 1 and bool((x != x[0]).any())
