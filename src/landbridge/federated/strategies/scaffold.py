"""SCAFFOLD: what draws each client away from the others is taken out of its steps."""

from __future__ import annotations

from dataclasses import dataclass

from ..arrays import Arrays, added, difference, named, under, zeros
from ..learner import Learner
from .base import STRATEGIES, RoundStrategy, Turn

_CONTROL = "control"


@STRATEGIES.register("scaffold")
@dataclass(frozen=True)
class Scaffold(RoundStrategy):
    """Control variates: each step is corrected by c − cᵢ (option II of the paper)."""

    summary = "steps without what draws a client away from the others (control variates)"
    paper = "Karimireddy et al., 2020, ICML"
    equal = True

    def memory(self, model: Arrays, learner: Learner) -> Arrays:
        """Return c = 0."""
        return named(_CONTROL, zeros(model, learner.parameters))

    def sends(self, memory: Arrays) -> Arrays:
        """Send c."""
        return memory

    def take_turn(self, turn: Turn) -> tuple[Arrays, Arrays]:
        """Step with the correction; reply with the change of the model and of cᵢ."""
        learner = turn.learner
        everyone = under(_CONTROL, turn.memory)
        mine = turn.own or zeros(turn.model, learner.parameters)
        shift = difference(everyone, mine, learner.parameters)
        after, taken = learner.descend(turn.model, turn.rows, turn.steps, shift=shift)
        change = difference(after, turn.model, learner.names)
        far = 1 / (taken * turn.steps.learning_rate)
        new = {
            n: (mine[n] - everyone[n] - far * change[n]).astype(mine[n].dtype)
            for n in learner.parameters
        }
        moved = difference(new, mine, learner.parameters)
        return {**change, **named(_CONTROL, moved)}, new

    def step(
        self, model: Arrays, change: Arrays, memory: Arrays, learner: Learner, share: float
    ) -> tuple[Arrays, Arrays]:
        """Move the model by the mean, and c by the mean over all clients, silent ones too."""
        controls = {n: own for n, own in change.items() if n in memory}
        moved = {n: own for n, own in change.items() if n not in memory}
        return added(model, moved), added(memory, controls, share)
