"""What clients train: a head on frozen features, or a whole network.

Clients take plain steps down the gradient: strategies are about what happens between clients, and
their papers assume steps without a memory. What the loop of `landbridge.training` adds (momentum,
schedules, warm-up) would be a state of its own at every client.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ..backbones.weights import seeded
from ..base.errors import TrainingError
from ..base.seeds import numpy_rng
from ..targets.codec import TargetCodec
from .arrays import Arrays

_NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)


@dataclass(frozen=True)
class Rows:
    """A client's labelled rows, as they are learned from.

    Attributes
    ----------
    x : ndarray, shape (n, ...)
        Features, or stored inputs.
    labels : ndarray
        As the target type stores them, encoded.
    """

    x: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.x)

    def only(self, rows: np.ndarray) -> Rows:
        """Return some of the rows."""
        return Rows(self.x[rows], self.labels[rows])


@dataclass(frozen=True)
class Steps:
    """How far a client goes in one round.

    Attributes
    ----------
    epochs : float
    batch_size : int
    learning_rate : float
    where : tuple
        What the draws of a step depend on: seed, round, client.
    """

    epochs: float
    batch_size: int
    learning_rate: float
    where: tuple[object, ...]

    def batches(self, n: int) -> list[np.ndarray]:
        """Return the rows of each step: of each pass every row once, in batches of like size."""
        per_epoch = -(-n // self.batch_size)
        total = max(1, round(self.epochs * per_epoch))
        found: list[np.ndarray] = []
        for epoch in range(-(-total // per_epoch)):
            order = numpy_rng("federated batches", *self.where, epoch).permutation(n)
            found += np.array_split(order, per_epoch)
        return found[:total]


class HeadOnly(nn.Module):
    """A linear head on features that are given; it starts at 0, which favours no class."""

    def __init__(self, dim: int, outputs: int) -> None:
        super().__init__()
        self.head = nn.Linear(dim, outputs)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return features and outputs."""
        return x, self.head(x)


class Learner:
    """A module whose state goes in and out as arrays.

    Parameters
    ----------
    module : Module
        Gives features and outputs; what comes last is called "head".
    codec : TargetCodec
    encode : callable, optional
        From stored inputs to what the module takes.
    device : torch.device, optional

    Attributes
    ----------
    names : frozenset of str
        What can travel: parameters that are trained, and buffers of real numbers.
    parameters, norms, head : frozenset of str
        What is trained; all of normalising layers; the head.
    """

    def __init__(
        self,
        module: nn.Module,
        codec: TargetCodec,
        encode: Callable[[torch.Tensor], torch.Tensor] | None = None,
        device: torch.device | None = None,
    ) -> None:
        self.module, self.codec = module, codec
        self.encode = encode or (lambda x: x)
        self.device = device or torch.device("cpu")
        state = {n: t for n, t in module.state_dict().items() if t.is_floating_point()}
        self.parameters = frozenset(n for n, p in module.named_parameters() if p.requires_grad)
        buffers = frozenset(n for n, _ in module.named_buffers() if n in state)
        self.names = self.parameters | buffers
        self.head = frozenset(n for n in self.names if n.startswith("head."))
        inside = [n for n, m in module.named_modules() if isinstance(m, _NORMS)]
        self.norms = frozenset(n for n in self.names if n.rpartition(".")[0] in inside)
        self._start = {n: state[n].detach().cpu().numpy().copy() for n in sorted(self.names)}

    def start(self) -> Arrays:
        """Return θ₀."""
        return {name: own.copy() for name, own in self._start.items()}

    def load(self, model: Arrays) -> None:
        """Put arrays into the module."""
        state = self.module.state_dict()
        with torch.no_grad():
            for name in self.names:
                state[name].copy_(torch.from_numpy(np.array(model[name])))

    def read(self) -> Arrays:
        """Return the module's arrays."""
        state = self.module.state_dict()
        return {n: state[n].detach().cpu().numpy().copy() for n in sorted(self.names)}

    def outputs(self, model: Arrays, x: np.ndarray, batch: int = 256) -> np.ndarray:
        """Return float32 outputs (n, outputs) in evaluation mode."""
        self.load(model)
        self.module.to(self.device).eval()
        found = [np.zeros((0, self.codec.n_outputs), np.float32)]
        with torch.inference_mode():
            for start in range(0, len(x), batch):
                found.append(self._forward(x[start : start + batch]).float().cpu().numpy())
        return np.concatenate(found)

    def descend(
        self,
        model: Arrays,
        rows: Rows,
        steps: Steps,
        *,
        pull: float = 0.0,
        anchor: Arrays | None = None,
        shift: Arrays | None = None,
    ) -> tuple[Arrays, int]:
        """Take a client's steps from a model, and return where they lead and how many they were.

        Each step goes along  ∇L + pull · (θ − anchor) + shift.

        Raises
        ------
        TrainingError
            Where the loss is not finite.
        """
        self.load(model)
        self.module.to(self.device)
        own = {n: p for n, p in self.module.named_parameters() if n in self.parameters}
        to = {n: torch.from_numpy(np.array((anchor or {})[n])) for n in own} if pull else {}
        by = {n: torch.from_numpy(np.array(shift[n])) for n in own} if shift else {}
        batches = steps.batches(len(rows))
        labels = torch.from_numpy(np.array(rows.labels))
        if labels.is_floating_point():
            labels = labels.float()
        with seeded("federated", *steps.where):
            for batch in batches:
                self.module.train(len(batch) > 1)  # one row has no statistics of its own
                out = self._forward(rows.x[batch])
                truth = labels[torch.from_numpy(batch)].to(self.device)
                loss = self.codec.target_type.loss(out, truth, 0.0).mean()
                if not torch.isfinite(loss):
                    raise TrainingError(
                        f"the loss of client {steps.where[-1]!r} is not finite after a few steps "
                        f"at learning_rate = {steps.learning_rate:g}",
                        hint="give a smaller learning_rate",
                    )
                grads = torch.autograd.grad(loss, list(own.values()), allow_unused=True)
                with torch.no_grad():
                    for (name, p), g in zip(own.items(), grads, strict=True):
                        go = torch.zeros_like(p) if g is None else g
                        if pull:
                            go = go + pull * (p - to[name].to(p))
                        if shift:
                            go = go + by[name].to(p)
                        p.sub_(go, alpha=steps.learning_rate)
        return self.read(), len(batches)

    def _forward(self, x: np.ndarray) -> torch.Tensor:
        stored = torch.from_numpy(np.array(x)).to(self.device)
        outputs: torch.Tensor = self.module(self.encode(stored))[1]
        return outputs
