"""One step, or several, up the slope of the loss."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ..base import ATTACKS
from ..losses import cross_entropy
from ..signals import Ball, SignalAttack
from ..subject import Subject


@ATTACKS.register("fgsm")
class FGSM(SignalAttack):
    """One step of the whole size (Goodfellow, Shlens & Szegedy, 2015, ICLR)."""

    summary = "one step along the sign of the gradient"
    gradients = True
    search_kind = "gradient"
    curve = True
    passes = 1.4

    def search(self, ball: Ball, subject: Subject, rows: np.ndarray) -> None:
        """Take the step."""
        _, slope = ball.climb(ball.x0, cross_entropy)
        ball.look(ball.project(ball.x0 + ball.size * ball.direction(slope)))


class Descent(SignalAttack):
    """Projected gradient descent from random starts (Madry et al., 2018, ICLR)."""

    gradients = True
    search_kind = "gradient"
    curve = True
    steps: ClassVar[int] = 10
    restarts: ClassVar[int] = 1
    passes = 10.4

    def search(self, ball: Ball, subject: Subject, rows: np.ndarray) -> None:
        """Climb from a random place; a step is a quarter of the size, as of ten steps is usual."""
        picked = subject.rows.select(rows)
        for restart in range(self.restarts):
            x = ball.random(picked.generators("attack", self.name, restart))
            for _ in range(self.steps):
                _, slope = ball.climb(x, cross_entropy)
                x = ball.project(x + ball.size / 4 * ball.direction(slope))
            ball.look(x)


@ATTACKS.register("pgd")
class PGD(Descent):
    """Within a box: no number changes by more than the size."""

    summary = "ten steps along the sign of the gradient from a random place"
    default = True


@ATTACKS.register("pgd-restarts")
class PGDRestarts(Descent):
    """From five random places, forty steps each."""

    summary = "forty steps along the sign of the gradient from each of five random places"
    steps, restarts, curve = 40, 5, False
    passes = 201.0


@ATTACKS.register("pgd-l2")
class PGDL2(Descent):
    """Within a sphere: the root of all squared changes is at most the size."""

    summary = "ten steps along the gradient, of one length, from a random place"
    norm = "l2"
