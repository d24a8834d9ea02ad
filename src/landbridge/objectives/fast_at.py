"""Adversarial training at the price of one step, watched for the collapse that it is known for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from .base import TERMS, ViewOutputs
from .perturb import Norm, PerturbConfig, PerturbTerm, in_evaluation

_CHECKED_BY = 5
"""Steps of the search by which one step is checked."""
_GUARDED = 3
"""Steps from then on."""


@TERMS.register("fast-at")
class FastAT(PerturbTerm):
    """The loss after one step from a random start, until one step no longer teaches.

    One-step training may collapse: the network then withstands that very step and nothing else
    (catastrophic overfitting). Every `every` steps the batch at hand is searched more thoroughly;
    where so much more of it falls than by one step as `tolerance` says, three steps are taken from
    there on, and the run says so. No labels are looked at but those that are learned from.
    """

    summary = "learn from inputs changed by one step, and by three where that collapses"
    paper = "Wong et al., 2020, ICLR, Fast is Better than Free"
    target_types = frozenset(("multiclass",))  # what falls is counted

    @dataclass(frozen=True)
    class Config(PerturbConfig):
        """Options of `FastAT`.

        Attributes
        ----------
        eps : float
            The greatest change; white, or full scale, is 1. 0: what `stress` attacks with.
        steps : int
            Of the search.
        step_size : float
            0: 1.25 · eps.
        norm : {"linf", "l2"}
            In what eps is counted: any one number, or the root of all squared changes.
        every : int
            Training steps from one check to the next.
        tolerance : float
            Share of the batch that more may fall to a thorough search than to one step.
        """

        eps: float = 0.0
        steps: int = 1
        step_size: float = 0.0
        norm: Norm = "linf"
        every: int = 20
        tolerance: float = 0.3

    taken: torch.Tensor
    guarded_at: torch.Tensor
    figures: torch.Tensor

    def __init__(self, dim: int, n_classes: int, config: object = None) -> None:
        super().__init__(dim, n_classes, config)
        self.register_buffer("taken", torch.zeros((), dtype=torch.int64))
        self.register_buffer("guarded_at", torch.zeros((), dtype=torch.int64))  # 0: not so far
        self.register_buffer("figures", torch.zeros(2))

    @classmethod
    def extra_passes(cls, config: Any) -> float:
        """Return those of the search, of what is learned, and of the checks."""
        return super().extra_passes(config) + (_CHECKED_BY + 2) / max(1, config.every)

    def loss_of(self, view: ViewOutputs) -> torch.Tensor:
        """Return the mean loss after the search."""
        assert view.inputs is not None
        loss, eps = self.task_loss(view.labels), self.size(view.inputs)
        how: dict[str, Any]
        if self.guarded_at:
            how = {"steps": _GUARDED, "step_size": 0.0}
        else:
            how = {"steps": self.config.steps, "step_size": self.config.step_size or 1.25 * eps}
        found = self.search(view.inputs, loss, **how)
        self.taken += 1
        if not self.guarded_at and int(self.taken) % max(1, self.config.every) == 0:
            self._check(view, found)
        return loss(self.setting.network(found)[1].float())

    def _check(self, view: ViewOutputs, found: torch.Tensor) -> None:
        """Compare what falls to the usual search with what falls to a thorough one."""
        assert view.inputs is not None
        assert view.labels is not None
        thorough = self.search(view.inputs, self.task_loss(view.labels), steps=_CHECKED_BY)
        own = torch.stack([self._held(x, view.labels) for x in (found, thorough)])
        if own[0] - own[1] > self.config.tolerance:
            self.figures.copy_(own)
            self.guarded_at.copy_(self.taken)

    @torch.no_grad()
    def _held(self, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the share of rows whose answer is right."""
        with in_evaluation(self.setting.network):
            logits = self.setting.network(x)[1]
        return (logits.argmax(1) == labels).float().mean()

    def note(self) -> str:
        """Say when one step stopped to teach."""
        if not self.guarded_at:
            return ""
        one, many = (100 * self.figures).tolist()
        return (
            f"fast-at: after {int(self.guarded_at):,} steps the network withstood its own search "
            f"alone ({one:.0f} % of a batch right, {many:.0f} % against {_CHECKED_BY} steps): "
            f"searched in {_GUARDED} steps from there on"
        )
