"""EATA: entropy of reliable rows that say something new, held by an anchor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from .adabn import part
from .affine import AffineAdapter
from .base import ADAPTERS, row_entropy


@ADAPTERS.register("eata")
class EATA(AffineAdapter):
    """Efficient anti-forgetting test-time adaptation.

    A row teaches where its entropy H is under 0.4·ln K and the cosine of its answer with the
    moving mean of the answers that taught before is under `redundant`. It weighs
    exp(0.4·ln K − H). The anchor is Σ Fᵢ(θᵢ − θ⁰ᵢ)² with the Fisher information F from source
    rows, scaled to a mean of 1, where they are given, and a plain L2 pull where not.
    """

    summary = "entropy of reliable, non-redundant rows, anchored (Fisher or L2)"
    paper = "Niu et al., 2022, ICML"

    @dataclass(frozen=True)
    class Config(AffineAdapter.Config):
        """`redundant`: largest cosine with the mean answer so far."""

        redundant: float = 0.4

    def prepare(self, source_rows: torch.Tensor | None) -> None:
        """Start without a mean answer."""
        super().prepare(source_rows)
        self.mean_answer: torch.Tensor | None = None

    def anchor_weights(self, source_rows: torch.Tensor | None) -> dict[str, torch.Tensor]:
        """Return the Fisher information of each parameter, or ones."""
        plain = super().anchor_weights(source_rows)
        if source_rows is None or not self.moving:
            return plain
        return self.fisher(source_rows)

    def fisher(self, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the diagonal Fisher information for the network's own answers, mean 1."""
        found = {name: torch.zeros_like(p) for name, p in self.moving.items()}
        for i in range(len(rows)):
            logits = self.logits(rows[i : i + 1])
            loss = F.cross_entropy(logits, logits.detach().argmax(1))
            for name, gradient in self.gradients(loss).items():
                found[name] += gradient.square()
        mean = torch.cat([f.flatten() for f in found.values()]).mean().clamp_min(1e-30)
        return {name: value / mean for name, value in found.items()}

    def learn(self, x: torch.Tensor, logits: torch.Tensor) -> None:
        """Take a step on the rows that pass both filters."""
        entropy, answers = row_entropy(logits), logits.detach().softmax(1)
        limit = self.config.reliable * math.log(self.n_classes)
        chosen = entropy.detach() < limit
        if self.mean_answer is not None:
            alike = F.cosine_similarity(answers, self.mean_answer[None], dim=1)
            chosen &= alike.abs() < self.config.redundant
        self.count("filtered", int((~chosen).sum()))
        if not chosen.any():
            return
        mean = answers[chosen].mean(0)
        self.mean_answer = mean if self.mean_answer is None else 0.9 * self.mean_answer + 0.1 * mean
        weights = (limit - entropy.detach()[chosen]).exp()
        self.step(self.gradients((weights * entropy[chosen]).mean()), len(x))

    def restart(self) -> None:
        """Forget the mean answer as well."""
        super().restart()
        self.mean_answer = None

    def state(self) -> dict[str, torch.Tensor]:
        """Return the mean answer as well."""
        own = {} if self.mean_answer is None else {"eata.mean": self.mean_answer.clone()}
        return super().state() | own

    def load(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Undo `state`."""
        super().load(tensors)
        self.mean_answer = part(tensors, "eata").get("mean")
