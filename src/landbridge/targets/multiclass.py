"""One of several classes a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.typed import EvalResult, Notes
from ..metrics.figures import figures
from ..solvers.calibration.score_calibration import fit_temperature
from ..solvers.calibration.softmax import softmax
from .base import Scale, TargetType, centred, plain
from .figures import Phrases, PrimaryMetric
from .names import class_name
from .registry import TARGET_TYPES

if TYPE_CHECKING:
    import torch


def hits(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return whether the likeliest class is the true one."""
    return probabilities.argmax(-1) == truth


class ClassIndices(TargetType):
    """Labels that are places in the list of classes, int64 (n,): one class a row."""

    noun, nouns = "class", "classes"
    heading = "Classes"
    exclusive = True
    least_names = 2
    sections = ("classes", "confusion", "calibration", "examples")
    truth_word = group = "class"
    card = "A classifier of {rows} into {count}"
    limits = "It knows the classes above alone: an example of any other class gets one of them."

    def parse(self, values: Sequence[Any], name: str) -> tuple[list[Any], tuple[str, ...] | None]:
        """Return class names."""
        return [class_name(value) for value in values], None

    def holds(self, labels: np.ndarray) -> bool:
        """Whether they are whole numbers, one a row."""
        return labels.ndim == 1 and labels.dtype.kind != "f"

    def encode(self, values: Sequence[Any], names: Sequence[str]) -> np.ndarray:
        """Return places in `names`, 0 for None."""
        place = {name: i for i, name in enumerate(names)}
        return np.array([0 if v is None else place[v] for v in values], dtype=np.int64)

    def decode(self, labels: np.ndarray, names: Sequence[str]) -> list[Any]:
        """Return class names."""
        return [names[i] for i in labels]

    def names_in(self, values: Sequence[Any]) -> set[str]:
        """Return the classes that occur."""
        return {str(value) for value in values}

    def shown(
        self, labels: np.ndarray, labeled_mask: np.ndarray, names: tuple[str, ...]
    ) -> np.ndarray:
        """Return the classes that known labels have."""
        return np.unique(labels[labeled_mask])

    def narrowed(
        self, labels: np.ndarray, labeled_mask: np.ndarray, keep: np.ndarray
    ) -> np.ndarray:
        """Return places among the classes at `keep`, 0 where not known."""
        highest = int(labels[labeled_mask].max()) if labeled_mask.any() else 0
        index = np.zeros(max(highest, int(keep.max(initial=0))) + 1, np.int64)
        index[keep] = np.arange(len(keep))
        return np.where(labeled_mask, index[np.where(labeled_mask, labels, 0)], 0)

    def reindexed(
        self,
        labels: np.ndarray,
        labeled_mask: np.ndarray,
        names: tuple[str, ...],
        into: tuple[str, ...],
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return places in `into`; rows of other classes are not known any more."""
        place = {name: i for i, name in enumerate(into)}
        table = np.array([place.get(name, -1) for name in names] or [-1], dtype=np.int64)
        moved = table[np.where(labeled_mask, labels, 0)]
        still = labeled_mask & (moved >= 0)
        return np.where(still, moved, 0), still

    def strata(self, labels: np.ndarray, labeled_mask: np.ndarray) -> np.ndarray:
        """Return the class."""
        return labels

    def counts(self, labels: np.ndarray, names: Sequence[str]) -> dict[str, int]:
        """Return the number of rows of each class."""
        found = np.bincount(labels, minlength=len(names))
        return dict(zip(names, found.tolist(), strict=True))

    def decide(self, values: np.ndarray, names: Sequence[str]) -> list[Any]:
        """Return the likeliest class."""
        return [names[i] for i in values.argmax(1)]

    def truth(self, values: Sequence[Any], names: Sequence[str]) -> tuple[np.ndarray, list[str]]:
        """Return places in `names`, −1 for any other class and for None."""
        place = {name: i for i, name in enumerate(names)}
        index = np.array([place.get(v, -1) for v in values], np.int64)
        return index, self.strange_names(values, names)


ACCURACY = PrimaryMetric("accuracy", False, True, hits)


@TARGET_TYPES.register("multiclass")
class Multiclass(ClassIndices):
    """One of several classes, in no order."""

    summary = "one of several classes"
    class_scores = True
    metric = ACCURACY
    phrases = Phrases("is right on {} of the examples", "on {}", "more", "fewer", "as many as")

    def regression_targets(self, labels: np.ndarray, n_names: int) -> np.ndarray:
        """Return +1 for the class and −1 for all others."""
        from ..solvers.linear.ridge import one_vs_rest

        return one_vs_rest(labels, n_names)

    def calibrate(
        self,
        weight: np.ndarray,
        bias: np.ndarray,
        left_out: np.ndarray,
        labels: np.ndarray,
        n_names: int,
        mean: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray, Notes]:
        """Return logits, by one temperature for all classes."""
        temperature = fit_temperature(left_out, labels)
        weight = weight / temperature
        return weight, centred(bias / temperature, weight, mean), {"temperature": temperature}

    def telling(self, labels: np.ndarray, n_names: int) -> np.ndarray:
        """Return all but the only row of a class, which is always wrong when left out."""
        return np.bincount(labels, minlength=n_names)[labels] > 1

    def fit_notes(
        self, left_out: np.ndarray, labels: np.ndarray, asked: np.ndarray, n_names: int
    ) -> Notes:
        """Return the accuracy of rows left out (NaN for a single one), and classes without rows."""
        right = (left_out.argmax(1) == labels)[asked]
        counts = np.bincount(labels, minlength=n_names)
        return {
            "loo_accuracy": float(right.mean()) if len(labels) > 1 else float("nan"),
            "missing_classes": np.flatnonzero(counts == 0).tolist(),
        }

    def loss(self, outputs: torch.Tensor, labels: torch.Tensor, smoothing: float) -> torch.Tensor:
        """Return the cross-entropy."""
        from torch.nn import functional as F

        return F.cross_entropy(outputs, labels, label_smoothing=smoothing, reduction="none")

    def values(self, outputs: np.ndarray, scale: Scale) -> np.ndarray:
        """Return probabilities that sum to 1."""
        if scale.temperature != 1:  # in float64, so that no two scores become equal
            return softmax(outputs.astype(np.float64) / scale.temperature)
        return softmax(outputs)

    def evaluation(
        self,
        given: Sequence[Any],
        values: np.ndarray,
        names: Sequence[str],
        groups: np.ndarray | None = None,
    ) -> EvalResult:
        """Return accuracy with its interval, and figures by class.

        Classes that are no possible answer come after `names`: every row counts in every figure.
        """
        truth, strange = self.truth(given, names)
        place = {name: i for i, name in enumerate((*names, *strange))}
        interval = self.interval(values, truth, groups)
        found = figures(
            np.array([place[name] for name in given]), values.argmax(1), n_classes=len(place)
        )
        return {
            "accuracy": int(hits(values, truth).sum()) / len(given),
            "low": interval.low,
            "high": interval.high,
            "balanced_accuracy": found.balanced_accuracy,
            "macro_f1": found.macro_f1,
            "unseen_classes": strange,
            "per_class": {
                name: {
                    "n": int(found.support[i]),
                    **plain(
                        {
                            "recall": found.recall[i],
                            "precision": found.precision[i],
                            "f1": found.f1[i],
                        }
                    ),
                }
                for name, i in place.items()
            },
        }
