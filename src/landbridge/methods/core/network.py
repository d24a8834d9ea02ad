"""Methods that train a network: a choice of what moves, which terms act, on what schedule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

from ...base.typed import Options
from ...training.plan import Phase, TrainingPlan
from .base import Requirements


@dataclass(frozen=True)
class PlanContext:
    """What a method may know when it makes its plan.

    Attributes
    ----------
    n_classes : int
    n_source, n_target, n_labelled : int
        Labelled source rows, usable target rows, target rows with known labels.
    pretrained : bool
        Whether θ₀ knew something before the source was seen.
    same_classes : bool
        Whether source and target have classes in common.
    model : bool
        Whether the source is a model without its data.
    frozen : bool
        Whether moving the backbone costs more than the budget has: then adapting methods
        and source-only train the head on features computed once.
    steps, source_steps, batch_size : int or None
        The user's wishes; None leaves them to the method.
    learning_rate, clip : float or None
    augment : str or None
    """

    n_classes: int
    n_source: int = 0
    n_target: int = 0
    n_labelled: int = 0
    pretrained: bool = False
    same_classes: bool = True
    model: bool = False
    frozen: bool = False
    steps: int | None = None
    source_steps: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    clip: float | None = None
    augment: Literal["none", "weak", "strong"] | None = None

    def wished(self, phase: Phase) -> Phase:
        """Return a method's main phase with the user's wishes in it.

        A head that moves alone learns from stored features, which no augmentation reaches.
        """
        wishes: Options = {
            key: value
            for key, value in (
                ("steps", self.steps),
                ("batch_size", self.batch_size),
                ("learning_rate", self.learning_rate),
                ("clip", self.clip),
                ("augment", self.augment if phase.trainable == "all" else None),
            )
            if value is not None
        }
        return replace(phase, **wishes, named=phase.named or self.steps is not None)


class NetworkMethod(ABC):
    """A method with gradients. Configuration is a frozen dataclass `Config`.

    Attributes
    ----------
    family : str
        Under which heading `landbridge methods` lists it.
    step_cost, evidence : str
        What it costs and what was measured where, of methods from other distributions; ours are
        in `measured.json`.
    """

    name: ClassVar[str]
    family: ClassVar[str] = "network"
    summary: ClassVar[str]
    paper: ClassVar[str] = ""
    step_cost: ClassVar[str] = ""
    evidence: ClassVar[str] = ""
    needs: ClassVar[Requirements]
    Config: ClassVar[type]
    soup: ClassVar[bool] = False
    """Whether averages of the variants' networks are to choose from as well."""

    def __init__(self, config: Any = None) -> None:
        self.config = self.Config() if config is None else config

    @classmethod
    def from_config(cls, config: Any) -> Self:
        """Make one from an instance of `Config`."""
        return cls(config)

    @abstractmethod
    def plan(self, context: PlanContext) -> TrainingPlan:
        """Return what moves, which terms act, and on what schedule."""

    def variants(self, context: PlanContext) -> Mapping[str, TrainingPlan]:
        """Return the plans among which a fit chooses by cross-validation on target labels.

        By name, the one to take where there are too few labels to choose by first. One plan,
        the default, is simply trained.
        """
        return {"": self.plan(context)}
