"""Contrast among labelled rows: to the head's class vectors, and to each other."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from .base import TERMS, PhaseContext, StepBatch, Term, at_least_single


def contrastive(
    queries: torch.Tensor, keys: torch.Tensor, positive: torch.Tensor, temperature: float = 0.07
) -> torch.Tensor:
    """Return −mean over positives of log softmax over keys, mean over queries.

    With class vectors as queries it is the contrastive cross-entropy, with projected rows the
    categorical contrastive loss of Zhong et al. (2020, arXiv:2011.06182), eq. 3 and 4.

    Parameters
    ----------
    queries : float tensor (n, d)
    keys : float tensor (m, d)
    positive : bool tensor (n, m)
        Which keys have a query's class. A query without one counts as 0.
    temperature : float, default 0.07
    """
    q, k = at_least_single(queries), at_least_single(keys)
    log_p = torch.log_softmax(q @ k.T / temperature, 1)
    count = positive.sum(1)
    rows = -(log_p * positive).sum(1) / count.clamp_min(1)
    return rows.sum() / (count > 0).sum().clamp_min(1)


@TERMS.register("bi-tuning")
class BiTuning(Term):
    """Rows of one class lie together: for the head, and in a space of their own.

    Keys come from an encoder that follows the network slowly and stands apart from the
    optimiser; the last ones wait in a queue. All of it is in checkpoints.
    """

    summary = "rows of a class are drawn together, against a queue of earlier ones"
    paper = "Zhong et al., 2020, arXiv:2011.06182, Bi-tuning of Pre-trained Representations"
    views = frozenset({"labelled"})
    through_features = True

    @dataclass(frozen=True)
    class Config:
        """Options of `BiTuning`.

        Attributes
        ----------
        width : int
            Of the projection.
        queue : int
            Keys that wait.
        momentum : float
            How much of the key encoder stays, each step.
        temperature : float
            Of both contrasts.
        """

        width: int = 128
        queue: int = 256
        momentum: float = 0.99
        temperature: float = 0.07

    key_features: torch.Tensor
    key_projected: torch.Tensor
    key_labels: torch.Tensor
    place: torch.Tensor

    def __init__(self, dim: int, n_classes: int, config: object = None) -> None:
        super().__init__(dim, n_classes, config)
        own = self.config
        self.projector = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, own.width))
        self.register_buffer("key_features", torch.zeros(own.queue, dim))
        self.register_buffer("key_projected", torch.zeros(own.queue, own.width))
        self.register_buffer("key_labels", torch.full((own.queue,), -1))
        self.register_buffer("place", torch.zeros((), dtype=torch.int64))
        self._network: tuple[Any, ...] = ()  # in a tuple, so that it is no part of the term

    def prepare(self, setting: PhaseContext) -> None:
        """Copy the backbone and the projector: they give the keys."""
        self._network = (setting.network,)
        self.key_backbone = copy.deepcopy(setting.network.backbone).requires_grad_(False)
        self.key_projector = copy.deepcopy(self.projector).requires_grad_(False)

    def begin(self, setting: PhaseContext) -> None:
        """Start the key encoder where the network is."""
        self.key_backbone.load_state_dict(setting.network.backbone.state_dict())
        self.key_projector.load_state_dict(self.projector.state_dict())

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return both contrasts of the labelled rows against their keys and the queue."""
        view, own = step.labelled, self.config
        assert view is not None
        assert view.labels is not None
        if torch.is_grad_enabled():
            self._follow()
        features = at_least_single(view.features)
        keys = self._keys(view.inputs, features)
        projected = F.normalize(self.key_projector(keys).detach(), dim=1)
        keys = F.normalize(keys, dim=1)
        waiting = self.key_labels >= 0
        all_labels = torch.cat([view.labels, self.key_labels[waiting]])
        all_projected = torch.cat([projected, self.key_projected[waiting]])
        positive = view.labels.unsqueeze(1) == all_labels
        queries = F.normalize(self.projector(features), dim=1)
        loss = contrastive(queries, all_projected, positive, own.temperature)
        weight = getattr(self._network[0].head, "weight", None)
        if weight is not None:
            # Class vectors are contrasted over rows, as the head's softmax is over classes.
            vectors = F.normalize(at_least_single(weight)[view.labels], dim=1)
            live = torch.cat([F.normalize(features, dim=1), self.key_features[waiting]])
            loss = loss + contrastive(vectors, live, positive, own.temperature)
        self._remember(keys, projected, view.labels)
        return loss

    @torch.no_grad()
    def _follow(self) -> None:
        pairs = (
            (self.key_backbone, self._network[0].backbone),
            (self.key_projector, self.projector),
        )
        for slow, fast in pairs:
            own = [p.data for p in slow.parameters()]
            now = [p.data for p in fast.parameters()]
            if own:
                torch._foreach_lerp_(own, now, 1 - self.config.momentum)
            for buffer, value in zip(slow.buffers(), fast.buffers(), strict=True):
                buffer.copy_(value)

    @torch.no_grad()
    def _keys(self, inputs: torch.Tensor | None, features: torch.Tensor) -> torch.Tensor:
        """Return the slow encoder's features; without inputs the row's own stand in."""
        if inputs is None:
            return features.detach()
        self.key_backbone.eval()
        return at_least_single(self.key_backbone(inputs))

    @torch.no_grad()
    def _remember(self, keys: torch.Tensor, projected: torch.Tensor, labels: torch.Tensor) -> None:
        size = len(self.key_labels)
        keys, projected, labels = keys[-size:], projected[-size:], labels[-size:]
        where = (self.place + torch.arange(len(labels), device=labels.device)) % size
        # New tensors: those that the loss was made of must stay as they are until its gradient.
        for name, values in (
            ("key_features", keys),
            ("key_projected", projected),
            ("key_labels", labels),
        ):
            old = getattr(self, name).clone()
            old[where] = values.to(old)
            setattr(self, name, old)
        self.place = (self.place + len(labels)) % size
