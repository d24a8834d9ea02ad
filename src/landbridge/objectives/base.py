"""The contract of a transfer term T_k: one file each, a pure function and its `Term`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from ..base.registry import Registry


@dataclass
class View:
    """One batch after the network.

    Attributes
    ----------
    features : float tensor (n, d)
    logits : float tensor (n, classes)
    labels : int64 tensor (n,), or None where the term may not have them
    """

    features: torch.Tensor
    logits: torch.Tensor
    labels: torch.Tensor | None = None


@dataclass
class Step:
    """What a term sees of one training step. Target labels are never in it.

    Attributes
    ----------
    source : View or None
        Labelled source batch.
    target : View or None
        Unlabelled target batch (weak view).
    strong : View or None
        The same target rows, strongly augmented.
    teacher : float tensor (n, classes) or None
        ``target.logits`` detached: what teaches the strong view.
    progress : float
        Share of the phase that is done, in [0, 1).
    """

    source: View | None
    target: View | None
    strong: View | None
    teacher: torch.Tensor | None
    progress: float


class Term(nn.Module, ABC):
    """A transfer term. Parameters it registers are trained with the network.

    Parameters
    ----------
    dim : int
        Width of the features.
    n_classes : int
        Number of answers.
    config : Config, optional
        The term's own options.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[str]
    views: ClassVar[frozenset[str]]
    Config: ClassVar[type]

    def __init__(self, dim: int, n_classes: int, config: Any = None) -> None:
        super().__init__()
        self.dim = dim
        self.n_classes = n_classes
        self.config: Any = self.Config() if config is None else config

    @abstractmethod
    def forward(self, step: Step) -> torch.Tensor:
        """Return the scalar to minimise."""


def at_least_single(x: torch.Tensor) -> torch.Tensor:
    """Return half-precision values as float32, others as they are."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


TERMS: Registry[type[Term]] = Registry("term", "landbridge.objectives")
