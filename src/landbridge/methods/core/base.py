"""The contract of a method: what it needs, and what it does with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ...base.registry import Registry
from ...base.typed import Notes
from ...targets.base import TargetType
from ...targets.registry import every_type, get_target_type, type_of_target

if TYPE_CHECKING:
    from ...inference.clip import Bounded
    from ...inference.layers import HeadLayer

Labels = Literal["labelled", "model", "unlabelled", "none", "any"]
EVERY = every_type()
CLASSES: frozenset[str] = frozenset(("multiclass",))
NUMBERS: frozenset[str] = frozenset(("regression",))


@dataclass(frozen=True)
class Requirements:
    """What a method needs on either side.

    Attributes
    ----------
    source : {"labelled", "model", "unlabelled", "none", "any"}
        "none": the source is not read. "any": with or without labels or no source at all.
        "model": a model trained on the source is enough, and its data are not read; where there
        are labelled data, such a model is trained on them first.
    target : {"labelled", "unlabelled", "none", "any"}
        "labelled": at least some labels that may be used. "unlabelled": target inputs.
    gradients : bool
        False for methods on frozen features.
    shared_classes : bool
        Whether source and target must have classes in common.
    pretrained : bool
        Whether θ₀ must know something before the source is seen.
    assumes_no_label_shift : bool
        Whether it goes wrong where the classes' shares differ: it makes the domains alike as a
        whole, or wants all classes equally often.
    teacher : bool
        Whether a finished run has to be named that teaches.
    signal : bool
        Whether what goes into the network has to be a signal that can change a little everywhere.
    target_types : frozenset of str
        Which kinds of label it can learn (`landbridge.targets`); `EVERY` of them, or classes
        alone by default.
    warning : str
        Where it is known to hurt, in half a sentence; "" where it is not known to.
    """

    source: Labels
    target: Labels
    gradients: bool
    shared_classes: bool = False
    pretrained: bool = False
    assumes_no_label_shift: bool = False
    teacher: bool = False
    signal: bool = False
    target_types: frozenset[str] = CLASSES
    warning: str = ""


UNSUPERVISED = Requirements(
    source="labelled", target="unlabelled", gradients=False, shared_classes=True
)
"""Needs of what adapts features from a labelled source to a target without labels."""


@dataclass(frozen=True)
class Features:
    """Frozen features of one side, and the labels that may be used.

    Attributes
    ----------
    x : ndarray, shape (n, d)
    labels : ndarray of int64, shape (n,)
        Index into the classes of the answer; meaningless where `labeled_mask` is False. float (n,)
        where the answers are numbers, (n, k) of 0 and 1 where they are several.
    labeled_mask : ndarray of bool, shape (n,)
    domain : ndarray of int64, shape (n,), optional
        Which of several sources, or targets, a row is of; None for one.
    target_type : TargetType
        The kind of label; as the array looks where not given.
    bounded : {"", "columns", "directions"}
        What linear heads clip to about the range of the rows that they are fitted on: each
        column, where x is a table, which nothing keeps within a range; principal directions as
        well, where a network that knows no more than the table made x of it, and one column that
        leaves its range moves many features a little. "": nothing.
    """

    x: np.ndarray
    labels: np.ndarray
    labeled_mask: np.ndarray
    domain: np.ndarray | None = None
    target_type: TargetType = None  # type: ignore[assignment]  # said below
    bounded: Bounded = ""

    def __len__(self) -> int:
        return len(self.x)

    def __post_init__(self) -> None:
        kind = self.target_type
        own = type_of_target(self.labels) if kind is None else get_target_type(kind)
        object.__setattr__(self, "target_type", own)

    def with_x(self, x: np.ndarray) -> Features:
        """Return the same rows with other features."""
        return replace(self, x=x)

    def only(self, rows: np.ndarray) -> Features:
        """Return some of the rows, by mask or number."""
        domain = None if self.domain is None else self.domain[rows]
        return Features(
            *(self.x[rows], self.labels[rows], self.labeled_mask[rows], domain),
            *(self.target_type, self.bounded),
        )

    def parts(self) -> list[np.ndarray]:
        """Return the row numbers of each domain."""
        if self.domain is None:
            return [np.arange(len(self.x))]
        return [np.flatnonzero(self.domain == d) for d in np.unique(self.domain)]


class Head:
    """Steps from features to logits, whose softmax is the probabilities.

    Parameters
    ----------
    steps : sequence of HeadLayer
        Neighbouring affine steps are folded into one.
    notes : dict
        What was chosen and measured on the way (strength, leave-one-out error, ...): plain
        values.
    """

    def __init__(self, steps: Sequence[HeadLayer], notes: Notes | None = None) -> None:
        from ...inference.layers import folded

        self.steps = folded(steps)
        self.notes: Notes = {} if notes is None else notes

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Return the scores of rows, (n, classes), in x's float type."""
        from ...inference.layers import apply

        return apply(self.steps, x)

    def noted(self, name: str) -> float:
        """Return a note that is a number."""
        found = self.notes[name]
        assert isinstance(found, int | float)
        return found

    def after(self, steps: Sequence[HeadLayer]) -> Head:
        """Return the head of x, where this is one of x after `steps`."""
        return Head([*steps, *self.steps], self.notes)

    @property
    def affine(self) -> AffineHead | None:
        """The same as two arrays, or None where it has more than one affine step."""
        from ...inference.layers import Affine

        if len(self.steps) != 1 or not isinstance(self.steps[0], Affine):
            return None
        step = self.steps[0]
        weight = np.diag(step.matrix) if step.matrix.ndim == 1 else step.matrix.T
        return AffineHead(weight, step.offset, self.notes)


class AffineHead(Head):
    """logits = x @ weight.T + bias.

    Most feature methods end in one: standardisation, alignment, feature mapping and temperature
    are folded in, so a run stores two arrays.

    Parameters
    ----------
    weight : ndarray, shape (classes, d)
    bias : ndarray, shape (classes,)
    notes : dict
    """

    def __init__(self, weight: np.ndarray, bias: np.ndarray, notes: Notes | None = None) -> None:
        from ...inference.layers import Affine

        super().__init__([Affine(weight.T, bias)], notes)
        self.weight = weight
        self.bias = bias


__all__ = [
    "CLASSES",
    "EVERY",
    "METHODS",
    "NUMBERS",
    "UNSUPERVISED",
    "AffineHead",
    "Features",
    "Head",
    "Labels",
    "Requirements",
]

METHODS: Registry[Any] = Registry("method", "landbridge.methods")
