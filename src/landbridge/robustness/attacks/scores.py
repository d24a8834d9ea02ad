"""Attacks that see scores alone: squares that are kept where they help, and chance."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch

from ..base import ATTACKS
from ..signals import Ball, SignalAttack
from ..subject import Subject

_FIRST_SHARE = 0.8
"""Of a row, that the first square covers."""
_HALVED = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
"""After which shares of the queries the square's area is halved: Andriushchenko et al., table 8."""


@ATTACKS.register("square")
class Square(SignalAttack):
    """Square attack (Andriushchenko et al., 2020, ECCV); stretches, of recordings."""

    summary = "200 squares set to one end of the range, kept where scores get worse"
    search_kind = "black-box"
    default = True
    queries: ClassVar[int] = 200
    passes = 201.0

    def search(self, ball: Ball, subject: Subject, rows: np.ndarray) -> None:
        """Start with stripes, then try squares that get smaller."""
        draws = list(subject.rows.select(rows).generators("attack", self.name))
        x0 = ball.x0.view(len(ball), *_as_picture(ball.x0.shape[1:]))
        channels, height, width = x0.shape[1:]
        stripes = [rng.choice([-1.0, 1.0], (channels, 1, width)) for rng in draws]
        change = torch.from_numpy(np.stack(stripes).astype(np.float32)).expand_as(x0) * ball.size
        now = ball.project((x0 + change).reshape(ball.x0.shape))
        loss = ball.look(now)
        for i in range(self.queries):
            share = _FIRST_SHARE / 2 ** sum(i >= at * self.queries for at in _HALVED)
            trial = now.view(x0.shape).clone()
            for k, rng in enumerate(draws):
                if loss[k] >= 0:
                    continue
                tall, wide = _window(share, height, width)
                top = int(rng.integers(0, height - tall + 1))
                left = int(rng.integers(0, width - wide + 1))
                signs = rng.choice([-1.0, 1.0], (channels, 1, 1)).astype(np.float32)
                where = (k, slice(None), slice(top, top + tall), slice(left, left + wide))
                trial[where] = x0[where] + ball.size * torch.from_numpy(signs)
            open_rows = (loss < 0).nonzero()[:, 0]
            if not len(open_rows):
                return
            trial = ball.project(trial.reshape(ball.x0.shape))
            found = ball.look(trial)
            better = found > loss
            loss = torch.where(better, found, loss)
            now = torch.where(ball.wide(better), trial, now)


def _as_picture(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return the shape as channels, height and width: a recording is one line."""
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (1, 1, int(np.prod(shape)))


def _window(share: float, height: int, width: int) -> tuple[int, int]:
    """Return the sides of a square of this share of the area; of a line a stretch."""
    if height == 1:
        return 1, max(1, min(width, round(share * width)))
    side = max(1, round((share * height * width) ** 0.5))
    return min(side, height), min(side, width)


@ATTACKS.register("random")
class Random(SignalAttack):
    """Corners of the box by chance: what an attack has to beat."""

    summary = "20 corners of the box by chance"
    search_kind = "random"
    default = True
    tries: ClassVar[int] = 20
    passes = 20.0

    def search(self, ball: Ball, subject: Subject, rows: np.ndarray) -> None:
        """Try corners."""
        draws = list(subject.rows.select(rows).generators("attack", self.name))
        for _ in range(self.tries):
            signs = np.stack([rng.choice([-1.0, 1.0], ball.x0.shape[1:]) for rng in draws])
            change = torch.from_numpy(signs.astype(np.float32)) * ball.size
            ball.look(ball.project(ball.x0 + change))
