"""Any number of labels a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.typed import EvalResult, Notes
from ..metrics.multilabel import jaccard, multilabel_metrics, per_label_metrics
from ..solvers.calibration.score_calibration import platt
from .base import Scale, TargetType, centred, objects, plain
from .figures import Phrases, PrimaryMetric
from .names import class_name, is_missing
from .registry import TARGET_TYPES

if TYPE_CHECKING:
    import torch


SEPARATORS = (";", "|")
"""What joins labels in a cell."""


def labels_in(value: Any, mark: str) -> tuple[str, ...] | None:
    if is_missing(value):
        return None
    if not isinstance(value, str):
        name = class_name(value)
        return None if name is None else (name,)
    found = [part.strip() for part in value.split(mark)]
    return tuple(dict.fromkeys(part for part in found if part)) or None


@TARGET_TYPES.register("multilabel")
class Multilabel(TargetType):
    """A table of 0 and 1, uint8 (n, labels): each label for itself."""

    summary = "several labels at once"
    noun, nouns = "label", "labels"
    heading = "Labels"
    sections = ("several",)
    group = "labels"
    multiple = True
    metric = PrimaryMetric("Jaccard index", False, True, jaccard)
    phrases = Phrases("agrees with the true labels by {} (Jaccard index)", "by {}", "more", "less")
    card = "A classifier of {rows} that gives any number of {count}"
    limits = "It knows the labels above alone: nothing else is ever answered."

    def parse(self, values: Sequence[Any], name: str) -> tuple[list[Any], tuple[str, ...] | None]:
        """Return tuples of label names, from words joined by one of `SEPARATORS` or a comma."""
        cells = [v for v in values if isinstance(v, str)]
        mark = next((m for m in (*SEPARATORS, ",") if any(m in c for c in cells)), SEPARATORS[0])
        return [labels_in(v, mark) for v in values], None

    def holds(self, labels: np.ndarray) -> bool:
        """Whether there is a column a label."""
        return labels.ndim == 2

    def shape(self, n: int, n_names: int) -> tuple[int, ...]:
        """Return (n, labels)."""
        return (n, n_names)

    def encode(self, values: Sequence[Any], names: Sequence[str]) -> np.ndarray:
        """Return a table, a row of 0 for None."""
        place = {name: i for i, name in enumerate(names)}
        table = np.zeros((len(values), len(names)), np.uint8)
        for row, found in enumerate(values):
            for name in found or ():
                table[row, place[name]] = 1
        return table

    def decode(self, labels: np.ndarray, names: Sequence[str]) -> list[Any]:
        """Return tuples of label names."""
        return [tuple(names[int(i)] for i in np.flatnonzero(row)) for row in labels]

    def names_in(self, values: Sequence[Any]) -> set[str]:
        """Return the labels that occur."""
        return {str(name) for value in values for name in value}

    def shown(
        self, labels: np.ndarray, labeled_mask: np.ndarray, names: tuple[str, ...]
    ) -> np.ndarray:
        """Return the labels that apply to a known row."""
        return np.flatnonzero(labels[labeled_mask].any(0))

    def narrowed(
        self, labels: np.ndarray, labeled_mask: np.ndarray, keep: np.ndarray
    ) -> np.ndarray:
        """Return the columns at `keep`, 0 where not known."""
        return np.where(labeled_mask[:, None], labels, 0).astype(np.uint8)[:, keep]

    def reindexed(
        self,
        labels: np.ndarray,
        labeled_mask: np.ndarray,
        names: tuple[str, ...],
        into: tuple[str, ...],
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return columns in the order of `into`; a label that is not in `names` never applies."""
        table = np.zeros((len(labels), len(into)), np.uint8)
        for i, name in enumerate(into):
            if name in names:
                table[:, i] = labels[:, names.index(name)]
        return table, labeled_mask

    def counts(self, labels: np.ndarray, names: Sequence[str]) -> dict[str, int]:
        """Return the number of rows to which each label applies."""
        return dict(zip(names, labels.sum(0, dtype=np.int64).tolist(), strict=True))

    def transform(self, labels: np.ndarray, scale: Scale) -> np.ndarray:
        """Return float32."""
        return labels.astype(np.float32)

    def inverse_transform(self, stored: np.ndarray, scale: Scale) -> np.ndarray:
        """Return 0 and 1."""
        return (stored > 0.5).astype(np.uint8)

    def loss(self, outputs: torch.Tensor, labels: torch.Tensor, smoothing: float) -> torch.Tensor:
        """Return the mean binary cross-entropy over labels."""
        from torch.nn import functional as F

        wanted = labels.to(outputs) * (1 - smoothing) + smoothing / 2
        return F.binary_cross_entropy_with_logits(outputs, wanted, reduction="none").mean(1)

    def values(self, outputs: np.ndarray, scale: Scale) -> np.ndarray:
        """Return the probability of each label by itself."""
        return 1 / (1 + np.exp(-np.clip(outputs, -80, 80)))

    def explained(
        self, outputs: np.ndarray, names: Sequence[str], scale: Scale
    ) -> tuple[str, np.ndarray]:
        """Return the likeliest label alone."""
        best = int(np.argmax(outputs))
        return names[best], np.eye(len(outputs))[best]

    def decide(self, values: np.ndarray, names: Sequence[str]) -> list[Any]:
        """Return the labels of a probability above one half."""
        return self.decode((values > 0.5).astype(np.uint8), names)

    def agree(self, predicted: Any, true: Any) -> bool:
        """Whether all labels are right."""
        return set(predicted) == set(true)

    def regression_targets(self, labels: np.ndarray, n_names: int) -> np.ndarray:
        """Return +1 and −1."""
        return np.where(labels > 0.5, np.float32(1), np.float32(-1))

    def calibrate(
        self,
        weight: np.ndarray,
        bias: np.ndarray,
        left_out: np.ndarray,
        labels: np.ndarray,
        n_names: int,
        mean: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray, Notes]:
        """Return logits, whose sigmoid is each label's probability (Platt, 1999)."""
        bias = centred(bias, weight, mean)
        slopes, offsets = platt(left_out, labels)
        return weight * slopes[:, None], bias * slopes + offsets, {}

    def binary_columns(self, labels: np.ndarray, n_names: int) -> np.ndarray | None:
        """Return the table itself."""
        return labels

    def extra_metrics(self, truth: np.ndarray, values: np.ndarray) -> dict[str, float]:
        """Return `multilabel_metrics`."""
        return multilabel_metrics(truth, values)

    def evaluation(
        self,
        given: Sequence[Any],
        values: np.ndarray,
        names: Sequence[str],
        groups: np.ndarray | None = None,
    ) -> EvalResult:
        """Return the figures with those of each label ("per_label") and "unseen_classes"."""
        truth, strange = self.truth(given, names)
        each = per_label_metrics(truth, values)
        return {
            **super().evaluation(given, values, names, groups),
            "unseen_classes": strange,
            "per_label": {
                name: {
                    "n": int(each["n"][i]),
                    **plain({key: column[i] for key, column in each.items() if key != "n"}),
                }
                for i, name in enumerate((*names, *strange))
            },
        }

    def grouping(self, own: Sequence[Any]) -> Callable[[np.ndarray], np.ndarray]:
        """Return labels joined."""
        return lambda answers: objects(
            [None if row is None else " + ".join(sorted(row)) or "none" for row in answers]
        )

    def column(self) -> Any:
        """Return the Arrow type of an answer."""
        import pyarrow as pa

        return pa.list_(pa.string())
