"""An average of several fine-tunings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...base.errors import ConfigError
from ...training.plan import Phase, TrainingPlan
from ..core.base import CLASSES, METHODS
from ..core.network import PlanContext
from ..core.recipes import initial_weights
from .base import HeadFirst, HeadFirstConfig


@METHODS.register("soup")
class Soup(HeadFirst):
    """Fine-tunings from one start with other rates, augmentations and orders, averaged.

    All begin from the same fitted head, or their weights would lie too far apart for a mean.
    What answers is chosen by three-fold cross-validation on the granted labels: one of them,
    the mean of all (uniform soup), or the mean of those that do no harm (greedy soup). That
    takes up to four trainings for each.
    """

    summary = "average several fine-tunings, which ones chosen by folds"
    paper = "Wortsman et al., 2022, ICML, Model Soups"
    needs = replace(HeadFirst.needs, target_types=CLASSES)
    soup = True

    @dataclass(frozen=True)
    class Config(HeadFirstConfig):
        """Options of `Soup`.

        Attributes
        ----------
        head_epochs, epochs : float
            Passes over the labelled target rows with the head alone, and with everything.
        learning_rate_factors : tuple of float
            Rates relative to that of fine-tuning.
        orders : int
            Fine-tunings for each rate, with other batches; every second one is augmented
            strongly, where the user does not ask for one augmentation.
        """

        learning_rate_factors: tuple[float, ...] = (1.0, 0.3)
        orders: int = 2

    def phases(self, context: PlanContext) -> tuple[Phase, ...]:
        """Those of the first of the variants."""
        return next(iter(self.variants(context).values())).phases

    def variants(self, context: PlanContext) -> Mapping[str, TrainingPlan]:
        """Return a plan for each rate and order."""
        own = self.config
        factors = own.learning_rate_factors
        if not factors or min(factors) <= 0 or not 1 <= own.orders <= 20:
            raise ConfigError(
                f"soup: learning_rate_factors = {factors}, orders = {own.orders}",
                hint="give factors over 0, and from 1 to 20 orders",
            )
        head, tune = self.head(context), self.tune(context, head_factor=1.0)
        found = {}
        for factor in factors:
            for order in range(own.orders):
                strong = order % 2 == 1 and context.augment is None
                # The name seeds the batches, so another name is another order.
                phase = replace(
                    tune,
                    name=f"tune {order + 1}",
                    learning_rate=tune.learning_rate * factor,
                    augment="strong" if strong else tune.augment,
                )
                name = f"rate {factor:g}, order {order + 1}"
                found[name] = TrainingPlan(initial_weights(context), (head, phase))
        return found
