"""FedAvg: the mean of what clients' own steps lead to."""

from __future__ import annotations

from dataclasses import dataclass

from .base import STRATEGIES, RoundStrategy


@STRATEGIES.register("fedavg")
@dataclass(frozen=True)
class FedAvg(RoundStrategy):
    """Clients step, the server takes the mean by rows."""

    summary = "the mean of the clients' changes, by rows"
    paper = "McMahan et al., 2017, AISTATS"
