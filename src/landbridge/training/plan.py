"""What a method asks of the one loop: phases, each a choice of what moves and what acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ..domains.modalities.base import Strength

Start = Literal["backbone", "random", "source"]
Moves = str
"""Which parameters move: see `training/trainable.py`."""


@dataclass(frozen=True)
class TermSpec:
    """One transfer term in a phase.

    Attributes
    ----------
    name : str
        In the registry of terms.
    weight : float
        w_k at full strength.
    ramp : float
        Share of the phase over which the weight rises linearly from 0; 0 for none.
    options : mapping
        Fields of the term's configuration.
    """

    name: str
    weight: float = 1.0
    ramp: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)

    def strength(self, progress: float) -> float:
        """Return the weight at this share of the phase."""
        return self.weight if progress >= self.ramp else self.weight * progress / self.ramp


@dataclass(frozen=True)
class Phase:
    """One stretch of training under one objective.

    Attributes
    ----------
    name : str
        For the log: "source", "adapt", "probe", "tune".
    steps : int
    learning_rate : float
        Peak learning rate.
    source_weight, target_weight : float
        Weights of L_source and L_target (λ); 0 leaves the loss and its batch out.
    terms : tuple of TermSpec
    batch_size : int
        Rows of each batch (source, labelled target, unlabelled target).
    optimizer : {"adamw", "sgd"}
    weight_decay : float
        Decoupled; not applied to biases and normalisation.
    warmup : float
        Share of the steps over which the rate rises; then it falls along a cosine.
    trainable : str
        Which parameters move, in the words of `training/trainable.py`: "all", "head", "backbone",
        "norms", "biases", "last:2", ... With "head" the backbone runs once, in evaluation mode,
        and its features are reused. A stage of which nothing moves is in evaluation mode.
    l2_sp_strength : float
        How strongly the backbone is pulled back to where the plan began: each step it goes
        rate · pull of the way (L2-SP, decoupled from the gradient; Li et al., 2018, ICML).
    stage_decay : float
        Rate of a stage = rate · stage_decay^(stages between it and the head).
    head_factor : float
        Rate of the head relative to `learning_rate`.
    augment : {"none", "weak", "strong"}
        Of labelled batches. Unlabelled target rows get "weak" where this is not "none".
    clip : float or None
        Largest gradient norm.
    average : float or None
        Decay of an exponential moving average of the network, which is what the phase
        returns.
    by_domain : bool
        Each domain goes through the network by itself, so that batch normalisation sees one
        domain at a time; else one forward pass for all batches.
    renormalise : bool
        At the end, take the running statistics of batch normalisation afresh from
        unlabelled target rows (AdaBN; Li et al., 2018, Pattern Recognition 80).
    smoothing : float
        Label smoothing of L_source and L_target.
    named : bool
        Whether the user named the number of steps: no budget shortens it then.
    """

    name: str
    steps: int
    learning_rate: float
    source_weight: float = 1.0
    target_weight: float = 0.0
    terms: tuple[TermSpec, ...] = ()
    batch_size: int = 64
    optimizer: Literal["adamw", "sgd"] = "adamw"
    weight_decay: float = 1e-4
    warmup: float = 0.1
    trainable: Moves = "all"
    l2_sp_strength: float = 0.0
    stage_decay: float = 1.0
    head_factor: float = 1.0
    augment: Strength = "none"
    clip: float | None = 5.0
    average: float | None = None
    by_domain: bool = False
    renormalise: bool = False
    smoothing: float = 0.0
    named: bool = False

    @property
    def on_stored(self) -> bool:
        """Whether its steps are taken on features that are computed once."""
        return self.trainable == "head" and self.augment == "none"

    def scaled(self, factor: float, least: int = 20) -> Phase:
        """Return the phase with its steps scaled, or as it is where they were named."""
        if self.named:
            return self
        return replace(self, steps=max(min(least, self.steps), round(self.steps * factor)))


@dataclass(frozen=True)
class Adapter:
    """Low-rank matrices beside the backbone's layers (LoRA; Hu et al., 2022, ICLR).

    Attributes
    ----------
    rank : int
    alpha : int
        What they give counts alpha / rank.
    dropout : float
        Of what goes into them.
    modules : {"all", "linear", "convolutions"}
        Which layers get them.
    """

    rank: int = 8
    alpha: int = 16
    dropout: float = 0.0
    modules: Literal["all", "linear", "convolutions"] = "all"


@dataclass(frozen=True)
class TrainingPlan:
    """Where training starts, and its phases in order.

    Attributes
    ----------
    start : {"backbone", "random", "source"}
        θ₀ as opened, the same architecture at random, or the network trained on the source
        alone with the same seed.
    phases : tuple of Phase
    keep_stages : float
        Share of θ₀'s stages, from the input on, whose tensors are kept; the others start
        afresh.
    adapter : Adapter or None
        What is put into the backbone before training, and merged with it at the end.
    mix : tuple of float
        Mixtures of the network before the last phase (0) and after it (1) to choose among by
        cross-validation; empty for the network as it is after it (WiSE-FT; Wortsman et al.,
        2022, CVPR).
    """

    start: Start
    phases: tuple[Phase, ...]
    keep_stages: float = 1.0
    adapter: Adapter | None = None
    mix: tuple[float, ...] = ()

    @property
    def steps(self) -> int:
        """Steps of all phases together."""
        return sum(phase.steps for phase in self.phases)

    def scaled(self, factor: float) -> TrainingPlan:
        """Return the plan with every phase's steps scaled, but for those that were named."""
        return replace(self, phases=tuple(phase.scaled(factor) for phase in self.phases))
