"""A mixture of the network before fine-tuning and after it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...base.errors import ConfigError
from ...training.plan import Phase, TrainingPlan
from ..core.base import CLASSES, METHODS
from ..core.network import PlanContext
from .base import HeadFirst, HeadFirstConfig


@METHODS.register("wise-ft")
class WiSEFT(HeadFirst):
    """Weights between those of a head fitted on frozen features and those of fine-tuning.

    Where on the way is chosen by three-fold cross-validation on the granted labels, ends
    included, so it takes four trainings. Statistics of batch normalisation are taken afresh for
    mixed weights. Where some class has a single label, nothing can be held out, and the
    fine-tuned network is taken as it is; the run says so.
    """

    summary = "mix the weights before and after fine-tuning, the share chosen by folds"
    paper = "Wortsman et al., 2022, CVPR, Robust Fine-Tuning of Zero-Shot Models"
    needs = replace(HeadFirst.needs, target_types=CLASSES)

    @dataclass(frozen=True)
    class Config(HeadFirstConfig):
        """Options of `WiSEFT`.

        Attributes
        ----------
        head_epochs, epochs : float
            Passes over the labelled target rows with the head alone, and with everything.
        stage_decay : float
            Rate of a stage relative to the next one.
        shares : tuple of float
            What to choose from: 0 is before fine-tuning, 1 after it. 1 is always among them.
        """

        stage_decay: float = 0.8
        shares: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)

    def plan(self, context: PlanContext) -> TrainingPlan:
        """The mixture is of the network before the second phase and after it."""
        shares = self.config.shares
        if any(not 0 <= share <= 1 for share in shares):
            raise ConfigError(f"wise-ft: shares = {shares}", hint="give numbers from 0 to 1")
        return replace(super().plan(context), mix=tuple(sorted({*shares, 1.0})))

    def phases(self, context: PlanContext) -> tuple[Phase, ...]:
        """Two phases."""
        tune = self.tune(context, stage_decay=self.config.stage_decay, head_factor=1.0)
        return self.head(context), tune
