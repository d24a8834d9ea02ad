"""Clients and what they do together, and what comes of it: nothing here knows where they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..base.events import SILENT, Events
from ..base.typed import JsonObject
from .aggregations.base import Aggregation
from .aggregations.mean import Mean
from .arrays import Arrays, size
from .learner import Learner, Rows

Channel = Callable[[str, int, Arrays], Arrays | None]
"""(client, round, reply) -> what arrives at the server of it; None: nothing does."""


def direct(client: str, number: int, reply: Arrays) -> Arrays | None:
    """Bring a reply as it is."""
    return reply


@dataclass(frozen=True)
class Federation:
    """Clients that learn together.

    Attributes
    ----------
    learner : Learner
    clients : mapping of Rows
        By name; each has at least one labelled row.
    seed : int
    rounds : int
    epochs, batch_size, learning_rate
        Of a client's steps in a round.
    aggregation : Aggregation
    start : Arrays
        θ₀: where all begin.
    prior : (weight, bias), optional
        A least-squares head that closed forms start from, for rows as they are.
    channel : callable
        What brings replies to the server.
    checkpoint : Path, optional
        Where rounds that are done are kept.
    """

    learner: Learner
    clients: Mapping[str, Rows]
    start: Arrays
    seed: int = 0
    rounds: int = 30
    epochs: float = 1.0
    batch_size: int = 32
    learning_rate: float = 0.5
    aggregation: Aggregation = field(default_factory=Mean)
    prior: tuple[np.ndarray, np.ndarray] | None = None
    channel: Channel = direct
    checkpoint: Path | None = None
    events: Events = SILENT

    @property
    def names(self) -> list[str]:
        """The clients in the order in which they are asked."""
        return sorted(self.clients)

    def weights(self, names: list[str]) -> np.ndarray:
        """Return how much each of some clients counts: its rows."""
        return np.array([len(self.clients[name]) for name in names], np.float64)


@dataclass
class Traffic:
    """What was sent, in bytes and in words.

    Attributes
    ----------
    up, down : dict of int
        Bytes of each client to the server, and back.
    sent : list of dict
        "what", "numbers" a client, "bytes" a client, "times", "from" ("client" or "server").
    """

    up: dict[str, int] = field(default_factory=dict)
    down: dict[str, int] = field(default_factory=dict)
    sent: dict[tuple[str, str], JsonObject] = field(default_factory=dict)

    def to_server(self, client: str, what: str, arrays: Arrays) -> None:
        """Count what a client sends."""
        self._count(self.up, client, "client", what, arrays)

    def to_client(self, client: str, what: str, arrays: Arrays) -> None:
        """Count what a client is sent."""
        self._count(self.down, client, "server", what, arrays)

    def _count(
        self, side: dict[str, int], client: str, sender: str, what: str, arrays: Arrays
    ) -> None:
        side[client] = side.get(client, 0) + size(arrays)
        numbers = sum(own.size for own in arrays.values())
        new: JsonObject = {"from": sender, "what": what, "numbers": numbers, "messages": 0}
        entry = self.sent.setdefault((sender, what), {**new, "bytes": 0})
        entry["messages"] += 1
        entry["bytes"] += size(arrays)

    def listed(self) -> list[JsonObject]:
        """Return what was sent, in order of time."""
        return list(self.sent.values())


@dataclass
class Fitted:
    """What came of it.

    Attributes
    ----------
    model : Arrays
        What all share.
    own : dict of Arrays
        What a client answers with where it is not that.
    rounds : int
    traffic : Traffic
    refused : list of dict
        Replies that were left out: "client", "round", "why".
    notes : dict
        What was chosen on the way.
    """

    model: Arrays
    own: dict[str, Arrays] = field(default_factory=dict)
    rounds: int = 0
    traffic: Traffic = field(default_factory=Traffic)
    refused: list[JsonObject] = field(default_factory=list)
    notes: JsonObject = field(default_factory=dict)

    def of(self, client: str) -> Arrays:
        """Return what a client answers with."""
        return self.own.get(client, self.model)
