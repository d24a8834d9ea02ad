"""One fit after the other: everything that is compared is learned in the same way from one θ₀."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..artifacts.state import WORK
from ..base.events import SILENT, Events
from ..base.hashing import digest
from ..targets.codec import TargetCodec
from .aggregations.base import Aggregation
from .aggregations.mean import Mean
from .arrays import Arrays
from .federation import Channel, Federation, Fitted, direct
from .inputs import Encoder, Scaling
from .learner import Learner, Rows
from .options import SPEED, FederatedOptions
from .strategies.base import RoundStrategy, Strategy
from .strategies.fedavg import FedAvg
from .strategies.one_round import OneRoundRidge

MOMENTS = "row count, sum and sum of squares of each feature"


@dataclass(frozen=True)
class Trainer:
    """Fits federations of the same options.

    Attributes
    ----------
    encoder : Encoder
    codec : TargetCodec
    options : FederatedOptions
    strategy : Strategy
    aggregation : Aggregation
    source : Arrays or None
        The head of the untouched source, for rows as they are.
    prior : (weight, bias) or None
        The same as least squares.
    """

    encoder: Encoder
    codec: TargetCodec
    options: FederatedOptions
    strategy: Strategy
    aggregation: Aggregation
    batch_size: int
    learning_rate: float | None = None
    source: Arrays | None = None
    prior: tuple[np.ndarray, np.ndarray] | None = None
    channel: Channel = direct
    folder: Path | None = None
    events: Events = SILENT

    @property
    def in_one_place(self) -> Trainer:
        """The same recipe without a strategy, for all rows in one place."""
        strategy = FedAvg() if isinstance(self.strategy, RoundStrategy) else self.strategy
        return replace(self, strategy=strategy, aggregation=Mean(), channel=direct)

    @property
    def alone(self) -> Trainer:
        """What a client does best by itself: a ridge, for a head, and else the same recipe.

        Steps without end cost a client with few rows what a ridge saves: it is not to be called
        helped for having been badly taught alone.
        """
        if self.options.train == "head":
            return replace(self.in_one_place, strategy=OneRoundRidge())
        return self.in_one_place

    def learner(self, seed: int) -> Learner:
        """Return what is trained, at θ₀."""
        if self.options.train == "network":
            return self.encoder.network_learner(self.codec, seed)
        return self.encoder.head_learner(self.codec)

    def fit(self, clients: Mapping[str, Rows], seed: int, name: str) -> Fitted:
        """Let clients learn together; `name` is unique, and what an interrupted fit is found by."""
        learner = self.learner(seed)
        federation = Federation(
            learner,
            clients,
            learner.start() | (self.source or {}),
            seed=seed,
            rounds=self.options.rounds,
            epochs=self.options.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate or SPEED[self.options.train],
            aggregation=self.aggregation,
            prior=self.prior,
            channel=self.channel,
            checkpoint=self._checkpoint(name, seed),
            events=self.events,
        )
        if learner.head != learner.names or not isinstance(self.strategy, RoundStrategy):
            return self.strategy.run(federation)
        return _scaled(self.strategy, federation, self.source)

    def outputs(self, model: Arrays, x: np.ndarray) -> np.ndarray:
        """Return outputs (n, outputs) of a model that `fit` gave."""
        if self.options.train == "network":
            return self.learner(0).outputs(model, x)
        out = x.astype(np.float64) @ model["head.weight"].T.astype(np.float64) + model["head.bias"]
        return np.asarray(out, np.float32)

    def _checkpoint(self, name: str, seed: int) -> Path | None:
        if self.folder is None or not isinstance(self.strategy, RoundStrategy):
            return None
        return self.folder / WORK / f"{digest(name)}-{seed}.safetensors"


def _scaled(strategy: Strategy, federation: Federation, source: Arrays | None) -> Fitted:
    """Fit a head on features of one scale, and return it for features as they are."""
    scaling = Scaling.of([federation.clients[name].x for name in federation.names])
    rows = {n: replace(own, x=scaling.apply(own.x)) for n, own in federation.clients.items()}
    start = federation.start if source is None else scaling.unfolded(source)
    fitted = strategy.run(replace(federation, clients=rows, start=start))
    d = len(scaling.mean)
    for name in federation.names:
        fitted.traffic.to_server(name, MOMENTS, {"moments": np.zeros(2 * d + 1)})
        fitted.traffic.to_client(name, "mean and scale of each feature", {"m": np.zeros(2 * d)})
    fitted.model = scaling.folded(fitted.model)
    fitted.own = {name: scaling.folded(own) for name, own in fitted.own.items()}
    return fitted
