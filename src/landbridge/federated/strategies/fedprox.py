"""FedProx: steps that do not go far from the server's model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...base.fields import setting
from .base import STRATEGIES, RoundStrategy, Turn


@STRATEGIES.register("fedprox")
@dataclass(frozen=True)
class FedProx(RoundStrategy):
    """FedAvg with (μ/2)‖θ − θ_server‖² in every client's loss."""

    summary = "the mean of changes that are held near the server's model"
    paper = "Li et al., 2020, MLSys"

    mu: float = setting(0.1, "How strongly clients are held.", ge=0)

    def extra(self, turn: Turn) -> dict[str, Any]:
        """Pull towards the server's model."""
        return {"pull": self.mu, "anchor": turn.model}
