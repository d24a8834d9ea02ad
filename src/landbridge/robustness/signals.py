"""What attacks on signals (images, recordings) share: the ball, its range, the worst met so far."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np
import torch

from ..objectives.perturb import Norm, project, steepest
from .base import Attack, Attacked
from .losses import margin
from .subject import Subject, inputs_alone

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

_GREY = (0.025, 0.05, 0.1, 0.2, 0.3)
_COLOUR = (1 / 255, 2 / 255, 4 / 255, 8 / 255, 16 / 255)
_SOUND = (0.00025, 0.0005, 0.001, 0.002, 0.004)
"""Largest changes of one number, of the scale on which white, or full scale, is 1."""
_FORWARD_AND_BACK = 3.0
"""Forward passes that one with gradients takes as long as."""


class Ball:
    """Rows within a distance of where they began, and inside the range of a signal.

    Parameters
    ----------
    subject : Subject
    rows : int ndarray
        Of the subject.
    size : float
        The greatest distance.
    norm : {"linf", "l2"}
    """

    def __init__(self, subject: Subject, rows: np.ndarray, size: float, norm: Norm) -> None:
        assert subject.signal is not None
        self.subject, self.size, self.norm = subject, size, norm
        self.x0 = subject.start(rows)
        self.there = subject.there(rows)
        self.truth = torch.from_numpy(np.asarray(subject.truth[rows]))
        self.low, self.high = subject.signal.low, subject.signal.high
        self.worst = self.x0.clone()
        self.loss = torch.full((len(rows),), -torch.inf)

    def __len__(self) -> int:
        return len(self.x0)

    def wide(self, values: torch.Tensor) -> torch.Tensor:
        """Return one number a row as it goes with rows."""
        return values.view(-1, *[1] * (self.x0.ndim - 1))

    def project(self, x: torch.Tensor) -> torch.Tensor:
        """Return the nearest rows inside the ball and the range.

        A row that is inside the range stays in the ball when it is cut to the range.
        """
        change = project(x - self.x0, self.size, self.norm)
        if self.there is not None:
            change = change.masked_fill(~self.there, 0.0)
        return (self.x0 + change).clamp(self.low, self.high)

    def direction(self, slope: torch.Tensor) -> torch.Tensor:
        """Return the steepest step of size 1."""
        return steepest(slope, self.norm)

    def remember(self, x: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        """Keep whatever is the worst so far, and return the margins of x."""
        found = margin(logits, self.truth)
        worse = found > self.loss
        self.loss = torch.where(worse, found, self.loss)
        self.worst = torch.where(self.wide(worse), x, self.worst)
        return found

    def look(self, x: torch.Tensor) -> torch.Tensor:
        """Ask for scores alone; return margins."""
        with torch.no_grad():
            return self.remember(x, self.subject.logits(x, self.there))

    def climb(self, x: torch.Tensor, loss: Loss) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the loss of each row and its slope."""
        x = x.detach().requires_grad_(True)
        with torch.enable_grad():
            logits = self.subject.logits(x, self.there)
            values = loss(logits, self.truth)
            (slope,) = torch.autograd.grad(values.sum(), x)
        self.remember(x.detach(), logits.detach())
        return values.detach(), slope

    def random(self, draws: Iterator[np.random.Generator]) -> torch.Tensor:
        """Return rows drawn from the ball, each by its own generator."""
        shape = self.x0.shape[1:]
        if self.norm == "linf":
            noise = [rng.uniform(-1, 1, shape) for rng in draws]
        else:
            noise = []
            for rng in draws:
                own = rng.standard_normal(shape)
                radius = rng.random() ** (1 / own.size)  # even in the ball
                noise.append(own / max(float(np.linalg.norm(own)), 1e-12) * radius)
        change = torch.from_numpy(np.stack(noise).astype(np.float32)) * self.size
        return self.project(self.x0 + change)


class SignalAttack(Attack):
    """An attack on what is a signal; subclasses search one ball."""

    modalities = ("image", "audio")
    norm: ClassVar[Norm] = "linf"
    passes: ClassVar[float]
    """Forward passes a row."""

    def applies(self, subject: Subject) -> bool:
        """Whether rows are a signal and answers have scores."""
        return subject.signal is not None

    def sizes(self, subject: Subject) -> tuple[float, ...]:
        """Return five sizes for images of one or three channels, or for sound.

        In L2 those of 32 × 32 × 3, or 28 × 28, numbers, that grow with the root of how many.
        """
        own = subject.rows.preprocessing
        count = int(np.prod(own.shape))
        if len(own.shape) == 1:
            return _SOUND if self.norm == "linf" else tuple(10 * size for size in _SOUND)
        grey = own.shape[0] == 1
        if self.norm == "linf":
            return _GREY if grey else _COLOUR
        scale = (count / 784) ** 0.5 if grey else (count / 3072) ** 0.5
        return tuple(round(size * scale, 4) for size in (0.25, 0.5, 1.0, 1.5, 2.0))

    def largest(self, subject: Subject) -> float:
        """Return the whole range."""
        assert subject.signal is not None
        span = subject.signal.high - subject.signal.low
        count = float(np.prod(subject.rows.preprocessing.shape))
        return span if self.norm == "linf" else span * count**0.5

    def cost(self, subject: Subject) -> float:
        """Return the passes of one row."""
        return self.passes * (_FORWARD_AND_BACK if self.gradients else 1.0)

    @abstractmethod
    def search(self, ball: Ball, subject: Subject, rows: np.ndarray) -> None:
        """Look for the worst place in the ball; the ball remembers it."""

    def run(self, subject: Subject, rows: np.ndarray, size: float) -> Attacked:
        """Attack in batches; a row's result does not depend on which are with it."""
        changed: list[object] = []
        losses = [np.zeros(0)]
        with inputs_alone(subject.model.network):
            for first in range(0, len(rows), subject.batch):
                part = rows[first : first + subject.batch]
                ball = Ball(subject, part, size, self.norm)
                self.search(ball, subject, part)
                losses.append(ball.loss.double().numpy())
                changed += list(ball.worst.numpy())
        loss = np.concatenate(losses)
        return Attacked(loss < 0, loss, changed)

    @property
    def counted(self) -> str:
        """In what a size is counted, in words."""
        what = {"linf": "any one number", "l2": "the root of all squared changes"}[self.norm]
        return f"{what}, where white or full scale is 1"

    def shown(
        self, subject: Subject, row: int, changed: object
    ) -> tuple[list[tuple[np.ndarray, str]], list[tuple[str, str]]]:
        """Return the picture before and after, and what changed, amplified."""
        own, signal = subject.rows.preprocessing, subject.signal
        before = np.asarray(subject.rows.stored[row])
        assert signal is not None
        after = np.rint(np.asarray(changed) * signal.unit).astype(before.dtype)
        if signal.nothing is not None:
            after = np.where(before == signal.nothing, before, after)
        pictures = []
        for stored, what in ((before, "before"), (after, "after")):
            picture = own.picture(stored)
            if picture is not None:
                pictures.append((picture, what))
        most = np.abs(after.astype(float) - before.astype(float)).max() / signal.unit
        return pictures, [("largest change", self.said(round(float(most) * 255) / 255))]

    def said(self, size: float) -> str:
        """Write a size: in 255ths where it is a whole number of them."""
        steps = size * 255
        whole = abs(steps - round(steps)) < 1e-6 and self.norm == "linf" and round(steps) > 0
        return f"{round(steps)}/255" if whole else f"{size:.4g}"
