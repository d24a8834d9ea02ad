"""The contract of a transfer term T_k: one file each, a pure function and its `Term`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import nn
from torch.nn import functional as F

from ..backbones.surgery import Network
from ..base.registry import Registry
from ..targets.registry import every_type

if TYPE_CHECKING:
    from .perturb import InputRange


@dataclass
class ViewOutputs:
    """One batch after the network.

    Attributes
    ----------
    features : float tensor (n, d)
    logits : float tensor (n, classes)
    labels : tensor (n,), or None where the term may not have them
        int64 index of the answer; floats where the answers are numbers or several.
    rows : int64 tensor (n,), or None
        Where each one stands among the rows of its side: what a term that remembers goes by.
    inputs : tensor (n, ...), or None
        What went into the network.
    maps : tuple of tensors
        What each stage of the backbone gave, for terms with `maps`.
    anchor : ViewOutputs or None
        What the network at its start says of the same inputs, for terms with `anchored`.
    """

    features: torch.Tensor
    logits: torch.Tensor
    labels: torch.Tensor | None = None
    rows: torch.Tensor | None = None
    inputs: torch.Tensor | None = None
    maps: tuple[torch.Tensor, ...] = ()
    anchor: ViewOutputs | None = None


@dataclass
class StepBatch:
    """What a term sees of one training step. Sealed labels are never in it.

    Attributes
    ----------
    source : ViewOutputs or None
        Labelled source batch.
    target : ViewOutputs or None
        Unlabelled target batch (weak view).
    strong : ViewOutputs or None
        The same target rows, strongly augmented.
    labelled : ViewOutputs or None
        Target rows whose labels the setting grants, for terms that ask for them.
    teacher : float tensor (n, classes) or None
        ``target.logits`` detached: what teaches the strong view.
    progress : float
        Share of the phase that is done, in [0, 1).
    other, other_strong : ViewOutputs or None
        Source rows with or without labels, weak and strong; None where there is no source.
    taught : tuple of ViewOutputs
        The batches that L_source and L_target learn from, for terms that ask for them.
    """

    source: ViewOutputs | None
    target: ViewOutputs | None
    strong: ViewOutputs | None
    teacher: torch.Tensor | None
    progress: float
    labelled: ViewOutputs | None = None
    other: ViewOutputs | None = None
    other_strong: ViewOutputs | None = None
    taught: tuple[ViewOutputs, ...] = ()


@dataclass
class PhaseContext:
    """What a term may know of its phase before the first step.

    Attributes
    ----------
    network : Network
        As it is trained.
    start : Network or None
        As the plan began with it: it stands still, in evaluation mode. Not None for terms that
        have `prepare` or `begin`.
    rows : mapping of str to int
        How many rows "source", "target" and "labelled" have to draw from, 0 where a side is
        not read.
    sizes : mapping of str to int
        How many rows "source" and "target" have altogether: `ViewOutputs.rows` are under that.
    pretrained_head : Linear or None
        The head that θ₀ had for the classes it knew, where there is one.
    outputs : callable (side) -> (features, logits)
        What `network` says of all rows of "source" or "target" now, in evaluation mode.
    labels : callable (side) -> tensor (n,)
        Labels of all rows of "source" or "target", -1 where they are not granted.
    labeled_mask : callable (side) -> bool tensor (n,)
        Which labels are granted: a number may be -1 and known.
    loss : callable (logits, labels) -> tensor
        The mean loss of rows, of this run's kind of answer.
    teacher : float tensor (n, classes) or None
        Logits of a teacher for all rows of "target"; NaN where it says nothing of a row.
    inputs : callable (side, rows) -> tensor
        What goes into the network for these rows of "source" or "target", not augmented.
    input_range : InputRange or None
        Where these numbers lie, where they are a signal of which every one may change a little,
        and the network is run on them; None on stored features and for all else.
    """

    network: Network
    start: Network | None = None
    rows: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    pretrained_head: nn.Linear | None = None
    outputs: Callable[[str], tuple[torch.Tensor, torch.Tensor]] | None = None
    labels: Callable[[str], torch.Tensor] | None = None
    labeled_mask: Callable[[str], torch.Tensor] | None = None
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = F.cross_entropy
    inputs: Callable[[str, torch.Tensor], torch.Tensor] | None = None
    teacher: torch.Tensor | None = None
    input_range: InputRange | None = None


class Term(nn.Module, ABC):
    """A transfer term. Parameters it registers are trained with the network.

    Parameters
    ----------
    dim : int
        Width of the features.
    n_classes : int
        Number of answers.
    config : Config, optional
        The term's own options.

    Attributes
    ----------
    views : frozenset of {"source", "target", "strong", "labelled", "other", "taught"}
        Which batches it needs; "other" is there where a source is; "taught" are those that the
        phase learns from anyhow.
    anchored : bool
        Whether `ViewOutputs.anchor` is to be there.
    maps : bool
        Whether `ViewOutputs.maps` are to be there.
    knows : bool
        Whether `PhaseContext.known_head` is to be there.
    through_features : bool
        Whether it reaches the network through its features alone: where these stand still, the
        head learns nothing from it.
    perturbs_inputs : bool
        Whether it changes what goes into the network, and needs a signal there.
    target_types : frozenset of {"multiclass", "regression", "multilabel"}
        Kinds of answer that it makes sense for: `EVERY` where it looks at features alone.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[str]
    views: ClassVar[frozenset[str]]
    anchored: ClassVar[bool] = False
    maps: ClassVar[bool] = False
    knows: ClassVar[bool] = False
    through_features: ClassVar[bool] = False
    perturbs_inputs: ClassVar[bool] = False
    target_types: ClassVar[frozenset[str]] = frozenset(("multiclass",))
    Config: ClassVar[type]

    def __init__(self, dim: int, n_classes: int, config: Any = None) -> None:
        super().__init__()
        self.dim = dim
        self.n_classes = n_classes
        self.config: Any = self.Config() if config is None else config

    def prepare(self, setting: PhaseContext) -> None:
        """Make buffers and modules that depend on the phase; before a checkpoint is read."""

    def begin(self, setting: PhaseContext) -> None:
        """Fill what the first step needs; not called where a checkpoint is gone on from."""

    def source_weights(self, step: StepBatch) -> torch.Tensor | None:
        """Return how much each source row counts in L_source, (n,), or None for all alike."""
        return None

    @classmethod
    def extra_passes(cls, config: Any) -> float:
        """Return how often rows go through the network and back beside the views, by options."""
        return 0.0

    def note(self) -> str:
        """Return what there is to say of it at the end of a phase; "" where nothing is."""
        return ""

    @classmethod
    def looks_back(cls) -> bool:
        """Say whether it asks how the network was when the plan began."""
        return cls.anchored or cls.prepare is not Term.prepare or cls.begin is not Term.begin

    @abstractmethod
    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return the scalar to minimise."""


def at_least_single(x: torch.Tensor) -> torch.Tensor:
    """Return half-precision values as float32, others as they are."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


__all__ = ["EVERY", "TERMS", "PhaseContext", "StepBatch", "Term", "ViewOutputs", "at_least_single"]

EVERY = every_type()
TERMS: Registry[type[Term]] = Registry("term", "landbridge.objectives")
