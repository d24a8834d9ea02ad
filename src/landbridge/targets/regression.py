"""A number a row."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..base.errors import DataError
from ..metrics.regression import nearness, regression_metrics
from .base import Scale, TargetType, objects
from .figures import Phrases, PrimaryMetric
from .names import is_missing
from .registry import TARGET_TYPES

if TYPE_CHECKING:
    import torch

_BINS = 10
_LEAST_A_BIN = 10
_RANGES = 5


@TARGET_TYPES.register("regression")
class Regression(TargetType):
    """Numbers, float64 (n,); a network learns them in standard deviations from their mean."""

    summary = "a number"
    noun, nouns = "number", "number"
    heading = "Predicted"
    named = False
    sections = ("numbers",)
    group = "range"
    metric = PrimaryMetric("mean absolute error", True, False, nearness)
    phrases = Phrases("is off by {} on average", "by {}", "less", "more")
    strata_words = "over their range "
    directed: ClassVar[bool] = True
    method_words: ClassVar[Mapping[str, str]] = {"probe": "a simple regression on frozen features"}
    method_what: ClassVar[Mapping[str, str]] = {"probe": "ridge regression on frozen features"}
    card = "A regression on {rows}, giving one number"
    limits = "It answers with a number for every example, however strange it is."

    def parse(self, values: Sequence[Any], name: str) -> tuple[list[Any], tuple[str, ...] | None]:
        """Return numbers."""
        return [_number(v, f"{name} row {i}") for i, v in enumerate(values, 1)], None

    def holds(self, labels: np.ndarray) -> bool:
        """Whether they are floats, one a row."""
        return labels.ndim == 1 and labels.dtype.kind == "f"

    def encode(self, values: Sequence[Any], names: Sequence[str]) -> np.ndarray:
        """Return numbers, 0 for None."""
        return np.array([0.0 if v is None else float(v) for v in values], dtype=np.float64)

    def decode(self, labels: np.ndarray, names: Sequence[str]) -> list[Any]:
        """Return numbers."""
        return [float(v) for v in labels]

    def names_in(self, values: Sequence[Any]) -> set[str]:
        """Return nothing: a number is made of no names."""
        return set()

    def shown(
        self, labels: np.ndarray, labeled_mask: np.ndarray, names: tuple[str, ...]
    ) -> np.ndarray:
        """Return the one name, where any label is known."""
        return np.arange(len(names) if labeled_mask.any() else 0)

    def narrowed(
        self, labels: np.ndarray, labeled_mask: np.ndarray, keep: np.ndarray
    ) -> np.ndarray:
        """Return the known numbers, 0 elsewhere."""
        return np.where(labeled_mask, labels, 0.0)

    def reindexed(
        self,
        labels: np.ndarray,
        labeled_mask: np.ndarray,
        names: tuple[str, ...],
        into: tuple[str, ...],
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return them as they are: what the column is called does not matter."""
        return labels, labeled_mask

    def strata(self, labels: np.ndarray, labeled_mask: np.ndarray) -> np.ndarray:
        """Return the tenth in which a number lies; fewer parts of at least 10 labels each."""
        found = np.zeros(len(labels), np.int64)
        rows = np.flatnonzero(labeled_mask)
        bins = min(_BINS, max(1, len(rows) // _LEAST_A_BIN))
        order = rows[np.argsort(labels[rows], kind="stable")]
        found[order] = np.arange(len(rows)) * bins // max(1, len(rows))
        return found

    def nothing_to_learn(self, labels: np.ndarray) -> str:
        """Return the value that all of them have."""
        if len(labels) > 1 and labels.min() == labels.max():
            return f"{labels[0]:g}"
        return ""

    def n_outputs(self, n_names: int) -> int:
        """Return 1."""
        return 1

    def scale(self, labels: Sequence[np.ndarray]) -> Scale:
        """Return mean and standard deviation."""
        if not any(len(part) for part in labels):
            return Scale()
        values = np.concatenate(labels)
        std = float(values.std())
        return Scale(float(values.mean()), std if std > 0 else 1.0)

    def transform(self, labels: np.ndarray, scale: Scale) -> np.ndarray:
        """Return float32 standard deviations from the mean."""
        return ((labels - scale.mean) / scale.std).astype(np.float32)

    def inverse_transform(self, stored: np.ndarray, scale: Scale) -> np.ndarray:
        """Return numbers in the user's units."""
        return stored.astype(np.float64) * scale.std + scale.mean

    def loss(self, outputs: torch.Tensor, labels: torch.Tensor, smoothing: float) -> torch.Tensor:
        """Return the mean squared error; labels (n,) or (n, outputs)."""
        return (outputs - labels.reshape(outputs.shape).to(outputs)).square().mean(1)

    def values(self, outputs: np.ndarray, scale: Scale) -> np.ndarray:
        """Return numbers in the label's units."""
        return outputs.astype(np.float64) * scale.std + scale.mean

    def explained(
        self, outputs: np.ndarray, names: Sequence[str], scale: Scale
    ) -> tuple[str, np.ndarray]:
        """Return the number itself, in its own units."""
        return f"a higher {names[0]}", np.array([scale.std])

    def decide(self, values: np.ndarray, names: Sequence[str]) -> list[Any]:
        """Return numbers."""
        return [float(v) for v in values[:, 0]]

    def missing(self) -> Any:
        """Return NaN."""
        return float("nan")

    def as_array(self, answers: Sequence[Any]) -> np.ndarray:
        """Return float64."""
        return np.array(answers, dtype=np.float64)

    def regression_targets(self, labels: np.ndarray, n_names: int) -> np.ndarray:
        """Return the numbers themselves, in one column."""
        return labels.reshape(-1, 1)

    def truth(self, values: Sequence[Any], names: Sequence[str]) -> tuple[np.ndarray, list[str]]:
        """Return numbers, NaN for None."""
        return np.array([np.nan if v is None else float(v) for v in values]), []

    def spread(self, truth: np.ndarray) -> float:
        """Return the standard deviation of the truth."""
        return float(np.std(truth))

    def extra_metrics(self, truth: np.ndarray, values: np.ndarray) -> dict[str, float]:
        """Return `regression_metrics`."""
        return regression_metrics(truth, values[:, 0])

    def grouping(self, own: Sequence[Any]) -> Callable[[np.ndarray], np.ndarray]:
        """Return the range in which a number lies; each holds a fifth of what is answered."""
        shares = np.linspace(0, 1, _RANGES + 1)[1:-1]
        edges = np.unique(np.quantile(np.asarray(own, np.float64), shares).round(6))
        words = [f"{v:.4g}" for v in edges]
        names = [
            f"under {words[0]}",
            *(f"{a} to {b}" for a, b in itertools.pairwise(words)),
            f"from {words[-1]}",
        ]
        return lambda answers: objects(
            [None if v is None else names[np.searchsorted(edges, v, "right")] for v in answers]
        )

    def column(self) -> Any:
        """Return the Arrow type of an answer."""
        import pyarrow as pa

        return pa.float64()


def _number(value: Any, name: str) -> float | None:
    if is_missing(value) or value == "":
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.inf
    if not math.isfinite(found):
        raise DataError(
            f"{name}: the label {value!r} is not a number",
            hint="mend it, leave it empty where there is no label, or read all as classes: "
            "target_type=multiclass",
        )
    return found
