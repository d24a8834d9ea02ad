"""Inputs that are changed a little so that a loss rises, for terms that train against them.

Sizes are in units of the signal (white, or full scale, is 1), whatever the network's inputs are
normalised by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import nn

from ..base.errors import ConfigError
from .base import EVERY, PhaseContext, StepBatch, Term, ViewOutputs

Norm = Literal["linf", "l2"]
Loss = Callable[[torch.Tensor], torch.Tensor]
"""Logits to the loss that is to rise."""


@dataclass(frozen=True)
class InputRange:
    """Where the numbers that go into a network lie, as a signal.

    Attributes
    ----------
    scale : float tensor
        What 1 of the signal is among the network's inputs, broadcast over them.
    low, high : float tensor
        The range of the signal among the network's inputs.
    eps : float
        A change of one number that is usual to ask about, as a signal.
    """

    scale: torch.Tensor
    low: torch.Tensor
    high: torch.Tensor
    eps: float

    def to(self, device: torch.device) -> InputRange:
        """Return it on a device."""
        scale, low, high = (own.to(device) for own in (self.scale, self.low, self.high))
        return InputRange(scale, low, high, self.eps)


def project(change: torch.Tensor, eps: float, norm: Norm) -> torch.Tensor:
    """Return the nearest changes of at most `eps`, row by row.

    Examples
    --------
    >>> project(torch.tensor([[3.0, 4.0]]), 1.0, "l2").tolist()
    [[0.6000000238418579, 0.800000011920929]]
    """
    if norm == "linf":
        return change.clamp(-eps, eps)
    return change * (eps / _lengths(change)).clamp(max=1.0)


def steepest(slope: torch.Tensor, norm: Norm) -> torch.Tensor:
    """Return the change of size 1 along which a loss rises fastest, row by row."""
    return slope.sign() if norm == "linf" else slope / _lengths(slope)


def _lengths(x: torch.Tensor) -> torch.Tensor:
    return x.flatten(1).norm(dim=1).clamp(min=1e-12).view(-1, *[1] * (x.ndim - 1))


def drawn(x: torch.Tensor, eps: float, norm: Norm) -> torch.Tensor:
    """Return a change for each row, even over all of at most `eps`."""
    if norm == "linf":
        return (2 * torch.rand_like(x) - 1) * eps
    radius = torch.rand(len(x), *[1] * (x.ndim - 1)).to(x) ** (1 / x[0].numel())
    return steepest(torch.randn_like(x), "l2") * radius * eps


def changed(
    x: torch.Tensor,
    logits_of: Callable[[torch.Tensor], torch.Tensor],
    loss: Loss,
    where: InputRange,
    *,
    eps: float,
    step_size: float,
    steps: int,
    norm: Norm = "linf",
    start: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return inputs within `eps` of x at which a loss is higher: projected gradient ascent.

    Parameters
    ----------
    x : float tensor (n, ...)
        As it goes into the network; NaN, where nothing is, stays.
    logits_of : callable
        The network, in the mode that it is to be asked in.
    loss : callable
        Logits (n, c) to what is to rise.
    where : InputRange
    eps, step_size : float
        Of the signal.
    steps : int
    norm : {"linf", "l2"}, default "linf"
        In what `eps` is counted: any one number, or the root of all squared changes.
    start : float tensor (n, ...), optional
        The change to begin with; none where not given.

    Returns
    -------
    float tensor (n, ...)
        Detached. What lay outside the signal's range before (an augmentation may lead there)
        may stay there, and goes no further out.

    References
    ----------
    Madry et al., 2018, ICLR, Towards Deep Learning Models Resistant to Adversarial Attacks.
    """
    x = x.detach()
    there = ~x.isnan()
    low, high = torch.minimum(where.low, x), torch.maximum(where.high, x)
    change = torch.zeros_like(x) if start is None else start
    for _ in range(steps):
        change = change.detach().requires_grad_(True)
        with torch.enable_grad():
            at = (x + where.scale * change).clamp(low, high)
            (slope,) = torch.autograd.grad(loss(logits_of(at)), change)
        slope = torch.where(there, slope, 0.0)
        change = project(change.detach() + step_size * steepest(slope, norm), eps, norm)
    return (x + where.scale * change.detach()).clamp(low, high)


