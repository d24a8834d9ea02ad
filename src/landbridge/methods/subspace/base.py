"""What the kernel subspace methods share: their parameters' checks and how a head gets rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..core.alignment import Aligned, AlignmentMethod

if TYPE_CHECKING:
    from ...solvers.subspace.kernel_space import Embedding

Kernel = Literal["primal", "linear", "rbf"]


class KernelSubspace(AlignmentMethod):
    """Base: one map for both sides into a few components.

    With `unit_rows` rows have length 1 before and after, as in the published protocols.
    """

    family: ClassVar[str] = "subspace"
    n_components: int
    unit_rows: bool

    def check(self) -> None:
        """Raise ConfigError where a number is out of range or the head unknown."""
        super().check()
        self._in_range("n_components", 0, 100_000)
        if hasattr(self, "regularisation"):
            self._in_range("regularisation", 0, float("inf"), open_low=True)
        if hasattr(self, "iterations"):
            self._in_range("iterations", 1, 1000)
        if hasattr(self, "landmarks"):
            self._in_range("landmarks", 0, 100_000)

    def _components(self, n_classes: int) -> int:
        return self.n_components or max(20, 2 * n_classes)

    def _given(self, x: Any) -> Any:
        from ...solvers.subspace.jda import unit

        return unit(x) if self.unit_rows else x

    def _aligned(
        self, found: Embedding, notes: dict[str, Any] | None = None, **more: Any
    ) -> Aligned:
        """Return an embedding of `_given` rows as `align` should."""
        from ...inference.layers import UnitRows
        from ...solvers.subspace.jda import unit

        before: tuple[Any, ...] = (UnitRows(),) if self.unit_rows else ()
        steps = (*before, *found.steps)
        rows = found.source
        if self.unit_rows and not isinstance(steps[-1], UnitRows):
            steps, rows = (*steps, UnitRows()), unit(rows)
        said = {key: _plain(value) for key, value in (found.notes | (notes or {})).items()}
        return Aligned(rows, steps, steps, notes=said, **more)


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)
