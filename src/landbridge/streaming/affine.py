"""Adapters that take gradient steps: scale and shift of the normalisations move, on a leash."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from ..base.errors import MethodError
from .adabn import Recalibrating, part
from .norms import affine_parameters

MOMENTUM = 0.9
ROWS_A_STEP = 64
"""The rate is meant for batches of this many rows; smaller ones take smaller steps."""


class AffineAdapter(Recalibrating):
    """Recalibrates, then takes a step of momentum SGD on scale and shift.

    Answers are those before the step, so a batch is never judged by what it has just taught.
    An anchor pulls every parameter back to where it started, in each step.
    """

    @dataclass(frozen=True)
    class Config(Recalibrating.Config):
        """`learning_rate`: of a batch of 64 rows or more. `anchor`: strength of the pull.

        `reliable`: rows whose entropy is under this share of ln K teach.
        """

        learning_rate: float = 1e-3
        anchor: float = 1.0
        reliable: float = 0.4

    def prepare(self, source_rows: torch.Tensor | None) -> None:
        """Find the parameters that move, and remember where they start."""
        super().prepare(source_rows)
        self.moving = self.choose()
        self.start = {name: p.detach().clone() for name, p in self.moving.items()}
        self.speed = {name: torch.zeros_like(p) for name, p in self.moving.items()}
        for parameter in self.moving.values():
            parameter.requires_grad_(True)
        if not self.moving:
            self.notes.append("no scale or shift of a normalisation is there that could move")
        self.weights = self.anchor_weights(source_rows)

    def choose(self) -> dict[str, torch.nn.Parameter]:
        """Return what moves, by name."""
        return affine_parameters(self.network)

    def anchor_weights(self, source_rows: torch.Tensor | None) -> dict[str, torch.Tensor]:
        """Return how hard each parameter is held: alike, a plain L2 pull."""
        return {name: torch.ones_like(p) for name, p in self.start.items()}

    def answer(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (n, K), and take a step."""
        self.recalibrate(x)
        if not self.moving:
            with torch.no_grad():
                return self.network(x)[1]
        logits = self.logits(x)
        self.learn(x, logits)
        return logits.detach()

    @abstractmethod
    def learn(self, x: torch.Tensor, logits: torch.Tensor) -> None:
        """Take a step, or leave it."""

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits with a gradient."""
        with torch.enable_grad():
            logits = self.network(x)[1]
        if not logits.requires_grad:
            raise MethodError(
                f"{self.name}: the head of this network lets no gradient through",
                hint="use adabn, which needs none",
            )
        return logits

    def gradients(self, loss: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the gradient of a loss for everything that moves."""
        found = torch.autograd.grad(loss, list(self.moving.values()))
        return dict(zip(self.moving, found, strict=True))

    @torch.no_grad()
    def step(self, gradients: Mapping[str, torch.Tensor], rows: int) -> None:
        """Move along the gradients, and towards the start by the anchor's gradient."""
        rate = self.config.learning_rate * min(1.0, rows / ROWS_A_STEP)
        for name, parameter in self.moving.items():
            pull = 2 * self.config.anchor * self.weights[name] * (parameter - self.start[name])
            self.speed[name].mul_(MOMENTUM).add_(gradients[name] + pull)
            parameter.sub_(rate * self.speed[name])
        self.count("steps")

    def reset(self) -> None:
        """Go back to the start: statistics, scale and shift, and speed."""
        super().reset()
        self.restart()

    @torch.no_grad()
    def restart(self) -> None:
        """Put scale and shift where they started; the statistics stay with the stream."""
        for name, parameter in self.moving.items():
            parameter.copy_(self.start[name])
            self.speed[name].zero_()

    def state(self) -> dict[str, torch.Tensor]:
        """Return statistics, parameters and their speed."""
        tensors = super().state()
        tensors |= {f"moving.{k}": p.detach().clone() for k, p in self.moving.items()}
        return tensors | {f"speed.{k}": v.clone() for k, v in self.speed.items()}

    @torch.no_grad()
    def load(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Undo `state`."""
        super().load(tensors)
        moving, speed = part(tensors, "moving"), part(tensors, "speed")
        for name, parameter in self.moving.items():
            parameter.copy_(moving[name])
            self.speed[name].copy_(speed[name])
