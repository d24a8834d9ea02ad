"""What the kernel subspace methods share: their parameters' checks and how a head gets rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypedDict

import numpy as np

from ...base.fields import setting
from ...base.typed import Notes
from ..core.alignment import Aligned, AlignmentMethod
from ..core.base import Features

if TYPE_CHECKING:
    from ...solvers.subspace.kernel_space import Embedding

Kernel = Literal["primal", "linear", "rbf"]


class KernelArguments(TypedDict):
    """What the family's solvers have in common."""

    xs: np.ndarray
    xt: np.ndarray
    n_components: int
    kernel: Kernel
    landmarks: int | None
    seed: int


class MeansArguments(KernelArguments):
    """The same, and the price of length."""

    reg: float


class KernelSubspace(AlignmentMethod):
    """Base: one map for both sides into a few components.

    With `unit_rows` rows have length 1 before and after, as in the published protocols.
    """

    family: ClassVar[str] = "subspace"
    n_components: int = setting(
        0,
        "Components of the common space; 0 takes 20, or twice the classes where that is more. "
        "Fewer come out where there are fewer columns or rows.",
        ge=0,
        le=100_000,
        tried=(10, 20, 50, 100),
    )
    kernel: Kernel = setting(
        "rbf",
        '"primal": axes of the features. "linear": the kernel of products. "rbf": the Gaussian '
        "kernel, its width the median distance; of many rows with landmarks.",
    )
    landmarks: int = setting(
        0,
        "Rows that stand for all in the rbf kernel (Nyström); 0 chooses by size.",
        ge=0,
        le=100_000,
    )
    unit_rows: bool = setting(
        False, "Divide rows by their length before and after, as in the published protocols."
    )
    random_state: int = setting(
        0, "Of the landmarks, and of the rows whose median distance is taken."
    )

    def given(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> KernelArguments:
        """Return what the family's solvers have in common."""
        from ...solvers.subspace.jda import unit

        return {
            "xs": unit(source.x) if self.unit_rows else source.x,
            "xt": unit(target.x) if self.unit_rows else target.x,
            "n_components": self.n_components or max(20, 2 * n_classes),
            "kernel": self.kernel,
            "landmarks": self.landmarks or None,
            "seed": seed,
        }

    def _aligned(self, found: Embedding, notes: Notes | None = None, **more: Any) -> Aligned:
        """Return an embedding of `given` rows as `align` should."""
        from ...inference.layers import UnitRows
        from ...solvers.subspace.jda import unit

        before: tuple[Any, ...] = (UnitRows(),) if self.unit_rows else ()
        steps = (*before, *found.steps)
        rows = found.source
        if self.unit_rows and not isinstance(steps[-1], UnitRows):
            steps, rows = (*steps, UnitRows()), unit(rows)
        said = {key: _plain(value) for key, value in (found.notes | (notes or {})).items()}
        return Aligned(rows, steps, steps, notes=said, **more)


class MatchedMeans(KernelSubspace):
    """Base of those that pull the sides' means together."""

    reg: float = setting(
        1.0,
        "λ, the price of W's length against the distance of means; smaller aligns harder.",
        gt=0,
        tried=(0.1, 1.0, 10.0),
    )

    def given(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> MeansArguments:
        """Return what the family's solvers have in common."""
        return {**super().given(source, target, n_classes, seed), "reg": self.reg}


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)
