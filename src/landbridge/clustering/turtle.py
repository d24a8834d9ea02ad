"""TURTLE: the groups that a linear classifier separates best, all of about the same size."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from ..base.seeds import torch_rng
from .base import CLUSTERINGS, STARTS, Clustering, Groups
from .gaussian_mixture import GaussianMixtureGroups

STEPS = 100
INNER = 10
"""Steps of the classifier for each step of the groups."""
RATE = 1e-3
BALANCE = 10.0
"""Weight of the entropy of the groups' sizes."""
SPREAD = 2.0
"""Standard deviation of the first scores: a mixture's posteriors are too sure to learn from."""
MOST = 10_000


@CLUSTERINGS.register("turtle")
class TurtleGroups(Clustering):
    """Labels as parameters: those that a classifier learns with the least loss are kept.

    In turns a linear classifier takes a few steps towards the labels, and the labels take one
    towards what the classifier says (first-order hypergradient), while the entropy of their mean
    keeps them from becoming one group: it assumes groups of about equal size. It starts from the
    Gaussian mixture; from random labels it often ended in worse groups here.
    """

    summary = "labels that a linear classifier learns best; assumes groups of equal size"
    paper = "Gadetsky et al., 2024, ICML, Let Go of Your Labels with Unsupervised Transfer"

    def fit(self, x: np.ndarray, k: int, seed: int, starts: int = STARTS) -> Groups:
        """Return the labels' own linear scores."""
        begun = GaussianMixtureGroups().fit(x, k, seed, starts)
        scale = max(float(x.std()), 1e-12)
        rows = torch.from_numpy(np.asarray(x / scale, np.float32))
        labels, classifier = nn.Linear(x.shape[1], k), nn.Linear(x.shape[1], k)
        with torch.no_grad():
            start = _fitted(rows, torch.from_numpy(begun.assign(x)), k)
            for layer in (labels, classifier):
                layer.weight.copy_(start[0])
                layer.bias.copy_(start[1])
        outer = torch.optim.Adam(labels.parameters(), RATE)
        inner = torch.optim.Adam(classifier.parameters(), RATE)
        for step in range(STEPS):
            some = rows
            if len(rows) > MOST:
                draw = torch.randperm(len(rows), generator=torch_rng("turtle", seed, step))
                some = rows[draw[:MOST]]
            task = torch.softmax(labels(some), 1)
            for _ in range(INNER):
                loss = -(task.detach() * torch.log_softmax(classifier(some), 1)).sum(1).mean()
                inner.zero_grad()
                loss.backward()
                inner.step()
            outer.zero_grad()
            turtle_loss(task, classifier(some).detach()).backward()
            outer.step()
        weight = labels.weight.detach().double().numpy() / scale
        return Groups(weight, labels.bias.detach().double().numpy())


def turtle_loss(task: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """Return cross-entropy of soft labels (n, k), less the entropy of their mean.

    Examples
    --------
    >>> even = torch.eye(4)
    >>> round(float(turtle_loss(even, 100 * even) / BALANCE + np.log(4)), 4)
    0.0
    """
    sizes = task.mean(0)
    spread = -(sizes * sizes.clamp_min(1e-12).log()).sum()
    return -(task * torch.log_softmax(logits, 1)).sum(1).mean() - BALANCE * spread


def _fitted(rows: torch.Tensor, groups: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a ridge classifier of the groups as weights and bias, scaled to mild scores."""
    hot = nn.functional.one_hot(groups, k).double() - 1 / k
    x = rows.double()
    mean = x.mean(0)
    gram = (x - mean).T @ (x - mean)
    gram += 1e-2 * gram.diagonal().mean() * torch.eye(len(gram), dtype=torch.double)
    weight = torch.linalg.solve(gram, (x - mean).T @ hot).T
    scores = (x - mean) @ weight.T
    weight *= SPREAD / scores.std().clamp_min(1e-12)
    return weight.float(), -(weight @ mean).float()
