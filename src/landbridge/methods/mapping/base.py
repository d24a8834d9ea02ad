"""What the maps between the two domains' moments share."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ...base.fields import setting
from ...inference.layers import Affine
from ..core.alignment import Aligned, AlignmentMethod
from ..core.base import EVERY, Features, Requirements

if TYPE_CHECKING:
    from ...solvers.mapping.affine import AffineMap


class Regularised(AlignmentMethod):
    """Base of maps by means and covariances."""

    family: ClassVar[str] = "mapping"
    needs: ClassVar[Requirements] = replace(AlignmentMethod.needs, target_types=EVERY)
    reg: float = setting(
        30.0,
        "Added to the diagonal of the covariances, relative to their mean variance. Larger means "
        "nearer to a shift of means and variances.",
        ge=0,
        tried=(1.0, 3.0, 10.0, 30.0, 100.0),
    )


class MomentMap(Regularised):
    """Base: a subclass writes `moment_map`. Of several sources each is mapped by itself."""

    @abstractmethod
    def moment_map(self, source: np.ndarray, target: np.ndarray) -> AffineMap:
        """Return the map that gives source rows the target's mean and covariance."""

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Map source rows to the target's moments; target rows stay."""
        notes = {"regularisation": self.reg, "aligned": len(target) > 1}
        if len(target) < 2:  # one row has no covariance: nothing to align with
            return Aligned(source.x, (), (), notes=notes)
        rows = np.empty_like(source.x)
        steps = []
        for part in source.parts():
            found = self.moment_map(source.x[part], target.x)
            rows[part] = found(source.x[part])
            steps.append(Affine(found.matrix, found.offset))
        return Aligned(rows, (), tuple(steps) if len(steps) == 1 else None, notes=notes)
