"""What clients' rows are to a learner: features of a frozen backbone, or inputs of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..backbones.base import LoadedBackbone
from ..backbones.store import FeatureStore
from ..backbones.surgery import Network, make_network
from ..base.events import Events
from ..base.places import cache_folder
from ..domains.examples import Examples
from ..solvers.rows import safe_deviation
from ..targets.codec import TargetCodec
from ..training.devices import borrowed
from ..training.inputs import run_network
from .arrays import Arrays
from .learner import HeadOnly, Learner, Rows


@dataclass(frozen=True)
class Scaling:
    """Mean and scale of features, so that a row has a length of about 1.

    Clients send the row count, sums and sums of squares of each feature, from which these are made.
    """

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, clients: Sequence[np.ndarray]) -> Scaling:
        """Return that of all clients' rows."""
        parts = [_column_moments(x) for x in clients if len(x)]
        n = sum(part[0] for part in parts)
        mean = np.sum([part[1] for part in parts], 0) / n
        squares = np.sum([p[2] + p[0] * (p[1] / p[0] - mean) ** 2 for p in parts], 0)
        deviation = safe_deviation(mean, np.sqrt(squares / n))
        return cls(mean, deviation * np.sqrt(len(mean)))

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Return scaled rows as float32."""
        return ((x - self.mean) / self.scale).astype(np.float32)

    def folded(self, head: Arrays) -> Arrays:
        """Return a head of scaled rows as one of rows as they are, float64."""
        weight = head["head.weight"].astype(np.float64) / self.scale
        bias = head["head.bias"].astype(np.float64) - weight @ self.mean
        return {**head, "head.weight": weight, "head.bias": bias}

    def unfolded(self, head: Arrays) -> Arrays:
        """Return a head of rows as they are as one of scaled rows, float32."""
        weight = head["head.weight"].astype(np.float64)
        return {
            **head,
            "head.weight": (weight * self.scale).astype(np.float32),
            "head.bias": (head["head.bias"] + weight @ self.mean).astype(np.float32),
        }


def _column_moments(x: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Return row count, sums, and sums of squares about the own mean."""
    rows = np.asarray(x, np.float64)
    return len(rows), rows.sum(0), ((rows - rows.mean(0)) ** 2).sum(0)


@dataclass(frozen=True)
class Encoder:
    """θ₀ and how rows get in."""

    opened: LoadedBackbone
    device: torch.device

    @property
    def flat(self) -> bool:
        """Whether features are the inputs themselves."""
        return next(self.opened.module.parameters(), None) is None

    def inputs(self, examples: Examples, events: Events) -> np.ndarray:
        """Return rows as they are stored."""
        own = self.opened.preprocessing.fitting(examples) or examples
        return self.opened.preprocessing.prepare(own, cache=cache_folder(), events=events)

    def features(self, examples: Examples, events: Events) -> np.ndarray:
        """Return frozen features float32 (n, d)."""
        inputs = self.inputs(examples, events)
        if not len(inputs):
            return np.zeros((0, self.opened.module.dim), np.float32)
        if self.flat:
            network = make_network(self.opened, 1)
            return run_network(network, inputs, self.opened.preprocessing, self.device)[0]
        own = self.opened.preprocessing.fitting(examples) or examples
        with borrowed(self.opened.module, self.device):
            return FeatureStore(None).features(
                self.opened, inputs, own.fingerprint(), precision="float32", events=events
            )

    def head_learner(self, codec: TargetCodec) -> Learner:
        """Return what trains a head on features."""
        return Learner(HeadOnly(self.opened.module.dim, codec.n_outputs), codec, None, self.device)

    def network_learner(self, codec: TargetCodec, seed: int) -> Learner:
        """Return what trains everything."""
        network = make_network(self.opened, codec.n_outputs, seed)
        for parameter in network.parameters():
            parameter.requires_grad_(True)
        return Learner(network, codec, self.opened.preprocessing.encode, self.device)

    def network(self, model: Arrays, codec: TargetCodec, seed: int) -> Network:
        """Return θ₀ with a model's arrays in it."""
        network = make_network(self.opened, codec.n_outputs, seed)
        put(network, model)
        return network


def put(network: Network, model: Arrays) -> None:
    """Put a model's arrays into a network."""
    state = network.state_dict()
    with torch.no_grad():
        for name, own in model.items():
            state[name].copy_(torch.from_numpy(np.array(own)))


def all_rows(clients: Sequence[Rows]) -> Rows:
    """Return the rows of all clients in one place."""
    return Rows(
        np.concatenate([one.x for one in clients]), np.concatenate([one.labels for one in clients])
    )
