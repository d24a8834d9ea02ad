"""A backbone with a head, and the transfer of tensors from one network to another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional

from ..base.formatting import percent
from ..base.typed import JsonObject
from .base import Backbone, LoadedBackbone
from .heads import ColumnsHead, StagesHead
from .maps import pooled, stage_maps
from .weights import seeded

Status = Literal["transferred", "reshaped", "fresh", "unused"]

_ORDER: tuple[Status, ...] = ("transferred", "reshaped", "fresh", "unused")


class Network(nn.Module):
    """A backbone and a linear head.

    Parameters
    ----------
    backbone : Backbone
    n_classes : int

    Notes
    -----
    ``forward(x)`` gives (features (n, dim), logits (n, classes)).
    """

    def __init__(self, backbone: Backbone, n_classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.head: Any = nn.Linear(backbone.dim, n_classes)  # or a StepsHead, or a StagesHead

    @property
    def dim(self) -> int:
        """Width of the features."""
        return self.backbone.dim

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if self.reads_stages:
            with stage_maps(self, True) as maps:
                features = self.backbone(x)
            return features, self.head(pooled(maps, int(self.head.budget)))
        features = self.backbone(x)
        if isinstance(self.head, ColumnsHead):
            return features, self.head(x)
        return features, self.head(features)

    @property
    def reads_stages(self) -> bool:
        """Whether the head reads all stages."""
        return isinstance(self.head, StagesHead)

    @property
    def reads_features(self) -> bool:
        """Whether features alone give the head's answer."""
        return not isinstance(self.head, StagesHead | ColumnsHead)

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        """Return the backbone's stages and the head, from the input to the output."""
        return [*self.backbone.stages(), ("head", [self.head])]


def make_network(opened: LoadedBackbone, n_classes: int, seed: int = 0) -> Network:
    """Put a fresh head on a backbone.

    Parameters
    ----------
    opened : LoadedBackbone
        Its module is used itself, not a copy.
    n_classes : int
    seed : int, default 0
        For the head's start.

    Returns
    -------
    Network
    """
    with seeded("head", seed):
        return Network(opened.module, n_classes)


@dataclass(frozen=True)
class TensorTransfer:
    """What became of one tensor.

    Attributes
    ----------
    name : str
    status : {"transferred", "reshaped", "fresh", "unused"}
    found, wanted : tuple of int or None
        Shape on the giving and on the receiving side; None where it is not there.
    note : str
        How it was reshaped, or why it was not used.
    """

    name: str
    status: Status
    found: tuple[int, ...] | None
    wanted: tuple[int, ...] | None
    note: str = ""


@dataclass(frozen=True)
class TransferReport:
    """What `transfer_tensors` did, tensor by tensor.

    Attributes
    ----------
    tensors : tuple of TensorTransfer
    """

    tensors: tuple[TensorTransfer, ...]

    def counts(self) -> dict[str, int]:
        """Return the number of tensors of each status."""
        return {s: sum(t.status == s for t in self.tensors) for s in _ORDER}

    def to_dict(self) -> JsonObject:
        """Return plain values."""
        return {"counts": self.counts(), "tensors": [asdict(t) for t in self.tensors]}

    def sentence(self) -> str:
        """Say it in one line."""
        n = self.counts()
        wanted = sum(t.wanted is not None for t in self.tensors)
        same = sum(
            math.prod(t.wanted or ()) for t in self.tensors if t.status == "transferred"
        ) / max(1, sum(math.prod(t.wanted) for t in self.tensors if t.wanted is not None))
        return (
            f"{n['transferred']} of {wanted} tensors transferred as they are "
            f"({percent(same, 0)} of the values), {n['reshaped']} reshaped, {n['fresh']} fresh; "
            f"{n['unused']} of the given ones not used"
        )


