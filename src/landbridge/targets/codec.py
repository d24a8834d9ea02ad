"""How the outputs of one model are read as answers, and labels stored for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.errors import ConfigError, RunError
from ..base.typed import JsonObject
from .base import Scale, TargetType
from .registry import get_target_type, stored_target_type


@dataclass(frozen=True)
class TargetCodec:
    """What a run's outputs mean.

    Attributes
    ----------
    target_type : TargetType
        The kind of label, see `TARGET_TYPES`.
    classes : tuple of str
        Classes, labels, or the one name of a number, in the order of the answers.
    mean, std : float
        Of the granted labels where they are numbers: a network learns (label − mean) / spread.
    temperature : float
        By which scores of classes are divided before they become probabilities; the answer is
        the same with any.

    Examples
    --------
    >>> codec = TargetCodec(get_target_type("regression"), ("age",), mean=50, std=10)
    >>> codec.transform(np.array([[-1.0]])).tolist()
    [[40.0]]
    """

    target_type: TargetType
    classes: tuple[str, ...]
    mean: float = 0.0
    std: float = 1.0
    temperature: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "target_type", get_target_type(self.target_type))

    @classmethod
    def of(
        cls,
        target_type: str | TargetType,
        classes: Sequence[str],
        labels: Sequence[np.ndarray] = (),
    ) -> TargetCodec:
        """Return the codec, on the scale of all granted labels."""
        kind = get_target_type(target_type)
        scale = kind.scale(labels)
        return cls(kind, tuple(classes), scale.mean, scale.std)

    @property
    def scale(self) -> Scale:
        """What turns labels into what is learned, and outputs into probabilities."""
        return Scale(self.mean, self.std, self.temperature)

    @property
    def n_outputs(self) -> int:
        """How many outputs a head has."""
        return self.target_type.n_outputs(len(self.classes))

    def encode(self, labels: np.ndarray) -> np.ndarray:
        """Return labels as a network learns them."""
        return self.target_type.transform(labels, self.scale)

    def decode(self, stored: np.ndarray) -> np.ndarray:
        """Return labels in the user's units, from what `encode` made of them."""
        return self.target_type.inverse_transform(stored, self.scale)

    def transform(self, outputs: np.ndarray) -> np.ndarray:
        """Return outputs (..., n_outputs) as probabilities, or as numbers in the label's units.

        Probabilities sum to 1 over the classes; those of several labels are each for itself.
        """
        return self.target_type.values(outputs, self.scale)

    def predict(self, values: np.ndarray) -> list[Any]:
        """Return what is answered, from values (n, k): names, numbers, or tuples of names."""
        return self.target_type.decide(values, self.classes)

    def to_dict(self) -> JsonObject:
        """Return plain values, as ``labels.json`` holds them."""
        found: JsonObject = {"classes": list(self.classes), "target_type": self.target_type.name}
        if not self.target_type.named:
            found |= {"mean": self.mean, "spread": self.std}
        if self.temperature != 1:
            found["temperature"] = self.temperature
        return found

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TargetCodec:
        """Read what `to_dict` gave; a run of an older version answers classes.

        Raises
        ------
        RunError
            Where outputs cannot be read so.
        """
        classes = values["classes"]
        std, temperature = values.get("spread", 1.0), values.get("temperature", 1.0)
        try:
            kind = stored_target_type(values)
        except (ConfigError, TypeError):
            kind = None
        if (
            kind is None
            or not classes
            or len(set(classes)) < len(classes)
            or not (kind.named or len(classes) == 1)
            or not (std > 0 and temperature > 0)
        ):
            raise RunError(
                "labels.json does not say how outputs are read: target type "
                f"{values.get('target_type', values.get('answers'))!r}, "
                f"{len(classes)} classes, std {std}, temperature {temperature}",
                hint="restore it, or run again",
            )
        return cls(
            kind,
            tuple(classes),
            float(values.get("mean", 0.0)),
            float(std),
            float(temperature),
        )
