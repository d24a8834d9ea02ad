"""What a head does to features, step by step; each step is data, so a model file holds no code.

Most feature methods end in one `Affine`. Those that work with kernels or neighbours end in a few
steps more. A step's fields are arrays, its `run` is torch: the same for rows of numpy arrays here
and inside a `Network` (`backbones.heads`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ..base.registry import Registry

if TYPE_CHECKING:
    import torch

STEPS: Registry[type[HeadLayer]] = Registry("head layer", "landbridge.inference")
"""Every kind of step by its name."""

_BLOCK = 8_000_000  # numbers that a block of rows may need at once


class HeadLayer:
    """One function of rows. Subclasses are frozen dataclasses whose fields are all arrays."""

    kind: ClassVar[str]

    def __init_subclass__(cls) -> None:
        STEPS.register(cls.kind)(cls)

    def tensors(self) -> dict[str, np.ndarray]:
        """Return the fields by name."""
        return {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}  # type: ignore[arg-type]

    @property
    def width(self) -> int:
        """How many columns come out; 0 where as many as go in."""
        return 0

    def load(self) -> int:
        """Return how many numbers one row needs while it is computed, for the size of blocks."""
        return 1

    @staticmethod
    def run(x: torch.Tensor, own: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the rows after the step; `own` are its fields as tensors of x's type."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Affine(HeadLayer):
    """x @ matrix + offset.

    Attributes
    ----------
    matrix : ndarray, shape (d_in, d_out), or (d,) for a diagonal one
    offset : ndarray, shape (d_out,)
    """

    kind: ClassVar[str] = "affine"
    matrix: np.ndarray
    offset: np.ndarray

    @property
    def width(self) -> int:
        """Number of columns that come out."""
        return len(self.offset)

    @staticmethod
    def run(x: torch.Tensor, own: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return x @ matrix + offset."""
        matrix = own["matrix"]
        return (x * matrix if matrix.ndim == 1 else x @ matrix) + own["offset"]

    def then(self, after: Affine) -> Affine:
        """Return the one affine map that does this and then `after`, in float64."""
        first, second = self.matrix.astype(np.float64), after.matrix.astype(np.float64)
        offset = self.offset.astype(np.float64)
        if second.ndim == 1:
            return Affine(first * second, offset * second + after.offset)
        matrix = first[:, None] * second if first.ndim == 1 else first @ second
        return Affine(matrix, offset @ second + after.offset)


