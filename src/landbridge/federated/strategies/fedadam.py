"""FedAdam: the server steps along the clients' mean change as Adam does along a gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...base.fields import setting
from ..arrays import Arrays, added, named, under, zeros
from ..learner import Learner
from .base import STRATEGIES, RoundStrategy


@STRATEGIES.register("fedadam")
@dataclass(frozen=True)
class FedAdam(RoundStrategy):
    """The mean change is a gradient for Adam at the server."""

    summary = "the server takes Adam's steps along the mean change"
    paper = "Reddi et al., 2021, ICLR"

    learning_rate: float = setting(0.1, "Of the server's steps.", gt=0)
    beta1: float = setting(0.9, "How much of the last direction stays.", ge=0, lt=1)
    beta2: float = setting(0.99, "How much of the last squares stays.", ge=0, lt=1)
    tau: float = setting(1e-3, "Added to the roots: how far steps adapt.", gt=0)

    def memory(self, model: Arrays, learner: Learner) -> Arrays:
        """Return moments of 0 and τ², as in the paper."""
        first = zeros(model, learner.parameters)
        second = {name: np.full_like(own, self.tau**2) for name, own in first.items()}
        return {**named("first", first), **named("second", second)}

    def step(
        self, model: Arrays, change: Arrays, memory: Arrays, learner: Learner, share: float
    ) -> tuple[Arrays, Arrays]:
        """Take Adam's step; buffers are no parameters and take the mean."""
        first, second = under("first", memory), under("second", memory)
        moved = dict(change)
        for name in learner.parameters & change.keys():
            own = change[name]
            first[name] = self.beta1 * first[name] + (1 - self.beta1) * own
            second[name] = self.beta2 * second[name] + (1 - self.beta2) * own**2
            moved[name] = self.learning_rate * first[name] / (np.sqrt(second[name]) + self.tau)
        return added(model, moved), {**named("first", first), **named("second", second)}
