"""SAR: entropy of reliable rows, minimised where it is flat, with a fresh start near collapse."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from .adabn import part
from .affine import AffineAdapter
from .base import ADAPTERS, row_entropy


@ADAPTERS.register("sar")
class SAR(AffineAdapter):
    """Sharpness-aware and reliable entropy minimisation.

    Rows with an entropy under 0.4·ln K teach. The gradient is taken at θ + ρ·g/‖g‖, where the
    entropy is worst nearby, of the rows that are reliable there, too; the step starts from θ.
    When the moving average of that entropy falls under `collapsed`·ln K scale and shift go back
    to their start: the paper's 0.2 for 1,000 classes is 0.029·ln K. Normalisations of the last
    stage stay as they are, as in the paper.
    """

    summary = "entropy of reliable rows with sharpness-aware steps and resets"
    paper = "Niu et al., 2023, ICLR"

    @dataclass(frozen=True)
    class Config(AffineAdapter.Config):
        """`radius`: ρ. `collapsed`: share of ln K under which the model starts again."""

        radius: float = 0.05
        collapsed: float = 0.029

    def prepare(self, source_rows: torch.Tensor | None) -> None:
        """Start without an average."""
        super().prepare(source_rows)
        self.average: torch.Tensor | None = None

    def choose(self) -> dict[str, torch.nn.Parameter]:
        """Return all but the last stage's."""
        found = super().choose()
        stages = self.network.backbone.stages()
        last = {id(p) for module in stages[-1][1] for p in module.parameters()} if stages else set()
        early = {name: p for name, p in found.items() if id(p) not in last}
        return early or found

    def learn(self, x: torch.Tensor, logits: torch.Tensor) -> None:
        """Take a sharpness-aware step."""
        entropy = row_entropy(logits)
        limit = self.config.reliable * math.log(self.n_classes)
        chosen = entropy.detach() < limit
        if not chosen.any():
            self.count("filtered", len(x))
            return
        before = self.climb(self.gradients(entropy[chosen].mean()))
        there = row_entropy(self.logits(x[chosen]))
        still = there.detach() < limit
        self.count("filtered", len(x) - int(still.sum()))
        worst = there[still].mean() if still.any() else None
        gradients = None if worst is None else self.gradients(worst)
        self.descend(before)
        if worst is None or gradients is None:
            return
        value = worst.detach().double()
        self.average = value if self.average is None else 0.9 * self.average + 0.1 * value
        self.step(gradients, len(x))
        if self.average < self.config.collapsed * math.log(self.n_classes):
            self.count("resets")
            self.restart()

    @torch.no_grad()
    def climb(self, gradients: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Go to θ + ρ·g/‖g‖, and return θ."""
        norm = torch.stack([g.norm() for g in gradients.values()]).norm()
        before = {name: p.detach().clone() for name, p in self.moving.items()}
        for name, parameter in self.moving.items():
            parameter.add_(self.config.radius * gradients[name] / (norm + 1e-12))
        return before

    @torch.no_grad()
    def descend(self, before: Mapping[str, torch.Tensor]) -> None:
        """Go back to θ: copied, because subtracting what was added would round."""
        for name, parameter in self.moving.items():
            parameter.copy_(before[name])

    def restart(self) -> None:
        """Forget the average as well."""
        super().restart()
        self.average = None

    def state(self) -> dict[str, torch.Tensor]:
        """Return the average as well."""
        own = {} if self.average is None else {"sar.average": self.average.clone()}
        return super().state() | own

    def load(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Undo `state`."""
        super().load(tensors)
        self.average = part(tensors, "sar").get("average")
