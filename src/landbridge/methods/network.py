"""Methods that train a network: a choice of what moves, which terms act, on what schedule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from ..training.plan import Phase, TermSpec, TrainingPlan
from .base import Needs


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
    steps, source_steps, batch : int or None
        The user's wishes; None leaves them to the method.
    rate, clip : float or None
    augment : str or None
    """

    n_classes: int
    n_source: int = 0
    n_target: int = 0
    n_labelled: int = 0
    pretrained: bool = False
    same_classes: bool = True
    steps: int | None = None
    source_steps: int | None = None
    batch: int | None = None
    rate: float | None = None
    clip: float | None = None
    augment: Literal["none", "weak", "strong"] | None = None

    def main_phase(self, phase: Phase) -> Phase:
        """Return a method's main phase with the user's wishes in it."""
        wishes: dict[str, Any] = {
            key: value
            for key, value in (
                ("steps", self.steps),
                ("batch", self.batch),
                ("rate", self.rate),
                ("clip", self.clip),
                ("augment", self.augment),
            )
            if value is not None
        }
        return replace(phase, **wishes)


def steps_for(rows: int, batch: int, epochs: float, least: int, most: int) -> int:
    """Return the steps of `epochs` passes over `rows`, kept within bounds."""
    return int(min(most, max(least, round(epochs * rows / batch))))


class NetworkMethod(ABC):
    """A method with gradients. Configuration is a frozen dataclass `Config`."""

    name: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[str] = ""
    needs: ClassVar[Needs]
    Config: ClassVar[type]

    def __init__(self, config: Any = None) -> None:
        self.config = self.Config() if config is None else config

    @abstractmethod
    def plan(self, context: PlanContext) -> TrainingPlan:
        """Return what moves, which terms act, and on what schedule."""


@dataclass(frozen=True)
class TermConfig:
    """Options of every method that adapts by one term.

    Attributes
    ----------
    weight : float
        Of the term.
    target_weight : float
        λ of L_target, where target labels are there to use.
    """

    weight: float = 1.0
    target_weight: float = 1.0


class TermMethod(NetworkMethod):
    """Source loss + terms on unlabelled target rows (+ λ · L_target where there are labels)."""

    term: ClassVar[str]
    needs = Needs(source="labelled", target="unlabelled", gradients=True, shared_classes=True)
    Config = TermConfig

    def terms(self) -> tuple[TermSpec, ...]:
        """Return the terms that act."""
        return (TermSpec(self.term, self.config.weight),)

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Go on from the source-only network of the same seed."""
        return TrainingPlan(
            "source", (adapt_phase(context, self.terms(), self.config.target_weight),)
        )


def adapt_phase(
    context: PlanContext, terms: tuple[TermSpec, ...], target_weight: float = 1.0
) -> Phase:
    """Return the recipe that all adapting methods share."""
    rows = max(context.n_source, context.n_target)
    return context.main_phase(
        Phase(
            name="adapt",
            steps=steps_for(rows, 64, 20, 400, 3000),
            rate=1e-3 if not context.pretrained else 1e-4,
            target_weight=target_weight if context.n_labelled else 0.0,
            terms=terms,
            augment="weak",
            head_factor=1.0 if not context.pretrained else 10.0,
            average=0.99,
        )
    )


def source_phase(context: PlanContext) -> Phase:
    """Return the recipe for training on the source alone."""
    phase = Phase(
        name="source",
        steps=steps_for(context.n_source, 64, 10, 200, 2000),
        rate=1e-3 if not context.pretrained else 1e-4,
        augment="weak",
        head_factor=1.0 if not context.pretrained else 10.0,
    )
    phase = context.main_phase(replace(phase))
    steps = context.source_steps
    return phase if steps is None else replace(phase, steps=steps)


def tune_phase(context: PlanContext, *, name: str = "tune", epochs: float = 30) -> Phase:
    """Return the recipe for training on target labels alone."""
    return context.main_phase(
        Phase(
            name=name,
            steps=steps_for(context.n_labelled, 32, epochs, 150, 3000),
            rate=1e-3 if not context.pretrained else 1e-4,
            source_weight=0.0,
            target_weight=1.0,
            batch=32,
            augment="weak",
            head_factor=1.0 if not context.pretrained else 10.0,
        )
    )


def known_start(context: PlanContext) -> Literal["source", "backbone"]:
    """Start from what is known: the source-trained network where there is a source."""
    return "source" if context.n_source else "backbone"
