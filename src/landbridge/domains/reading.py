"""How the outputs of a network are read as answers, and labels stored for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.errors import RunError
from ..solvers.softmax import softmax
from .answers import KINDS, Answers, plain_labels


@dataclass(frozen=True)
class Reading:
    """What a run's outputs mean.

    Attributes
    ----------
    answers : {"classes", "numbers", "several"}
    classes : tuple of str
        Classes, labels, or the one name of a number, in the order of the outputs.
    mean, spread : float
        Of the granted labels where they are numbers: a network learns (label − mean) / spread.
    temperature : float
        By which scores of classes are divided before they become probabilities; the answer is
        the same with any.

    Examples
    --------
    >>> Reading("numbers", ("age",), mean=50, spread=10).values(np.array([[-1.0]])).tolist()
    [[40.0]]
    """

    answers: Answers
    classes: tuple[str, ...]
    mean: float = 0.0
    spread: float = 1.0
    temperature: float = 1.0

    @classmethod
    def of(
        cls, answers: Answers, classes: Sequence[str], labels: Sequence[np.ndarray] = ()
    ) -> Reading:
        """Return the reading, with the mean and spread of all granted labels of numbers."""
        if answers != "numbers" or not any(len(part) for part in labels):
            return cls(answers, tuple(classes))
        values = np.concatenate(labels)
        spread = float(values.std())
        return cls(answers, tuple(classes), float(values.mean()), spread if spread > 0 else 1.0)

    def stored(self, labels: np.ndarray) -> np.ndarray:
        """Return labels as a network learns them: float32 for numbers and several."""
        if self.answers == "classes":
            return labels
        if self.answers == "numbers":
            return ((labels - self.mean) / self.spread).astype(np.float32)
        return labels.astype(np.float32)

    def restored(self, stored: np.ndarray) -> np.ndarray:
        """Return labels in the user's units, from what `stored` made of them."""
        if self.answers == "classes":
            return stored
        if self.answers == "numbers":
            return stored.astype(np.float64) * self.spread + self.mean
        return (stored > 0.5).astype(np.uint8)

    def values(self, outputs: np.ndarray) -> np.ndarray:
        """Return outputs (..., k) as probabilities, or as numbers in the label's units.

        Probabilities sum to 1 over the classes; those of several labels are each for itself.
        """
        if self.answers == "numbers":
            return outputs.astype(np.float64) * self.spread + self.mean
        if self.answers == "several":
            return 1 / (1 + np.exp(-np.clip(outputs, -80, 80)))
        if self.temperature != 1:  # in float64, so that no two scores become equal
            return softmax(outputs.astype(np.float64) / self.temperature)
        return softmax(outputs)

    def decided(self, values: np.ndarray) -> list[Any]:
        """Return what is answered, from values (n, k): names, numbers, or tuples of names."""
        if self.answers == "numbers":
            return [float(v) for v in values[:, 0]]
        if self.answers == "several":
            return plain_labels((values > 0.5).astype(np.uint8), self.classes)
        return [self.classes[i] for i in values.argmax(1)]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as ``labels.json`` holds them."""
        found: dict[str, Any] = {"classes": list(self.classes), "answers": self.answers}
        if self.answers == "numbers":
            found |= {"mean": self.mean, "spread": self.spread}
        if self.temperature != 1:
            found["temperature"] = self.temperature
        return found

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Reading:
        """Read what `to_dict` gave; a run of an older version answers classes.

        Raises
        ------
        RunError
            Where outputs cannot be read so.
        """
        answers, classes = values.get("answers", "classes"), values["classes"]
        spread, temperature = values.get("spread", 1.0), values.get("temperature", 1.0)
        if (
            answers not in KINDS
            or not classes
            or len(set(classes)) < len(classes)
            or (answers == "numbers" and len(classes) != 1)
            or not (spread > 0 and temperature > 0)
        ):
            raise RunError(
                f"labels.json does not say how outputs are read: answers {answers!r}, "
                f"{len(classes)} classes, spread {spread}, temperature {temperature}",
                do="restore it, or run again",
            )
        return cls(
            values.get("answers", "classes"),
            tuple(values["classes"]),
            float(values.get("mean", 0.0)),
            float(values.get("spread", 1.0)),
            float(values.get("temperature", 1.0)),
        )