@torch.no_grad()
def transfer_tensors(
    from_state: Mapping[str, torch.Tensor],
    network: Network,
    *,
    from_classes: Sequence[str] | None = None,
    to_classes: Sequence[str] | None = None,
) -> TransferReport:
    """Copy into a network every tensor of another that fits, and adapt those that nearly do.

    A tensor of the same name and shape is copied. Of another shape: an input convolution
    between grey and colour is summed or repeated, position embeddings are interpolated, and
    otherwise (a wider or narrower layer) the part that overlaps is copied and the rest stays
    as it started. The head is matched row by row by class name, and stays fresh where the
    names are not given, because the same number of classes says nothing about their order.

    Parameters
    ----------
    from_state : mapping of str to Tensor
        State dict of a `Network`, or of a backbone alone.
    network : Network
        Changed in place.
    from_classes, to_classes : sequence of str, optional
        Class names, in the order of either head's rows.

    Returns
    -------
    TransferReport
    """
    own = network.state_dict()  # the tensors themselves: copying into them is enough
    given = {
        name if name.startswith(("backbone.", "head.")) else f"backbone.{name}": tensor
        for name, tensor in from_state.items()
    }
    transfers: list[TensorTransfer] = []
    for name, new in own.items():
        old = given.get(name)
        if old is None:
            transfers.append(TensorTransfer(name, "fresh", None, tuple(new.shape), "not given"))
            continue
        old = old.to(new.device)
        if name.startswith("head."):
            status, note = _head(old, new, from_classes, to_classes)
        else:
            status, note = _tensor(name, old, new)
        transfers.append(TensorTransfer(name, status, tuple(old.shape), tuple(new.shape), note))
    for name, tensor in given.items():
        if name not in own:
            transfers.append(
                TensorTransfer(name, "unused", tuple(tensor.shape), None, "no such tensor")
            )
    return TransferReport(tuple(transfers))


def _tensor(name: str, old: torch.Tensor, new: torch.Tensor) -> tuple[Status, str]:
    if old.shape == new.shape:
        new.copy_(old)
        return "transferred", ""
    if not new.is_floating_point() or not old.is_floating_point():
        return "fresh", "an index or counter of another shape"
    if old.ndim != new.ndim:
        return "fresh", "another number of axes"
    old = old.to(new.dtype)
    if _is_position(name, old, new):
        new.copy_(_interpolate(old, new.shape[1]))
        return "reshaped", "positions interpolated"
    note = "overlap copied"
    if new.ndim == 4:
        if old.shape[2:] != new.shape[2:]:
            return "fresh", "another kernel size"
        if {old.shape[1], new.shape[1]} == {1, 3}:
            # A grey image repeated over three channels must give what it gave before.
            old = old.sum(1, keepdim=True) if new.shape[1] == 1 else old.expand(-1, 3, -1, -1) / 3
            note = "colour summed to grey" if new.shape[1] == 1 else "grey spread over colour"
    part = tuple(slice(0, min(a, b)) for a, b in zip(old.shape, new.shape, strict=True))
    new[part].copy_(old[part])
    return "reshaped", note


def _head(
    old: torch.Tensor,
    new: torch.Tensor,
    from_classes: Sequence[str] | None,
    to_classes: Sequence[str] | None,
) -> tuple[Status, str]:
    if from_classes is None or to_classes is None:
        return "fresh", "class names not given"
    if list(from_classes) == list(to_classes) and old.shape == new.shape:
        new.copy_(old)  # whatever the head is made of
        return "transferred", ""
    if len(from_classes) != old.shape[0] or len(to_classes) != new.shape[0]:
        raise ValueError(
            f"{len(from_classes)} and {len(to_classes)} class names for heads with "
            f"{old.shape[0]} and {new.shape[0]} rows"
        )
    row = {name: i for i, name in enumerate(from_classes)}
    pairs = [(row[name], i) for i, name in enumerate(to_classes) if name in row]
    if not pairs:
        return "fresh", "no class in common"
    for source, target in pairs:
        width = min(old[source].numel(), new[target].numel())  # 1 for the bias
        new[target].view(-1)[:width].copy_(old[source].reshape(-1)[:width])
    full = len(pairs) == len(to_classes) and old.shape[1:] == new.shape[1:]
    return (
        "transferred" if full else "reshaped",
        f"{len(pairs)} of {len(to_classes)} classes by name",
    )


def _is_position(name: str, old: torch.Tensor, new: torch.Tensor) -> bool:
    """Position embeddings of a square grid, (1, tokens, width), perhaps with a class token."""
    if "position_embedding" not in name and "pos_embed" not in name:
        return False
    if old.ndim != 3 or old.shape[0] != 1 or old.shape[2] != new.shape[2]:
        return False
    extra = [n - math.isqrt(n) ** 2 for n in (old.shape[1], new.shape[1])]
    return extra[0] == extra[1] and extra[0] in (0, 1)


def _interpolate(old: torch.Tensor, tokens: int) -> torch.Tensor:
    before, after = math.isqrt(old.shape[1]), math.isqrt(tokens)
    extra = old.shape[1] - before**2
    grid = old[:, extra:].reshape(1, before, before, -1).permute(0, 3, 1, 2)
    grid = functional.interpolate(grid, (after, after), mode="bicubic", align_corners=False)
    return torch.cat([old[:, :extra], grid.flatten(2).transpose(1, 2)], 1)
