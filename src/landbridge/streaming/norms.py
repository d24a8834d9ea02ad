"""Batch normalisation whose statistics follow a stream, and slowly enough for small batches."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

BATCH_NORMS = (nn.modules.batchnorm._BatchNorm,)
NORMS = (*BATCH_NORMS, nn.LayerNorm, nn.GroupNorm)


class StreamNorm(nn.Module):
    """A batch normalisation that remembers its source statistics and uses those it is given.

    Parameters
    ----------
    norm : BatchNorm
        In evaluation mode it would use its running statistics: so does this one at first.

    Attributes
    ----------
    source_mean, source_var : Tensor (channels,)
        The running statistics of the source; they never change.
    mean, var : Tensor (channels,)
        What is used.
    seen : tuple of Tensor (n, channels)
        Mean and mean square of each row of the last batch, over its positions.
    """

    source_mean: torch.Tensor
    source_var: torch.Tensor
    mean: torch.Tensor
    var: torch.Tensor

    def __init__(self, norm: nn.modules.batchnorm._BatchNorm) -> None:
        super().__init__()
        assert norm.running_mean is not None
        assert norm.running_var is not None
        self.eps = norm.eps
        self.weight, self.bias = norm.weight, norm.bias
        for name, value in (("mean", norm.running_mean), ("var", norm.running_var)):
            self.register_buffer(f"source_{name}", value.detach().clone())
            self.register_buffer(name, value.detach().clone())
        self.seen: tuple[torch.Tensor, torch.Tensor] | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            flat = x.detach().float().flatten(2) if x.ndim > 2 else x.detach().float()[..., None]
            self.seen = flat.mean(2), flat.square().mean(2)
        return F.batch_norm(x, self.mean, self.var, self.weight, self.bias, False, 0.0, self.eps)

    def restore(self) -> None:
        """Use the source's statistics again."""
        self.mean.copy_(self.source_mean)
        self.var.copy_(self.source_var)


def install(network: nn.Module) -> list[StreamNorm]:
    """Put a `StreamNorm` in the place of each batch normalisation with running statistics."""
    found = []
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, BATCH_NORMS) and child.running_mean is not None:
                norm = StreamNorm(child)
                setattr(module, name, norm)
                found.append(norm)
    return found


def affine_parameters(module: nn.Module) -> dict[str, nn.Parameter]:
    """Return scale and shift of every normalisation, by name: all that may move in a stream."""
    return {
        f"{name}.{kind}": parameter
        for name, norm in module.named_modules()
        if isinstance(norm, (StreamNorm, *NORMS))
        for kind, parameter in norm.named_parameters(recurse=False)
    }
