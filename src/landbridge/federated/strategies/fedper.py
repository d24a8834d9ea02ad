"""FedPer: a shared backbone under heads of the clients' own."""

from __future__ import annotations

from dataclasses import dataclass

from ...base.errors import ConfigError
from ..learner import Learner
from .base import STRATEGIES, RoundStrategy


@STRATEGIES.register("fedper")
@dataclass(frozen=True)
class FedPer(RoundStrategy):
    """FedAvg of all but the head."""

    summary = "the mean of all but the head, which stays at the client"
    paper = "Arivazhagan et al., 2019, arXiv:1912.00818"
    personal = True

    def kept(self, learner: Learner) -> frozenset[str]:
        """Keep the head."""
        return learner.head

    def check(self, learner: Learner) -> None:
        """Refuse where there would be nothing to share."""
        if learner.head == learner.names:
            raise ConfigError(
                "strategy fedper keeps the head at each client, and the head is all that is "
                "trained: nothing would be shared",
                hint="use --train network, or strategy ditto",
            )
