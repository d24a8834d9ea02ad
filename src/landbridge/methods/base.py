"""The contract of a method: what it needs, and what it does with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from ..base.registry import Registry

Labels = Literal["labelled", "unlabelled", "none", "any"]


@dataclass(frozen=True)
class Needs:
    """What a method needs on either side.

    Attributes
    ----------
    source : {"labelled", "unlabelled", "none", "any"}
        "none": the source is not read. "any": with or without labels or no source at all.
    target : {"labelled", "unlabelled", "none", "any"}
        "labelled": at least some labels that may be used. "unlabelled": target inputs.
    gradients : bool
        False for methods on frozen features.
    shared_classes : bool
        Whether source and target must have classes in common.
    pretrained : bool
        Whether θ₀ must know something before the source is seen.
    """

    source: Labels
    target: Labels
    gradients: bool
    shared_classes: bool = False
    pretrained: bool = False


@dataclass(frozen=True)
class Features:
    """Frozen features of one side, and the labels that may be used.

    Attributes
    ----------
    x : ndarray, shape (n, d)
    labels : ndarray of int64, shape (n,)
        Index into the classes of the answer; meaningless where `known` is False.
    known : ndarray of bool, shape (n,)
    """

    x: np.ndarray
    labels: np.ndarray
    known: np.ndarray


@dataclass(frozen=True)
class AffineHead:
    """logits = x @ weight.T + bias; their softmax is the probabilities.

    Every feature method of this kind ends in one: standardisation, alignment, feature
    mapping and temperature are folded in, so a run stores two arrays.

    Attributes
    ----------
    weight : float32 ndarray, shape (classes, d)
    bias : float32 ndarray, shape (classes,)
    notes : dict
        What was chosen and measured on the way (strength, leave-one-out error, ...).
    """

    weight: np.ndarray
    bias: np.ndarray
    notes: dict[str, Any]


class FeatureMethod(ABC):
    """A method on frozen features, without gradients.

    Configuration is a frozen dataclass `Config`; the constructor takes its fields.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[str] = ""
    needs: ClassVar[Needs]
    Config: ClassVar[type]

    def __init__(self, config: Any = None) -> None:
        self.config = self.Config() if config is None else config

    @abstractmethod
    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> AffineHead:
        """Return the head for *target* features.

        Parameters
        ----------
        source : Features or None
            Source rows, if there is a source.
        target : Features
            All target rows that may be used, labelled or not.
        n_classes : int
            Number of answers; labels of both sides are indices below it.
        seed : int
            For whatever is random.
        """


METHODS: Registry[Any] = Registry("method", "landbridge.methods")
