"""A mixture of the network before fine-tuning and after it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...base.errors import ConfigError
from ...training.plan import TrainingPlan
from ..core.base import METHODS, Needs
from ..core.network import NetworkMethod, PlanContext
from ..core.recipes import Epochs, known_start, tune_phase
from .head_only import head_phase


@METHODS.register("wise-ft")
class WiSEFT(NetworkMethod):
    """Weights between those of a head fitted on frozen features and those of fine-tuning.

    Where on the way is chosen by three-fold cross-validation on the granted labels, ends
    included, so it takes four trainings. Statistics of batch normalisation are taken afresh for
    mixed weights. Where some class has a single label, nothing can be held out, and the
    fine-tuned network is taken as it is; the run says so.
    """

    family = "tuning"
    summary = "mix the weights before and after fine-tuning, the share chosen by folds"
    paper = "Wortsman et al., 2022, CVPR, Robust Fine-Tuning of Zero-Shot Models"
    needs = Needs(source="any", target="labelled", gradients=True)

    @dataclass(frozen=True)
    class Config:
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

        head_epochs: Epochs = None
        epochs: Epochs = None
        stage_decay: float = 0.8
        shares: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)

    def plan(self, context: PlanContext) -> TrainingPlan:
        """Two phases; the mixture is of the network before the second one and after it."""
        shares = self.config.shares
        if any(not 0 <= share <= 1 for share in shares):
            raise ConfigError(f"wise-ft: shares = {shares}", hint="give numbers from 0 to 1")
        head = head_phase(replace(context, rate=None), self.config.head_epochs)
        tune = tune_phase(context, epochs=self.config.epochs)
        tune = replace(tune, stage_decay=self.config.stage_decay, head_factor=1.0)
        mix = tuple(sorted({*shares, 1.0}))
        return TrainingPlan(known_start(context), (head, tune), mix=mix)
