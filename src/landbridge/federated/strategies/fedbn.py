"""FedBN: normalising layers stay at the client, as they say what its inputs look like."""

from __future__ import annotations

from dataclasses import dataclass

from ...base.errors import ConfigError
from ..learner import Learner
from .base import STRATEGIES, RoundStrategy


@STRATEGIES.register("fedbn")
@dataclass(frozen=True)
class FedBN(RoundStrategy):
    """FedAvg of all but normalising layers."""

    summary = "the mean of all but normalising layers, which stay at the client"
    paper = "Li et al., 2021, ICLR"
    personal = True

    def kept(self, learner: Learner) -> frozenset[str]:
        """Keep normalising layers."""
        return learner.norms

    def check(self, learner: Learner) -> None:
        """Refuse a network without normalising layers."""
        if not learner.norms:
            raise ConfigError(
                "strategy fedbn keeps normalising layers, and what is trained has none",
                hint="use --train network with a backbone that has some, or strategy fedavg",
            )
