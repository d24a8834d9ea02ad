"""Fine-tuning through low-rank adapters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ...base.errors import ConfigError
from ...training.plan import Adapter, TrainingPlan
from ..core.base import METHODS
from ..core.network import PlanContext
from .base import FewParameters, TuningConfig


@METHODS.register("lora")
class LoRA(FewParameters):
    """Low-rank matrices beside linear layers and convolutions move, and the head.

    Through PEFT. At the end they are added to the weights, so that a run has an ordinary
    network; the run's folder has them in PEFT's own layout as well, below ``adapter/``.
    Grouped convolutions have no adapter, and the run says how many there were.
    """

    summary = "move low-rank matrices beside the layers, and the head"
    paper = "Hu et al., 2022, ICLR, LoRA"
    trainable = "adapters"

    @dataclass(frozen=True)
    class Config(TuningConfig):
        """Options of `LoRA`.

        Attributes
        ----------
        epochs : float
            Passes over the labelled target rows; None: those of fine-tuning.
        rank : int
        alpha : int
            What the matrices give counts alpha / rank.
        dropout : float
        modules : {"all", "linear", "convolutions"}
            Which layers get them.
        """

        rank: int = 8
        alpha: int = 16
        dropout: float = 0.0
        modules: Literal["all", "linear", "convolutions"] = "all"

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Start from the source-trained network, or θ₀."""
        own = self.config
        if own.rank < 1 or not 0 <= own.dropout < 1:
            raise ConfigError(
                f"lora: rank = {own.rank}, dropout = {own.dropout}",
                hint="give a rank from 1 on, and a dropout from 0 to under 1",
            )
        adapter = Adapter(own.rank, own.alpha, own.dropout, own.modules)
        return replace(super().plan(context), adapter=adapter)
