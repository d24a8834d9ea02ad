"""Projected gradient descent that chooses its step sizes (Croce & Hein, 2020, ICML)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch

from ..base import ATTACKS
from ..losses import cross_entropy, difference_of_logits_ratio
from ..signals import Ball, Loss, SignalAttack
from ..subject import Subject

_MOMENTUM = 0.75
_RHO = 0.75
"""Share of steps that have to go up, or the step is halved."""


def checkpoints(steps: int) -> list[int]:
    """Return after which steps the step size is looked at.

    Examples
    --------
    >>> checkpoints(20)
    [5, 9, 12, 14, 16, 18, 19, 20]
    """
    shares = [0.0, 0.22]
    while shares[-1] < 1:
        shares.append(shares[-1] + max(shares[-1] - shares[-2] - 0.03, 0.06))
    return sorted({int(np.ceil(share * steps - 1e-9)) for share in shares[1:] if share <= 1})


class AutoDescent(SignalAttack):
    """Momentum, and steps that are halved where they no longer help."""

    gradients = True
    search_kind = "gradient"
    steps: ClassVar[int] = 20
    passes = 21.0

    @property
    def objective(self) -> Loss:
        """What it climbs."""
        return cross_entropy

    def search(self, ball: Ball, subject: Subject, rows: np.ndarray) -> None:
        """Climb from a random place, going back to the best one whenever a step is halved."""
        picked = subject.rows.select(rows)
        x = ball.random(picked.generators("attack", self.name))
        values, slope = ball.climb(x, self.objective)
        best, best_value, best_slope = x.clone(), values.clone(), slope.clone()
        before, step = x.clone(), torch.full((len(ball),), 2.0 * ball.size)
        went_up = torch.zeros(len(ball))
        reduced_before = torch.zeros(len(ball), dtype=torch.bool)
        value_before, last_value, since = best_value.clone(), values.clone(), 0
        looks = set(checkpoints(self.steps))
        for i in range(1, self.steps + 1):
            momentum = _MOMENTUM if i > 1 else 1.0
            ahead = ball.project(x + ball.wide(step) * ball.direction(slope))
            moved = ball.project(x + momentum * (ahead - x) + (1 - momentum) * (x - before))
            before, x = x, moved
            values, slope = ball.climb(x, self.objective)
            went_up += (values > last_value).float()
            last_value, since = values, since + 1
            better = values > best_value
            best = torch.where(ball.wide(better), x, best)
            best_slope = torch.where(ball.wide(better), slope, best_slope)
            best_value = torch.where(better, values, best_value)
            if i not in looks:
                continue
            rarely = went_up < _RHO * since
            stuck = ~reduced_before & (value_before >= best_value)
            halve = rarely | stuck
            reduced_before, value_before = halve, best_value.clone()
            step = torch.where(halve, step / 2, step)
            x = torch.where(ball.wide(halve), best, x)
            slope = torch.where(ball.wide(halve), best_slope, slope)
            went_up, since = torch.zeros(len(ball)), 0


@ATTACKS.register("apgd-ce")
class APGDCrossEntropy(AutoDescent):
    """Climbs the cross-entropy."""

    summary = "twenty steps of chosen size up the cross-entropy"
    default = True


@ATTACKS.register("apgd-dlr")
class APGDRatio(AutoDescent):
    """Climbs a loss that does not depend on how large scores are."""

    summary = "twenty steps of chosen size up the ratio of logit differences"
    default = True

    @property
    def objective(self) -> Loss:
        """What it climbs."""
        return difference_of_logits_ratio