@dataclass(frozen=True, eq=False)
class UnitRows(HeadLayer):
    """Divide each row by its Euclidean length; a row of zeros stays."""

    kind: ClassVar[str] = "unit-rows"

    @staticmethod
    def run(x: torch.Tensor, own: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return x / ‖x‖."""
        length = (x * x).sum(1, keepdim=True).sqrt()
        return x / length.masked_fill(length == 0, 1)


@dataclass(frozen=True, eq=False)
class RBFKernel(HeadLayer):
    """exp(−gamma ‖x − anchor‖²) for each anchor.

    Attributes
    ----------
    anchors : ndarray, shape (m, d)
    gamma : ndarray, shape ()
    """

    kind: ClassVar[str] = "rbf-kernel"
    anchors: np.ndarray
    gamma: np.ndarray

    @property
    def width(self) -> int:
        """Number of anchors."""
        return len(self.anchors)

    def load(self) -> int:
        """Return the number of anchors."""
        return len(self.anchors)

    @staticmethod
    def run(x: torch.Tensor, own: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the kernel's values, (n, m)."""
        return squared_distances(x, own["anchors"]).mul_(-own["gamma"]).exp_()


@dataclass(frozen=True, eq=False)
class Neighbours(HeadLayer):
    """Votes of the nearest anchors: log of (votes + smoothing), normalised.

    Attributes
    ----------
    anchors : ndarray, shape (m, d)
    votes : ndarray, shape (m, classes)
        What an anchor says: 1 for its class, or its weight there.
    k : ndarray, shape ()
        How many neighbours vote.
    smoothing : ndarray, shape ()
        Added to each class's share, so that no probability is 0.
    """

    kind: ClassVar[str] = "neighbours"
    anchors: np.ndarray
    votes: np.ndarray
    k: np.ndarray
    smoothing: np.ndarray

    @property
    def width(self) -> int:
        """Number of classes."""
        return self.votes.shape[1]

    def load(self) -> int:
        """Return the number of anchors."""
        return len(self.anchors)

    @staticmethod
    def run(x: torch.Tensor, own: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return log probabilities, (n, classes)."""
        distances = squared_distances(x, own["anchors"])
        k = min(int(own["k"]), distances.shape[1])
        near = distances.argmin(1, keepdim=True) if k == 1 else distances.topk(k, 1, False)[1]
        votes = own["votes"][near].sum(1)
        share = votes / votes.sum(1, keepdim=True) + own["smoothing"]
        return (share / share.sum(1, keepdim=True)).log()


@dataclass(frozen=True, eq=False)
class Votes(HeadLayer):
    """Several classifiers' scores side by side become log of (their votes + smoothing).

    Attributes
    ----------
    say : ndarray, shape (voters, classes)
        How much each voter counts, the same in a row. The scores that come in are those of the
        first voter, then those of the second, ...
    smoothing : ndarray, shape ()
        Added to each class's share, so that no probability is 0.
    """

    kind: ClassVar[str] = "votes"
    say: np.ndarray
    smoothing: np.ndarray

    @property
    def width(self) -> int:
        """Number of classes."""
        return self.say.shape[1]

    def load(self) -> int:
        """Return the number of scores."""
        return self.say.size

    @staticmethod
    def run(x: torch.Tensor, own: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return log probabilities, (n, classes)."""
        say = own["say"]
        best = x.reshape(len(x), *say.shape).argmax(2)  # (n, voters)
        share = x.new_zeros(len(x), say.shape[1])
        share.scatter_add_(1, best, say[:, 0].expand(len(x), -1))
        share = share / share.sum(1, keepdim=True) + own["smoothing"]
        return (share / share.sum(1, keepdim=True)).log()


@dataclass(frozen=True, eq=False)
class NearestMove(HeadLayer):
    """Move each row as its nearest anchor was moved.

    Attributes
    ----------
    anchors, moves : ndarray, shape (m, d)
    """

    kind: ClassVar[str] = "nearest-move"
    anchors: np.ndarray
    moves: np.ndarray

    def load(self) -> int:
        """Return the number of anchors."""
        return len(self.anchors)

    @staticmethod
    def run(x: torch.Tensor, own: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return x + moves[nearest]."""
        return x + own["moves"][squared_distances(x, own["anchors"]).argmin(1)]


@dataclass(frozen=True, eq=False)
class WeightedMedian(HeadLayer):
    """Several regressions' answers side by side become one: the least with half of the say.

    Attributes
    ----------
    say : ndarray, shape (voters,)
        How much each counts.
    """

    kind: ClassVar[str] = "weighted-median"
    say: np.ndarray

    @property
    def width(self) -> int:
        """One answer."""
        return 1

    def load(self) -> int:
        """Return the number of voters, for their order and sums."""
        return 4 * len(self.say)

    @staticmethod
    def run(x: torch.Tensor, own: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the answers, (n, 1)."""
        order = x.sort(dim=1, stable=True)[1]
        below = own["say"][order].cumsum(1)
        first = (below < 0.5 * (1 - 1e-6) * below[:, -1:]).sum(1, keepdim=True)
        return x.gather(1, order.gather(1, first))


def squared_distances(x: torch.Tensor, anchors: torch.Tensor) -> torch.Tensor:
    """Return ‖x − a‖² for all pairs, (n, m), from centred rows, never below 0."""
    centre = anchors.mean(0)
    x, anchors = x - centre, anchors - centre
    out = (x @ anchors.T).mul_(-2)
    return out.add_((x * x).sum(1)[:, None]).add_((anchors * anchors).sum(1)).clamp_(min=0)


def folded(steps: Sequence[HeadLayer]) -> tuple[HeadLayer, ...]:
    """Return the same function with neighbouring affine steps made one."""
    out: list[HeadLayer] = []
    for step in steps:
        if out and isinstance(step, Affine) and isinstance(out[-1], Affine):
            step = out.pop().then(step)  # type: ignore[attr-defined]
        out.append(step)
    return tuple(out)


def apply(steps: Sequence[HeadLayer], x: np.ndarray) -> np.ndarray:
    """Return rows after all steps, in x's own float type, computed block by block.

    Parameters
    ----------
    steps : sequence of HeadLayer
    x : ndarray, shape (n, d)
        float32 or float64; other types are taken as float64.

    Examples
    --------
    >>> apply([Affine(np.array([2.0, 1.0]), np.zeros(2))], np.ones((1, 2))).tolist()
    [[2.0, 1.0]]
    """
    import torch

    from .tensors import as_tensor

    rows = as_tensor(x)
    if rows.dtype not in (torch.float32, torch.float64):
        rows = rows.float()
    own = [
        {name: torch.as_tensor(value).to(rows.dtype) for name, value in step.tensors().items()}
        for step in steps
    ]
    size = max(1, _BLOCK // max([rows.shape[1], *(step.load() for step in steps)]))
    parts = []
    with torch.no_grad():
        for part in rows.split(size):
            for step, tensors in zip(steps, own, strict=True):
                part = step.run(part, tensors)
            parts.append(part)
    return torch.cat(parts).numpy() if parts else np.zeros((0, 0), np.float32)
