"""One step over several processes: rows are shared out, features gathered with their gradients.

Every rank holds the same network and draws the same batch. Each takes its own rows through the
network; features and logits of all are then gathered, so that every term sees the whole batch and
every rank computes the same loss. On the way back a rank keeps the gradient of its own rows,
times the number of ranks, and the mean over ranks is taken at the end: what all ranks compute
alike (the head's part in a term, the parameters of a term) comes out once, what each did for its
own rows is added up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import MethodType
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional

_BATCH_NORM = nn.modules.batchnorm._BatchNorm


class Ranks:
    """The processes that share each step.

    Parameters
    ----------
    rank, size : int
    """

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size

    def own(self, rows: int) -> slice:
        """Return which of so many rows are this rank's; some ranks have one more than others."""
        sizes = self.sizes(rows)
        first = sum(sizes[: self.rank])
        return slice(first, first + sizes[self.rank])

    def sizes(self, rows: int) -> list[int]:
        """Return how many of so many rows each rank has."""
        each, more = divmod(rows, self.size)
        return [each + (rank < more) for rank in range(self.size)]

    def gather(self, own: torch.Tensor, rows: int) -> torch.Tensor:
        """Return all rows, in order; the gradient of a rank's own comes back times the ranks."""
        found: torch.Tensor = _Gather.apply(own, self, rows)
        return found

    def mean_gradients(self, parameters: list[nn.Parameter]) -> None:
        """Replace each gradient by the mean over ranks: the same bits on all of them."""
        grads = [p.grad for p in parameters if p.grad is not None]
        if not grads:
            return
        flat = torch.cat([grad.reshape(-1).float() for grad in grads])
        dist.all_reduce(flat)
        flat /= self.size
        for grad, mean in zip(grads, flat.split([g.numel() for g in grads]), strict=True):
            grad.copy_(mean.view_as(grad))

    def agree(self, network: nn.Module) -> float:
        """Give every rank rank 0's tensors; return how far the farthest was from them."""
        apart = torch.zeros(())
        for tensor in network.state_dict().values():
            own = tensor.clone()
            dist.broadcast(tensor, src=0)
            gap = (own.double() - tensor.double()).abs()
            apart = torch.maximum(apart, gap.max().float().cpu() if gap.numel() else apart)
        dist.all_reduce(apart, op=dist.ReduceOp.MAX)
        return float(apart)


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, own: torch.Tensor, ranks: Ranks, rows: int) -> torch.Tensor:
        ctx.ranks, ctx.rows = ranks, rows
        sizes = ranks.sizes(rows)
        padded = own.new_zeros((max(sizes), *own.shape[1:]))
        padded[: len(own)] = own
        parts = [torch.empty_like(padded) for _ in sizes]
        dist.all_gather(parts, padded)
        return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        return grads[0][ctx.ranks.own(ctx.rows)] * ctx.ranks.size, None, None


class _AddUp(torch.autograd.Function):
    """The sum over ranks, of a value and of its gradient."""

    @staticmethod
    def forward(ctx: Any, value: torch.Tensor) -> torch.Tensor:
        total = value.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        total = grads[0].clone()
        dist.all_reduce(total)
        return total


@contextmanager
def as_one_batch(network: nn.Module, ranks: Ranks, rows: int) -> Iterator[None]:
    """Let statistics of a batch and dropout be those of all rows while each rank has its own.

    Batch normalisation in training mode takes mean and variance over all ranks; dropout draws for
    all rows, as one process would, and keeps its own.
    """
    changed: list[nn.Module] = []
    for module in network.modules():
        if isinstance(module, _BATCH_NORM) and (module.training or not module.track_running_stats):
            module.forward = MethodType(_normalise, module)  # type: ignore[method-assign]
        elif isinstance(module, nn.Dropout) and module.training and module.p:
            module.forward = MethodType(_drop(ranks, rows), module)  # type: ignore[method-assign]
        else:
            continue
        changed.append(module)
    try:
        yield
    finally:
        for module in changed:
            del module.forward


def _normalise(self: Any, x: torch.Tensor) -> torch.Tensor:
    """Do what batch normalisation does in training, with the statistics of all ranks' rows."""
    dims = [0, *range(2, x.ndim)]
    wide = x.float()
    count = torch.tensor([x.numel() / x.shape[1]], device=x.device)
    # Sums about a value near the mean, the same on all ranks: squares of large ones cancel badly.
    about = torch.zeros(x.shape[1], device=x.device)
    if self.running_mean is not None:
        about = self.running_mean.detach().float()
    shape = (1, -1, *[1] * (x.ndim - 2))
    moved = wide - about.view(shape)
    sums = torch.cat([moved.sum(dims), moved.square().sum(dims), count])
    sums = _AddUp.apply(sums)
    n = sums[-1].detach()
    mean, square = sums[:-1].view(2, -1) / n
    variance = (square - mean.square()).clamp(min=0)
    if self.training and self.track_running_stats and self.running_mean is not None:
        with torch.no_grad():
            self.num_batches_tracked += 1
            share = self.momentum
            if share is None:
                share = 1.0 / float(self.num_batches_tracked)
            self.running_mean.lerp_((mean + about).to(self.running_mean), share)
            self.running_var.lerp_((variance * n / (n - 1)).to(self.running_var), share)
    found = (moved - mean.view(shape)) * (variance + self.eps).rsqrt().view(shape)
    if self.affine:
        found = found * self.weight.view(shape) + self.bias.view(shape)
    return found.to(x.dtype)


def _drop(ranks: Ranks, rows: int) -> Any:
    def forward(self: Any, x: torch.Tensor) -> torch.Tensor:
        per_row, rest = divmod(len(x), max(1, ranks.sizes(rows)[ranks.rank]))
        if rest or not per_row:  # its first axis is not the batch: each rank draws for itself
            return functional.dropout(x, self.p, True, self.inplace)
        kept = x.new_empty((rows * per_row, *x.shape[1:])).bernoulli_(1 - self.p)
        own = ranks.own(rows)
        mask = kept[own.start * per_row : own.stop * per_row]
        return x * mask / (1 - self.p)

    return forward