@contextmanager
def in_evaluation(network: nn.Module) -> Iterator[None]:
    """Ask a network in evaluation mode, and leave every module in the mode that it was in."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@dataclass(frozen=True)
class PerturbConfig:
    """Options of terms that train against changed inputs.

    Attributes
    ----------
    eps : float
        The greatest change; white, or full scale, is 1. 0: what `landbridge stress` attacks with
        (4/255 of colour, 0.1 of grey pictures, 0.001 of sound; in L2 as far as half of all numbers
        at that).
    steps : int
        Of the search.
    step_size : float
        0: 2.5 · eps / steps.
    norm : {"linf", "l2"}
        In what eps is counted: any one number, or the root of all squared changes.
    """

    eps: float = 0.0
    steps: int = 7
    step_size: float = 0.0
    norm: Norm = "linf"


class PerturbTerm(Term):
    """Base of terms that train against changed inputs of the rows that are learned from.

    The search asks the network in evaluation mode, so that running statistics and dropout have no
    part in it; what is learned from goes through it as all else does in training.
    """

    views = frozenset({"taught"})
    perturbs_inputs = True
    target_types = EVERY
    Config: ClassVar[type] = PerturbConfig
    setting: PhaseContext
    where: InputRange | None

    def __init__(self, dim: int, n_classes: int, config: Any = None) -> None:
        super().__init__(dim, n_classes, config)
        own = self.config
        if own.eps < 0 or own.step_size < 0 or own.steps < 1:
            raise ConfigError(
                f"{self.name}: eps = {own.eps}, step_size = {own.step_size}, steps = {own.steps}",
                hint="give eps and step_size from 0 on, and at least one step",
            )

    def prepare(self, setting: PhaseContext) -> None:
        """Keep what is asked of the phase; a range of inputs alone says that they are a signal."""
        self.setting = setting  # no module: the network in it is not the term's to train
        where = self.where = setting.input_range
        if where is not None and self.config.eps > _span(where):
            raise ConfigError(
                f"{self.name}: eps = {self.config.eps:g} is more than the whole range, which is "
                f"{_span(where):g}",
                hint="give a smaller change; white, or full scale, is 1",
            )

    @classmethod
    def extra_passes(cls, config: Any) -> float:
        """Return one pass for each step of the search, and one to learn from what it found."""
        return float(config.steps + 1)

    def size(self, x: torch.Tensor) -> float:
        """Return eps for such inputs."""
        assert self.where is not None
        if self.config.eps:
            return float(self.config.eps)
        usual = self.where.eps
        return usual if self.config.norm == "linf" else usual * (0.5 * x[0].numel()) ** 0.5

    def search(
        self, x: torch.Tensor, loss: Loss, *, start: torch.Tensor | None = None, **how: Any
    ) -> torch.Tensor:
        """Return changed inputs; `how` are other steps than the options say."""
        assert self.where is not None
        own, eps = self.config, self.size(x)
        steps = how.get("steps", own.steps)
        step_size = how.get("step_size") or own.step_size or 2.5 * eps / steps
        network = self.setting.network
        with in_evaluation(network):
            return changed(
                x,
                lambda at: network(at)[1].float(),
                loss,
                self.where.to(x.device),
                eps=eps,
                step_size=step_size,
                steps=steps,
                norm=own.norm,
                start=drawn(x, eps, own.norm) if start is None else start,
            )

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return the mean over the batches that are learned from; 0 on stored features."""
        if self.where is None:
            return step.taught[0].logits.new_zeros((), dtype=torch.float32)
        return torch.stack([self.loss_of(view) for view in step.taught]).mean()

    def loss_of(self, view: ViewOutputs) -> torch.Tensor:
        """Return the loss on changed inputs of one batch."""
        raise NotImplementedError

    def task_loss(self, labels: torch.Tensor | None) -> Loss:
        """Return the mean loss of logits as those labels want them."""
        assert labels is not None
        return lambda logits: self.setting.loss(logits, labels)


def _span(where: InputRange) -> float:
    return float(((where.high - where.low) / where.scale).max())
