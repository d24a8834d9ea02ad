"""Ditto: beside the shared model each client has its own, which is held near the shared one."""

from __future__ import annotations

from dataclasses import dataclass

from ...base.fields import setting
from ..arrays import Arrays
from ..learner import Learner
from .base import STRATEGIES, RoundStrategy, Turn


@STRATEGIES.register("ditto")
@dataclass(frozen=True)
class Ditto(RoundStrategy):
    """FedAvg for the shared model, and a personal one pulled towards it."""

    summary = "a model of each client's own, held near the shared mean"
    paper = "Li et al., 2021, ICML"
    personal = True

    pull: float = setting(0.1, "How strongly a client's own model is held near the shared.", ge=0)

    def take_turn(self, turn: Turn) -> tuple[Arrays, Arrays]:
        """Step for the shared model, and once more for the client's own."""
        reply, _ = super().take_turn(turn)
        mine, _ = turn.learner.descend(
            turn.own or turn.model, turn.rows, turn.steps, pull=self.pull, anchor=turn.model
        )
        return reply, mine

    def answer(self, model: Arrays, own: Arrays, learner: Learner) -> Arrays:
        """Answer with the client's own."""
        return own or model
